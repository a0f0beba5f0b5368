"""Jobs and credits in the store: every transition once, every credit explained."""

import threading

import pytest

from masterify_server.refusals import RefusedError
from masterify_server.store import accounts, jobs, lifecycle
from masterify_server.store.jobs import JobError
from tests import stores

KEEP = lifecycle.Keep(input_ms=1000, output_ms=2000)
SILENT = JobError(code="INVALID_AUDIO", key="INVALID_AUDIO.silent", words={"rate": 1})


@pytest.fixture(params=stores.MAKES)
def store(request):
    return stores.fresh(request.param)


def credits_of(store, account_id):
    books = store.do(accounts.reconcile(account_id))
    assert books.balanced, books
    return books.credits


def refusal(store, call):
    with pytest.raises(RefusedError) as told:
        store.do(call)
    return told.value


def end(store, job, **rest):
    call = lifecycle.end_done(
        job.job_id, job.attempt, KEEP, measured={"rate": 44100}, results=[], archive=None
    )
    return store.do(call)


def test_a_ledger_goes_on_only_after_an_entry_of_its_own_form(store):
    account = stores.account(store)
    (entry,) = store.do(accounts.read_ledger(account))
    assert store.do(accounts.read_ledger(account, after=entry.entry_id)) == []
    for wrong in ("", "x", "+", "1", "1-2-3", f"({entry.entry_id}"):
        with pytest.raises(RefusedError, match="INVALID_PARAMETER"):
            store.do(accounts.read_ledger(account, after=wrong))


def test_credits_stay_below_what_the_store_counts_exactly(store):
    account = stores.account(store, credits=accounts.MOST_CREDITS - 1)
    assert store.do(accounts.add_credits(account, 1, "", "t")) == accounts.MOST_CREDITS
    with pytest.raises(RefusedError, match="CREDIT_LIMIT"):
        store.do(accounts.add_credits(account, 1, "", "t"))
    assert store.do(accounts.reconcile(account)).balanced


def test_an_accepted_job_is_debited_recorded_and_waiting(store):
    account = stores.account(store, credits=5)
    job = stores.admit(store, account, cost=2, platforms=("melon", "spotify"))
    assert (job.status, job.credits_left, job.credits_used, job.order.platforms) == (
        "queued",
        3,
        2,
        ("melon", "spotify"),
    )
    assert store.do(jobs.read_job(job.job_id, account)) == job
    assert credits_of(store, account) == 3
    assert store.do(accounts.read_account(account)).active_jobs == 1
    assert store.do(lifecycle.due_jobs(0, 0)).undispatched == (job.job_id,)
    assert [entry.kind for entry in store.do(accounts.read_ledger(account))] == ["debit", "grant"]


def test_without_credits_nothing_happens(store):
    account = stores.account(store, credits=1)
    told = refusal(store, jobs.admit(account, jobs.new_job_id(), stores.order(), 2, stores.PLANS))
    assert (told.code, told.facts) == ("INSUFFICIENT_CREDITS", {"left": 1, "cost": 2})
    assert credits_of(store, account) == 1
    assert store.do(jobs.list_jobs(account)).jobs == ()


def test_the_plan_bounds_the_jobs_in_flight_until_one_ends(store):
    account = stores.account(store, plan="starter")
    made = [stores.admit(store, account) for _ in range(3)]
    told = refusal(store, jobs.admit(account, jobs.new_job_id(), stores.order(), 1, stores.PLANS))
    assert (told.code, told.facts) == ("CONCURRENT_LIMIT", {"limit": 3})
    assert store.do(jobs.cancel_job(made[0].job_id, account)).granted
    stores.admit(store, account)
    assert credits_of(store, account) == 17


def test_the_same_request_is_one_job_however_often_it_comes(store):
    account = stores.account(store)
    first = stores.admit(store, account, idempotency=("k", "print"))
    again = store.do(jobs.admit(account, jobs.new_job_id(), stores.order(), 1, stores.PLANS, ("k", "print")))
    assert again.replayed
    assert again.job == first
    assert refusal(store, jobs.admit(account, "x", stores.order(), 1, stores.PLANS, ("k", "other"))).code == (
        "IDEMPOTENCY_CONFLICT"
    )
    other = stores.account(store)
    assert stores.admit(store, other, idempotency=("k", "print")).job_id != first.job_id
    assert credits_of(store, account) == 19


