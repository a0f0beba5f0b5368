"""Songs in the dashboard in a real browser, before a whole service: sent, followed, heard, fetched, refused, deleted."""

import hashlib
import io
import json
import re
import shutil
import subprocess
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile

from masterify_server.dashboard.wording import texts
from tests import services, songs, visitors
from tests.deployments import until
from tests.webs import wav

sync_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")

WORDS = texts("en")
FORM = "/dashboard/songs/new"
ARGUMENTS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--autoplay-policy=no-user-gesture-required",
)  # fmt: skip
DROP = """([name, base64]) => {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const carried = new DataTransfer();
  carried.items.add(new File([bytes], name, {type: "audio/wav"}));
  const drop = document.getElementById("drop");
  for (const kind of ["dragenter", "dragover", "drop"]) {
    drop.dispatchEvent(new DragEvent(kind, {dataTransfer: carried, bubbles: true, cancelable: true}));
  }
}"""


class Service:
    """A running service, the key of an account there, and a person of it."""

    def __init__(self, url, key, folder):
        self.url, self.key = url, key
        account = json.loads(self.by_key("/api/v1/account"))["account_id"]
        words = ["admin", "create-user", "--account", account, "--email", "ann@example.com"]
        words += ["--password", visitors.PASSWORD, "--data-dir", str(folder)]
        subprocess.run([*services.COMMAND, *words], check=True, stdout=subprocess.DEVNULL)

    def by_key(self, path):
        """What a program is given."""
        wanted = urllib.request.Request(self.url + path, headers={"Authorization": f"Bearer {self.key}"})
        return urllib.request.urlopen(wanted, timeout=30).read()


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    folder = tmp_path_factory.mktemp("service") / "data"
    with services.service(folder) as (url, key):
        yield Service(url, key, folder)


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as player:
        opened = player.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def session(browser, service):
    """What a browser keeps of one log-in; more of them in a quarter of an hour would be refused."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{service.url}{FORM}")
    page.fill("#email", "ann@example.com")
    page.fill("#password", visitors.PASSWORD)
    page.press("#password", "Enter")
    page.wait_for_url(f"**{FORM}")
    kept = context.storage_state()
    context.close()
    return kept


@pytest.fixture
def room(browser, service, session):
    """Somebody logged in, in a browser of their own; at the end nothing may have been complained about."""
    said = []

    @contextmanager
    def open_room(language="en-US", width=1200, **wishes):
        known = {"locale": language, "viewport": {"width": width, "height": 900}, "storage_state": session}
        context = browser.new_context(**known, **wishes)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(service.url + FORM)
        yield page
        context.close()

    yield open_room
    # A refusal is an answer with a status, which Chromium writes down by itself.
    assert [each for each in said if "the server responded with a status of 4" not in each] == []


@pytest.fixture(scope="module")
def song(tmp_path_factory):
    """A song with a quiet beginning, long enough that its excerpt is not all of it."""
    x = songs.mix(44_100, 34.0)
    x[: 3 * 44_100] *= 0.1
    return Path(songs.write(tmp_path_factory.mktemp("song") / "봄날의 노래.wav", x))


@pytest.fixture(scope="module")
def mastered(service, song, browser, session):
    """The page of a song that was sent by keyboard and is done, seen in all its states."""
    context = browser.new_context(locale="en-US", storage_state=session)
    page = context.new_page()
    page.goto(service.url + FORM)
    page.focus("#file")
    page.set_input_files("#file", song)  # what the dialog of the system does after Enter
    for name in ("spotify", "melon"):
        page.focus(f"[name=platform_{name}]")
        page.keyboard.press("Space")
    page.focus("#genre")
    page.keyboard.type("K-pop")
    page.focus("#go")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/dashboard/songs/[0-9a-f-]{36}$"))
    seen = set()

    def has_ended():
        with_state = page.locator(".facts .badge").first.get_attribute("data-status")
        seen.add(with_state)
        return with_state == "done"

    until(has_ended, 120, every=0.02)
    address = page.url
    context.close()
    return address, seen


def test_a_song_sent_by_keyboard_is_followed_to_its_end_without_a_reload_by_hand(mastered):
    _, seen = mastered
    assert "done" in seen
    assert seen & {"queued", "processing"}


def test_what_came_of_it_is_shown_and_downloads_are_the_apis_bytes(service, mastered, room):
    address, _ = mastered
    job_id = address.rsplit("/", 1)[1]
    told = json.loads(service.by_key(f"/api/v1/jobs/{job_id}"))
    with room() as page:
        page.goto(address)
        assert page.locator("h1").inner_text() == "봄날의 노래"
        rows = page.locator("table.masters tbody tr")
        assert rows.count() == 2
        for row, result in zip(rows.all(), told["results"].values(), strict=True):
            assert f"{result['integrated_lufs']:.1f} LUFS".replace("-", "−") in row.inner_text()
            assert ("met" if result["target_met"] else "stopped short") in row.inner_text()
        for link, path in (
            ("Download all as ZIP", "/download"),
            ("Download WAV", "/download?platform=melon"),
        ):
            with page.expect_download() as waited:
                page.get_by_role("link", name=link).first.click()
            got = Path(waited.value.path()).read_bytes()
            assert got == service.by_key(f"/api/v1/jobs/{job_id}{path}")
            assert waited.value.suggested_filename.startswith("봄날의 노래 (Master")
        assert hashlib.sha256(got).hexdigest() == told["results"]["melon"]["sha256"]
        page.get_by_role("link", name="Full report").click()
        assert "LUFS" in page.locator("body").inner_text()


def test_the_player_plays_all_and_switches_at_once(mastered, room):
    with room() as page:
        page.goto(mastered[0])
        page.wait_for_selector("#player:not([hidden])", timeout=60_000)
        assert page.locator("[data-track] .name").all_inner_texts() == ["Original", "Melon", "Spotify"]
        assert "loudest 30 s, from 0:0" in page.locator("#listen-state").inner_text()
        page.locator("#play").click()
        page.wait_for_selector("#player[data-ready]", timeout=60_000)
        lengths = [float(each) for each in page.locator("#player").get_attribute("data-ready").split()]
        assert lengths == [30.0, 30.0, 30.0]
        until(lambda: page.evaluate("Number(document.getElementById('seek').value)") > 0.2)
        was = page.evaluate("Number(document.getElementById('seek').value)")
        for key, name in (("2", "Melon"), ("x", "Spotify"), ("z", "Melon"), ("1", "Original")):
            page.keyboard.press(key)
            assert page.locator("[data-track][aria-pressed=true] .name").inner_text() == name
        assert (
            page.evaluate("Number(document.getElementById('seek').value)") - was < 5.0
        )  # it went on from where it was
        page.keyboard.press("3")
        assert page.locator("#legend-now").inner_text() == "Spotify"
        page.keyboard.press("[")
        assert float(page.locator("#from").input_value()) > 0.0
        until(
            lambda: (
                float(page.locator("#wave .loop").get_attribute("x"))
                > float(page.locator("#wave .window").get_attribute("x"))
            )
        )
        page.locator("#play").focus()
        page.keyboard.press("Space")
        assert page.locator("#play").get_attribute("aria-pressed") == "false"
        page.get_by_text(WORDS["listen.whole"]).click()
        page.evaluate("document.querySelector('audio').play()")
        until(lambda: page.evaluate("document.querySelector('audio').currentTime") > 0.2)


def test_blind_the_player_tells_nothing(mastered, room):
    with room() as page:
        page.goto(mastered[0])
        page.wait_for_selector("#player:not([hidden])", timeout=60_000)
        page.keyboard.press("3")
        assert page.locator("#wave .now").get_attribute("d")
        page.get_by_role("button", name="Blind").click()
        for key in "123":
            page.keyboard.press(key)
            assert page.locator("#wave .now").get_attribute("d") == ""
        assert not any(
            name in page.locator("#player").inner_text() for name in ("Original", "Melon", "Spotify")
        )
        page.get_by_role("button", name="I like this one best").click()
        assert page.locator("#said").inner_text().removeprefix("★ ") in ("Original", "Melon", "Spotify")


def test_the_waveform_leads_into_the_excerpt_and_nowhere_else(mastered, room):
    with room() as page:
        page.goto(mastered[0])
        page.wait_for_selector("#player:not([hidden])", timeout=60_000)
        edges = page.locator("#wave").bounding_box()

        def seek(share):
            page.mouse.click(edges["x"] + share * edges["width"], edges["y"] + 20)
            return float(page.locator("#seek").input_value())

        place = seek(0.5)
        start = float(page.locator("#wave .window").get_attribute("x")) / 600 * 34
        assert abs(start + place - 17.0) < 0.2
        assert seek(0.01) == place  # before the excerpt


def test_a_song_is_sent_by_drop_and_its_files_deleted(service, room):
    import base64

    with room() as page:
        page.evaluate(DROP, ["dropped.wav", base64.b64encode(wav(seconds=2.0, rate=44_100)).decode()])
        assert "345 kB" in page.locator("#picked").inner_text()
        page.check("[name=platform_youtube]")
        page.locator("#go").dblclick()
        page.wait_for_url(re.compile(r"/dashboard/songs/[0-9a-f-]{36}$"))
        page.wait_for_selector(".badge[data-status=done]", timeout=60_000)
        page.goto(f"{service.url}/dashboard/songs")
        assert (
            page.get_by_role("link", name="dropped", exact=True).count() == 1
        )  # a double click sends it once
        page.get_by_role("link", name="dropped", exact=True).click()
        page.wait_for_selector("#player:not([hidden])", timeout=60_000)
        page.get_by_text(WORDS["song.delete"]).click()
        page.get_by_role("button", name=WORDS["song.delete_yes"]).click()
        assert page.get_by_text(WORDS["told.song_deleted"]).is_visible()
        assert page.get_by_text(WORDS["song.gone"]).is_visible()


def too_long():
    file = io.BytesIO()
    soundfile.write(file, 0.1 * np.ones(8000 * 601), 8000, format="FLAC")
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("picture.wav", b"GIF89a" + bytes(5000), "Only MP3, WAV and FLAC files are taken"),
        ("long.flac", too_long, "longer than 10 minutes"),
        ("large.wav", lambda: bytes(50 * 2**20 + 1), "larger than 50 MB"),
        ("silent.wav", lambda: wav(level=0.0), "silent from start to end"),
    ],
)
def test_what_cannot_be_taken_is_said_and_the_next_try_works(room, name, content, said, tmp_path):
    path = tmp_path / name
    path.write_bytes(content() if callable(content) else content)
    with room() as page:
        page.set_input_files("#file", path)
        page.check("[name=platform_spotify]")
        page.locator("#go").click()
        page.get_by_role("alert").filter(has_text=said).wait_for(timeout=30_000)
        assert page.locator("#go").is_enabled()
        assert page.locator("#sending").is_hidden()
        page.set_input_files(
            "#file", {"name": "good.wav", "mimeType": "audio/wav", "buffer": wav(seconds=2.0)}
        )
        assert page.get_by_role("alert").is_hidden()
        page.locator("#go").click()
        page.wait_for_url(re.compile(r"/dashboard/songs/[0-9a-f-]{36}$"))


def test_nothing_is_sent_without_song_or_platform(room):
    with room() as page:
        for box in page.locator("[name^=platform_]").all():
            box.uncheck()
        page.locator("#go").click()
        assert page.evaluate("document.getElementById('file').validity.valueMissing")
        page.set_input_files("#file", {"name": "a.wav", "mimeType": "audio/wav", "buffer": wav()})
        page.locator("#go").click()
        assert page.get_by_role("alert").inner_text() == WORDS["send.no_platform"]
        assert page.evaluate("document.activeElement.id") == "wrong"


def test_without_script_a_plain_form_does_it_all(browser, service, session, tmp_path):
    context = browser.new_context(locale="ko-KR", java_script_enabled=False, storage_state=session)
    page = context.new_page()
    page.goto(service.url + FORM)
    large = tmp_path / "large.wav"
    large.write_bytes(bytes(50 * 2**20 + 1))
    page.set_input_files("#file", large)
    page.locator("#go").click()
    assert "50MB" in page.get_by_role("alert").inner_text()  # said although the file was on its way
    for box in page.locator("[name^=platform_]").all():
        box.uncheck()
    page.set_input_files("#file", {"name": "a.wav", "mimeType": "audio/wav", "buffer": wav(level=0.0)})
    page.check("[name=platform_apple_music]")
    page.locator("#go").click()
    assert "처음부터 끝까지" in page.get_by_role("alert").inner_text()
    assert page.locator("[name=platform_apple_music]").is_checked()
    page.set_input_files(
        "#file", {"name": "스크립트 없이.wav", "mimeType": "audio/wav", "buffer": wav(seconds=2.0)}
    )
    page.locator("#go").click()
    page.wait_for_url(re.compile(r"/dashboard/songs/[0-9a-f-]{36}$"))
    page.wait_for_selector(".badge[data-status=done]", timeout=60_000)  # the page asks again by itself
    assert page.locator("#listen noscript p").is_visible()
    with page.expect_download() as waited:
        page.get_by_role("link", name="WAV 내려받기").click()
    assert waited.value.suggested_filename == "스크립트 없이 (Master - Apple Music).wav"
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_is_wider_than_the_screen_and_korean_is_spoken(service, mastered, room, scheme):
    with room("ko-KR", color_scheme=scheme) as page:

        def fits():
            for width in (768, 360, 320):
                page.set_viewport_size({"width": width, "height": 900})
                assert page.evaluate("document.documentElement.scrollWidth") <= width

        pages = (
            ("/dashboard/songs/new", "곡 마스터링하기"),
            ("/dashboard/songs", "내 곡"),
            (mastered[0], "봄날의 노래"),
        )
        for path, heading in pages:
            page.goto(path if path.startswith("http") else service.url + path)
            assert page.get_by_role("heading", level=1, name=heading).is_visible()
            fits()
        page.wait_for_selector("#player:not([hidden])", timeout=60_000)
        fits()
        assert "라우드니스로 재생" in page.locator("#listen-state").inner_text()


def test_an_upload_can_be_stopped_and_sent_again(room, tmp_path):
    path = tmp_path / "big.wav"
    soundfile.write(path, songs.mix(44_100, 60.0), 44_100, subtype="FLOAT")
    with room() as page:
        line = page.context.new_cdp_session(page)
        slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 2 * 2**20}
        line.send("Network.enable")
        line.send("Network.emulateNetworkConditions", slow)
        page.set_input_files("#file", path)
        page.check("[name=platform_spotify]")
        page.locator("#go").click()
        until(lambda: re.search(r"Sending: [1-9]", page.locator("#sending-words").inner_text()), 30)
        page.get_by_role("button", name=WORDS["send.stop"]).click()
        assert page.get_by_role("alert").inner_text() == WORDS["send.stopped"]
        line.send("Network.emulateNetworkConditions", {**slow, "uploadThroughput": -1})
        page.locator("#go").click()
        page.wait_for_url(re.compile(r"/dashboard/songs/[0-9a-f-]{36}$"), timeout=60_000)
