"""``POST /api/v1/master``: what is accepted, what is refused with which words, and that a refusal leaves nothing."""

import json

import pytest

from masterify_server.store import AsyncStore, accounts
from masterify_server.upload import Limits
from tests import stores, webs


@pytest.fixture(scope="module")
def web(tmp_path_factory):
    with webs.web(tmp_path_factory.mktemp("web"), limits=Limits(file_bytes=4 * 2**20)) as running:
        yield running


def refused(answer, status, code, param=None, language="ko"):
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error.get("param")) == (status, code, param), answer.text
    assert error["request_id"] == answer.headers["x-request-id"]
    assert any("가" <= c <= "힣" for c in error["message"]) == (language == "ko")
    assert set(error) <= {"code", "message", "request_id", "param"}
    return error["message"]


def test_an_accepted_job_answers_the_documented_body(web):
    answer = web.master(platforms=" spotify , apple_music,spotify,", genre="kpop", tier="premium")
    assert answer.status_code == 201, answer.text
    body = answer.json()
    job_id = body.pop("job_id")
    left = web.store.do(accounts.read_account(web.account)).credits
    assert body == {
        "status": "queued",
        "platforms": ["spotify", "apple_music"],
        "credits_used": 2,
        "credits_remaining": left,
    }
    assert answer.headers["location"] == f"/api/v1/jobs/{job_id}"
    assert f"files/in/{job_id}/song.wav" in web.files()


def test_what_was_asked_for_stands_in_the_job(web):
    job_id = web.master(name="봄 노래 (데모).wav", genre="edm", ai_service="suno").json()["job_id"]
    job = web.get(f"/jobs/{job_id}").json()
    assert (job["name"], job["genre"], job["ai_service"], job["tier"]) == (
        "봄 노래 (데모)",
        "edm",
        "suno",
        "standard",
    )
    assert (job["status"], job["progress"], job["results"], job["error"]) == ("queued", 0, {}, None)


@pytest.mark.parametrize(
    "form", [("FLAC", "PCM_16"), ("MP3", "MPEG_LAYER_III"), ("WAV", "FLOAT"), ("WAV", "PCM_U8")]
)
def test_every_format_is_taken_whatever_its_name_says(web, form):
    assert web.master(webs.wav(1.0, 44100, form=form[0], subtype=form[1]), name="x.png").status_code == 201


FOREIGN = {
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(4000),
    "a page": b"<!doctype html>" * 300,
    "ogg": webs.wav(form="OGG", subtype="VORBIS"),
    "aiff": webs.wav(form="AIFF"),
    "a-law": webs.wav(subtype="ALAW"),
    "adpcm": webs.wav(subtype="IMA_ADPCM"),
    "avi": b"RIFF\x24\0\0\0AVI " + bytes(2000),
    "an mp3 inside a riff": b"RIFF\x24\0\0\0AVI "
    + webs.wav(1.0, 44100, form="MP3", subtype="MPEG_LAYER_III"),
}


@pytest.mark.parametrize("what", FOREIGN)
def test_other_formats_are_unsupported_whatever_their_name_says(web, what):
    refused(web.master(FOREIGN[what], name="song.wav"), 400, "UNSUPPORTED_FORMAT", "file")


def nan():
    song = bytearray(webs.wav(subtype="FLOAT"))
    song[-4:] = b"\0\0\xc0\x7f"
    return bytes(song)


SPOILT = {
    "silent": webs.wav(level=0.0),
    "empty": b"",
    "damaged": webs.wav(form="FLAC")[:30],
    "channels": webs.wav(channels=3),
    "rate": webs.wav(rate=4000),
    "not_finite": nan(),
}


@pytest.mark.parametrize("detail", SPOILT)
def test_what_cannot_be_mastered_is_refused_with_the_reason(web, detail):
    answer = web.master(SPOILT[detail], headers={"Accept-Language": "en"})
    told = refused(answer, 400, "INVALID_AUDIO", "file", "en")
    from masterify_server.wording import message

    assert told == message(f"INVALID_AUDIO.{detail}", "en", {"channels": 3, "rate": 4000})


def test_eleven_minutes_are_too_long_whatever_the_header_says(web):
    long = bytearray(webs.wav(660.0, 8000, 1, form="FLAC", level=0.0))
    refused(web.master(bytes(long)), 400, "FILE_TOO_LONG", "file")
    long[21] &= 0xF0
    long[22:26] = (8000 * 5).to_bytes(4, "big")  # STREAMINFO promises five seconds
    answer = web.master(bytes(long))
    assert answer.json()["error"]["code"] in ("FILE_TOO_LONG", "INVALID_AUDIO")


def test_the_reference_is_looked_into_like_the_song(web):
    extra = [("reference_file", ("r.flac", webs.wav(form="FLAC"), "audio/flac"))]
    job_id = web.master(extra=extra).json()["job_id"]
    assert web.get(f"/jobs/{job_id}").json()["has_reference"]
    assert f"files/in/{job_id}/reference.flac" in web.files()
    extra = [("reference_file", ("r.flac", b"GIF89a" + bytes(99), "audio/flac"))]
    refused(web.master(extra=extra), 400, "UNSUPPORTED_FORMAT", "reference_file")


