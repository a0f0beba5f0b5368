"""The web process itself, over real connections: slow clients, broken uploads, refused bodies, stopping."""

import json
import os
import resource
import signal
import subprocess
import threading
import time
from contextlib import ExitStack, suppress

import pytest

from masterify_server.store import keys, lifecycle
from tests import stores, webs
from tests.lines import FIELD, FILE, FORM, answer, connect, free_port, head_of, start

SIZE = 30 * 2**20
"""More than the buffers of both sides take."""


@pytest.fixture(scope="module")
def store():
    return stores.fresh()


@pytest.fixture(scope="module")
def served(store, tmp_path_factory):
    """A web process with short patience; yields (port, folder, key, process)."""
    folder = tmp_path_factory.mktemp("served")
    key = stores.key(store, stores.account(store, credits=100)).secret
    port = free_port()
    process = start(store, folder, port)
    yield port, folder, key, process
    process.kill()
    process.wait()


def pour(line, piece):
    """Go on sending, for ten seconds."""
    for _ in range(200):
        line.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
        time.sleep(0.05)


def drip(line, process):
    """Send a little now and then, until the other side is gone."""
    with suppress(OSError):
        while process.poll() is None:
            line.sendall(b"x")
            time.sleep(0.2)


def test_headers_that_do_not_come_close_the_connection(served):
    with connect(served[0]) as line:
        line.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
        started = time.monotonic()
        assert line.recv(100) == b""
        assert 0.5 < time.monotonic() - started < 5


def test_a_connection_may_rest_between_requests(served):
    with connect(served[0]) as line:
        for _ in range(2):
            line.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert answer(line)[0] == 200
            time.sleep(1.3)
        line.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert answer(line)[0] == 200


@pytest.mark.parametrize(
    "request_bytes", [b"NONSENSE\r\n\r\n", b"GET / HTTP/1.1\r\nX: " + b"y" * 100_000 + b"\r\n\r\n"]
)
def test_what_is_no_http_gets_the_envelope(served, request_bytes):
    with connect(served[0]) as line:
        line.sendall(request_bytes)
        status, body = answer(line)
    assert status == 400
    assert json.loads(body)["error"]["code"] == "INVALID_PARAMETER"


def test_a_bad_key_is_refused_before_the_body_comes(served):
    with connect(served[0]) as line:
        line.sendall(head_of("aim_live_" + "0" * 32, FORM, "Content-Length: 900000"))
        assert answer(line)[0] == 401


def test_a_file_without_end_is_refused_while_it_comes_and_not_taken_for_ever(served):
    port, folder, key, _ = served
    piece = bytes(2**16)
    with connect(port) as line:
        line.sendall(head_of(key, FORM, "Transfer-Encoding: chunked"))
        first = FIELD + FILE + piece
        line.sendall(b"%x\r\n%b\r\n" % (len(first), first))
        for _ in range(40):
            line.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
        status, body = answer(line)
        assert (status, json.loads(body)["error"]["code"]) == (400, "FILE_TOO_LARGE")
        with pytest.raises(ConnectionError):
            pour(line, piece)
    assert list((folder / "uploads").iterdir()) == []


def test_an_upload_that_stops_is_given_up(served):
    port, folder, key, _ = served
    with connect(port) as line:
        line.sendall(head_of(key, FORM, "Content-Length: 900000") + FIELD + FILE + bytes(1000))
        status, body = answer(line)
    assert (status, json.loads(body)["error"]["code"]) == (408, "UPLOAD_TIMEOUT")
    assert list((folder / "uploads").iterdir()) == []


def test_an_upload_that_drips_is_given_up(served):
    port, folder, key, _ = served
    with connect(port) as line:
        line.sendall(head_of(key, FORM, "Content-Length: 900000") + FIELD + FILE)
        line.settimeout(0.3)
        started, got = time.monotonic(), b""
        while not got and time.monotonic() - started < 10:
            line.sendall(b"x")
            with suppress(TimeoutError):
                got = line.recv(100)
    assert got.startswith(b"HTTP/1.1 408")
    assert list((folder / "uploads").iterdir()) == []


def test_a_small_body_that_does_not_come_is_given_up(served):
    with connect(served[0]) as line:
        line.sendall(head_of(served[2], "Content-Length: 100", path="/api/v1/webhooks") + b'{"url"')
        status, body = answer(line)
    assert (status, json.loads(body)["error"]["code"]) == (408, "UPLOAD_TIMEOUT")


