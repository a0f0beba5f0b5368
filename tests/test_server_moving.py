"""The store as lines of JSON and back: to another server, of another make, with every credit."""

import json

import pytest

from masterify_core.errors import SettingError
from masterify_server.refusals import RefusedError
from masterify_server.store import Store, accounts, hooks, jobs, keys, lifecycle
from masterify_server.store.moving import export_lines, import_lines
from tests import stores
from tests.test_same_road import redis_url

assert redis_url


def filled(store):
    """An account with a bit of everything."""
    account = stores.account(store, plan="pro", credits=7)
    key = stores.key(store, account)
    store.do(
        hooks.create_hook(
            account, hooks.new_webhook_id(), "https://h.example/노래", hooks.EVENTS, "", stores.PLANS, "t"
        )
    )
    waiting = stores.admit(store, account, idempotency=("k", "print"), song_name='a "b" \\ \n 노래')
    store.do(jobs.cancel_job(stores.admit(store, account).job_id, account))
    store.do(lifecycle.claim(stores.admit(store, account).job_id, "w"))
    store.do(keys.authorize(key.secret, stores.PLANS))
    return account, key, waiting


@pytest.mark.parametrize("make", ["valkey", "redis"])
def test_everything_moves_to_another_server(make, request):
    old = stores.fresh()
    account, key, waiting = filled(old)
    lines = list(export_lines(old))
    assert all(line.isprintable() for line in lines)
    new = (
        stores.fresh()
        if make == "valkey"
        else Store(request.getfixturevalue("redis_url"), stores.fresh().prefix)
    )
    assert import_lines(new, lines) == len(lines) - 1 == json.loads(lines[0])["keys"]
    new.prepare()
    assert new.do(accounts.read_account(account)) == old.do(accounts.read_account(account))
    assert new.do(jobs.list_jobs(account)) == old.do(jobs.list_jobs(account))
    assert new.do(hooks.list_hooks(account)) == old.do(hooks.list_hooks(account))
    assert new.do(accounts.read_ledger(account)) == old.do(accounts.read_ledger(account))
    assert new.do(accounts.reconcile(account)).balanced
    assert new.do(keys.authorize(key.secret, stores.PLANS)).account_id == account
    again = jobs.admit(account, jobs.new_job_id(), stores.order(), 1, stores.PLANS, ("k", "print"))
    assert new.do(again).job.job_id == waiting.job_id
    assert new.do(lifecycle.claim(waiting.job_id, "w")).order == waiting.order
    assert [line for line in export_lines(old) if "rate:" in line] == []


@pytest.mark.parametrize("cut", [slice(0, -1), slice(0, 2)])
def test_half_a_copy_is_refused_before_anything_is_written(cut):
    old, new = stores.fresh(), stores.fresh()
    filled(old)
    with pytest.raises(SettingError, match=r"line \d+ is missing"):
        import_lines(new, list(export_lines(old))[cut])
    assert list(new.redis.scan_iter(f"{new.prefix}*")) == [f"{new.prefix}schema"]


def test_only_an_empty_store_is_written_to():
    store = stores.fresh()
    filled(store)
    with pytest.raises(RefusedError, match="NOT_EMPTY"):
        import_lines(store, export_lines(store))


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ([], "line 1 is not what export writes"),
        (["{}"], "line 1 is not what export writes"),
        (['{"format": "masterify-store", "schema": 99}'], "newer version"),
        (['{"format": "masterify-store", "schema": 1}', "[]"], "line 2 is not what export writes"),
        (['{"format": "masterify-store", "schema": 1}', "", '{"key": "a"}'], "line 3 has no 'kind'"),
    ],
)
def test_what_export_did_not_write_is_refused(lines, problem):
    with pytest.raises(SettingError, match=problem):
        import_lines(stores.fresh(), lines)
