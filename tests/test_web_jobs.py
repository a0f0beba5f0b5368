"""Jobs as their owners see them: reading, listing, canceling, deleting, downloading, reports, progress."""

import io
import json
import threading
import time
import uuid
import zipfile
from urllib.parse import unquote

import pytest

from masterify_server import links, ranges
from masterify_server.store import jobs, lifecycle
from masterify_server.store.jobs import JobError
from tests import stores, webs

MASTER = bytes(range(256)) * 40


@pytest.fixture(scope="module")
def web(tmp_path_factory):
    with webs.web(tmp_path_factory.mktemp("web"), public_url="https://m.example") as running:
        yield running


@pytest.fixture
def waiting(web):
    """A job that waits; canceled at the end, so that none fills the plan."""
    job_id = web.master().json()["job_id"]
    yield job_id
    web.store.do(jobs.cancel_job(job_id, web.account))


@pytest.fixture(scope="module")
def done(web):
    job_id = web.master(name="../../etc/봄 노래.wav", platforms="melon").json()["job_id"]
    web.finish(job_id, {"melon": MASTER})
    return job_id


@pytest.fixture(scope="module")
def both(web):
    job_id = web.master(platforms="spotify,apple_music").json()["job_id"]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as into:
        into.writestr("a.wav", MASTER)
    web.finish(job_id, {"spotify": MASTER, "apple_music": MASTER[::-1]}, archive.getvalue())
    return job_id


def refused(answer, status, code, param=None):
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error.get("param")) == (status, code, param), answer.text


def test_a_done_job_shows_what_was_measured_and_where_the_masters_are(web, both):
    job = web.get(f"/jobs/{both}").json()
    assert (job["status"], job["progress"], job["credits_used"]) == ("done", 100, 1)
    assert set(job["results"]) == {"spotify", "apple_music"}
    table = job["results"]["spotify"]
    assert (table["integrated_lufs"], table["size"], table["format"]) == (-14.0, len(MASTER), "wav")
    assert table["download_url"] == f"https://m.example/api/v1/jobs/{both}/download?platform=spotify"
    assert "file" not in table
    assert job["created_at"] <= job["started_at"] <= job["finished_at"]
    assert job["finished_at"].endswith("Z")


def test_a_failed_job_says_why_in_the_language_of_who_asks(web):
    job_id = web.master().json()["job_id"]
    claimed = web.store.do(lifecycle.claim(job_id, "test"))
    error = JobError(code="INVALID_AUDIO", key="INVALID_AUDIO.silent")
    web.store.do(lifecycle.end_failed(job_id, claimed.attempt, webs.KEEP, error, "detail"))
    job = web.get(f"/jobs/{job_id}", headers={"Accept-Language": "en"}).json()
    assert (job["status"], job["credits_used"], job["error"]["code"]) == ("failed", 0, "INVALID_AUDIO")
    assert job["error"]["message"].startswith("The file is silent")
    assert web.get(f"/jobs/{job_id}").json()["error"]["message"].startswith("처음부터")
    refused(web.get(f"/jobs/{job_id}/download"), 409, "JOB_NOT_READY")


def test_unknown_and_foreign_jobs_do_not_exist(web, done):
    other = stores.key(web.store, stores.account(web.store)).secret
    words = set()
    for method, tail in (
        ("GET", ""),
        ("GET", "/download"),
        ("GET", "/report"),
        ("GET", "/events"),
        ("DELETE", ""),
    ):
        for key, job_id in (
            (other, done),
            ("", uuid.uuid4()),
            ("", "not-a-job"),
            ("", done.upper()),
            ("", "x" * 2000),
        ):
            answer = web.call(method, f"/api/v1/jobs/{job_id}{tail}", key)
            refused(answer, 404, "JOB_NOT_FOUND")
            words.add(answer.json()["error"]["message"])
    assert len(words) == 1
    assert web.get(f"/jobs/{done}").json()["status"] == "done"


def test_pages_hold_every_job_once_newest_first(web):
    key = stores.key(web.store, account := stores.account(web.store)).secret
    made = [stores.admit(web.store, account).job_id for _ in range(5)]
    seen, after = [], None
    while True:
        body = web.get("/jobs", key, params={"limit": 2} | ({"after": after} if after else {})).json()
        seen += [job["job_id"] for job in body["jobs"]]
        after = body["next_after"]
        if not body["has_more"]:
            break
    assert seen == made[::-1]
    assert after is None
    assert web.get("/jobs", key, params={"status": "done"}).json()["jobs"] == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", "0"),
        ("limit", "-1"),
        ("limit", "many"),
        ("limit", "１"),
        ("limit", "101"),
        ("status", "asleep"),
        ("after", ""),
        ("after", "nowhere"),
        ("after", "8B0C6D5E-5a43-4f0e-9a51-2f6d0c3a7e11"),
        ("after", "8b0c6d5e-5a43-4f0e-9a51-2f6d0c3a7e11"),
        ("page", "2"),
        ("limit", ["1", "2"]),
    ],
)
def test_wrong_queries_are_named(web, name, value):
    refused(web.get("/jobs", params={name: value}), 400, "INVALID_PARAMETER", name)


