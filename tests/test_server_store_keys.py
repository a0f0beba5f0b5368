"""Keys, rates, plans and users in the store."""

import asyncio
import hashlib

import pytest

from masterify_core.errors import SettingError
from masterify_server import passwords
from masterify_server.plans import UNLIMITED, load_plans
from masterify_server.refusals import RefusedError, UnavailableError
from masterify_server.store import (
    AsyncStore,
    Store,
    accounts,
    calls,
    hooks,
    jobs,
    keys,
    rates,
    running,
    sessions,
    users,
)
from tests import stores


@pytest.fixture(params=stores.MAKES)
def store(request):
    return stores.fresh(request.param)


def ask(store, secret):
    return store.do(keys.authorize(secret, stores.PLANS))


def test_a_key_leads_to_its_account(store):
    account = stores.account(store, plan="pro", credits=7)
    key = stores.key(store, account)
    assert keys.KEY_FORM.fullmatch(key.secret)
    caller = ask(store, key.secret)
    assert (caller.account_id, caller.plan, caller.credits, caller.active_jobs, caller.kind) == (
        account,
        "pro",
        7,
        0,
        "live",
    )
    assert caller.scopes == keys.SCOPES
    assert (caller.rate.limit, caller.rate.remaining, caller.rate.allowed) == (60, 59, True)


def test_no_id_reaches_into_what_belongs_to_another(store):
    account = stores.account(store)
    store.do(accounts.add_credits(account, 1, "", "t"))
    store.do(users.put_user("ann@b.c", account, "hash", "t"))
    store.do(sessions.start_session("s", "ann@b.c", "hash"))
    job = stores.admit(store, account)
    for end in (":ledger", ":keys", ":jobs:queued", ":audit"):
        other = account + end
        assert store.do(accounts.read_account(other)) is None
        assert store.do(accounts.reconcile(other)) is None
        assert store.do(accounts.read_ledger(other)) == []
        assert store.do(jobs.read_job(job.job_id, other)) is None
        with pytest.raises(RefusedError, match="UNKNOWN_ACCOUNT"):
            store.do(accounts.add_credits(other, 1, "", "t"))
    assert store.do(users.read_user("ann@b.c:sessions")) is None
    assert store.do(sessions.start_session("s", "ann@b.c:sessions", "hash")) is False
    assert store.do(keys.revoke_key(account, f"{stores.key(store, account).key_id}:x", "t")) is False
    assert store.do(accounts.create_account("a:b", "", "pro", 0, "t"))  # whatever its name, it is one account
    assert store.do(accounts.read_account("a:b")).account_id == "a:b"
    assert store.do(accounts.read_account("a%3Ab")) is None


def test_the_store_never_holds_a_key(store):
    key = stores.key(store, stores.account(store))
    for name in store.redis.scan_iter(f"{store.prefix}*"):
        held = store.redis.dump(name) if store.redis.type(name) == "stream" else store.redis.type(name)
        assert key.secret not in name
        assert key.secret[9:] not in str(held)
    assert (
        store.redis.get(f"{store.prefix}digest:{hashlib.sha256(key.secret.encode()).hexdigest()}")
        == key.key_id
    )
    assert key.secret[9:] not in str(store.redis.hgetall(f"{store.prefix}key:{key.key_id}"))


@pytest.mark.parametrize("secret", ["", "aim_live_", "aim_live_" + "0" * 32, "\udcff", "x" * 5000])
def test_bad_keys_lead_nowhere(store, secret):
    assert ask(store, secret) is None


def test_a_revoked_key_stops_at_once_and_makes_room(store):
    account = stores.account(store, plan="free")
    key = stores.key(store, account)
    with pytest.raises(RefusedError, match="KEY_LIMIT"):
        stores.key(store, account)
    assert not store.do(keys.revoke_key(stores.account(store), key.key_id, "test"))
    assert store.do(keys.revoke_key(account, key.key_id, "test"))
    assert ask(store, key.secret) is None
    assert ask(store, stores.key(store, account).secret) is not None
    assert sorted(bool(each.revoked_ms) for each in store.do(keys.list_keys(account))) == [False, True]


