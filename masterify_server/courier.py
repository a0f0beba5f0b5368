"""Sends webhooks that are due: several at once, few to one endpoint, again and again until they are delivered."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from urllib.parse import urlsplit

from masterify_server.outbound import Sent, send
from masterify_server.refusals import UnavailableError
from masterify_server.settings import DAY_MS, Settings
from masterify_server.store import Store
from masterify_server.store.deliveries import (
    Delivery,
    defer_delivery,
    delivery_tried,
    take_deliveries,
)
from masterify_server.webhooks import body_of, headers_of

log = logging.getLogger("masterify.keeper")

Send = Callable[[str, Mapping[str, str], bytes, Settings], Sent]

SCHEDULE_S = (5, 300, 1800, 7200, 18_000, 36_000, 36_000, 36_000)
"""From a try to the next. The first is short because a flow that waits for its answer (n8n) may not listen yet when a
short job ends; the rest is the schedule that Standard Webhooks recommends, and one more, so that the sum is above 24 h
with every jitter."""
JITTER = 0.2
PATIENCE_MS = 5 * DAY_MS
"""Nothing reaching an endpoint for so long disables it."""
KEEP_MS = 30 * DAY_MS
"""How long a message can be sent again."""
GONE = 410
AT_ONCE = 64
AT_ONCE_TO_ONE, AT_ONCE_OF_ONE, AT_ONCE_TO_HOST = 2, 8, 8
"""To an endpoint, of an account, to a host: what is slow keeps its own messages waiting, and leaves threads to others."""
BUSY_MS = 1000


class Courier:
    """Takes what is due and sends it from threads of its own."""

    def __init__(self, store: Store, settings: Settings, send: Send = send) -> None:
        self._store, self._settings, self._send = store, settings, send
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="courier")
        self._under_way: Counter[str] = Counter()
        self._running = 0
        self._stopping = False
        self._lock, self._taking = threading.Lock(), threading.Lock()

    def deliver_due(self) -> int:
        """Begin to send what is due, a few messages of every line; answers how many that were."""
        with self._taking:
            with self._lock:
                free, busy = AT_ONCE - self._running, dict(self._under_way)
            if free <= 0 or self._stopping:
                return 0
            call = take_deliveries(
                free, most_of_line=AT_ONCE_TO_ONE, most_of_account=AT_ONCE_OF_ONE, under_way=busy
            )
            return sum(self._begin(delivery) for delivery in self._store.do(call))

    def stop(self) -> None:
        """Finish what is under way."""
        self._stopping = True
        with self._taking:
            self._threads.shutdown(wait=False)
        self._threads.shutdown(wait=True)

    def _begin(self, delivery: Delivery) -> bool:
        """Send it from a thread, unless many are on their way to its host: then it moves back in its line."""
        lines = (delivery.line, delivery.account_id, urlsplit(delivery.url).netloc)
        with self._lock:
            has_room = self._under_way[lines[2]] < AT_ONCE_TO_HOST
            if has_room:
                self._under_way.update(lines)
                self._running += 1
        if has_room:
            self._threads.submit(self._carry, delivery, lines)
        else:
            self._store.do(defer_delivery(delivery.delivery_id, BUSY_MS))
        return has_room

    def _carry(self, delivery: Delivery, lines: tuple[str, ...]) -> None:
        try:
            self._try(delivery)
        except UnavailableError:
            pass  # nobody reported on it: it comes due again
        except Exception:
            log.exception("delivery %s: a fault of ours", delivery.delivery_id)
        finally:
            with self._lock:
                self._under_way.subtract(lines)
                self._under_way = +self._under_way  # forget lines that are empty
                self._running -= 1
        with suppress(UnavailableError):  # then the next round of the keeper will do it
            self.deliver_due()  # there is room now

    def _try(self, delivery: Delivery) -> None:
        settings = self._settings
        body = body_of(delivery, settings.public_url, settings.signing_secret)
        headers = headers_of(delivery, body, int(time.time()))
        sent = self._send(delivery.url, headers, body, settings)
        delivered = sent.status is not None and 200 <= sent.status < 300
        delay_s = next_delay_s(delivery.tries)
        disabled = self._store.do(
            delivery_tried(
                delivery.delivery_id, delivered=delivered, status=sent.status, error=sent.error, took_ms=sent.ms,
                delay_ms=None if delay_s is None else round(1000 * delay_s), gone=sent.status == GONE,
                patience_ms=PATIENCE_MS, keep_ms=KEEP_MS,
            )
        )  # fmt: skip
        if disabled:
            log.warning("webhook %s is disabled: %s", delivery.webhook_id, disabled)


def next_delay_s(tries_before: int) -> float | None:
    """Seconds from a try that failed to the next one, jittered; None after the last.

    The jitter keeps many messages to a host that comes back from all arriving in one moment.
    """
    if tries_before >= len(SCHEDULE_S):
        return None
    return SCHEDULE_S[tries_before] * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 (no secret)
