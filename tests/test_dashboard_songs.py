"""Songs in the dashboard: sent by a plain form or a script, listed, followed, read, fetched, canceled and deleted."""

import json
import re

import pytest

from masterify_server.dashboard.song_form import form_of, new_form_id
from masterify_server.dashboard.song_words import STAGES
from masterify_server.dashboard.wording import texts
from masterify_server.excerpt_files import TABLE, VERSION, file_of
from masterify_server.refusals import UnavailableError
from masterify_server.storage import output_name
from masterify_server.store import jobs, lifecycle, sessions
from tests import stores, visitors, webs
from tests.visitors import Visitor

SONGS = "/dashboard/songs"
REPORT = {
    "recipe": {
        "steps": [{"stage": "tone", "reason": "the song is mono"}],
        "skipped": [{"stage": "repair", "reason": "no DC found, and no rumble to take out"}],
    },
    "masters": [
        {
            "title": "Spotify",
            "delivery": {"gain_db": 3.0, "mean_reduction_db": 0.1, "sustained_reduction_db": 0.0, "peak_reduction_db": 1.5},
        }
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with webs.web(tmp_path_factory.mktemp("dashboard-songs")) as started:
        yield started


@pytest.fixture
def web(running):
    for key in running.store.redis.scan_iter(f"{running.store.prefix}throttle:*"):
        running.store.redis.delete(key)
    running.account = stores.account(running.store, plan="pro", credits=10)
    running.email = f"{running.account}@example.com"
    visitors.person(running.store, running.account, running.email)
    return running


@pytest.fixture
def ann(web):
    visitor = Visitor(web)
    visitor.log_in(web.email)
    return visitor


def send(
    visitor,
    song=None,
    name="노래.wav",
    accept="text/html",
    form_id=None,
    token=None,
    reference=None,
    **fields,
):
    """Send the form of the page."""
    chosen = {
        "platform_spotify": "spotify",
        "genre": "kpop",
        "ai_service": "suno",
        "tier": "standard",
    } | fields
    chosen["form_id"] = form_id or new_form_id()
    texts_ = [(key, (None, value)) for key, value in chosen.items() if value is not None]
    files = [("file", (name, webs.wav() if song is None else song, "audio/wav"))]
    if reference:
        files.append(("reference_file", ("ref.wav", reference)))
    return visitor.client.post(
        f"{SONGS}?csrf={visitor.token() if token is None else token}",
        files=[*texts_, *files],
        headers={"Origin": "http://testserver", "Accept": accept, "Accept-Language": visitor.language},
        follow_redirects=False,
    )


def job_of(web, answer):
    assert answer.status_code == 303, answer.text
    return web.store.do(jobs.read_job(answer.headers["location"].rsplit("/", 1)[1], web.account))


def done(web, visitor, masters=None, report=True):
    """A song that a worker has mastered."""
    masters = masters or {"spotify": b"the master of spotify"}
    boxes = {f"platform_{name}": name for name in masters}
    job = job_of(web, send(visitor, **({"platform_spotify": None} | boxes)))
    archive = b"PK all of them" if len(masters) > 1 else None
    web.finish(job.job_id, masters, archive)
    job = web.store.do(jobs.read_job(job.job_id))
    if report:
        web.deliver_report(job, "json", json.dumps(REPORT))
        web.deliver_report(job, "html", "<p>the report</p>")
    return job


def put(web, job, name, content):
    path = web.services.uploads / name
    path.write_bytes(content)
    web.services.storage.put(path, output_name(job.job_id, job.attempt, name))


def test_a_song_is_sent_by_a_plain_form(web, ann):
    job = job_of(web, send(ann, platform_youtube="youtube", tier="premium", reference=webs.wav(level=0.2)))
    assert set(job.order.platforms) == {"spotify", "youtube"}
    assert (job.order.genre, job.order.ai_service, job.order.tier) == ("kpop", "suno", "premium")
    assert (job.order.song_name, job.order.reference_format, job.order.language) == ("노래", "wav", "en")
    assert (job.cost, job.credits_left) == (2, 8)
    page = ann.open(f"{SONGS}/{job.job_id}").text
    assert "노래" in page
    assert texts("en")["stage.queued"] in page
    assert "Spotify, YouTube" in page


def test_a_script_is_answered_where_the_song_is(web, ann):
    answer = send(ann, accept="application/json")
    assert answer.status_code == 201, answer.text
    assert ann.open(answer.json()["address"]).status_code == 200


def test_a_form_sent_twice_makes_one_job(web, ann):
    form_id = new_form_id()
    first, second = (send(ann, form_id=form_id).headers["location"] for _ in range(2))
    assert first == second
    assert web.store.do(jobs.list_jobs(web.account)).jobs[0].credits_left == 9
    assert len(web.store.do(jobs.list_jobs(web.account)).jobs) == 1


def test_a_used_form_with_another_song_says_what_to_do_and_is_good_again(web, ann):
    form_id = new_form_id()
    send(ann, form_id=form_id)
    answer = send(ann, webs.wav(level=0.2), form_id=form_id, accept="application/json")
    assert answer.status_code == 409
    assert answer.json()["words"] == texts("en")["refused.IDEMPOTENCY_CONFLICT"]
    assert send(ann, webs.wav(level=0.2), form_id=answer.json()["form_id"]).status_code == 303


@pytest.mark.parametrize(
    ("song", "fields", "status", "words"),
    [
        (b"GIF89a" + bytes(200), {}, 400, "Only MP3, WAV and FLAC files are taken"),
        (webs.wav(level=0.0), {}, 400, "silent from start to end"),
        (webs.wav(seconds=601, rate=8000, channels=1), {}, 400, "longer than 10 minutes"),
        (None, {"platform_spotify": None}, 400, "Choose at least one platform."),
        (None, {"genre": "polka"}, 400, "must be one of"),
    ],
)
def test_what_is_refused_is_said_in_words_and_the_choices_are_kept(web, ann, song, fields, status, words):
    answer = send(ann, song, **(fields or {"platform_melon": "melon", "tier": "premium"}))
    assert answer.status_code == status
    assert words in answer.text
    assert 'role="alert"' in answer.text
    if not fields:
        assert re.search(r'name="platform_melon" value="melon" checked', answer.text)
        assert re.search(r'value="premium" checked', answer.text)
        assert not re.search(r'name="platform_youtube" value="youtube" checked', answer.text)
    assert web.store.do(jobs.list_jobs(web.account)).jobs == ()
    assert not [name for name in web.files() if name.startswith("uploads")]


def test_without_a_song_it_is_asked_for(ann):
    empty = 'Content-Disposition: form-data; name="{}"; filename=""\r\nContent-Type: application/octet-stream\r\n\r\n'
    parts = [
        f'Content-Disposition: form-data; name="form_id"\r\n\r\n{new_form_id()}',
        'Content-Disposition: form-data; name="platform_spotify"\r\n\r\nspotify',
        empty.format("file"), empty.format("reference_file"),  # as browsers send what was left empty
    ]  # fmt: skip
    body = "".join(f"--x\r\n{part}\r\n" for part in parts) + "--x--\r\n"
    headers = {
        "Origin": "http://testserver",
        "Accept-Language": "ko",
        "Content-Type": "multipart/form-data; boundary=x",
    }
    answer = ann.client.post(f"{SONGS}?csrf={ann.token()}", content=body, headers=headers)
    assert answer.status_code == 400
    assert texts("ko")["refused.INVALID_PARAMETER.missing"] in answer.text


def test_a_song_that_is_too_large_is_refused_with_the_limit(tmp_path):
    limits = webs.Limits(file_bytes=2**20)
    with webs.web(tmp_path, limits=limits) as web:
        visitors.person(web.store, web.account)
        ann = Visitor(web)
        ann.log_in()
        answer = send(ann, bytes(2**20 + 1))
        assert answer.status_code == 400
        assert "larger than 1 MB" in answer.text
        assert 'data-most-bytes="1048576"' in ann.open(f"{SONGS}/new").text


def test_a_song_from_another_site_is_refused_before_it_is_read(web, ann):
    assert send(ann, token="0" * 64).status_code == 403
    answer = ann.client.post(
        f"{SONGS}?csrf={ann.token()}",
        files=[("file", ("a.wav", webs.wav()))],
        headers={"Origin": "http://evil.example"},
    )
    assert answer.status_code == 403
    assert web.store.do(jobs.list_jobs(web.account)).jobs == ()


def test_no_job_is_begun_for_who_was_logged_out_while_the_song_came_in(web, ann, monkeypatch):
    real, seen = web.services.store.do, []

    async def ended_meanwhile(call):
        if call.script == "read_session":
            seen.append(call)
            if len(seen) == 2:  # the guard has let the request in; now the song is here
                web.store.do(sessions.end_session(ann.client.cookies["masterify_session"]))
        return await real(call)

    monkeypatch.setattr(web.services.store, "do", ended_meanwhile)
    answer = send(ann)
    assert answer.status_code == 403
    assert texts("en")["error.form_stale"] in answer.text
    assert web.store.do(jobs.list_jobs(web.account)).jobs == ()
    assert not [name for name in web.files() if name.startswith("uploads")]


def test_the_form_says_what_it_costs_and_what_is_left_and_remembers_the_last_choice(web, ann):
    page = ann.open(f"{SONGS}/new").text
    assert "credits: 1" in page
    assert "credits: 2" in page
    assert "You have credits left: 10." in page
    assert not re.search(r'type="checkbox"[^>]* checked', page)
    send(ann, platform_spotify=None, platform_melon="melon", genre="ballad", tier="premium")
    page = ann.open(f"{SONGS}/new").text
    assert re.search(r'value="melon" checked', page)
    assert '<option value="ballad" selected>' in page
    assert 'value="premium" checked' in page


def test_a_form_whose_answer_was_no_clear_no_stays_the_same_one(web, ann, monkeypatch):
    form_id = new_form_id()
    real = web.services.store.do

    async def unsure(call):
        if call.script == "admit":
            await real(call)  # it was carried out, and the answer was lost
            raise UnavailableError("gone")
        return await real(call)

    with monkeypatch.context() as patched:
        patched.setattr("masterify_server.api.accepting.ADMITTING_S", 0.0)
        patched.setattr(web.services.store, "do", unsure)
        answer = send(ann, form_id=form_id, accept="application/json")
    assert answer.status_code == 503
    assert answer.json() == {"words": texts("en")["refused.UNAVAILABLE.unsure"], "form_id": form_id}
    assert send(ann, form_id=answer.json()["form_id"]).status_code == 303
    assert len(web.store.do(jobs.list_jobs(web.account)).jobs) == 1


def test_it_is_said_when_the_reference_is_at_fault(ann):
    answer = send(ann, reference=b"GIF89a" + bytes(200), accept="application/json")
    assert answer.status_code == 400
    assert answer.json()["words"].startswith("Reference: Only MP3, WAV and FLAC")


def test_who_cannot_pay_is_told_before_anything_is_sent(web):
    poor = stores.account(web.store, plan="pro", credits=1)
    visitors.person(web.store, poor, "poor@example.com")
    bob = Visitor(web)
    bob.log_in("poor@example.com")
    page = bob.open(f"{SONGS}/new").text
    assert re.search(r'value="premium" disabled', page)
    assert texts("en")["send.no_credits"] not in page
    assert send(bob).status_code == 303
    page = bob.open(f"{SONGS}/new").text
    assert texts("en")["send.no_credits"] in page
    answer = send(bob)
    assert answer.status_code == 402
    assert "Not enough credits" in answer.text


def test_the_choices_are_those_of_the_presets(web, ann):
    page = ann.open(f"{SONGS}/new").text
    library = web.services.library
    for name in library.api_platforms:
        assert f'name="platform_{name}"' in page
        assert library.platform(name).title in page
    for name in (*library.genres(), *library.ai_services()):
        assert f'<option value="{name}"' in page
    form = page[page.index('<form id="send"') : page.index("</form>", page.index('<form id="send"'))]
    assert set(re.findall(r' name="(\w+)"', form)) == {*form_of(library).texts, *form_of(library).files}


def test_words_of_choices_name_choices_that_exist(web):
    library = web.services.library
    kinds = {"genre": library.genres(), "ai_service": library.ai_services(), "tier": library.tiers()}
    for key in texts("en"):
        kind, _, name = key.removeprefix("choice.").partition(".")
        if key.startswith(("choice.", "tier.")):
            assert name in kinds[kind], key


def test_songs_are_listed_newest_first_by_state_and_in_pages(web, ann):
    first = job_of(web, send(ann, name="one.wav"))
    web.store.do(jobs.cancel_job(first.job_id, web.account))
    job_of(web, send(ann, name="R&B two.wav"))
    page = ann.open(SONGS).text
    assert page.index("R&amp;B two") < page.index(">one<")
    assert "data-active" in page
    assert ">one<" not in ann.open(f"{SONGS}?status=queued").text
    canceled = ann.open(f"{SONGS}?status=canceled").text
    assert ">one<" in canceled
    assert "data-active" not in canceled
    assert ann.open(f"{SONGS}?status=lost").headers["location"] == SONGS
    assert ann.open(f"{SONGS}?after=x").headers["location"] == SONGS


def test_long_lists_have_pages(web, ann, monkeypatch):
    monkeypatch.setattr("masterify_server.dashboard.songs.A_PAGE", 2)
    names = []
    for number in range(3):
        job = stores.admit(web.store, web.account, song_name=f"song{number}")
        names.append(job.order.song_name)
    page = ann.open(SONGS).text
    assert "song2" in page
    assert "song0" not in page
    older = re.search(r'href="(/dashboard/songs\?after=[^"]+)"', page)[1]
    page = ann.open(older).text
    assert "song0" in page
    assert "song2" not in page
    assert texts("en")["songs.newest"] in page


def test_nobody_sees_songs_of_others(web, ann):
    job = done(web, ann)
    other = stores.account(web.store)
    visitors.person(web.store, other, "eve@example.com")
    eve = Visitor(web)
    eve.log_in("eve@example.com")
    for path in ("", "/download", "/report", "/events", "/player.json", "/excerpts/spotify.flac"):
        answer = eve.open(f"{SONGS}/{job.job_id}{path}")
        assert answer.status_code == 404, path
        assert texts("en")["song.unknown"] in answer.text
    assert eve.post(f"{SONGS}/{job.job_id}/delete").status_code == 404
    assert web.store.do(jobs.read_job(job.job_id)).has_masters
    assert eve.open(f"{SONGS}/not-an-id").status_code == 404
    eve.client.cookies.clear()
    assert eve.open(f"{SONGS}/{job.job_id}").headers["location"].startswith("/dashboard/login?next=")


def test_a_done_song_shows_what_was_measured_and_done(web, ann):
    job = done(web, ann)
    page = ann.open(f"{SONGS}/{job.job_id}").text
    for word in (
        "−14.0 LUFS",
        "−20.0 LUFS",
        "Download WAV",
        "Tone",
        "the song is mono",
        "+3.0 dB of gain",
        "Repair",
        "share",
    ):
        assert word in page or word == "share", word
    assert f"/api/v1/jobs/{job.job_id}/download?expires=" in page
    korean = Visitor(web, "ko")
    korean.log_in(web.email)
    page = korean.open(f"{SONGS}/{job.job_id}").text
    for word in ("모노 곡", "음색", "DC 성분도, 걷어낼 초저음도 없음", "WAV 내려받기"):
        assert word in page, word


def test_a_target_that_was_not_met_says_why(web, ann):
    job = job_of(web, send(ann))
    job = web.store.do(lifecycle.claim(job.job_id, "test"))
    row = {
        "platform": "spotify", "title": "Spotify", "file": "a.wav", "format": "wav", "size": 2**21, "sha256": "0" * 64,
        "integrated_lufs": -15.2, "target_lufs": -14.0, "true_peak_dbtp": -1.0, "ceiling_dbtp": -1.0, "target_met": False,
        "notes": ["the song is mono"],
    }  # fmt: skip
    assert web.store.do(
        lifecycle.end_done(job.job_id, 1, webs.KEEP, measured={}, results=[row], archive=None)
    )
    page = ann.open(f"{SONGS}/{job.job_id}").text
    for word in ("−15.2 LUFS", "aimed at −14.0", "stopped short", "the song is mono", "2.0 MB"):
        assert word in page
    assert texts("en")["song.done"] not in page  # no report is there


def test_downloads_are_those_of_the_api(web, ann):
    job = done(web, ann, {"spotify": b"0123456789" * 50, "melon": b"melon"})
    key = stores.key(web.store, web.account).secret
    for query in ("", "?platform=spotify"):
        ours = ann.open(f"{SONGS}/{job.job_id}/download{query}")
        theirs = web.get(f"/jobs/{job.job_id}/download{query}", key)
        assert ours.content == theirs.content
        assert ours.headers["etag"] == theirs.headers["etag"]
        assert ours.headers["content-disposition"] == theirs.headers["content-disposition"]
    part = ann.open(f"{SONGS}/{job.job_id}/download?platform=spotify", Range="bytes=10-19")
    assert (part.status_code, part.content) == (206, b"0123456789")
    again = ann.open(f"{SONGS}/{job.job_id}/download", **{"If-None-Match": ours.headers["etag"]})
    assert again.status_code in (200, 304)
    assert ann.open(f"{SONGS}/{job.job_id}/download?platform=youtube").status_code == 400


def test_the_report_is_a_page_that_may_not_reach_out(web, ann):
    job = done(web, ann)
    answer = ann.open(f"{SONGS}/{job.job_id}/report", Accept="*/*")
    assert answer.text == "<p>the report</p>"
    assert "sandbox" in answer.headers["content-security-policy"]


def test_a_failed_song_says_why_and_that_it_was_paid_back(web, ann):
    job = job_of(web, send(ann))
    assert web.store.do(lifecycle.claim(job.job_id, "test"))
    error = jobs.JobError(code="INVALID_AUDIO", key="INVALID_AUDIO.damaged")
    assert web.store.do(lifecycle.end_failed(job.job_id, 1, webs.KEEP, error, "x"))
    page = ann.open(f"{SONGS}/{job.job_id}").text
    assert "The file is damaged and cannot be decoded." in page
    assert "What it cost was paid back: 1." in page
    assert "10" in ann.open("/dashboard").text


def test_a_waiting_song_is_canceled_and_paid_back(web, ann):
    job = job_of(web, send(ann))
    page = ann.open(f"{SONGS}/{job.job_id}").text
    assert texts("en")["song.cancel_yes"] in page
    assert ann.post(f"{SONGS}/{job.job_id}/delete", token="0").status_code == 403
    answer = ann.post(f"{SONGS}/{job.job_id}/delete")
    page = ann.open(answer.headers["location"]).text
    assert texts("en")["told.song_canceled"] in page
    assert web.store.do(jobs.read_job(job.job_id)).status == "canceled"


def test_a_song_in_work_cannot_be_stopped_and_says_so(web, ann):
    job = job_of(web, send(ann))
    assert web.store.do(lifecycle.claim(job.job_id, "test"))
    assert texts("en")["song.delete_yes"] not in ann.open(f"{SONGS}/{job.job_id}").text
    answer = ann.post(f"{SONGS}/{job.job_id}/delete")
    assert answer.status_code == 409
    assert texts("en")["refused.JOB_NOT_READY.running"] in answer.text


def test_deleted_files_are_gone_and_the_page_says_so(web, ann):
    job = done(web, ann)
    ann.open(f"{SONGS}/{job.job_id}")
    answer = ann.post(f"{SONGS}/{job.job_id}/delete")
    page = ann.open(answer.headers["location"]).text
    assert texts("en")["told.song_deleted"] in page
    assert texts("en")["song.delete_yes"] not in page
    assert texts("en")["song.gone"] in page
    assert ann.open(f"{SONGS}/{job.job_id}/download").status_code == 410
    assert ann.open(f"{SONGS}/{job.job_id}/player.json").json() == {"state": "gone"}


def test_progress_is_told_until_the_end(web, ann):
    job = done(web, ann)
    answer = ann.open(f"{SONGS}/{job.job_id}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert "event: end" in answer.text
    assert '"status": "done"' in answer.text


def test_who_is_logged_out_is_told_nothing_more(web, ann):
    job = job_of(web, send(ann))
    session = ann.client.cookies["masterify_session"]
    seen = []
    with ann.client.stream("GET", f"{SONGS}/{job.job_id}/events") as answer:
        for line in answer.iter_lines():
            if line.startswith("data:"):
                seen.append(json.loads(line[5:])["status"])
                web.store.do(sessions.end_session(session))
                web.store.do(jobs.cancel_job(job.job_id, web.account))  # a change that would be told
    assert seen == ["queued"]


def test_the_player_asks_until_a_worker_has_made_what_is_heard(web, ann):
    job = done(web, ann)
    line = web.store.redis.pubsub(ignore_subscribe_messages=True)
    line.subscribe(f"{web.store.prefix}excerpts")
    line.get_message(timeout=1.0)
    address = f"{SONGS}/{job.job_id}/player.json"
    first = ann.open(address)
    assert (first.status_code, first.json()) == (202, {"state": "making"})
    assert line.get_message(timeout=1.0)["data"] == job.job_id
    sounds = [
        {"name": name, "own_gain_db": 0.0, "bytes": 4, "outline": [1, 2]} for name in ("original", "spotify")
    ]
    table = {"version": VERSION, "song_s": 3.0, "start_s": 0.0, "length_s": 3.0, "sounds": sounds}
    put(web, job, file_of("spotify"), b"fLaC")
    put(web, job, TABLE, json.dumps(table).encode())
    ready = ann.open(address).json()
    assert ready["state"] == "ready"
    assert [each["title"] for each in ready["sounds"]] == ["Original", "spotify"]
    assert ann.open(ready["sounds"][1]["address"]).content == b"fLaC"
    assert ann.open(ready["sounds"][0]["address"]).status_code == 404
    assert ann.open(f"{SONGS}/{job.job_id}/excerpts/..%2freport.json").status_code == 404
    put(web, job, TABLE, json.dumps({"version": VERSION, "sounds": []}).encode())
    assert ann.open(address).json() == {"state": "nothing"}
    put(web, job, TABLE, json.dumps({**table, "version": VERSION + 1}).encode())
    assert ann.open(address).json() == {"state": "nothing"}


def test_every_stage_that_a_worker_tells_has_words():
    from masterify_core.mastering import BEGINS

    assert set(BEGINS) | {"queued", "fetching", "storing", "done"} == set(STAGES)
    for stage in STAGES:
        assert texts("ko")[f"stage.{stage}"]