def test_a_client_that_takes_nothing_is_cut_off(served, store):
    port, folder, key, _ = served
    account = store.do(keys.authorize(key, stores.PLANS)).account_id
    job = stores.admit(store, account)
    claimed = store.do(lifecycle.claim(job.job_id, "test"))
    master = folder / "files" / "out" / job.job_id / "1" / "spotify.wav"
    master.parent.mkdir(parents=True)
    master.write_bytes(bytes(SIZE))
    told = {"platform": "spotify", "file": "spotify.wav", "format": "wav", "size": SIZE, "sha256": "0" * 64}
    call = lifecycle.end_done(
        job.job_id, claimed.attempt, webs.KEEP, measured={}, results=[told], archive=None
    )
    assert store.do(call)
    wish = head_of(key, path=f"/api/v1/jobs/{job.job_id}/download", method="GET")
    with connect(port) as patient, connect(port) as idle:
        idle.sendall(wish)
        patient.sendall(wish)
        assert len(answer(patient)[1]) == SIZE
        time.sleep(4.5)
        got = 0
        with suppress(ConnectionResetError):
            while piece := idle.recv(2**20):
                got += len(piece)
        assert got < SIZE
    assert "Traceback" not in (folder / "log").read_text()


def test_a_client_that_hangs_up_leaves_nothing_behind(served):
    port, folder, key, _ = served
    with connect(port) as line:
        line.sendall(head_of(key, FORM, "Content-Length: 900000") + FIELD + FILE + bytes(300_000))
        time.sleep(0.3)
        assert len(list((folder / "uploads").iterdir())) == 1
    end = time.monotonic() + 5
    while list((folder / "uploads").iterdir()) and time.monotonic() < end:
        time.sleep(0.05)
    assert list((folder / "uploads").iterdir()) == []
    assert "Traceback" not in (folder / "log").read_text()


def test_who_asks_first_is_told_to_go_on(served):
    song = webs.wav()
    body = FIELD + FILE + song + b"\r\n--zz--\r\n"
    with connect(served[0]) as line:
        line.sendall(head_of(served[2], FORM, f"Content-Length: {len(body)}", "Expect: 100-continue"))
        assert line.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        line.sendall(body)
        assert answer(line)[0] == 201


def test_an_upload_that_the_end_of_the_process_cuts_off_is_told_so(store, served, tmp_path):
    port = free_port()
    process = start(store, tmp_path, port)
    try:
        with connect(port) as line:
            line.sendall(head_of(served[2], FORM, "Content-Length: 900000") + FIELD + FILE)
            sending = threading.Thread(target=drip, args=(line, process), daemon=True)
            sending.start()
            time.sleep(0.3)
            process.terminate()
            status, body = answer(line)
        assert (status, json.loads(body)["error"]["code"]) == (503, "UNAVAILABLE")
        assert process.wait(10) == -signal.SIGTERM
        assert list((tmp_path / "uploads").iterdir()) == []
    finally:
        process.kill()
        process.wait()


def test_connections_that_only_wait_do_not_use_up_the_files(store, served, tmp_path):
    port, before = free_port(), resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (128, before[1]))
    try:
        process = start(store, tmp_path, port)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    try:
        with ExitStack() as stack:
            for _ in range(150):
                stack.enter_context(connect(port))
            with connect(port) as line:
                line.sendall(head_of(served[2], path="/api/v1/account", method="GET"))
                assert answer(line)[0] == 200
    finally:
        process.kill()
        process.wait()


def test_stopping_ends_open_streams_at_once_and_the_probe_with_it(served):
    port, folder, key, process = served
    song = FIELD + FILE + webs.wav() + b"\r\n--zz--\r\n"
    with connect(port) as line, connect(port) as stream:
        line.sendall(head_of(key, FORM, f"Content-Length: {len(song)}") + song)
        job_id = json.loads(answer(line)[1])["job_id"]
        stream.sendall(head_of(key, path=f"/api/v1/jobs/{job_id}/events", method="GET"))
        got = b""
        while b"queued" not in got:
            got += stream.recv(1000)
        children = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(process.pid)], capture_output=True, text=True
        ).stdout.split()
        assert children
        started = time.monotonic()
        process.terminate()
        while stream.recv(1000):
            pass
        assert process.wait(10) == -signal.SIGTERM
        assert time.monotonic() - started < 3
    time.sleep(0.1)
    for pid in children:
        assert not os.path.exists(f"/proc/{pid}")
    rows = [json.loads(row) for row in (folder / "log").read_text().splitlines()]
    wanted = {"request_id", "method", "path", "status", "ms", "account", "key_id", "client"}
    assert any(wanted <= set(row) and row["status"] == 201 for row in rows)
