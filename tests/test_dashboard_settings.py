"""Settings of the dashboard: keys, webhooks, credits, password and sessions, as forms do them."""

import html
import re
import time
from pathlib import Path

import pytest

from masterify_server.dashboard import webhook_log
from masterify_server.dashboard.wording import texts
from masterify_server.settings import DAY_MS
from masterify_server.store import accounts, deliveries, hooks, jobs, keys, sessions, users
from tests import stores, visitors, webs
from tests.visitors import Visitor

KEY = re.compile("aim_live_[0-9a-f]{32}")
SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]{40,}")
SAID = texts("en")
LUA = Path(keys.__file__).parent / "lua"
URL = "https://hooks.test/x"


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dashboard")
    with webs.web(folder, webhook_allow_hosts=("hooks.test", "127.0.0.1")) as started:
        yield started


@pytest.fixture
def web(running, monkeypatch):
    for key in running.store.redis.scan_iter(f"{running.store.prefix}throttle:*"):
        running.store.redis.delete(key)
    monkeypatch.setattr("masterify_server.addresses._look_up", lambda *_: ("127.0.0.1",))
    monkeypatch.setattr(webhook_log, "WAITED_S", 0.5)
    return running


@pytest.fixture
def account(web):
    account_id = stores.account(web.store, "starter", credits=7)
    visitors.person(web.store, account_id, f"{account_id}@example.com")
    return account_id


@pytest.fixture
def ann(web, account):
    visitor = Visitor(web)
    visitor.log_in(f"{account}@example.com")
    return visitor


def mark_of(page):
    return re.search(r'name="once" value="([^"]+)"', page.text)[1]


def send(visitor, page, action, **fields):
    """Open a page and send one of its forms, with the page's one-time mark."""
    shown = visitor.open(page)
    assert f'action="{action}"' in shown.text, f"no form for {action}"
    return visitor.post(action, {"once": mark_of(shown), **fields})


def told(visitor, answer):
    """The page that a form leads to."""
    assert answer.status_code == 303, answer.text
    return visitor.open(answer.headers["location"].partition("#")[0]).text


def fault(page, field):
    assert page.status_code == 400
    return html.unescape(re.search(rf'id="{field}-wrong" role="alert">([^<]*)<', page.text)[1])


def held(web, account):
    return web.store.do(keys.list_keys(account))


def test_a_key_is_shown_once_works_and_is_revoked(web, account, ann):
    page = send(ann, "/dashboard/keys", "/dashboard/keys", name="n8n")
    secret = KEY.search(page.text)[0]
    assert page.headers["cache-control"] == "no-store"
    shown = ann.open("/dashboard/keys").text
    assert "n8n" in shown
    assert secret not in shown
    assert secret[-4:] in shown
    assert SAID["keys.never_used"] in shown
    assert web.get("/account", secret).json()["account_id"] == account
    assert SAID["keys.never_used"] not in ann.open("/dashboard/keys").text
    (key,) = held(web, account)
    page = told(ann, send(ann, "/dashboard/keys", f"/dashboard/keys/{key.key_id}/revoke"))
    assert SAID["told.key_revoked"] in page
    assert "Revoked keys (1)" in page
    assert web.get("/account", secret).status_code == 401
    assert [each.by for each in web.store.do(accounts.read_audit(account))][:2] == [
        f"{account}@example.com"
    ] * 2


def test_a_key_may_be_for_reading_only(web, account, ann):
    page = send(ann, "/dashboard/keys", "/dashboard/keys", name="reader", may="read")
    secret = KEY.search(page.text)[0]
    assert web.get("/jobs", secret).status_code == 200
    assert web.call("POST", "/api/v1/webhooks", secret, json={"url": URL}).status_code == 403
    assert SAID["keys.read_only"] in ann.open("/dashboard/keys").text