def test_a_call_that_is_sent_again_is_one_job(store):
    account = stores.account(store)
    call = jobs.admit(account, jobs.new_job_id(), stores.order(), 1, stores.PLANS)
    assert store.do(call) == store.do(call)
    assert credits_of(store, account) == 19


def test_the_last_credit_is_spent_once_by_many_at_once(store):
    account = stores.account(store, credits=1)
    told = []

    def ask():
        try:
            told.append(stores.admit(store, account).job_id)
        except RefusedError as error:
            told.append(error.code)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(map(len, told)) == [len("INSUFFICIENT_CREDITS")] * 7 + [36]
    assert credits_of(store, account) == 0


def test_a_job_is_claimed_once(store):
    job = stores.admit(store, stores.account(store))
    claimed = store.do(lifecycle.claim(job.job_id, "a"))
    assert (claimed.status, claimed.attempt) == ("processing", 1)
    assert store.do(lifecycle.claim(job.job_id, "b")) is None


def test_a_job_ends_once_and_frees_its_place(store):
    account = stores.account(store, plan="free")
    job = store.do(lifecycle.claim(stores.admit(store, account).job_id, "a"))
    assert store.do(lifecycle.beat(job.job_id, 1, 40, "processing"))
    assert store.do(jobs.read_job(job.job_id)).progress == 40
    assert end(store, job)
    assert not end(store, job)
    assert not store.do(lifecycle.beat(job.job_id, 1, 50, "processing"))
    done = store.do(jobs.read_job(job.job_id))
    assert (done.status, done.progress, done.credits_used, done.input) == ("done", 100, 1, {"rate": 44100})
    assert store.do(accounts.read_account(account)).active_jobs == 0
    assert credits_of(store, account) == 19


def test_a_failed_job_is_paid_back_once(store):
    account = stores.account(store)
    job = store.do(lifecycle.claim(stores.admit(store, account, cost=2).job_id, "a"))
    assert store.do(lifecycle.end_failed(job.job_id, 1, KEEP, SILENT, "song.wav: is silent"))
    assert not store.do(lifecycle.end_failed(job.job_id, 1, KEEP, SILENT, "again"))
    failed = store.do(jobs.read_job(job.job_id))
    assert (failed.status, failed.credits_used, failed.error) == ("failed", 0, SILENT)
    assert credits_of(store, account) == 20


def test_who_lost_the_lease_can_neither_beat_nor_end(store):
    account = stores.account(store)
    old = store.do(lifecycle.claim(stores.admit(store, account).job_id, "a", lease_ms=0))
    assert store.do(lifecycle.due_jobs(0, 0)).silent == (old.job_id,)
    assert store.do(lifecycle.reap(old.job_id, KEEP)) == "again"
    assert not store.do(lifecycle.beat(old.job_id, old.attempt, 90, "rendering"))
    assert not end(store, old)
    new = store.do(lifecycle.claim(old.job_id, "b"))
    assert new.attempt == 2
    assert not end(store, old)
    assert end(store, new)
    assert credits_of(store, account) == 19


def test_a_lease_that_lasts_is_not_reaped_unless_its_end_was_seen(store):
    job = store.do(lifecycle.claim(stores.admit(store, stores.account(store)).job_id, "a"))
    assert store.do(lifecycle.reap(job.job_id, KEEP)) == ""
    assert store.do(lifecycle.reap(job.job_id, KEEP, attempt=2)) == ""
    assert store.do(lifecycle.reap(job.job_id, KEEP, attempt=1)) == "again"


def test_a_job_that_kills_every_worker_fails_and_is_paid_back(store):
    account = stores.account(store)
    job_id = stores.admit(store, account).job_id
    told = []
    while store.do(lifecycle.claim(job_id, "a")):
        attempt = store.do(jobs.read_job(job_id)).attempt
        told.append(store.do(lifecycle.reap(job_id, KEEP, attempt=attempt)))
    assert told == ["again", "again", "failed"]
    job = store.do(jobs.read_job(job_id))
    assert (job.status, job.error.code, job.credits_used) == ("failed", "INTERNAL_ERROR", 0)
    assert credits_of(store, account) == 20


