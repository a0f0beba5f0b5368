"""The keeper: sees to what fell between two processes. Any number may run; all they do can be done twice.

It writes queue entries (at once when told, and whatever is left in the outbox), lets jobs of silent workers wait
again, replaces lost queue entries, sends webhooks, deletes files whose time is over and those that belong to nothing.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from redis import RedisError
from redis.client import PubSub

from masterify_server.courier import Courier
from masterify_server.embedded import store_url
from masterify_server.queue import Transport
from masterify_server.refusals import UnavailableError
from masterify_server.retention import Retention, keep_of
from masterify_server.scratch import sweep_stale
from masterify_server.settings import Settings
from masterify_server.storage import Storage, open_storage
from masterify_server.store import Store
from masterify_server.store.lifecycle import (
    dispatch_again,
    due_jobs,
    reap,
)

log = logging.getLogger("masterify.keeper")

ROUND_S = 0.5
UNDISPATCHED_MS = 1000
"""Whoever admitted the job had that long to be heard."""
WAITING_MS = 2000
TIDYING_S, SWEEPING_S, ORPHANS_S = 5.0, 600.0, 3600.0


class Keeper:
    """What one round does; `run_keeper` calls it again and again."""

    def __init__(self, settings: Settings, store: Store, storage: Storage, courier: Courier) -> None:
        self.settings, self.store, self.courier = settings, store, courier
        self.retention = Retention(settings, store, storage)
        self.transport = Transport(store)
        self._keep = keep_of(settings)
        self._missing: set[str] = set()

    def look_after_jobs(self) -> None:
        """Dispatch what is left in the outbox, reap what is silent, replace queue entries that are lost."""
        due = self.store.do(due_jobs(UNDISPATCHED_MS, WAITING_MS))
        for job_id in due.undispatched:
            self.transport.dispatch(job_id)
        for job_id in due.silent:
            what = self.store.do(reap(job_id, self._keep))
            if what:
                log.warning("job %s: its worker is silent; %s", job_id, what)
        missing = set(due.waiting) - self.transport.entries() if due.waiting else set()
        # An entry that a worker has just taken is in no list until the job is claimed: only what stays away is lost.
        for job_id in missing & self._missing:
            log.warning("job %s: its queue entry is lost", job_id)
            self.store.do(dispatch_again(job_id))
        self._missing = missing - self._missing


def run_keeper(settings: Settings) -> None:
    """Keep until SIGTERM or Ctrl-C."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    store = Store(store_url(settings))
    store.prepare()
    for weakness in store.weaknesses():
        log.warning("the store may lose what it is given: %s", weakness)
    keeper = Keeper(settings, store, open_storage(settings), Courier(store, settings))
    for apart in (_listen, _tidy):
        threading.Thread(target=apart, args=(keeper, stopping), daemon=True).start()
    log.info("keeper ready")
    while not stopping.wait(ROUND_S):
        with _outages_are_waited_out():
            keeper.look_after_jobs()
            keeper.courier.deliver_due()
    keeper.courier.stop()


def _tidy(keeper: Keeper, stopping: threading.Event) -> None:
    """Delete what is over, in a thread of its own: a bucket that hangs must keep nobody from looking after jobs."""
    tidying = _now_and_then(
        (TIDYING_S, keeper.retention.delete_expired),
        (SWEEPING_S, lambda: sweep_stale(keeper.settings.data_dir)),
        (ORPHANS_S, keeper.retention.delete_orphans),
    )
    while not stopping.wait(ROUND_S):
        with _outages_are_waited_out():
            next(tidying)()


def _listen(keeper: Keeper, stopping: threading.Event) -> None:
    """Dispatch and deliver the moment something is told; what is told while nobody listens waits for the next round."""
    prefix = keeper.store.prefix
    while not stopping.is_set():
        with _outages_are_waited_out(), _told(keeper.store) as told:
            told.subscribe(f"{prefix}dispatch", f"{prefix}deliver", f"{prefix}excerpts")
            while not stopping.is_set():
                message = told.get_message(timeout=1.0)
                if message is None:
                    continue
                if message["channel"] == f"{prefix}dispatch":
                    keeper.transport.dispatch(message["data"])
                elif message["channel"] == f"{prefix}excerpts":
                    keeper.transport.ask_for_excerpts(message["data"])
                else:
                    keeper.courier.deliver_due()


@contextmanager
def _outages_are_waited_out() -> Iterator[None]:
    """Whatever goes wrong in one round, the next one comes; only an outage is nothing to write about."""
    try:
        yield
    except (UnavailableError, RedisError) as error:
        log.warning("the store or the bucket is away: %s", error)
        time.sleep(ROUND_S)
    except Exception:
        log.exception("a fault of ours in the keeper")
        time.sleep(ROUND_S)


def _told(store: Store) -> PubSub:
    return store.redis.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call, no-any-return]


def _now_and_then(*wanted: tuple[float, Callable[[], object]]) -> Iterator[Callable[[], object]]:
    """One thing to do each round: the first whose time has come, else nothing."""
    due = {number: time.monotonic() + every_s for number, (every_s, _) in enumerate(wanted)}
    while True:
        now = time.monotonic()
        number = next((number for number, at in due.items() if at <= now), None)
        if number is None:
            yield lambda: None
            continue
        every_s, act = wanted[number]
        due[number] = now + every_s
        yield act
