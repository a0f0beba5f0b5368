"""The dashboard's foundation: log-in and its limits, forms of others refused, languages, looks, static files, errors."""

import re
import string
import tomllib
from pathlib import Path

import pytest

from masterify_server import admin
from masterify_server.dashboard import login
from masterify_server.dashboard.wording import texts
from masterify_server.refusals import UnavailableError
from masterify_server.store import sessions
from tests import stores, visitors, webs
from tests.visitors import Visitor

SERVER = Path(login.__file__).parents[1]
TEMPLATES = sorted((SERVER / "templates" / "dashboard").glob("*.html"))


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with webs.web(tmp_path_factory.mktemp("dashboard")) as started:
        yield started


@pytest.fixture
def web(running):
    for key in running.store.redis.scan_iter(f"{running.store.prefix}throttle:*"):
        running.store.redis.delete(key)
    visitors.person(running.store, running.account)
    return running


@pytest.fixture
def ann(web):
    visitor = Visitor(web)
    visitor.log_in()
    return visitor


def test_the_bare_host_leads_to_the_dashboard_and_that_to_the_login(web):
    visitor = Visitor(web)
    assert visitor.open("/").headers["location"] == "/dashboard"
    assert visitor.open("/dashboard").headers["location"] == "/dashboard/login"


def test_who_logs_in_sees_credits_plan_and_limits(ann):
    page = ann.open("/dashboard")
    assert page.status_code == 200
    for word in ("1000", "studio", "1 of 10 in use", "unlimited", "120 per minute", "ann@example.com"):
        assert word in page.text


def test_the_cookie_is_for_no_script_and_no_other_site(web):
    visitor = Visitor(web)
    cookie = visitor.log_in().headers["set-cookie"]
    assert cookie.startswith("masterify_session=")
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie


def test_behind_https_the_cookie_is_bound_to_the_host(tmp_path):
    with webs.web(tmp_path, public_url="https://masterify.example") as web:
        visitors.person(web.store, web.account)
        visitor = Visitor(web)
        fields = {"email": "ann@example.com", "password": visitors.PASSWORD}
        answer = visitor.post("/dashboard/login", fields, origin="https://masterify.example")
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-masterify_session=")
        assert "Secure" in cookie.split("; ")
        assert "Domain" not in cookie


@pytest.mark.parametrize(
    ("email", "password"),
    [("ann@example.com", "wrong password"), ("nobody@example.com", visitors.PASSWORD), ("", ""), ("ann@example.com", "x" * 2000)],
)  # fmt: skip
def test_a_wrong_login_says_one_and_the_same_and_keeps_the_address(web, email, password):
    answer = Visitor(web).post("/dashboard/login", {"email": email, "password": password})
    assert answer.status_code == 403
    assert texts("en")["login.wrong"] in answer.text
    assert f'value="{email}"' in answer.text
    assert password == "" or password not in answer.text
    assert "set-cookie" not in answer.headers


def test_tries_for_one_address_are_limited_whoever_makes_them(web):
    visitor = Visitor(web)
    codes = []
    for number in range(login.MOST_OF_A_USER + 1):
        fields = {"email": "Ann@Example.com" if number % 2 else "ann@example.com", "password": "wrong"}
        answer = visitor.post("/dashboard/login", fields)
        codes.append(answer.status_code)
    assert codes == [403] * login.MOST_OF_A_USER + [429]
    assert int(answer.headers["retry-after"]) > 0
    # Even the right password is not looked at now, so that guessing tells nothing.
    fields = {"email": "ann@example.com", "password": visitors.PASSWORD}
    assert visitor.post("/dashboard/login", fields).status_code == 429


def test_tries_from_one_place_are_limited_whatever_address_they_name(web, monkeypatch):
    monkeypatch.setattr(login, "MOST_OF_AN_ADDRESS", 2)
    codes = [
        Visitor(web).post("/dashboard/login", {"email": f"a{n}@example.com", "password": "wrong"}).status_code
        for n in range(3)
    ]
    assert codes == [403, 403, 429]