def test_only_a_waiting_job_is_canceled_and_paid_back_once(store):
    account = stores.account(store)
    job = stores.admit(store, account)
    assert store.do(jobs.cancel_job(job.job_id, stores.account(store))) is None
    assert store.do(jobs.cancel_job(job.job_id, account)) == jobs.Change(status="canceled", granted=True)
    assert store.do(jobs.cancel_job(job.job_id, account)) == jobs.Change(status="canceled", granted=False)
    assert store.do(lifecycle.claim(job.job_id, "a")) is None
    running = stores.admit(store, account)
    store.do(lifecycle.claim(running.job_id, "a"))
    assert store.do(jobs.cancel_job(running.job_id, account)) == jobs.Change(
        status="processing", granted=False
    )
    assert credits_of(store, account) == 19


def test_files_of_an_ended_job_expire_when_asked_or_when_their_time_is_over(store):
    account = stores.account(store)
    job = store.do(lifecycle.claim(stores.admit(store, account).job_id, "a"))
    assert store.do(jobs.delete_job(job.job_id, account)) == jobs.Change(status="processing", granted=False)
    end(store, job)
    assert store.do(lifecycle.expired_files()) == []
    assert store.do(jobs.delete_job(job.job_id, account)).granted
    assert sorted(store.do(lifecycle.expired_files())) == [f"in:{job.job_id}", f"out:{job.job_id}"]
    for which in ("in", "out"):
        store.do(lifecycle.files_deleted(f"{which}:{job.job_id}", keep_record_ms=0))
    assert store.do(lifecycle.expired_files()) == []
    assert store.do(lifecycle.forget_jobs()) == 1
    assert store.do(jobs.read_job(job.job_id)) is None
    assert store.do(jobs.list_jobs(account)).jobs == ()
    assert credits_of(store, account) == 19


def test_pages_of_jobs_have_neither_gap_nor_repetition(store):
    account = stores.account(store)
    made = [stores.admit(store, account).job_id for _ in range(7)]
    seen, after = [], None
    while True:
        page = store.do(jobs.list_jobs(account, 3, after))
        seen += [job.job_id for job in page.jobs]
        if not page.has_more:
            break
        after = page.jobs[-1].job_id
    assert seen == made[::-1]
    assert store.do(jobs.list_jobs(account, after="nowhere")) is None
    assert store.do(jobs.list_jobs(stores.account(store), after=made[0])) is None


def test_jobs_are_listed_by_status(store):
    account = stores.account(store)
    made = [stores.admit(store, account).job_id for _ in range(4)]
    store.do(jobs.cancel_job(made[1], account))
    store.do(lifecycle.claim(made[2], "a"))
    listed = {
        status: [job.job_id for job in store.do(jobs.list_jobs(account, status=status)).jobs]
        for status in jobs.STATUSES
    }
    assert listed == {
        "queued": [made[3], made[0]],
        "processing": [made[2]],
        "done": [],
        "failed": [],
        "canceled": [made[1]],
    }
    after = store.do(jobs.list_jobs(account, 1, made[3], "queued"))
    assert [job.job_id for job in after.jobs] == [made[0]]


def test_a_job_of_another_account_does_not_exist(store):
    job = stores.admit(store, stores.account(store))
    other = stores.account(store)
    assert store.do(jobs.read_job(job.job_id, other)) is None
    assert store.do(jobs.delete_job(job.job_id, other)) is None
    assert store.do(jobs.read_job("nothing")) is None


def test_a_lost_queue_entry_gets_another_name(store):
    job = stores.admit(store, stores.account(store))
    first = store.do(lifecycle.next_dispatch(job.job_id))
    store.do(lifecycle.dispatched(job.job_id))
    assert store.do(lifecycle.due_jobs(0, 0)).undispatched == ()
    assert store.do(lifecycle.dispatch_again(job.job_id))
    assert store.do(lifecycle.due_jobs(0, 0)).undispatched == (job.job_id,)
    assert store.do(lifecycle.next_dispatch(job.job_id)) not in (first, None)
    store.do(lifecycle.claim(job.job_id, "a"))
    assert store.do(lifecycle.next_dispatch(job.job_id)) is None
    assert not store.do(lifecycle.dispatch_again(job.job_id))


def test_totals_are_counted(store):
    account = stores.account(store)
    stores.admit(store, account)
    store.do(jobs.cancel_job(stores.admit(store, account).job_id, account))
    counts = store.do(lifecycle.counts())
    assert (counts.totals, counts.queued, counts.undispatched) == ({"accepted": 2, "canceled": 1}, 1, 1)