def test_a_rotated_key_works_beside_the_new_one_until_the_grace_is_over(store):
    account = stores.account(store, plan="free")
    old, new, last = stores.key(store, account), keys.new_key(), keys.new_key()
    assert store.do(keys.rotate_key(account, old.key_id, new, "test"))
    assert ask(store, old.secret)
    assert ask(store, new.secret)
    assert not store.do(keys.rotate_key(account, old.key_id, last, "test"))
    assert store.do(keys.rotate_key(account, new.key_id, last, "test", grace_ms=0))
    assert ask(store, new.secret) is None
    names = {each.name for each in store.do(keys.list_keys(account))}
    assert names == {"test"}


def test_what_is_shown_of_a_key_is_its_beginning_and_its_end(store):
    account = stores.account(store)
    key = stores.key(store, account)
    ask(store, key.secret)
    (shown,) = store.do(keys.list_keys(account))
    assert key.secret.startswith(shown.prefix)
    assert key.secret.endswith(shown.last4)
    assert shown.last_used_ms >= shown.created_ms


def test_a_key_reads_a_job_in_the_same_trip(store):
    account, other = stores.account(store, plan="free"), stores.account(store)
    key, foreign = stores.key(store, account), stores.key(store, other)
    job = stores.admit(store, account)

    def read(secret, job_id):
        return store.do(jobs.read_job_for(secret, stores.PLANS, job_id))

    caller, found = read(key.secret, job.job_id)
    assert (caller.account_id, caller.rate.remaining, found) == (account, caller.rate.limit - 1, job)
    for job_id in ("", "nothing", stores.admit(store, other).job_id):
        assert read(key.secret, job_id)[1] is None
    assert read(foreign.secret, job.job_id)[1] is None
    assert read("aim_live_" + 32 * "0", job.job_id) is None
    last = [read(key.secret, job.job_id) for _ in range(caller.rate.limit)][-1]
    assert (last[0].rate.allowed, last[1]) == (False, None)


def test_the_rate_counts_an_account_over_all_its_keys(store):
    account = stores.account(store, plan="starter")
    made = [stores.key(store, account) for _ in range(3)]
    allowed = [ask(store, made[n % 3].secret).rate.allowed for n in range(32)]
    assert allowed[:30] == [True] * 30
    last = ask(store, made[0].secret).rate
    assert (last.allowed, last.limit, last.remaining) == (False, 30, 0)
    assert 1 <= last.retry_after_s <= 2
    assert 58 <= last.reset_s <= 60


def test_who_waits_as_told_is_let_in(store):
    calls_made = [store.do(rates.throttle("a", 20, 600_000)) for _ in range(21)]
    assert [each.remaining for each in calls_made][:4] == [19, 18, 17, 16]
    assert not calls_made[-1].allowed
    told = store.do(running.Call("throttle", ("a", 20, 600_000), list))
    store.redis.set(
        f"{store.prefix}throttle:a", float(store.redis.get(f"{store.prefix}throttle:a")) - told[4]
    )
    assert store.do(rates.throttle("a", 20, 600_000)).allowed


def test_a_plan_without_a_limit_has_none(store):
    assert all(store.do(rates.throttle("a", UNLIMITED)).allowed for _ in range(50))


def test_each_name_has_its_own_rate(store):
    assert store.do(rates.throttle("a", 1)).allowed
    assert not store.do(rates.throttle("a", 1)).allowed
    assert store.do(rates.throttle("b", 1)).allowed


def test_credits_are_given_and_taken_but_never_below_nothing(store):
    account = stores.account(store, credits=5)
    assert store.do(accounts.add_credits(account, 10, "a gift", "test")) == 15
    assert store.do(accounts.add_credits(account, -15, "back", "test")) == 0
    with pytest.raises(RefusedError) as told:
        store.do(accounts.add_credits(account, -1, "", "test"))
    assert told.value.facts == {"left": 0}
    with pytest.raises(RefusedError, match="UNKNOWN_ACCOUNT"):
        store.do(accounts.add_credits("acc_nobody", 1, "", "test"))
    assert store.do(accounts.reconcile(account)).balanced
    assert [each.amount for each in store.do(accounts.read_ledger(account))] == [-15, 10, 5]
    entries = store.do(accounts.read_ledger(account, 1))
    assert store.do(accounts.read_ledger(account, 1, entries[0].entry_id))[0].amount == 10