def test_a_login_gets_a_new_session_and_ends_the_one_before(web, ann):
    first = ann.client.cookies["masterify_session"]
    ann.log_in()
    second = ann.client.cookies["masterify_session"]
    assert first != second
    assert web.store.do(sessions.read_session(first)) is None
    assert web.store.do(sessions.read_session(second)).email == "ann@example.com"


def test_logging_out_ends_the_session_in_the_store_too(web, ann):
    held = ann.client.cookies["masterify_session"]
    assert ann.post("/dashboard/logout").headers["location"] == "/dashboard/login"
    assert web.store.do(sessions.read_session(held)) is None
    assert texts("en")["told.logged_out"] in ann.open("/dashboard/login").text
    assert texts("en")["told.logged_out"] not in ann.open("/dashboard/login").text
    ann.client.cookies.set("masterify_session", held)
    assert ann.open("/dashboard").status_code == 303


@pytest.mark.parametrize(
    ("goal", "led"),
    [
        ("/dashboard/x?y=1", "/dashboard/x?y=1"), ("https://evil.example/dashboard", "/dashboard"),
        ("//evil.example/dashboard", "/dashboard"), ("/dashboard/../docs", "/dashboard"),
        ("/\\evil.example", "/dashboard"), ("/docs", "/dashboard"), ("/dashboardx", "/dashboard"),
        ("javascript:alert(1)", "/dashboard"), ("/dashboard\r\nx: y", "/dashboard"), ("", "/dashboard"),
    ],
)  # fmt: skip
def test_the_login_leads_nowhere_but_into_the_dashboard(web, goal, led):
    visitor = Visitor(web)
    fields = {"email": "ann@example.com", "password": visitors.PASSWORD, "next": goal}
    assert visitor.post("/dashboard/login", fields).headers["location"] == led
    assert visitor.client.get("/dashboard/login", params={"next": goal}, follow_redirects=False).headers[
        "location"
    ] == (led)


@pytest.mark.parametrize(
    ("origin", "headers", "token"),
    [
        ("https://evil.example", {}, None), (None, {}, None), ("null", {}, None),
        ("http://testserver", {"Sec-Fetch-Site": "cross-site"}, None),
        ("http://testserver", {"Sec-Fetch-Site": "same-site"}, None),
        ("http://testserver", {}, "0" * 64), ("http://testserver", {}, "é"),
        ("https://testserver", {}, None), ("http://testserver:81", {}, None),
    ],
)  # fmt: skip
def test_forms_of_others_are_refused_and_change_nothing(ann, origin, headers, token):
    answer = ann.post("/dashboard/logout", origin=origin, token=token, **headers)
    assert answer.status_code == 403
    assert "<h1>" in answer.text
    assert ann.open("/dashboard").status_code == 200


def test_a_form_without_token_is_refused_and_one_with_it_in_the_header_taken(ann):
    headers = {"Origin": "http://testserver", "Content-Type": "application/json"}
    assert ann.client.post("/dashboard/logout", content=b"{}", headers=headers).status_code == 403
    headers["X-CSRF-Token"] = ann.token()
    answer = ann.client.post("/dashboard/logout", content=b"{}", headers=headers, follow_redirects=False)
    assert answer.status_code == 303


def test_a_form_of_a_session_that_is_over_leads_to_the_login_and_says_what_happened(web, ann):
    web.store.do(sessions.end_session(ann.client.cookies["masterify_session"]))
    answer = ann.post("/dashboard/logout")
    assert answer.headers["location"] == "/dashboard/login"
    assert texts("en")["told.session_over"] in ann.open("/dashboard/login").text
    ann.open("/dashboard/keys")
    assert texts("en")["told.session_over"] not in ann.open("/dashboard/login").text


def test_a_token_of_another_session_is_refused(web, ann):
    token = ann.token()
    ann.log_in()
    assert ann.post("/dashboard/logout", token=token).status_code == 403


