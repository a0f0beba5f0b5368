"""The dashboard in a real browser against real processes: from the set-up link to the log-out, by mouse and by keyboard."""

import http.server
import json
import re
import shutil
import socket
import threading
import urllib.error
import urllib.request

import pytest
from standardwebhooks import Webhook

from masterify_server import admin
from masterify_server.dashboard.wording import texts
from masterify_server.store import keys
from tests import stores, visitors
from tests.deployments import Deployment, until

sync_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
ARGUMENTS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
PAGES = ("", "/keys", "/webhooks", "/webhooks/job", "/credits", "/account")
EN = texts("en")


class Receiver(http.server.BaseHTTPRequestHandler):
    """Takes webhooks, and keeps what came; a page of another origin besides."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.taken.append((dict(self.headers), body))
        self.send_response(204)
        self.end_headers()

    def do_GET(self):
        page = self.server.page.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def receiver():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.taken, server.page = [], ""
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with Deployment(tmp_path_factory.mktemp("service")) as running:
        running.environment["MASTERIFY_WEBHOOK_ALLOW_HOSTS"] = "127.0.0.1"
        running.url = f"http://127.0.0.1:{port}"
        running.start("masterify_server.processes", "web", "127.0.0.1", str(port))
        running.keeper()
        until(lambda: asked(f"{running.url}/readyz") == 200)
        yield running


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as player:
        opened = player.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture
def open_room(browser, service):
    """A browser window; at the end nothing on its pages may have been complained about."""
    rooms, said = [], []

    def ask(**wishes):
        room = browser.new_context(base_url=service.url, **{"locale": "en-US", **wishes})
        room.set_default_timeout(20_000)
        rooms.append(room)
        page = room.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        return page

    ask.said = said
    yield ask
    for room in rooms:
        room.close()
    assert said == []


@pytest.fixture(scope="module")
def ann(service, browser):
    """What a browser holds of somebody who is logged in, so that not every test has to log in."""
    account = stores.account(service.store, "pro", credits=40)
    visitors.person(service.store, account)
    room = browser.new_context(base_url=service.url)
    page = room.new_page()
    log_in(page)
    held = room.storage_state()
    room.close()
    return {"storage_state": held, "account": account}


@pytest.fixture
def open_page(open_room, ann):
    return lambda **wishes: open_room(storage_state=ann["storage_state"], **wishes)


def asked(url, key=None):
    """Status of a plain request."""
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {key}"} if key else {})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def log_in(page, email="ann@example.com", password=visitors.PASSWORD):
    page.goto("/dashboard")
    page.get_by_label(re.compile("^(E-mail|이메일)$")).fill(email)
    page.get_by_label(re.compile("^(Password|비밀번호)$")).fill(password)
    page.keyboard.press("Enter")
    page.wait_for_url("**/dashboard")


def going(page, act):
    """Do something that leads to another page, and wait for that."""
    with page.expect_navigation():
        act()


def see_tries(page, number):
    """Load the page again, as it says, until so many tries are on it: a busy machine may take longer than it waits."""

    def look():
        if page.locator("table tbody tr").count() == number:
            return True
        page.reload()
        return False

    until(look, every=0.5)


def test_from_the_setup_link_to_the_log_out(open_room, service, receiver):
    page = open_room()
    account = stores.account(service.store, "pro", credits=10)
    link = admin.make_setup_link(service.store, account, service.url)["link"]
    answer = page.goto(link)
    assert answer.headers["content-security-policy"].startswith("default-src 'self';")
    page.get_by_label("E-mail").fill("new@example.com")
    page.get_by_label("New password", exact=True).fill("a very long one")
    page.get_by_label("New password again").fill("a very long one")
    going(page, page.get_by_role("button", name="Save and log in").click)
    assert page.url == f"{service.url}/dashboard"

    page.get_by_role("link", name="New key").click()
    page.get_by_label("Name").fill("n8n")
    going(page, page.get_by_role("button", name="Make key").click)
    key = page.locator("#secret").inner_text()
    assert asked(f"{service.url}/api/v1/account", key) == 200
    going(page, page.get_by_role("link", name="I have stored it").click)
    assert key not in page.content()
    page.locator("summary", has_text="Revoke").click()
    going(page, page.get_by_role("button", name="Revoke for good").click)
    assert page.get_by_role("status").inner_text() == EN["told.key_revoked"]
    assert asked(f"{service.url}/api/v1/account", key) == 401

    page.get_by_role("link", name="Webhooks").click()
    page.get_by_label("Address").fill(f"http://127.0.0.1:{receiver.server_port}/hook")
    page.get_by_label("a job was cancelled").uncheck()
    going(page, page.get_by_role("button", name="Make endpoint").click)
    secret = page.locator("#secret").inner_text()
    going(page, page.get_by_role("link", name="I have stored it").click)
    going(page, page.get_by_role("button", name="Send test message").click)
    see_tries(page, 1)
    assert page.locator("table .badge").inner_text() == "delivered"
    assert "HTTP 204" in page.locator("table").inner_text()
    headers, body = receiver.taken[-1]
    assert Webhook(secret).verify(body, {name.lower(): value for name, value in headers.items()})
    assert json.loads(body)["event"] == "webhook.test"
    going(page, page.get_by_role("button", name="Send again").click)
    see_tries(page, 2)
    assert receiver.taken[-1][0]["webhook-id"] == headers["webhook-id"]

    going(page, page.get_by_role("button", name="Log out").click)
    assert page.get_by_role("status").inner_text() == EN["told.logged_out"]
    page.go_back()  # and no page comes out of the browser's memory
    page.wait_for_url("**/dashboard/login*")
    page.goto("/dashboard/keys")
    assert page.url.endswith("/dashboard/login?next=%2Fdashboard%2Fkeys")


def test_another_site_cannot_send_our_forms(open_page, open_room, service, receiver):
    page = open_page()
    page.goto("/dashboard/account")
    token = page.locator("[name=csrf]").first.input_value()
    fields = f'<input name="csrf" value="{token}">'  # even one that has come to know the token
    receiver.page = (
        f'<form method="post" action="{service.url}/dashboard/logout">{fields}<button>x</button></form>'
    )
    page.goto(f"http://127.0.0.1:{receiver.server_port}/")
    going(page, page.get_by_role("button").click)
    assert EN["error.form_foreign"] in page.content()
    page.goto("/dashboard")
    assert page.get_by_role("button", name="Log out").is_visible()
    assert [each for each in open_room.said if "403" not in each and "favicon" not in each] == []
    open_room.said.clear()


def test_it_works_by_plain_http_in_a_local_network(service, ann, browser):
    """There browsers send no Fetch Metadata and copy nothing: forms are known by their Origin."""
    mapped = [*ARGUMENTS, "--host-resolver-rules=MAP music.lan 127.0.0.1"]
    other = browser.browser_type.launch(executable_path=CHROMIUM, args=mapped)
    base = service.url.replace("127.0.0.1", "music.lan")
    page = other.new_context(base_url=base, locale="en-US").new_page()
    sent = []
    page.on("request", lambda request: sent.append(request))
    log_in(page)
    page.goto("/dashboard/keys")
    page.get_by_label("Name").first.fill("lan")
    going(page, page.get_by_role("button", name="Make key").click)
    assert keys.KEY_FORM.fullmatch(page.locator("#secret").inner_text())
    assert not page.get_by_role("button", name="Copy").is_visible()
    going(page, page.get_by_role("button", name="Log out").click)
    assert page.url == f"{base}/dashboard/login"
    forms = [request.all_headers() for request in sent if request.method == "POST"]
    assert [(each.get("sec-fetch-site"), each["origin"]) for each in forms] == [(None, base)] * 3
    other.close()
    made = service.store.do(keys.list_keys(ann["account"]))[-1]
    service.store.do(keys.revoke_key(ann["account"], made.key_id, "test"))


def test_nothing_inline_runs_even_if_it_got_into_a_page(open_page, open_room):
    page = open_page()
    page.goto("/dashboard")
    page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<img src=/static/icon.svg onload=\"window.hacked = 1\">')"
    )
    page.evaluate(
        "const s = document.createElement('script'); s.textContent = 'window.hacked = 1'; document.body.append(s)"
    )
    page.wait_for_function("document.body.lastElementChild.previousElementSibling.complete")
    until(lambda: len(open_room.said) >= 2)
    assert page.evaluate("window.hacked") is None
    assert all("Content Security Policy" in each for each in open_room.said), open_room.said
    open_room.said.clear()


@pytest.mark.parametrize("locale", ["en-US", "ko-KR"])
def test_no_page_is_wider_than_the_screen(open_page, service, ann, locale):
    made = stores.key(service.store, ann["account"])
    name = "아주긴이름을가진열쇠AVeryLongNameWithoutAnyBlank" * 2
    service.store.do(keys.rename_key(ann["account"], made.key_id, name, "test"))
    page = open_page(locale=locale)
    for path in PAGES:
        page.goto(f"/dashboard{path}")
        page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
        for width in (1280, 390, 320):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    service.store.do(keys.revoke_key(ann["account"], made.key_id, "test"))


def test_the_language_is_that_of_the_browser_until_another_is_chosen(open_page):
    page = open_page(locale="ko-KR")
    page.goto("/dashboard/keys")
    assert page.locator("html").get_attribute("lang") == "ko"
    assert page.get_by_role("heading", level=1).inner_text() == "API 키"
    going(page, page.get_by_role("button", name="English").click)
    assert page.url.endswith("/dashboard/keys")
    assert page.get_by_role("heading", level=1).inner_text() == "API keys"
    assert page.get_by_role("button", name="English").get_attribute("aria-pressed") == "true"


def paper(page):
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


def test_light_and_dark_follow_the_system_until_one_is_chosen(open_page):
    light, dark = (open_page(color_scheme=scheme) for scheme in ("light", "dark"))
    for page in (light, dark):
        page.goto("/dashboard")
    assert paper(light) != paper(dark)
    bright = paper(light)
    going(dark, dark.get_by_role("button", name="Light").click)
    assert paper(dark) == bright
    dark.goto("/dashboard/credits")
    assert paper(dark) == bright


def luminance(colour):
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in (n / 255 for n in colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    """After WCAG 2.2, 1.4.3."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_can_be_read(open_page, scheme):
    page = open_page(color_scheme=scheme)
    page.goto("/dashboard")
    page.evaluate("document.body.append(Object.assign(document.createElement('i'), {id: 'probe'}))")

    def colour(name):
        page.evaluate("(n) => (document.getElementById('probe').style.color = `var(--${n})`)", name)
        shown = page.evaluate("getComputedStyle(document.getElementById('probe')).color")
        return [int(number) for number in re.findall(r"\d+", shown)[:3]]

    grounds = {"paper": 4.5, "card": 4.5}
    for ink in ("ink", "quiet", "mark", "good", "bad"):
        for ground, least in grounds.items():
            assert contrast(colour(ink), colour(ground)) >= least, (ink, ground)
    for ink, ground in (
        ("on-mark", "mark"), ("good", "good-paper"), ("bad", "bad-paper"), ("ink", "warn-paper"),
    ):  # fmt: skip
        assert contrast(colour(ink), colour(ground)) >= 4.5, (ink, ground)
    for ground in grounds:
        assert contrast(colour("edge"), colour(ground)) >= 3, ground


