"""Webhook endpoints and deliveries in the store."""

import pytest

from masterify_server.refusals import RefusedError
from masterify_server.store import accounts, deliveries, hooks, jobs
from tests import stores

DAY_MS = 86_400_000


@pytest.fixture(params=stores.MAKES)
def store(request):
    return stores.fresh(request.param)


def hook(store, account, url="https://example.com/a", events=hooks.EVENTS):
    return store.do(hooks.create_hook(account, hooks.new_webhook_id(), url, events, "", stores.PLANS, "test"))


def canceled(store, account, **order):
    """A job that has ended, and so is told of."""
    job = stores.admit(store, account, **order)
    store.do(jobs.cancel_job(job.job_id, account))
    return job


def take(store):
    return store.do(deliveries.take_deliveries())


def tried(store, delivery, delivered=False, status=500, delay_ms=60_000, gone=False, patience_ms=5 * DAY_MS):
    return store.do(
        deliveries.delivery_tried(
            delivery.delivery_id, delivered=delivered, status=status, error=None if status else "no connection", took_ms=3,
            delay_ms=delay_ms, gone=gone, patience_ms=patience_ms, keep_ms=DAY_MS,
        )
    )  # fmt: skip


def test_an_endpoint_is_made_changed_and_removed(store):
    account = stores.account(store)
    made = hook(store, account)
    assert made.webhook_id.startswith("whk_")
    assert made.secret.startswith("whsec_")
    changed = store.do(
        hooks.change_hook(
            account, made.webhook_id, "test", url="https://example.com/b", events=["job.done"], enabled=False
        )
    )
    assert (changed.url, changed.events, changed.enabled, changed.disabled_reason) == (
        "https://example.com/b", ("job.done",), False, "owner",
    )  # fmt: skip
    assert changed.secret == made.secret
    assert store.do(hooks.change_hook(account, made.webhook_id, "test", enabled=True)).enabled
    assert [each.webhook_id for each in store.do(hooks.list_hooks(account))] == [made.webhook_id]
    assert store.do(hooks.delete_hook(account, made.webhook_id, "test"))
    assert store.do(hooks.read_hook(account, made.webhook_id)) is None
    assert store.do(hooks.list_hooks(account)) == []


def test_an_endpoint_of_another_account_does_not_exist(store):
    made, other = hook(store, stores.account(store)), stores.account(store)
    assert store.do(hooks.read_hook(other, made.webhook_id)) is None
    assert store.do(hooks.change_hook(other, made.webhook_id, "test", url="https://evil.example")) is None
    assert store.do(hooks.rotate_hook_secret(other, made.webhook_id, "test")) is None
    assert store.do(deliveries.read_deliveries(other, made.webhook_id)) is None
    assert not store.do(hooks.delete_hook(other, made.webhook_id, "test"))
    assert not store.do(hooks.ping_hook(other, made.webhook_id, hooks.new_message_id()))
    assert not store.do(deliveries.replay_delivery(other, made.webhook_id, "evt_1"))


def test_the_plan_bounds_the_endpoints(store):
    account = stores.account(store, plan="free")
    hook(store, account)
    with pytest.raises(RefusedError) as told:
        hook(store, account)
    assert (told.value.code, told.value.facts) == ("WEBHOOK_LIMIT", {"limit": 1})


def test_an_ended_job_is_told_to_every_endpoint_that_wants_to_know(store):
    account = stores.account(store)
    wants, other = hook(store, account), hook(store, account, events=["job.done"])
    hook(store, stores.account(store))
    job = canceled(store, account, webhook_url="https://example.com/once")
    found = {each.webhook_id: each for each in take(store)}
    assert set(found) == {wants.webhook_id, deliveries.FOR_ONE_JOB}
    assert other.webhook_id not in found
    once = found[deliveries.FOR_ONE_JOB]
    assert (once.url, once.event, once.job.job_id, once.tries) == (
        "https://example.com/once",
        "job.canceled",
        job.job_id,
        0,
    )
    assert once.secrets == (store.do(accounts.read_account(account)).webhook_secret,)
    assert found[wants.webhook_id].secrets == (wants.secret,)
    assert len({each.message_id for each in found.values()}) == 1
    assert take(store) == []


def test_a_message_that_nobody_reports_on_comes_due_again(store):
    account = stores.account(store)
    canceled(store, account, webhook_url="https://example.com/")
    (first,) = take(store)
    stores.let_deliveries_be_due(store)
    (again,) = take(store)
    assert again == first