def test_a_login_from_another_site_is_refused(web):
    fields = {"email": "ann@example.com", "password": visitors.PASSWORD}
    answer = Visitor(web).post("/dashboard/login", fields, origin="https://evil.example")
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("body", "status"), [("x=" + "y" * 40_000, 413), ("&".join(["a=1"] * 200), 400), ("a=%ff", 400)]
)
def test_forms_that_are_no_forms_are_told_so(ann, body, status):
    headers = {"Origin": "http://testserver", "Content-Type": "application/x-www-form-urlencoded"}
    answer = ann.client.post("/dashboard/logout", content=body, headers=headers)
    assert answer.status_code == status
    assert "<h1>" in answer.text


def test_pages_have_a_strict_policy_and_nothing_inline(ann):
    for path in ("/dashboard", "/dashboard/nothing"):
        page = ann.open(path)
        assert page.headers["content-security-policy"].startswith("default-src 'self';")
        assert "unsafe" not in page.headers["content-security-policy"]
        assert page.headers["referrer-policy"] == "same-origin"
        assert page.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_holds_what_the_policy_forbids(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\sstyle=|<style|\son\w+=|javascript:|\| *safe", text)
    for script in re.findall(r"<script[^>]*>", text):
        assert " src=" in script


def test_errors_below_the_dashboard_are_pages_and_elsewhere_stay_json(ann):
    page = ann.open("/dashboard/nothing")
    assert page.status_code == 404
    assert texts("en")["error.not_found"] in page.text
    assert texts("en")["menu.log_out"] in page.text
    page = ann.open("/dashboard/logout")
    assert (page.status_code, page.headers["allow"]) == (405, "POST")
    assert page.headers["content-type"].startswith("text/html")
    assert ann.open("/dashboards").json()["error"]["code"] == "NOT_FOUND"


def test_a_fault_is_told_on_a_page_with_its_number(web, ann, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("secret inside")

    with monkeypatch.context() as patched:
        patched.setattr("masterify_server.dashboard.overview.base_url", broken)
        page = ann.open("/dashboard")
    assert page.status_code == 500
    assert page.headers["x-request-id"] in page.text
    assert "secret" not in page.text


def test_an_outage_of_the_store_is_told_on_a_page(web, ann, monkeypatch):
    async def away(_call):
        raise UnavailableError("the store does not answer")

    monkeypatch.setattr(web.services.store, "do", away)
    page = ann.open("/dashboard/keys")
    assert (page.status_code, int(page.headers["retry-after"]) > 0) == (503, True)
    assert "<h1>" in page.text


def test_the_language_is_the_chosen_one_else_that_of_the_browser(web):
    visitor = Visitor(web)
    assert "<h1>로그인</h1>" in visitor.open("/dashboard/login", **{"Accept-Language": "ko"}).text
    page = visitor.open("/dashboard/login")
    assert '<html lang="en"' in page.text
    answer = visitor.post("/dashboard/appearance", {"language": "ko", "back": "/dashboard/login"})
    assert answer.headers["location"] == "/dashboard/login"
    page = visitor.open("/dashboard/login")
    assert '<html lang="ko"' in page.text
    assert page.headers["content-language"] == "ko"
    assert texts("ko")["error.form_foreign"] in visitor.post("/dashboard/login", origin="null").text


def test_the_theme_is_kept_and_an_unknown_one_is_not(web):
    visitor = Visitor(web)
    assert 'data-theme="auto"' in visitor.open("/dashboard/login").text
    visitor.post("/dashboard/appearance", {"theme": "dark"})
    assert 'data-theme="dark"' in visitor.open("/dashboard/login").text
    answer = visitor.post("/dashboard/appearance", {"theme": "x", "language": "fr", "back": "//evil.example"})
    assert answer.headers["location"] == "/dashboard"
    assert "set-cookie" not in answer.headers


@pytest.fixture
def link(web):
    made = admin.make_setup_link(web.store, stores.account(web.store, "pro"), "http://testserver")
    return made["link"].removeprefix("http://testserver")


SETUP = {"email": "New@Example.com", "password": "a very long one", "again": "a very long one"}


def test_a_setup_link_makes_a_user_logs_in_and_is_used_up(web, link):
    visitor, token = Visitor(web), link.partition("=")[2]
    page = visitor.open(link)
    assert page.headers["referrer-policy"] == "origin"
    answer = visitor.post("/dashboard/setup", {"token": token, **SETUP})
    assert answer.headers["location"] == "/dashboard"
    page = visitor.open("/dashboard")
    assert "new@example.com" in page.text
    assert token not in page.text
    for again in (visitor.open(link), visitor.post("/dashboard/setup", {"token": token, **SETUP})):
        assert again.status_code == 410
        assert texts("en")["setup.expired"] in again.text
    Visitor(web).log_in("new@example.com", SETUP["password"])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"password": "short", "again": "short"}, "must have 10 to 1024 characters"), ({"again": "another"}, "differ"),
        ({"email": "no address"}, "E-mail&#39; must be an e-mail address"), ({"email": "ann@example.com"}, "another account"),
        ({"password": "x" * 1025, "again": "x" * 1025}, "must have 10 to 1024 characters"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_the_setup_is_said_beside_the_field_and_the_link_stays(web, link, changes, said):
    token = link.partition("=")[2]
    fields = {"token": token, **SETUP, **changes}
    page = Visitor(web).post("/dashboard/setup", fields)
    assert page.status_code == 400
    field = next(iter(changes)) if len(changes) == 1 else "password"
    told = re.search(rf'id="{field}-wrong" role="alert">([^<]*)<', page.text)[1]
    assert said in told
    assert f'value="{fields["email"]}"' in page.text
    assert fields["password"] not in page.text
    assert Visitor(web).open(link).status_code == 200


def test_a_setup_without_a_link_or_from_another_site_is_refused(web, link):
    assert Visitor(web).open("/dashboard/setup").status_code == 410
    assert Visitor(web).post("/dashboard/setup", {"token": "x", **SETUP}).status_code == 410
    token = link.partition("=")[2]
    assert Visitor(web).post("/dashboard/setup", {"token": token, **SETUP}, origin="null").status_code == 403


def test_static_files_are_kept_by_browsers_and_asked_for_once(web):
    page = Visitor(web).open("/dashboard/login").text
    address = re.search(r'href="(/static/dashboard\.css\?v=[0-9a-f]+)"', page)[1]
    first = web.client.get(address)
    assert first.headers["content-type"].startswith("text/css")
    assert "immutable" in first.headers["cache-control"]
    bare = web.client.get("/static/dashboard.css", headers={"If-None-Match": first.headers["etag"]})
    assert (bare.status_code, bare.content) == (304, b"")
    assert "no-cache" in bare.headers["cache-control"]
    assert web.client.get("/static/dashboard.css", headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("name", ["../app.py", "%2e%2e/app.py", "/etc/passwd", ".", "nothing.css", ""])
def test_nothing_else_can_be_had_as_a_static_file(web, name):
    assert web.client.get(f"/static/{name}").status_code == 404


def placeholders(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_both_languages_say_everything_with_the_same_facts():
    korean, english = texts("ko"), texts("en")
    assert korean.keys() == english.keys()
    for key in korean:
        assert placeholders(korean[key]) == placeholders(english[key]), key
        assert not re.search("[가-힣]", english[key]), key


def test_every_text_of_the_templates_exists():
    for path in TEMPLATES:
        for key in re.findall(r"\bt\(['\"]([a-z_.]+)['\"][,)]", path.read_text(encoding="utf-8")):
            assert key in texts("en"), f"{path.name}: {key}"


def test_a_user_of_one_account_sees_nothing_of_another(web):
    other = stores.account(web.store, "free", credits=7)
    visitors.person(web.store, other, "bob@example.com")
    bob = Visitor(web)
    bob.log_in("bob@example.com")
    page = bob.open("/dashboard").text
    assert "free" in page
    assert "1000" not in page


def test_the_package_holds_everything_that_pages_need():
    settings = tomllib.loads((SERVER.parent / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = settings["tool"]["setuptools"]["package-data"]["masterify_server"]
    packed = {path for pattern in patterns for path in SERVER.glob(pattern)}
    for folder in ("static", "templates", "dashboard/texts"):
        for path in (SERVER / folder).rglob("*"):
            assert path.is_dir() or path in packed, path
