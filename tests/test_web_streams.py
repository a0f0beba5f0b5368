"""Event streams over real connections: many at once, through restarts of the store, with keys that are revoked."""

import json
import re
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


def opened(port, key, job, method="GET", known=None):
    line = connect(port)
    head = head_of(key, path=f"/api/v1/jobs/{job.job_id}/events", method=method)
    if known is not None:
        head = head.replace(b"\r\n", b"\r\nLast-Event-ID: " + known + b"\r\n", 1)
    line.sendall(head)
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


def ids(got):
    return re.findall(rb"\nid: (.*)\n", got)


def test_a_client_that_connects_again_hears_only_what_is_new(store, account, port):
    key, job = stores.key(store, account).secret, stores.admit(store, account)
    with opened(port, key, job) as line:
        (waits,) = ids(until(line, b"queued"))
    with opened(port, key, job, known=waits) as line, opened(port, key, job, known=b"nonsense") as other:
        assert b": ping" in until(line, b": ping")
        assert ids(until(other, b"queued")) == [waits]
        store.do(lifecycle.claim(job.job_id, "test"))
        got = until(line, b"processing")
        assert b"queued" not in got
        assert waits not in ids(got)


def test_a_browser_is_told_to_stop_after_the_end(store, account, port):
    key, job = stores.key(store, account).secret, stores.admit(store, account)
    store.do(jobs.cancel_job(job.job_id, account))
    with opened(port, key, job) as line:
        got = until(line, LAST_CHUNK)
    (end,) = ids(got)
    assert b"event: end" in got
    for method in ("GET", "HEAD"):
        with opened(port, key, job, method=method, known=end) as line:
            assert b" 204 " in until(line, b"\r\n\r\n").partition(b"\r\n")[0]
    with opened(port, key, stores.admit(store, account), known=end) as line:
        assert b"queued" in until(line, b"queued")  # it was another job's