def test_a_form_that_is_sent_twice_makes_one_key_and_shows_it_both_times(web, account, ann):
    shown = ann.open("/dashboard/keys")
    fields = {"once": mark_of(shown), "name": "twice"}
    first, second = (KEY.search(ann.post("/dashboard/keys", fields).text)[0] for _ in range(2))
    assert first == second
    assert len(held(web, account)) == 1
    web.store.redis.hincrby(f"{web.store.prefix}key:{held(web, account)[0].key_id}", "created_ms", -180_000)
    late = ann.post("/dashboard/keys", fields)
    assert fault(late, "name") == SAID["refused.key_exists"]
    assert not KEY.search(late.text)
    assert mark_of(late) != fields["once"]


def test_the_limit_of_the_plan_is_said_before_it_is_hit_and_kept_when_it_is(web, account, ann):
    shown = ann.open("/dashboard/keys")
    assert "0 of 3 in use" in shown.text
    marks = [mark_of(ann.open("/dashboard/keys")) for _ in range(4)]
    answers = [ann.post("/dashboard/keys", {"once": mark, "name": "k"}) for mark in marks]
    assert [each.status_code for each in answers] == [200, 200, 200, 400]
    assert "allows 3 keys" in answers[3].text
    full = ann.open("/dashboard/keys").text
    assert html.escape(SAID["keys.full"].format(limit=3, plan="starter")) in full
    assert 'action="/dashboard/keys"' not in full


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "must not be empty"), (" ", "must not be empty"), ("x" * 101, "at most 100"), ("a\x1bb", "one line"),
        ("a\u202eb", "one line"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_name_is_said_beside_it(web, account, ann, name, said):
    page = send(ann, "/dashboard/keys", "/dashboard/keys", name=name)
    assert said in fault(page, "name")
    assert fault(page, "name").startswith("'Name'")
    assert held(web, account) == []


def test_names_are_shown_as_text_whatever_they_hold(ann):
    send(ann, "/dashboard/keys", "/dashboard/keys", name="<script>alert(1)</script>&quot;")
    shown = ann.open("/dashboard/keys").text
    assert "<script>alert" not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&amp;quot;" in shown


def test_a_key_is_renamed(web, account, ann):
    made = stores.key(web.store, account)
    action = f"/dashboard/keys/{made.key_id}/name"
    page = send(ann, "/dashboard/keys", action, name="")
    assert "must not be empty" in fault(page, f"name-{made.key_id}")
    assert SAID["told.key_renamed"] in told(ann, send(ann, "/dashboard/keys", action, name="작업실"))
    assert held(web, account)[0].name == "작업실"


def test_a_replaced_key_works_on_and_its_successor_is_shown_once(web, account, ann):
    old = stores.key(web.store, account)
    shown = ann.open("/dashboard/keys")
    action, fields = f"/dashboard/keys/{old.key_id}/rotate", {"once": mark_of(shown)}
    first, second = ann.post(action, fields), ann.post(action, fields)
    secret = KEY.search(first.text)[0]
    assert KEY.search(second.text)[0] == secret != old.secret
    assert SAID["keys.grace"] in first.text
    assert web.get("/account", secret).status_code == web.get("/account", old.secret).status_code == 200
    assert SAID["keys.until"] in ann.open("/dashboard/keys").text
    assert len(held(web, account)) == 2
    again = ann.post(action, {"once": "another"})
    assert again.status_code == 409
    assert SAID["keys.gone"] in again.text


def test_keys_and_endpoints_of_others_do_not_exist(web, ann):
    theirs = stores.account(web.store)
    key = stores.key(web.store, theirs)
    hook = hooks.new_webhook_id()
    web.store.do(hooks.create_hook(theirs, hook, URL, hooks.EVENTS, "", stores.PLANS, "test"))
    fields = {"once": "x", "name": "mine", "url": URL, "events": "job.done", "enabled": "0"}
    ann.open("/dashboard/keys")
    for path in (f"keys/{key.key_id}/name", f"keys/{key.key_id}/revoke"):
        assert ann.post(f"/dashboard/{path}", fields).status_code == 404
    assert ann.post(f"/dashboard/keys/{key.key_id}/rotate", fields).status_code == 409
    for end in ("", "/switch", "/secret", "/delete", "/test"):
        assert ann.post(f"/dashboard/webhooks/{hook}{end}", fields).status_code == 404
    assert ann.open(f"/dashboard/webhooks/{hook}").status_code == 404
    assert web.store.do(hooks.read_hook(theirs, hook)).enabled
    assert web.get("/account", key.secret).status_code == 200


def test_every_form_needs_its_mark(ann):
    ann.open("/dashboard/keys")
    answer = ann.post("/dashboard/keys", {"name": "x"})
    assert answer.status_code == 400
    assert SAID["error.form_broken"] in answer.text


@pytest.fixture
def hook(web, account):
    webhook_id = hooks.new_webhook_id()
    web.store.do(hooks.create_hook(account, webhook_id, URL, hooks.EVENTS, "n8n", stores.PLANS, "test"))
    return webhook_id


def test_an_endpoint_is_made_and_its_secret_shown_once(web, account, ann):
    shown = ann.open("/dashboard/webhooks")
    assert "0 of 5 in use" in shown.text
    fields = {
        "once": mark_of(shown),
        "url": URL,
        "events": ["job.done", "job.failed"],
        "description": "내 서버",
    }
    first, second = ann.post("/dashboard/webhooks", fields), ann.post("/dashboard/webhooks", fields)
    secret = html.unescape(SECRET.search(first.text)[0])
    assert html.unescape(SECRET.search(second.text)[0]) == secret
    (made,) = web.store.do(hooks.list_hooks(account))
    assert (made.url, made.events, made.description) == (URL, ("job.done", "job.failed"), "내 서버")
    assert made.secret == secret
    for page in ("/dashboard/webhooks", f"/dashboard/webhooks/{made.webhook_id}"):
        assert "whsec_" not in ann.open(page).text
    web.store.redis.hincrby(f"{web.store.prefix}hook:{made.webhook_id}", "created_ms", -180_000)
    assert "whsec_" not in ann.post("/dashboard/webhooks", fields).text


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"url": ""}, "url", "cannot be called"), ({"url": "ftp://hooks.test/"}, "url", "cannot be called"),
        ({"url": "http://10.0.0.1/"}, "url", "cannot be called"), ({"url": "x" * 5000}, "url", "too long"),
        ({"events": []}, "events", "job.done, job.failed"), ({"events": ["job.eaten"]}, "events", "job.done, job.failed"),
        ({"description": "x" * 201}, "description", "at most 200"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_endpoint_is_said_beside_the_field(
    web, account, ann, hook, changes, field, said
):
    fields = {"url": URL, "events": ["job.done"], "description": "kept", **changes}
    for action in ("/dashboard/webhooks", f"/dashboard/webhooks/{hook}"):
        page = send(ann, action, action, **fields)
        assert said in fault(page, field)
        if field != "description":
            assert 'value="kept"' in page.text
    assert [each.description for each in web.store.do(hooks.list_hooks(account))] == ["n8n"]


def test_an_endpoint_is_changed_switched_and_removed(web, account, ann, hook):
    address = f"/dashboard/webhooks/{hook}"
    page = told(ann, send(ann, address, address, url=f"{URL}/2", events=["job.failed"], description=""))
    assert SAID["told.webhook_changed"] in page
    found = web.store.do(hooks.read_hook(account, hook))
    assert (found.url, found.events, found.description) == (f"{URL}/2", ("job.failed",), "")
    assert SAID["off.owner"] in told(ann, send(ann, address, f"{address}/switch", enabled="0"))
    assert SAID["webhooks.off"] in ann.open("/dashboard/webhooks").text
    assert SAID["off.owner"] not in told(ann, send(ann, address, f"{address}/switch", enabled="1"))
    assert SAID["told.webhook_deleted"] in told(ann, send(ann, address, f"{address}/delete"))
    assert web.store.do(hooks.list_hooks(account)) == []
    assert ann.open(address).status_code == 404


def test_a_new_secret_is_shown_once_and_a_form_sent_twice_keeps_the_old_one_signing(web, account, ann, hook):
    old = web.store.do(hooks.read_hook(account, hook)).secret
    shown = ann.open(f"/dashboard/webhooks/{hook}")
    for _ in range(2):
        page = ann.post(f"/dashboard/webhooks/{hook}/secret", {"once": mark_of(shown)})
    secret = html.unescape(SECRET.search(page.text)[0])
    assert secret == web.store.do(hooks.read_hook(account, hook)).secret != old
    assert web.store.redis.hget(f"{web.store.prefix}hook:{hook}", "old_secret") == old


def test_the_secret_for_single_jobs_is_replaced_too(web, account, ann):
    old = web.store.do(accounts.read_account(account)).webhook_secret
    page = send(ann, "/dashboard/webhooks/job", "/dashboard/webhooks/job/secret")
    secret = html.unescape(SECRET.search(page.text)[0])
    assert secret == web.store.do(accounts.read_account(account)).webhook_secret != old


def tried(web, delivery, **changes):
    """What the courier reports."""
    plain = {
        "delivered": False, "status": None, "error": "no connection (refused)", "took_ms": 12, "delay_ms": 5000, "gone": False,
        "patience_ms": 5 * DAY_MS, "keep_ms": DAY_MS,
    }  # fmt: skip
    return web.store.do(deliveries.delivery_tried(delivery, **(plain | changes)))


def test_a_test_message_and_what_came_of_it_are_shown_and_it_is_sent_again(web, ann, hook):
    address = f"/dashboard/webhooks/{hook}"
    answer = send(ann, address, f"{address}/test")
    (due,) = [
        each for each in web.store.do(deliveries.take_deliveries()) if each.delivery_id.startswith(hook)
    ]
    tried(web, due.delivery_id)
    page = told(ann, answer)
    for said in (SAID["told.webhook_tested"], "webhook.test", due.message_id, SAID["tries.failed"]):
        assert said in page
    assert SAID["tries.no_connection"] in page
    tried(web, due.delivery_id, delivered=True, status=204, error=None)
    page = ann.open(address).text
    assert "HTTP 204" in page
    assert "try 2" in page
    action = f"{address}/deliveries/{due.message_id}/replay"
    assert SAID["told.webhook_replayed"] in told(ann, send(ann, address, action))
    assert due.delivery_id in [each.delivery_id for each in web.store.do(deliveries.take_deliveries())]
    ann.open(address)
    gone = ann.post(f"{address}/deliveries/evt_nothing/replay", {"once": "x"})
    assert gone.status_code == 409
    assert SAID["tries.too_old"] in gone.text


def test_the_page_after_a_test_waits_for_its_answer_but_not_for_ever(web, ann, hook, monkeypatch):
    answer = send(ann, f"/dashboard/webhooks/{hook}", f"/dashboard/webhooks/{hook}/test")
    began = time.monotonic()
    told(ann, answer)
    assert 0.4 < time.monotonic() - began < 5
    for since in ("x", "-1", "9" * 30, ""):
        assert ann.open(f"/dashboard/webhooks/{hook}?since={since}").status_code == 200


def test_an_endpoint_that_was_switched_off_by_us_is_told_on_the_first_page(web, account, ann, hook):
    web.store.do(hooks.ping_hook(account, hook, "evt_1"))
    tried(web, f"{hook}|evt_1", status=410, error=None, gone=True)
    assert SAID["off.gone"] in ann.open("/dashboard").text
    page = ann.open(f"/dashboard/webhooks/{hook}").text
    assert SAID["off.then"] in page
    address = f"/dashboard/webhooks/{hook}"
    told(ann, send(ann, address, f"{address}/switch", enabled="1"))
    assert SAID["off.gone"] not in ann.open("/dashboard").text


def test_the_limit_of_endpoints_is_said_before_it_is_hit(web):
    account = stores.account(web.store, "free")
    visitors.person(web.store, account, "free@example.com")
    ann = Visitor(web)
    ann.log_in("free@example.com")
    marks = [mark_of(ann.open("/dashboard/webhooks")) for _ in range(2)]
    fields = {"url": URL, "events": "job.done"}
    first, second = (ann.post("/dashboard/webhooks", {"once": mark, **fields}) for mark in marks)
    assert (first.status_code, second.status_code) == (200, 400)
    assert html.escape(SAID["webhooks.full"].format(limit=1, plan="free")) in second.text


def test_every_credit_is_explained_page_by_page(web, account, ann):
    for number in range(60):
        web.store.do(accounts.add_credits(account, 1, f"note {number}", "test"))
    first = ann.open("/dashboard/credits")
    assert ">67<" in first.text
    assert "note 59" in first.text
    assert "note 9<" not in first.text
    older = re.search(r'href="(/dashboard/credits\?after=[^"]+)"', first.text)[1]
    second = ann.open(older).text
    assert "note 9\n" in second.replace("<", "\n")
    assert "note 59" not in second
    assert SAID["ledger.newest"] in second
    assert SAID["ledger.older"] not in second
    assert "<h1>" in ann.open("/dashboard/credits?after=nonsense").text


def test_a_song_in_the_ledger_and_in_the_deliveries_leads_to_its_page(web, account, ann, hook):
    job = stores.admit(web.store, account)
    web.store.do(jobs.cancel_job(job.job_id, account))
    tried(web, f"{hook}|evt_{job.job_id.replace('-', '')}", delivered=True, status=200, error=None)
    for page, rows in (("/dashboard/credits", 2), (f"/dashboard/webhooks/{hook}", 1)):
        links = re.findall(rf'href="(/dashboard/[^"]*{job.job_id})"', ann.open(page).text)
        assert len(links) == rows
        assert ann.open(links[0]).status_code == 200
    assert "노래" in ann.open("/dashboard/credits").text


def test_a_plan_that_may_not_use_the_api_is_told_so(web, ann, monkeypatch):
    assert "open from the plan" not in ann.open("/dashboard/keys").text
    monkeypatch.setattr(type(web.services.plans), "lets_in", lambda _, plan, lowest: plan != "starter")
    assert "open from the plan free" in ann.open("/dashboard/keys").text


def test_a_new_password_needs_the_old_one_and_ends_all_other_sessions(web, account, ann):
    email = f"{account}@example.com"
    here = ann.client.cookies["masterify_session"]
    user = web.store.do(users.read_user(email))
    elsewhere = sessions.new_session_id()
    web.store.do(sessions.start_session(elsewhere, email, user.password_hash))
    action = "/dashboard/account/password"
    new = {"password": "another long one", "again": "another long one"}
    page = send(ann, "/dashboard/account", action, now="wrong", **new)
    assert fault(page, "now") == SAID["account.not_now"]
    page = send(ann, "/dashboard/account", action, now=visitors.PASSWORD, **{**new, "again": "x"})
    assert fault(page, "again") == SAID["password.differs"]
    assert web.store.do(sessions.read_session(elsewhere)) is not None
    page = told(ann, send(ann, "/dashboard/account", action, now=visitors.PASSWORD, **new))
    assert SAID["told.password_changed"] in page
    assert web.store.do(sessions.read_session(elsewhere)) is None
    assert web.store.do(sessions.read_session(here)) is not None
    Visitor(web).log_in(email, "another long one")


def test_guesses_at_the_password_of_now_are_limited(web, ann):
    shown = ann.open("/dashboard/account")
    fields = {"once": mark_of(shown), "now": "wrong", "password": "x" * 12, "again": "x" * 12}
    codes = [ann.post("/dashboard/account/password", fields).status_code for _ in range(11)]
    assert codes[0] == 400
    assert codes[-1] == 429


def test_sessions_are_shown_and_ended(web, account, ann):
    email = f"{account}@example.com"
    user = web.store.do(users.read_user(email))
    ids = [sessions.new_session_id() for _ in range(3)]
    agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1"
    for each in ids:
        web.store.do(
            sessions.start_session(each, email, user.password_hash, agent=agent, address="203.0.113.9")
        )
    page = ann.open("/dashboard/account").text
    assert "Safari, iPhone" in page
    assert "203.0.113.9" in page
    assert page.count(f">{SAID['account.here']}<") == 1
    handle = web.store.do(sessions.read_session(ids[0])).handle
    answer = send(ann, "/dashboard/account", "/dashboard/account/sessions/end", handle=handle)
    assert SAID["told.session_ended"] in told(ann, answer)
    assert [web.store.do(sessions.read_session(each)) is None for each in ids] == [True, False, False]
    answer = send(ann, "/dashboard/account", "/dashboard/account/sessions/end-others")
    assert SAID["told.sessions_ended"] in told(ann, answer)
    assert all(web.store.do(sessions.read_session(each)) is None for each in ids)
    assert ann.post("/dashboard/account/sessions/end", {"once": "x", "handle": handle}).status_code == 404


def test_what_was_done_to_the_account_is_told_in_words(web, account, ann):
    secret = stores.key(web.store, account).secret
    answer = web.call("POST", "/api/v1/webhooks", secret, json={"url": URL})
    assert answer.status_code == 201, answer.text
    send(ann, "/dashboard/keys", "/dashboard/keys", name="n8n")
    page = " ".join(re.sub("<[^>]+>", " ", ann.open("/dashboard/account").text).split())
    assert f"key made n8n {account}@example.com" in page
    assert f"webhook made {answer.json()['id']} key test" in page


def test_every_deed_that_the_store_writes_down_has_words():
    text = "\n".join(path.read_text() for path in LUA.glob("*.lua"))
    actions = set(re.findall(r"'([a-z_]+\.[a-z_]+)'", "\n".join(re.findall(r"^ *audit\(.*$", text, re.M))))
    assert len(actions) > 10
    for action in actions:
        assert f"did.{action.replace('.', '_')}" in SAID, action


@pytest.mark.parametrize("path", ["keys", "webhooks", "webhooks/job", "credits", "account", ""])
def test_every_page_is_there_in_korean(ann, path, web):
    ann.language = "ko"
    page = ann.open(f"/dashboard/{path}".rstrip("/"))
    assert page.status_code == 200
    assert '<html lang="ko"' in page.text
    assert texts("ko")["menu.log_out"] in page.text


def test_every_page_and_form_below_the_dashboard_asks_who_it_is(web):
    from masterify_server.dashboard.routes import ROUTES

    stranger, asked = Visitor(web), 0
    for route in ROUTES:
        path = route.path.replace(":path", "").format(
            key_id="key_1", webhook_id="whk_1", delivery_id="evt_1", job_id="x", name="x"
        )
        if (
            "{" in path
            or not path.startswith("/dashboard")
            or path.endswith(("/login", "/setup", "/appearance"))
        ):
            continue
        for method in set(route.endpoint.endpoints) - {"HEAD"}:
            answer = stranger.client.request(
                method, path, headers={"Origin": "http://testserver"}, follow_redirects=False
            )
            assert answer.status_code == 303, path
            assert answer.headers["location"].startswith("/dashboard/login"), path
            asked += 1
    assert asked > 20