def test_a_waiting_job_is_canceled_and_paid_back_once(web, waiting):
    before = web.get("/account").json()["credits"]
    assert web.call("DELETE", f"/api/v1/jobs/{waiting}").json()["status"] == "canceled"
    assert web.call("DELETE", f"/api/v1/jobs/{waiting}").json()["status"] == "canceled"
    assert web.get("/account").json()["credits"] == before + 1


def test_a_running_job_cannot_be_deleted(web, waiting):
    claimed = web.store.do(lifecycle.claim(waiting, "test"))
    refused(web.call("DELETE", f"/api/v1/jobs/{waiting}"), 409, "JOB_NOT_READY")
    web.store.do(
        lifecycle.end_failed(
            waiting, claimed.attempt, webs.KEEP, JobError(code="INTERNAL_ERROR", key="INTERNAL_ERROR"), ""
        )
    )


def test_a_deleted_job_has_no_files_but_a_record(web):
    job_id = web.master().json()["job_id"]
    web.finish(job_id, {"spotify": MASTER})
    assert web.get(f"/jobs/{job_id}/download").status_code == 200
    assert web.call("DELETE", f"/api/v1/jobs/{job_id}").status_code == 200
    refused(web.get(f"/jobs/{job_id}/download"), 410, "RESULT_EXPIRED")
    assert web.get(f"/jobs/{job_id}").json()["status"] == "done"
    page = web.get(f"/jobs/{job_id}/report", headers={"Accept": "text/html"})
    assert "no longer kept" in page.text
    assert (
        web.get(f"/jobs/{job_id}/report", headers={"Accept": "application/json"}).json()["job_id"] == job_id
    )


def test_one_master_downloads_under_the_song_s_own_name(web, done):
    answer = web.get(f"/jobs/{done}/download")
    assert (answer.status_code, answer.content) == (200, MASTER)
    assert answer.headers["content-type"] == "audio/wav"
    name = answer.headers["content-disposition"]
    assert name.startswith('attachment; filename="')
    assert unquote(name.partition("UTF-8''")[2]) == "봄 노래 (Master - Melon).wav"


def test_files_that_are_gone_are_told_as_expired(web):
    job_id = web.master().json()["job_id"]
    web.finish(job_id, {"spotify": MASTER})
    web.services.storage.delete(f"out/{job_id}")
    refused(web.get(f"/jobs/{job_id}/download"), 410, "RESULT_EXPIRED")


def test_a_job_that_is_not_done_has_nothing_to_download(web, waiting):
    refused(web.get(f"/jobs/{waiting}/download"), 409, "JOB_NOT_READY")
    refused(web.get(f"/jobs/{waiting}/report"), 409, "JOB_NOT_READY")


@pytest.mark.parametrize(
    ("spec", "start", "stop"),
    [
        ("bytes=0-99", 0, 100),
        ("bytes=100-", 100, None),
        ("bytes=-50", -50, None),
        ("bytes=0-999999", 0, None),
        ("Bytes=5-5", 5, 6),
    ],
)
def test_parts_are_the_bytes_asked_for(web, done, spec, start, stop):
    answer = web.get(f"/jobs/{done}/download", headers={"Range": spec})
    wanted = MASTER[start:stop]
    assert (answer.status_code, answer.content) == (206, wanted)
    assert answer.headers["content-length"] == str(len(wanted))
    assert answer.headers["content-range"].endswith(f"/{len(MASTER)}")


@pytest.mark.parametrize(
    "spec", ["bytes=9-5", "bytes=0-1,5-6", "items=0-5", "bytes=-", "bytes=x-y", "bytes=0-5 "[::-1]]
)
def test_what_is_no_single_range_is_answered_whole(web, done, spec):
    answer = web.get(f"/jobs/{done}/download", headers={"Range": spec})
    assert (answer.status_code, answer.content) == (200, MASTER)


@pytest.mark.parametrize("spec", [f"bytes={len(MASTER)}-", "bytes=-0"])
def test_a_range_past_the_end_is_refused(web, done, spec):
    answer = web.get(f"/jobs/{done}/download", headers={"Range": spec})
    refused(answer, 416, "RANGE_NOT_SATISFIABLE")
    assert answer.headers["content-range"] == f"bytes */{len(MASTER)}"


