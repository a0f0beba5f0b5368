"""Clocks that are set back: what was written "in the future" must not hold up anybody until that comes."""

import pytest

from masterify_server.store import jobs, lifecycle, rates
from tests import stores

HOUR_MS = 3_600_000
KEEP = lifecycle.Keep(input_ms=1000, output_ms=2000)


@pytest.fixture(params=stores.MAKES)
def store(request):
    return stores.fresh(request.param)


def written_an_hour_later(store, *lists):
    """Shift the times in sorted sets, as if the clock had been set back by an hour since."""
    for name in lists:
        full = f"{store.prefix}{name}"
        for member, score in store.redis.zrange(full, 0, -1, withscores=True):
            store.redis.zadd(full, {member: score + HOUR_MS})


def test_a_rate_is_back_after_its_period_at_most(store):
    while store.do(rates.throttle("a", 5)).allowed:
        pass
    full = f"{store.prefix}throttle:a"
    store.redis.set(full, float(store.redis.get(full)) + HOUR_MS)
    told = store.do(rates.throttle("a", 5))
    assert not told.allowed
    assert told.retry_after_s <= 12
    store.redis.set(full, float(store.redis.get(full)) - 1000 * told.retry_after_s)
    assert store.do(rates.throttle("a", 5)).allowed


def test_waiting_jobs_are_dispatched(store):
    job = stores.admit(store, stores.account(store))
    written_an_hour_later(store, "outbox", "queued")
    due = store.do(lifecycle.due_jobs(1000, 2000))
    assert (due.undispatched, due.waiting) == ((job.job_id,), (job.job_id,))


def test_a_silent_worker_is_noticed(store):
    job = store.do(lifecycle.claim(stores.admit(store, stores.account(store)).job_id, "a"))
    assert store.do(lifecycle.due_jobs(0, 0)).silent == ()
    written_an_hour_later(store, "leases")
    assert store.do(lifecycle.due_jobs(0, 0)).silent == (job.job_id,)
    assert store.do(lifecycle.reap(job.job_id, KEEP)) == "again"
    assert store.do(jobs.read_job(job.job_id)).status == "queued"


def test_a_worker_that_beats_keeps_its_job(store):
    job = store.do(lifecycle.claim(stores.admit(store, stores.account(store)).job_id, "a"))
    written_an_hour_later(store, "leases")
    assert store.do(lifecycle.beat(job.job_id, job.attempt, 50, "rendering"))
    assert store.do(lifecycle.due_jobs(0, 0)).silent == ()
    assert store.do(lifecycle.reap(job.job_id, KEEP)) == ""
