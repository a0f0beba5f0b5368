"""Event streams over real connections: many at once, through restarts of the store, with keys that are revoked."""

import json
import time
from contextlib import ExitStack

import pytest

from masterify_server.embedded import EmbeddedStore
from masterify_server.store import Store, jobs, keys, lifecycle
from tests import stores
from tests.lines import answer, connect, free_port, head_of, start

MANY = 70
"""More than the web holds connections to the store."""

LAST_CHUNK = b"0\r\n\r\n"


@pytest.fixture(scope="module")
def embedded(tmp_path_factory):
    """A store of its own: these tests stop it."""
    with EmbeddedStore(tmp_path_factory.mktemp("store")) as server:
        yield server


@pytest.fixture
def store(embedded):
    opened = Store(embedded.url, prefix=f"{{streams{time.monotonic_ns()}}}:")
    opened.prepare()
    yield opened
    opened.close()


@pytest.fixture
def port(store, tmp_path):
    number = free_port()
    process = start(store, tmp_path, number)
    yield number
    process.kill()
    process.wait()


@pytest.fixture
def account(store):
    return stores.account(store, credits=100)


def opened(port, key, job, method="GET"):
    line = connect(port)
    line.sendall(head_of(key, path=f"/api/v1/jobs/{job.job_id}/events", method=method))
    return line


def until(line, word, got=b""):
    """What comes until a word does."""
    while word not in got:
        piece = line.recv(65536)
        assert piece, f"the stream ended before {word!r}: {got!r}"
        got += piece
    return got


def test_many_streams_leave_the_store_to_the_requests(store, account, port):
    key, job = stores.key(store, account).secret, stores.admit(store, account)
    with ExitStack() as stack:
        lines = [stack.enter_context(opened(port, key, job)) for _ in range(MANY)]
        for line in lines:
            until(line, b"queued")
        begun = time.monotonic()
        with connect(port) as line:
            line.sendall(head_of(key, path="/api/v1/account", method="GET"))
            assert answer(line)[0] == 200
        assert time.monotonic() - begun < 2
        store.do(lifecycle.claim(job.job_id, "test"))
        for line in lines:
            until(line, b"processing")


def test_a_stream_goes_on_when_the_store_is_back(embedded, store, account, port):
    key, job = stores.key(store, account).secret, stores.admit(store, account)
    with opened(port, key, job) as line:
        until(line, b"queued")
        embedded.stop()
        time.sleep(0.3)
        embedded.start()
        store.do(jobs.cancel_job(job.job_id, account))
        assert b"event: end" in until(line, b"canceled")


def test_a_revoked_key_hears_nothing_any_more(store, account, port):
    key, other = stores.key(store, account), stores.key(store, account)
    job = stores.admit(store, account)
    with opened(port, key.secret, job) as line, opened(port, other.secret, job) as stays:
        until(line, b"queued")
        until(stays, b"queued")
        store.do(keys.revoke_key(account, key.key_id, "test"))
        store.do(lifecycle.claim(job.job_id, "test"))
        assert b"processing" in until(stays, b"processing")
        assert b"processing" not in until(line, LAST_CHUNK)


def test_asking_for_the_head_of_a_stream_is_answered_at_once(store, account, port):
    key, job = stores.key(store, account).secret, stores.admit(store, account)
    with opened(port, key, job, method="HEAD") as line:
        got = until(line, b"\r\n\r\n")
        assert b"text/event-stream" in got
        line.sendall(head_of(key, path="/api/v1/account", method="GET"))
        status, body = answer(line)
        assert (status, json.loads(body)["account_id"]) == (200, account)
