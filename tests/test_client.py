"""The Python client: against a real service, and against answers that are made up."""

import json
from hashlib import sha256

import httpx2 as httpx
import pytest

from masterify_core.errors import OutputError, SettingError
from masterify_server.client import CHUNK_BYTES, Client, RemoteError, WebhookError, verify_webhook
from tests.cli import write_song
from tests.live_service import service

assert service

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
JOB = {
    "job_id": "j1", "status": "done", "progress": 100, "stage": None, "name": "song", "genre": "other", "error": None,
    "input": {},
}  # fmt: skip


def test_what_the_server_refuses_is_told_with_its_code(service, tmp_path):
    url, key = service
    (tmp_path / "no.wav").write_bytes(b"no song")
    with Client(url, key) as api:
        assert api.account()["plan"] == "studio"
        with pytest.raises(RemoteError) as refused:
            api.submit(tmp_path / "no.wav", ["spotify"])
    assert refused.value.remote_code == "UNSUPPORTED_FORMAT"
    assert refused.value.request_id in str(refused.value)


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
    monkeypatch.setattr("masterify_server.asking.time.sleep", slept.append)
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


def events(*told, breaks=False):
    """An event stream."""

    def pieces():
        yield b"retry: 2000\n\n"
        for number, (kind, said) in enumerate(told):
            yield f"event: {kind}\nid: e{number}\ndata: {json.dumps(said)}\n\n: ping\n\n".encode()
        if breaks:
            raise httpx.ReadError("broken off")

    return httpx.Response(200, content=pieces(), headers={"content-type": "text/event-stream"})


PROGRESS = {**JOB, "status": "processing", "progress": 40, "stage": "rendering"}


def test_a_job_is_followed_by_its_events(no_waiting):
    told = []
    api, seen = answering(
        events(("progress", PROGRESS), ("progress", {**PROGRESS, "progress": 60}), ("end", JOB)),
        httpx.Response(200, json=JOB),
    )
    assert api.wait("j1", lambda *said: told.append(said)) == JOB
    assert told[:2] == [("rendering", 0.4), ("rendering", 0.6)]
    assert [request.url.path for request in seen] == ["/api/v1/jobs/j1/events", "/api/v1/jobs/j1"]
    assert no_waiting == []


def test_a_stream_that_breaks_off_goes_on_where_it_was(no_waiting):
    api, seen = answering(
        events(("progress", PROGRESS), breaks=True), httpx.Response(200, json=PROGRESS),
        httpx.Response(204), httpx.Response(200, json=JOB),
    )  # fmt: skip
    assert api.wait("j1") == JOB
    assert seen[2].headers["Last-Event-ID"] == "e0"


def test_a_server_that_is_away_while_a_job_runs_is_waited_for(no_waiting):
    away = [httpx.ConnectError("gone")] * 12  # more than any other request is tried
    api, _ = answering(*away, httpx.Response(200, json=JOB))
    assert api.wait("j1") == JOB


def test_an_address_where_nobody_is_shows_at_once(no_waiting):
    api, _ = answering(*[httpx.ConnectError("nobody")] * 2)
    with pytest.raises(RemoteError, match="NOT_REACHED"):
        api.account()
    assert sum(no_waiting) <= 1.0


def test_waiting_ends_when_it_is_told_to(no_waiting):
    api, _ = answering(events(), httpx.Response(200, json=PROGRESS))
    with pytest.raises(RemoteError, match="TIMEOUT"):
        api.wait("j1", timeout_s=0.0)
    api, _ = answering(httpx.ConnectError("gone"), httpx.ConnectError("gone"))
    with pytest.raises(RemoteError, match="TIMEOUT"):
        api.wait("j1", timeout_s=0.0)


def test_a_failed_job_raises_its_own_error(no_waiting):
    failed = {**JOB, "status": "failed", "error": {"code": "INVALID_AUDIO", "message": "silent"}}
    api, _ = answering(events(("end", failed)), httpx.Response(200, json=failed))
    with pytest.raises(RemoteError, match="silent"):
        api.wait("j1")


def test_an_upload_tells_how_far_it_is(tmp_path):
    told = []
    api, _ = answering(httpx.Response(201, json={"job_id": "j1"}))
    song = write_song(tmp_path / "a.wav")
    api.submit(song, ["spotify"], reference=song, on_progress=lambda *said: told.append(said))
    shares = [share for stage, share in told if stage == "uploading"]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert len(set(shares)) > 4


@pytest.mark.parametrize(
    "url", ["", "masterify.example", "ftp://a", "http://", "http://[x", "http://a:99999999"]
)
def test_an_address_that_cannot_be_one_is_refused(url):
    with pytest.raises(SettingError, match="api must be an address such as"):
        Client(url, "key")


def test_a_server_that_sends_us_on_is_not_followed_with_the_key(no_waiting):
    api, seen = answering(httpx.Response(308, headers={"Location": "https://other.example/"}))
    with pytest.raises(RemoteError, match=r"sends us on to https://other\.example/"):
        api.account()
    assert len(seen) == 1


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


def test_a_download_that_breaks_off_goes_on_where_it_was(tmp_path, no_waiting):
    content = bytes(range(256)) * 4000

    def half():
        yield content[:300_000]
        raise httpx.ReadError("broken off")

    api, seen = answering(
        httpx.Response(200, content=half()), httpx.ConnectError("gone"),
        httpx.Response(206, content=content[CHUNK_BYTES:]),
    )  # fmt: skip
    result = {"title": "Spotify", "format": "wav", "sha256": sha256(content).hexdigest()}
    path = api.download({**JOB, "results": {"spotify": result}}, tmp_path / "new" / "folder")["spotify"]
    assert path.read_bytes() == content
    assert [request.headers.get("Range") for request in seen] == [None, *[f"bytes={CHUNK_BYTES}-"] * 2]


@pytest.mark.parametrize("name", ["../../up", "/etc/up", "..\\up", "a/b/up"])
def test_a_server_cannot_choose_the_folder_of_a_download(tmp_path, no_waiting, name):
    result = {"title": "x/../../Spotify", "format": "wav", "sha256": sha256(b"right").hexdigest()}
    api, _ = answering(httpx.Response(200, content=b"right"))
    path = api.download({**JOB, "name": name, "results": {"spotify": result}}, tmp_path / "here")["spotify"]
    assert path.parent == tmp_path / "here"
    assert [each.name for each in tmp_path.rglob("*") if each.is_file()] == [path.name]


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
