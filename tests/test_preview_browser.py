"""The page of a preview in a real browser: it fits, plays, tells what each sound is, and hides it when asked to."""

import shutil

import pytest

from masterify_core.preview import PreviewRequest, make_preview
from tests import songs
from tests.songs import LIBRARY
from tests.test_report_browser import until

sync_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("preview")
    song = songs.write(folder / "아주 긴 이름의 노래 that must not widen a phone.wav", songs.mix(44_100, 6.0))
    wanted = PreviewRequest(source=song, genres=("pop", "kpop", "ballad"), intensities=(0.0, 50.0, 100.0))
    return f"file://{make_preview(wanted, LIBRARY).page_path}"


@pytest.fixture
def open_page(address):
    said = []
    with sync_api.sync_playwright() as player:
        browser = player.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        )

        def ask(width=1280, **wishes):
            page = browser.new_context(viewport={"width": width, "height": 900}, **wishes).new_page()
            page.on("console", lambda message: said.append(message.text))
            page.on("pageerror", lambda error: said.append(str(error)))
            page.goto(address)
            return page

        yield ask
        browser.close()
    assert said == []


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_the_page_is_never_wider_than_the_screen(open_page, width):
    page = open_page(width, locale="ko-KR", color_scheme="dark")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.get_by_role("heading", name="들어 보고 고르기").is_visible()


def test_what_is_chosen_is_told_and_all_of_it_plays(open_page):
    page = open_page()
    assert page.locator("[data-about]:visible h3").inner_text() == "Original"
    page.keyboard.press("3")
    assert page.locator("[data-about]:visible h3").inner_text() == "Pop 50"
    assert "--genre pop --intensity 50" in page.locator("[data-about]:visible .command").inner_text()
    page.get_by_role("button", name="▶ Play").click()
    until(page, "document.getElementById('player').dataset.ready")
    lengths = [float(each) for each in page.locator("#player").get_attribute("data-ready").split()]
    assert len(lengths) == page.locator("[data-track]").count() == 8
    assert max(lengths) - min(lengths) < 0.001
    until(page, "document.getElementById('seek').value > 0.2")


def test_a_blind_choice_hides_every_name(open_page):
    page = open_page()
    page.get_by_role("button", name="Blind").click()
    assert page.locator("[data-about]:visible").count() == 0
    shown = page.locator("#player").inner_text()
    assert not any(name in shown for name in ("K-pop", "Ballad", "Original"))
    page.keyboard.press("4")
    page.get_by_role("button", name="I like this one best").click()
    best = page.locator("#said").inner_text()
    assert page.locator("[data-about]:visible h3").inner_text().startswith(best.removeprefix("★ "))