def test_tries_are_logged_and_stop_when_delivered(store):
    account = stores.account(store)
    made = hook(store, account)
    job = canceled(store, account)
    assert tried(store, take(store)[0]) == ""
    assert store.do(hooks.read_hook(account, made.webhook_id)).failing_since_ms
    stores.let_deliveries_be_due(store)
    (second,) = take(store)
    assert second.tries == 1
    tried(store, second, delivered=True, status=204)
    stores.let_deliveries_be_due(store)
    assert take(store) == []
    log = store.do(deliveries.read_deliveries(account, made.webhook_id))
    assert [(each.number, each.delivered, each.status, each.job_id) for each in log] == [
        (2, True, 204, job.job_id),
        (1, False, 500, job.job_id),
    ]
    assert log[0].next_ms is None
    assert log[1].next_ms > log[1].at_ms
    assert store.do(hooks.read_hook(account, made.webhook_id)).failing_since_ms is None


@pytest.mark.parametrize(
    ("case", "reason"),
    [({"gone": True, "status": 410}, "gone"), ({"patience_ms": 0, "status": None}, "failing")],
)
def test_an_endpoint_that_is_gone_or_fails_for_days_is_disabled(store, case, reason):
    account = stores.account(store)
    made = hook(store, account)
    canceled(store, account)
    canceled(store, account)
    first, _ = take(store)
    assert tried(store, first, **case) == reason
    found = store.do(hooks.read_hook(account, made.webhook_id))
    assert (found.enabled, found.disabled_reason) == (False, reason)
    stores.let_deliveries_be_due(store)
    assert take(store) == []
    canceled(store, account)
    assert take(store) == []
    assert (
        store.do(hooks.change_hook(account, made.webhook_id, "test", enabled=True)).failing_since_ms is None
    )
    canceled(store, account)
    assert len(take(store)) == 1


def test_a_replay_is_the_same_message_from_the_beginning(store):
    account = stores.account(store)
    made = hook(store, account)
    canceled(store, account)
    (first,) = take(store)
    tried(store, first, delivered=True, status=200)
    assert store.do(deliveries.replay_delivery(account, made.webhook_id, first.message_id))
    (again,) = take(store)
    assert (again.message_id, again.tries, again.job) == (first.message_id, 0, first.job)
    assert not store.do(deliveries.replay_delivery(account, made.webhook_id, "evt_nothing"))


def test_a_test_message_reaches_even_a_disabled_endpoint(store):
    account = stores.account(store)
    made = hook(store, account)
    store.do(hooks.change_hook(account, made.webhook_id, "test", enabled=False))
    message = hooks.new_message_id()
    assert store.do(hooks.ping_hook(account, made.webhook_id, message))
    (found,) = take(store)
    assert (found.event, found.job, found.message_id) == (hooks.TEST_EVENT, None, message)


def test_what_was_meant_for_a_removed_endpoint_is_dropped(store):
    account = stores.account(store)
    made = hook(store, account)
    canceled(store, account)
    store.do(hooks.delete_hook(account, made.webhook_id, "test"))
    assert take(store) == []
    assert store.redis.zcard(f"{store.prefix}deliveries") == 0


def test_a_rotated_secret_signs_beside_the_old_one_until_the_grace_is_over(store):
    account = stores.account(store)
    made = hook(store, account)
    canceled(store, account, webhook_url="https://example.com/")
    new = store.do(hooks.rotate_hook_secret(account, made.webhook_id, "test"))
    before = store.do(accounts.read_account(account)).webhook_secret
    secret = accounts.new_webhook_secret()
    assert store.do(accounts.rotate_webhook_secret(account, secret, 60_000, "test"))
    signed = {each.webhook_id: each.secrets for each in take(store)}
    assert signed == {made.webhook_id: (new.secret, made.secret), deliveries.FOR_ONE_JOB: (secret, before)}
    store.do(hooks.rotate_hook_secret(account, made.webhook_id, "test", grace_ms=0))
    stores.let_deliveries_be_due(store)
    assert {len(each.secrets) for each in take(store)} == {1, 2}


def test_a_busy_endpoint_waits(store):
    account = stores.account(store)
    canceled(store, account, webhook_url="https://example.com/")
    (first,) = take(store)
    assert store.do(deliveries.defer_delivery(first.delivery_id, -1))
    assert take(store) == [first]
    tried(store, first, delivered=True, status=200)
    assert not store.do(deliveries.defer_delivery(first.delivery_id, 1000))


def test_the_log_keeps_the_last_two_hundred_tries(store):
    account = stores.account(store)
    canceled(store, account, webhook_url="https://example.com/")
    (first,) = take(store)
    for _ in range(205):
        tried(store, first)
    log = store.do(deliveries.read_deliveries(account, deliveries.FOR_ONE_JOB, 500))
    assert [log[0].number, log[-1].number, len(log)] == [205, 6, 200]