@pytest.mark.parametrize(
    "given", ["tidal", "", " ", ",", "spotify;melon", "universal", "../spotify", "spotify,\0", None]
)
def test_unknown_platforms_are_refused(web, given):
    refused(web.master(platforms=given), 400, "INVALID_PLATFORM", "platforms")


@pytest.mark.parametrize(
    ("field", "value"),
    [("genre", "jazz"), ("ai_service", "x"), ("tier", ""), ("tier", "gold"), ("surprise", "1")],
)
def test_other_fields_are_checked_and_named(web, field, value):
    refused(web.master(**{field: value}), 400, "INVALID_PARAMETER", field)


def test_fields_come_once_and_are_of_their_kind(web):
    twice = [("tier", (None, "standard")), ("tier", (None, "standard"))]
    refused(web.master(extra=twice), 400, "INVALID_PARAMETER", "tier")
    refused(
        web.master(extra=[("file", ("b.wav", webs.wav(), "audio/wav"))]), 400, "INVALID_PARAMETER", "file"
    )
    refused(web.master(extra=[("genre", ("b.wav", b"kpop", "audio/wav"))]), 400, "INVALID_PARAMETER", "genre")
    for parts in (
        [("platforms", (None, "spotify"))],
        [("file", (None, "text")), ("platforms", (None, "spotify"))],
    ):
        refused(web.call("POST", "/api/v1/master", files=parts), 400, "INVALID_PARAMETER", "file")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b'{"platforms": "spotify"}'),
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=zz", b"--yy\r\nnonsense"),
        ("multipart/form-data; boundary=zz", b'--zz\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nRIFF'),
        ("multipart/form-data; boundary=zz", b"--zz\r\nX: y\r\n\r\nz\r\n--zz--\r\n"),
        ("application/x-www-form-urlencoded", b"platforms=spotify"),
    ],
)  # fmt: skip
def test_a_body_that_is_no_whole_form_is_refused(web, kind, body):
    before = web.files()
    refused(
        web.call("POST", "/api/v1/master", content=body, headers={"Content-Type": kind}),
        400,
        "INVALID_PARAMETER",
    )
    assert web.files() == before


def test_a_text_field_may_not_be_a_novel(web):
    refused(web.master(platforms="s" * 100_000), 400, "INVALID_PARAMETER", "platforms")


def test_a_file_over_the_limit_is_refused(web):
    refused(web.master(bytes(4 * 2**20 + 1)), 400, "FILE_TOO_LARGE", "file")
    refused(web.master(bytes(20 * 2**20)), 400, "FILE_TOO_LARGE")


def test_a_refused_request_changes_nothing(web):
    before = web.files(), web.store.do(accounts.read_account(web.account))
    for answer in (
        web.master(b"x"),
        web.master(genre="x"),
        web.master(platforms="x"),
        web.master(webhook_url="http://10.0.0.1/"),
    ):
        assert answer.status_code == 400
    assert (web.files(), web.store.do(accounts.read_account(web.account))) == before


@pytest.mark.parametrize(
    "url",
    ["ftp://example.com/x", "http://127.0.0.1/", "http://169.254.169.254/", "not a url", "http://[::1]/"],
)
def test_hostile_webhook_addresses_are_refused(web, url):
    refused(web.master(webhook_url=url), 400, "INVALID_WEBHOOK_URL", "webhook_url")


def test_credits_and_jobs_at_once_are_limited(web):
    poor = stores.key(web.store, stores.account(web.store, "free", credits=1)).secret
    told = refused(web.master(key=poor, tier="premium"), 402, "INSUFFICIENT_CREDITS")
    assert told.startswith("크레딧이 부족합니다.")
    assert web.master(key=poor).status_code == 201
    refused(web.master(key=poor), 402, "INSUFFICIENT_CREDITS")
    busy = stores.key(web.store, stores.account(web.store, "free", credits=9)).secret
    assert web.master(key=busy).status_code == 201
    refused(web.master(key=busy), 429, "CONCURRENT_LIMIT")


def test_a_repeated_idempotency_key_is_answered_as_before_and_stores_nothing(web):
    last = stores.key(web.store, stores.account(web.store, "free", credits=1)).secret
    headers = {"Idempotency-Key": "once"}
    first = web.master(key=last, headers=headers)
    files = web.files()
    again = web.master(key=last, headers=headers)
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    assert again.headers["idempotent-replayed"] == "true"
    refused(web.master(key=last, headers=headers, genre="edm"), 409, "IDEMPOTENCY_CONFLICT")
    assert web.files() == files


@pytest.mark.parametrize("key", ["", "x" * 256, "노래"])
def test_an_idempotency_key_is_short_and_plain(web, key):
    answer = web.master(headers={"Idempotency-Key": key.encode()})
    refused(answer, 400, "INVALID_PARAMETER", "Idempotency-Key")


def test_the_store_being_away_is_said_so_and_nothing_stays(tmp_path):
    store = stores.fresh()
    with webs.web(tmp_path, store=store) as web:
        object.__setattr__(web.services, "store", AsyncStore("unix:///nowhere/store.sock", store.prefix))
        answer = web.master()
        refused(answer, 503, "UNAVAILABLE")
        assert answer.headers["retry-after"].isdigit()
        assert json.loads(web.client.get("/readyz").text)["error"]["code"] == "UNAVAILABLE"
        assert web.files() == []
