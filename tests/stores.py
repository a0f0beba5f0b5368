"""A real store for tests: one server of each make for the whole run, a prefix of its own for each test."""

import atexit
import functools
import itertools
import shutil
import tempfile
from pathlib import Path

import pytest

from masterify_server import embedded
from masterify_server.embedded import EmbeddedStore
from masterify_server.plans import load_plans
from masterify_server.store import AsyncStore, Store, accounts, jobs, keys

PLANS = load_plans()
MAKES = ("embedded", "redis")
_numbers = itertools.count()


@functools.cache
def server(make="embedded"):
    """The server of this test process; it ends with it. ``redis`` is the machine's own, as `REDIS_URL` may name."""
    folder = Path(tempfile.mkdtemp(prefix="masterify-tests-"))
    store, usual = EmbeddedStore(folder), embedded.server_binary
    if make == "redis":
        installed = shutil.which("redis-server")
        if installed is None:
            pytest.skip("needs redis-server")
        embedded.server_binary = lambda: installed
    try:
        store.start()
    finally:
        embedded.server_binary = usual
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(store.stop)
    return store


def fresh(make="embedded"):
    """A store that holds nothing."""
    store = Store(server(make).url, prefix=f"{{test{next(_numbers)}}}:")
    store.prepare()
    return store


def fresh_async(store):
    """The same store without blocking."""
    return AsyncStore(store.url, store.prefix)


def account(store, plan="studio", credits=20):  # noqa: A002
    """A new account's id."""
    account_id = accounts.new_account_id()
    assert store.do(accounts.create_account(account_id, "Test", plan, credits, by="test"))
    return account_id


def key(store, account_id, kind="live"):
    """A new key of an account, as its owner sees it once."""
    made = keys.new_key(kind)
    store.do(keys.create_key(account_id, made, "test", PLANS, by="test", kind=kind))
    return made


def order(**changes):
    """What a plain request asks for."""
    plain = {
        "platforms": ("spotify",), "genre": "other", "ai_service": "other", "tier": "standard",
        "song_name": "노래", "song_format": "wav", "language": "en",
    }  # fmt: skip
    return jobs.Order(**(plain | changes))


def admit(store, account_id, cost=1, idempotency=None, **changes):
    """Admit a job; answers its record."""
    job_id = jobs.new_job_id()
    call = jobs.admit(account_id, job_id, order(**changes), cost, PLANS, idempotency)
    return store.do(call).job


def let_deliveries_be_due(store):
    """Let time pass until everything is due."""
    for line in store.redis.zrange(f"{store.prefix}lines", 0, -1):
        for delivery_id in store.redis.zrange(f"{store.prefix}line:{line}", 0, -1):
            store.redis.zadd(f"{store.prefix}line:{line}", {delivery_id: 0})
        store.redis.zadd(f"{store.prefix}lines", {line: 0})
