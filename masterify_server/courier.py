"""Sends webhooks that are due: several at once, few to one endpoint, again and again until they are delivered."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from masterify_server.outbound import Sent, send
from masterify_server.refusals import UnavailableError
from masterify_server.settings import DAY_MS, Settings
from masterify_server.store import Store
from masterify_server.store.deliveries import (
    FOR_ONE_JOB,
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
AT_ONCE = 16
AT_ONCE_TO_ONE = 2
BUSY_MS = 1000


class Courier:
    """Takes what is due and sends it from threads of its own."""

    def __init__(self, store: Store, settings: Settings, send: Send = send) -> None:
        self._store, self._settings, self._send = store, settings, send
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="courier")
        self._busy: Counter[str] = Counter()
        self._lock = threading.Lock()

    def deliver_due(self) -> int:
        """Begin to send what is due; answers how many that were.

        A host that is slow takes `AT_ONCE_TO_ONE` threads and no more: what else is for it moves back in the line.
        """
        with self._lock:
            free = AT_ONCE - self._busy.total()
        begun = 0
        for delivery in self._store.do(take_deliveries(4 * AT_ONCE)) if free > 0 else ():
            line = delivery.account_id if delivery.webhook_id == FOR_ONE_JOB else delivery.webhook_id
            with self._lock:
                has_room = self._busy[line] < AT_ONCE_TO_ONE and self._busy.total() < AT_ONCE
                self._busy[line] += has_room
            if not has_room:
                self._store.do(defer_delivery(delivery.delivery_id, BUSY_MS))
                continue
            begun += 1
            self._threads.submit(self._carry, delivery, line)
        return begun

    def stop(self) -> None:
        """Finish what is under way."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _carry(self, delivery: Delivery, line: str) -> None:
        try:
            self._try(delivery)
        except UnavailableError:
            pass  # nobody reported on it: it comes due again
        except Exception:
            log.exception("delivery %s: a fault of ours", delivery.delivery_id)
        finally:
            with self._lock:
                self._busy[line] -= 1
                self._busy += Counter()  # forget lines that are empty

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