def focused(page):
    held = page.evaluate("document.activeElement.textContent.trim() || document.activeElement.id")
    return " ".join(held.split())


def tab_to(page, text, most=60):
    """Press Tab until something has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if text in focused(page):
            return
    pytest.fail(f"{text} cannot be reached by keyboard")


def test_everything_goes_by_keyboard_alone(open_page, service, ann):
    page = open_page()
    page.goto("/dashboard/keys")
    page.keyboard.press("Tab")
    assert focused(page) == EN["menu.skip"]
    box = page.locator(".skip").bounding_box()
    assert box["x"] >= 0
    assert box["y"] >= 0
    page.keyboard.press("Enter")
    assert focused(page).startswith("API keys")
    tab_to(page, "name")
    ring = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    assert float(ring.removesuffix("px")) >= 2
    page.keyboard.type("by keyboard")
    tab_to(page, "Make key")
    going(page, lambda: page.keyboard.press("Enter"))
    tab_to(page, "I have stored it")
    going(page, lambda: page.keyboard.press("Enter"))
    tab_to(page, "Revoke: by keyboard")
    page.keyboard.press("Enter")
    tab_to(page, "Revoke for good", 1)
    going(page, lambda: page.keyboard.press("Enter"))
    names = {key.name: key for key in service.store.do(keys.list_keys(ann["account"]))}
    assert names["by keyboard"].revoked_ms is not None


def test_it_all_works_without_script(browser, service, ann):
    room = browser.new_context(base_url=service.url, java_script_enabled=False, locale="en-US")
    page = room.new_page()
    log_in(page)
    page.goto("/dashboard/keys")
    page.get_by_label("Name").first.fill("no script")
    page.get_by_role("button", name="Make key").click()
    key = page.locator("#secret").inner_text()
    assert asked(f"{service.url}/api/v1/account", key) == 200
    assert not page.get_by_role("button", name="Copy").is_visible()
    page.goto("/dashboard/keys")
    assert "UTC" in page.locator("time").first.inner_text()
    page.locator("article", has_text="no script").locator("summary", has_text="Revoke").click()
    page.locator("article", has_text="no script").get_by_role("button", name="Revoke for good").click()
    assert asked(f"{service.url}/api/v1/account", key) == 401
    room.close()


def test_a_double_click_makes_one_key_and_shows_it(open_page, service, ann):
    before = len(service.store.do(keys.list_keys(ann["account"])))
    page = open_page()
    page.goto("/dashboard/keys")
    page.get_by_label("Name").first.fill("twice")
    going(page, page.get_by_role("button", name="Make key").dblclick)
    key = page.locator("#secret").inner_text()
    going(page, page.reload)  # the browser sends the form again
    assert page.locator("#secret").inner_text() == key
    held = service.store.do(keys.list_keys(ann["account"]))
    assert len(held) == before + 1
    service.store.do(keys.revoke_key(ann["account"], held[-1].key_id, "test"))


def test_a_secret_is_copied_and_times_are_those_of_the_reader(open_page, service, ann):
    page = open_page(timezone_id="Asia/Seoul")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/dashboard/keys")
    page.get_by_label("Name").first.fill("copied")
    going(page, page.get_by_role("button", name="Make key").click)
    page.get_by_role("button", name="Copy").click()
    page.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("#secret").inner_text()
    page.goto("/dashboard/keys")
    shown = page.locator("article", has_text="copied").locator("time").first
    at = shown.get_attribute("datetime")
    local = page.evaluate(
        "(at) => new Date(at).toLocaleString('en', {dateStyle: 'medium', timeStyle: 'short'})", at
    )
    assert shown.inner_text() == local
    utc = f"{at[:16].replace('T', ' ')} UTC"
    assert shown.get_attribute("title") == utc
    made = service.store.do(keys.list_keys(ann["account"]))[-1]
    service.store.do(keys.revoke_key(ann["account"], made.key_id, "test"))


def test_what_is_wrong_is_said_beside_the_field_which_has_the_focus(open_page, open_room):
    page = open_page()
    page.goto("/dashboard/webhooks")
    page.get_by_label("Address").fill("http://192.168.0.1/hook")
    going(page, page.get_by_role("button", name="Make endpoint").click)
    field = page.get_by_label("Address")
    assert field.get_attribute("aria-invalid") == "true"
    assert (
        page.locator(f"#{field.get_attribute('aria-describedby').split()[0]}").get_attribute("role")
        == "alert"
    )
    assert field.evaluate("(field) => field === document.activeElement")
    assert field.input_value() == "http://192.168.0.1/hook"
    assert all("400" in each for each in open_room.said)
    open_room.said.clear()
