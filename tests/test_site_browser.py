"""Documentation and Template Hub in a real browser: they fit, work without a script, in light and dark, by keyboard."""

import shutil
from urllib.parse import urlsplit

import pytest

from masterify_server.hub.guides import FLOWS
from tests import webs

sync_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
ORIGIN = "http://site.example"
PATHS = ("/docs", "/templates", *(f"/templates/{flow}" for flow in FLOWS))


@pytest.fixture(scope="module")
def web(tmp_path_factory):
    with webs.web(tmp_path_factory.mktemp("web"), public_url=ORIGIN) as running:
        yield running


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as player:
        opened = player.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def open_page(browser, web):
    """Open a page that the application answers, without a network; at the end nothing may have been complained about."""
    rooms, said = [], []

    def answer(route):
        address = urlsplit(route.request.url)
        said.extend([] if route.request.url.startswith(ORIGIN) else [route.request.url])
        found = web.client.get(f"{address.path}?{address.query}", headers=route.request.headers)
        route.fulfill(status=found.status_code, headers=dict(found.headers), body=found.content)

    def ask(path, width=1280, cookies=(), **wishes):
        room = browser.new_context(
            viewport={"width": width, "height": 900}, java_script_enabled=False, **wishes
        )
        rooms.append(room)
        room.add_cookies([{"name": name, "value": value, "url": ORIGIN} for name, value in cookies])
        room.route("**/*", answer)
        page = room.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.goto(ORIGIN + path)
        return page

    yield ask
    for room in rooms:
        room.close()
    assert said == []


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("locale", ["en-US", "ko-KR"])
def test_no_page_is_wider_than_the_screen(open_page, path, locale):
    page = open_page(path, locale=locale)
    for width in (1280, 390, 320):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("html").get_attribute("lang") == locale[:2]


def test_examples_are_chosen_once_for_the_whole_page_without_a_script(open_page):
    page = open_page("/docs", locale="en-US")
    samples = page.locator(".sample")
    assert samples.count() > 30
    for name, title in (("curl", "curl"), ("python", "Python"), ("javascript", "JavaScript")):
        page.get_by_label(title, exact=True).check()
        shown = page.locator(".sample:visible")
        assert shown.count() == samples.count() / 3
        assert page.locator(f'.sample[data-language="{name}"]:visible').count() == shown.count()


@pytest.mark.parametrize("path", PATHS)
def test_the_switch_changes_the_language(open_page, path):
    page = open_page(path, locale="en-US")
    page.get_by_role("link", name="한국어").click()
    assert page.locator("html").get_attribute("lang") == "ko"
    page.get_by_role("link", name="API 문서", exact=True).click()
    assert page.get_by_role("heading", name="빠른 시작").is_visible()


def test_light_and_dark_follow_the_system_or_the_choice_made_in_the_dashboard(open_page):
    def paper(**wishes):
        return open_page("/docs", **wishes).evaluate("getComputedStyle(document.body).backgroundColor")

    light, dark = paper(color_scheme="light"), paper(color_scheme="dark")
    assert light != dark
    assert paper(color_scheme="light", cookies=[("masterify_theme", "dark")]) == dark
    assert paper(color_scheme="dark", cookies=[("masterify_theme", "light")]) == light


def test_the_language_chosen_in_the_dashboard_holds_here(open_page):
    page = open_page("/docs", locale="en-US", cookies=[("masterify_language", "ko")])
    assert page.locator("html").get_attribute("lang") == "ko"


def test_the_keyboard_reaches_the_content_and_the_checklist(open_page):
    page = open_page("/templates/form-to-email", locale="en-US")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.url.endswith("#content")
    box = page.get_by_role("checkbox").first
    box.focus()
    page.keyboard.press("Space")
    assert box.is_checked()


@pytest.mark.parametrize("width", [390, 1280])
def test_the_contents_lead_to_each_part_and_nothing_covers_it(open_page, width):
    page = open_page("/docs", width, locale="en-US")
    if width < 800:
        page.get_by_text("Contents", exact=True).click()
    page.locator('nav:visible a[href="#deleteJob"]').first.click()
    top = page.evaluate("document.querySelector('#deleteJob h3').getBoundingClientRect().top")
    chooser = page.evaluate("document.querySelector('.chooser').getBoundingClientRect().bottom")
    assert chooser - 1 <= top < 300