def test_what_the_client_has_is_not_sent_again(web, done):
    path = f"/jobs/{done}/download"
    etag = web.get(path).headers["etag"]
    for held in (etag, f"W/{etag}", f'"x", {etag}', "*"):
        answer = web.get(path, headers={"If-None-Match": held})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)
    assert web.get(path, headers={"If-None-Match": '"x"'}).status_code == 200
    assert web.get(path, headers={"Range": "bytes=0-9", "If-Range": '"x"'}).status_code == 200
    assert web.get(path, headers={"Range": "bytes=0-9", "If-Range": etag}).status_code == 206


def test_head_tells_the_length_and_sends_nothing(web, done):
    answer = web.call("HEAD", f"/api/v1/jobs/{done}/download")
    assert (answer.status_code, answer.headers["content-length"], answer.content) == (
        200,
        str(len(MASTER)),
        b"",
    )


def test_a_range_counts_with_get_only(web, done):
    answer = web.call("HEAD", f"/api/v1/jobs/{done}/download", headers={"Range": "bytes=0-9"})
    assert (answer.status_code, answer.headers["content-length"]) == (200, str(len(MASTER)))


def test_several_masters_come_as_an_archive_or_one_by_one(web, both):
    answer = web.get(f"/jobs/{both}/download")
    assert answer.headers["content-type"] == "application/zip"
    assert zipfile.ZipFile(io.BytesIO(answer.content)).namelist() == ["a.wav"]
    assert "Masters%29.zip" in answer.headers["content-disposition"]
    assert web.get(f"/jobs/{both}/download", params={"platform": "apple_music"}).content == MASTER[::-1]
    for name in ("melon", "../../etc/passwd", "universal"):
        refused(
            web.get(f"/jobs/{both}/download", params={"platform": name}), 400, "INVALID_PLATFORM", "platform"
        )


def test_a_signed_link_needs_no_key_until_it_expires(web, both):
    secret = web.services.settings.signing_secret
    good = links.signed_path(secret, both, "spotify")
    assert web.client.get(good).content == MASTER
    assert web.client.get(links.signed_path(secret, both)).status_code == 200
    late = links.signed_path(secret, both, "spotify", expires=int(time.time()) - 1)
    wrong = [
        late,
        good.replace("spotify", "apple_music"),
        good.replace(both, str(uuid.uuid4())),
        good[:-2],
        good.replace("expires=1", "expires=9"),
        links.signed_path("other", both),
        links.signed_path(secret, both).replace("expires=", "expires=x"),
    ]
    for path in wrong:
        refused(web.client.get(path), 404, "NOT_FOUND")
    refused(web.client.get(links.signed_path(secret, str(uuid.uuid4()))), 404, "JOB_NOT_FOUND")


def test_the_report_is_the_engine_s_page_or_values(web):
    job_id = web.master().json()["job_id"]
    job = web.finish(job_id, {"spotify": MASTER})
    web.deliver_report(job, "html", "<!doctype html><html>report</html>")
    web.deliver_report(job, "json", '{"a": 1}')
    page = web.get(f"/jobs/{job_id}/report", headers={"Accept": "text/html,*/*;q=0.8"})
    assert page.text.endswith("report</html>")
    assert page.headers["content-type"].startswith("text/html")
    assert "sandbox" in page.headers["content-security-policy"]
    assert web.get(f"/jobs/{job_id}/report", headers={"Accept": "application/json"}).json() == {"a": 1}


def events_of(text):
    return [json.loads(line[5:]) for line in text.splitlines() if line.startswith("data:")]


def test_progress_is_told_until_the_job_has_ended(web):
    job_id = web.master().json()["job_id"]

    def work():
        time.sleep(1.5)  # a busy machine takes its time until somebody listens
        claimed = web.store.do(lifecycle.claim(job_id, "test"))
        for share in (30, 60):
            web.store.do(lifecycle.beat(job_id, claimed.attempt, share, "measuring"))
            time.sleep(0.3)  # two steps at once would be told as one
        call = lifecycle.end_done(job_id, claimed.attempt, webs.KEEP, measured={}, results=[], archive=None)
        web.store.do(call)

    worker = threading.Thread(target=work)
    worker.start()
    answer = web.get(f"/jobs/{job_id}/events")
    worker.join()
    assert answer.headers["content-type"].startswith("text/event-stream")
    told = events_of(answer.text)
    assert told[0]["status"] == "queued"
    assert {"status": "processing", "stage": "measuring", "progress": 60}.items() <= told[-2].items()
    assert (told[-1]["status"], told[-1]["progress"]) == ("done", 100)
    assert "event: end" in answer.text


def test_the_events_of_an_ended_job_are_its_end(web, done):
    told = events_of(web.get(f"/jobs/{done}/events").text)
    assert [event["status"] for event in told] == ["done"]


def test_an_empty_file_has_no_satisfiable_range():
    from starlette.datastructures import Headers

    assert ranges.wanted("GET", Headers({}), 0, '"e"').status == 200