def test_reconcile_sees_a_credit_that_no_entry_explains(store):
    account = stores.account(store, credits=5)
    store.redis.hincrby(f"{store.prefix}account:{account}", "credits", 1)
    books = store.do(accounts.reconcile(account))
    assert not books.balanced
    assert (books.credits, books.ledger_sum) == (6, 5)
    assert store.do(accounts.reconcile("acc_nobody")) is None


def test_a_plan_takes_effect_at_once(store):
    account = stores.account(store, plan="free")
    key = stores.key(store, account)
    assert store.do(accounts.set_plan(account, "studio", "test"))
    assert ask(store, key.secret).rate.limit == 120
    assert not store.do(accounts.set_plan("acc_nobody", "studio", "test"))
    assert [each.action for each in store.do(accounts.read_audit(account))] == [
        "plan.set",
        "key.created",
        "account.created",
    ]


def test_a_plan_that_is_no_more_is_refused_by_name(store):
    account = stores.account(store)
    store.do(accounts.set_plan(account, "gone", "test"))
    order = stores.order()
    for call in (
        keys.create_key(account, keys.new_key(), "k", stores.PLANS, by="test"),
        hooks.create_hook(account, "whk_1", "https://a.example", hooks.EVENTS, "", stores.PLANS, "test"),
        jobs.admit(account, jobs.new_job_id(), order, 1, stores.PLANS),
    ):
        with pytest.raises(RefusedError) as told:
            store.do(call)
        assert told.value.code == "UNKNOWN_PLAN"


def test_plans_are_those_of_the_documentation():
    limits = {
        name: (plan.api_keys, plan.requests_per_minute, plan.concurrent_jobs)
        for name, plan in load_plans().plans.items()
    }
    assert limits == {"free": (1, 5, 1), "starter": (3, 30, 3), "pro": (5, 60, 5), "studio": (10, 120, 10)}
    assert (load_plans().cost("standard"), load_plans().cost("premium")) == (1, 2)
    assert load_plans().lets_in("pro", "starter")
    assert not load_plans().lets_in("free", "pro")


def test_a_wrong_plan_names_file_and_key(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("[plans.free]\nwebhooks = 0\n[credits]\nstandard = 1\n")
    with pytest.raises(SettingError, match=r"mine\.toml: plans\.free\.webhooks must be 1 to"):
        load_plans(path)
    with pytest.raises(SettingError, match="did you mean pro"):
        load_plans().plan("prro")


@pytest.mark.parametrize("password", ["short", "x" * 1025])
def test_passwords_have_a_length(password):
    with pytest.raises(SettingError, match="10 to 1024"):
        passwords.hash_password(password)


def test_the_same_calls_run_without_blocking(store):
    account = stores.account(store)
    key = stores.key(store, account)

    async def together():
        waiting = stores.fresh_async(store)
        await waiting.prepare()
        found = await asyncio.gather(
            *(waiting.do(keys.authorize(key.secret, stores.PLANS)) for _ in range(10))
        )
        await waiting.close()
        return {caller.account_id for caller in found}

    assert asyncio.run(together()) == {account}


def test_who_watches_a_job_is_told_at_once(store):
    job = stores.admit(store, stores.account(store))

    async def watched():
        waiting = stores.fresh_async(store)
        changes = waiting.changes(job.job_id, every_s=30)
        await anext(changes)
        store.do(stores.jobs.cancel_job(job.job_id, job.account_id))
        await asyncio.wait_for(anext(changes), 10)
        found = await waiting.do(stores.jobs.read_job(job.job_id))
        await changes.aclose()
        await waiting.close()
        return found.status

    assert asyncio.run(watched()) == "canceled"


def test_an_outage_is_told_as_such():
    with pytest.raises(UnavailableError, match="does not answer"):
        Store("unix:///nowhere/store.sock").do(accounts.list_accounts())

    async def ask_too():
        store = AsyncStore("unix:///nowhere/store.sock")
        try:
            await store.do(accounts.list_accounts())
        finally:
            await store.close()

    with pytest.raises(UnavailableError, match="does not answer"):
        asyncio.run(ask_too())


def test_a_store_of_a_newer_version_is_left_alone(store):
    assert store.redis.get(f"{store.prefix}schema") == str(calls.SCHEMA_VERSION)
    store.redis.set(f"{store.prefix}schema", calls.SCHEMA_VERSION + 1)
    with pytest.raises(UnavailableError, match="newer version"):
        store.prepare()
