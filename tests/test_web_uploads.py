"""``POST /api/v1/master`` where things are odd: how clients write names, fields left empty, answers that are lost."""

import socket
import threading
import time

import pytest

from masterify_server.api import accepting
from masterify_server.refusals import UnavailableError
from masterify_server.store import accounts, jobs, keys
from masterify_server.wording import message
from tests import stores, webs
from tests.test_web_master import refused


@pytest.fixture(scope="module")
def web(tmp_path_factory):
    with webs.web(tmp_path_factory.mktemp("web")) as running:
        yield running


def test_an_answer_of_the_store_that_was_lost_costs_neither_job_nor_song(web, monkeypatch):
    plain, lost = web.services.store.do, []

    async def losing(call):
        answer = await plain(call)
        if call.script == "admit" and not lost:
            lost.append(answer.job.job_id)
            raise UnavailableError("the line broke")
        return answer

    before = web.store.do(accounts.read_account(web.account)).credits
    monkeypatch.setattr(web.services.store, "do", losing)
    answer = web.master()
    assert (answer.status_code, answer.json()["job_id"]) == (201, lost[0])
    assert f"files/in/{lost[0]}/song.wav" in web.files()
    assert web.store.do(accounts.read_account(web.account)).credits == before - 1


def test_a_job_that_may_have_been_admitted_keeps_its_song(web, monkeypatch):
    plain, admitted = web.services.store.do, []

    async def never_answering(call):
        answer = await plain(call)
        if call.script == "admit":
            admitted.append(answer.job.job_id)
            raise UnavailableError("the line broke")
        return answer

    monkeypatch.setattr(accepting, "ADMITTING_S", 0.3)
    monkeypatch.setattr(web.services.store, "do", never_answering)
    headers = {"Idempotency-Key": "lost"}
    answer = web.master(headers=headers)
    # Nothing else than this may be said: it was charged.
    assert refused(answer, 503, "UNAVAILABLE") == message("UNAVAILABLE.unsure", "ko", {"seconds": 5})
    assert answer.headers["retry-after"] == "5"
    assert len(set(admitted)) == 1 < len(admitted)
    assert f"files/in/{admitted[0]}/song.wav" in web.files()
    monkeypatch.undo()
    again = web.master(headers=headers)
    assert (again.json()["job_id"], again.headers["idempotent-replayed"]) == (admitted[0], "true")


def test_a_job_knows_where_its_request_came_in(web):
    job_id = web.master(headers={"Host": "m.example:8443"}).json()["job_id"]
    assert web.store.do(jobs.read_job(job_id)).order.base_url == "http://m.example:8443"


def test_names_that_do_not_resolve_hold_up_nobody_else(web, monkeypatch):
    asked = threading.Semaphore(0)

    def hanging(*_, **__):
        asked.release()
        time.sleep(6)
        raise socket.gaierror(socket.EAI_AGAIN, "no answer")

    monkeypatch.setattr(socket, "getaddrinfo", hanging)
    other = stores.key(web.store, stores.account(web.store, credits=100)).secret
    slow = [
        threading.Thread(target=web.master, kwargs={"webhook_url": f"https://h{n}.example/", "key": other})
        for n in range(16)
    ]
    for thread in slow:
        thread.start()
    for _ in range(4):
        assert asked.acquire(timeout=5)
    time.sleep(0.3)  # by now all hang, or wait for those that do
    begun = time.monotonic()
    answer = web.master()
    took_s = time.monotonic() - begun
    web.call("DELETE", answer.headers["location"])
    for thread in slow:
        thread.join()
    assert took_s < 2


def form(*parts):
    """A form of parts, each the parameters of its Content-Disposition and its content."""
    body = b"".join(
        b"--zz\r\nContent-Disposition: form-data; " + how.encode() + b"\r\n\r\n" + what + b"\r\n"
        for how, what in (('name="platforms"', b"spotify"), *parts)
    )
    return {
        "content": body + b"--zz--\r\n",
        "headers": {"Content-Type": "multipart/form-data; boundary=zz"},
    }


@pytest.mark.parametrize(
    ("how", "name"),
    [
        ('filename="노래.wav"', "노래"),
        ("filename*=utf-8''%EB%85%B8%EB%9E%98.wav", "노래"),
        ("filename=\"x.wav\"; filename*=UTF-8'ko'%EB%85%B8%EB%9E%98.wav", "노래"),
        ("filename*=\"utf-8''%EB%85%B8%EB%9E%98.wav\"", "노래"),
        ("filename*=iso-8859-1''caf%E9.wav", "café"),
        ("filename=\"a.wav\"; filename*=martian''b.wav", "a"),
        ("filename*=utf-8''..%2F..%2Fetc%2Fpasswd%0D%0A.wav", "passwd"),
        ('filename=""', "song"),
    ],
)
def test_every_way_to_write_a_name_is_read(web, how, name):
    answer = web.call("POST", "/api/v1/master", **form((f'name="file"; {how}', webs.wav())))
    assert answer.status_code == 201, answer.text
    # Deleting answers the job; the account may not have more than ten at once.
    assert web.call("DELETE", answer.headers["location"]).json()["name"] == name


def test_a_file_field_that_a_form_left_empty_is_not_given(web):
    empty = ('name="reference_file"; filename=""', b"")
    answer = web.call("POST", "/api/v1/master", **form(('name="file"; filename="a.wav"', webs.wav()), empty))
    assert answer.status_code == 201, answer.text
    assert not web.call("DELETE", answer.headers["location"]).json()["has_reference"]
    no_song = web.call("POST", "/api/v1/master", **form(('name="file"; filename=""', b"")))
    refused(no_song, 400, "INVALID_PARAMETER", "file")
    nothing_in_it = web.call("POST", "/api/v1/master", **form(('name="file"; filename="a.wav"', b"")))
    refused(nothing_in_it, 400, "INVALID_AUDIO", "file")


def test_a_key_that_is_revoked_while_the_song_comes_in_starts_no_job(web, monkeypatch):
    key = stores.key(web.store, web.account)
    look = web.services.probe.look

    async def revoking(*what):
        web.store.do(keys.revoke_key(web.account, key.key_id, "test"))
        return await look(*what)

    monkeypatch.setattr(web.services.probe, "look", revoking)
    before = web.files(), web.store.do(accounts.read_account(web.account)).credits
    answer = web.master(key=key.secret)
    refused(answer, 401, "INVALID_API_KEY")
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert (web.files(), web.store.do(accounts.read_account(web.account)).credits) == before


def test_an_account_whose_plan_is_no_more_is_told_to_change_it(web):
    account = stores.account(web.store, "starter", credits=5)
    key = stores.key(web.store, account)
    web.store.do(accounts.set_plan(account, "gone", "test"))
    refused(web.master(key=key.secret), 403, "PLAN_REQUIRED")
    assert web.get("/account", key=key.secret).status_code == 403
    web.store.do(accounts.set_plan(account, "pro", "test"))
    assert web.get("/account", key=key.secret).status_code == 200
