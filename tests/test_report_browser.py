"""The page in a real browser: it fits, it plays, it speaks two languages, and nothing in it complains."""

import shutil

import pytest

from tests import songs
from tests.songs import run

sync_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    song = songs.write(
        folder / "노래 with a long name that must not widen a phone.wav", songs.mix(44_100, 4.0)
    )
    (path,) = run(song, platforms=("spotify", "melon", "cd"), genre="kpop", report=("html",)).report_paths
    return f"file://{path}"


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as player:
        opened = player.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        )
        yield opened
        opened.close()


@pytest.fixture
def open_page(browser, address):
    """Open the page; at the end nothing may have been complained about or asked for."""
    rooms, said = [], []

    def ask(width=1280, **wishes):
        room = browser.new_context(viewport={"width": width, "height": 900}, **wishes)
        rooms.append(room)
        page = room.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: said.append(request.url) if request.url != page.url else None)
        page.goto(address)
        return page

    yield ask
    for room in rooms:
        room.close()
    assert [each for each in said if not each.startswith("file://")] == []


def until(page, expression):
    """Wait until an expression holds; the page itself forbids what Playwright does for it."""
    for _ in range(300):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(50)
    pytest.fail(f"never true: {expression}")


@pytest.mark.parametrize("width", [320, 390, 1280])
@pytest.mark.parametrize("locale", ["en-US", "ko-KR"])
def test_the_page_is_never_wider_than_the_screen(open_page, width, locale):
    page = open_page(width, locale=locale)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_language_follows_the_reader_and_can_be_switched(open_page):
    page = open_page(locale="ko-KR")
    assert page.get_by_role("heading", name="청취자가 듣는 소리").is_visible()
    page.get_by_role("button", name="English").click()
    assert page.get_by_role("heading", name="What listeners get").is_visible()
    assert not page.get_by_text("청취자가 듣는 소리").is_visible()


def test_light_and_dark_follow_the_system(open_page):
    colours = {
        open_page(color_scheme=scheme).evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    }
    assert len(colours) == 2


def test_charts_have_names_and_tables(open_page):
    page = open_page()
    assert page.get_by_role("img", name="Spectrum in third octaves").first.is_visible()
    assert page.get_by_role("img").count() >= 5
    table = page.locator(".tab:visible table").first
    assert not table.is_visible()
    page.locator(".tab:visible summary").first.click()
    assert table.is_visible()
    assert "before, LUFS" in table.inner_text()


def test_sounds_are_switched_while_they_play(open_page):
    page = open_page()
    page.get_by_role("button", name="▶ Play").click()
    until(page, "document.getElementById('player').dataset.ready")
    lengths = [float(each) for each in page.locator("#player").get_attribute("data-ready").split()]
    assert len(lengths) == 4
    assert max(lengths) - min(lengths) < 0.001
    until(page, "document.getElementById('seek').value > 0.2")
    at = float(page.locator("#seek").input_value())
    page.keyboard.press("3")
    assert page.get_by_role("button", name="Melon").first.get_attribute("aria-pressed") == "true"
    until(page, f"document.getElementById('seek').value > {at}")
    page.keyboard.press("Escape")
    page.locator("body").press(" ")
    assert page.locator("#play").get_attribute("aria-pressed") == "false"


def test_a_blind_choice_hides_names_and_then_tells(open_page):
    page = open_page()
    page.get_by_role("button", name="Blind").click()
    names = [each.inner_text() for each in page.locator("[data-track]").all()]
    assert all("Melon" not in name and "Original" not in name for name in names)
    page.get_by_role("button", name="I like this one best").click()
    assert "★" in page.locator("#said").inner_text()
    assert page.locator("[data-track]").first.inner_text().startswith("1")
    assert "Original" in page.locator("[data-track]").first.inner_text()


def test_tabs_show_one_master_at_a_time(open_page):
    page = open_page()
    assert page.locator(".tab:visible").count() == 1
    page.locator("[data-tab='1']").click()
    assert page.locator(".tab:visible h3").inner_text() == "Melon"
