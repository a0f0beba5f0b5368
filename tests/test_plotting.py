"""Plots: what is drawn where, as PNG and as SVG, and how commands write them."""

import io
import json
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from masterify_core.plotting import Axis, Band, Curve, Panel, as_png, as_svg
from masterify_core.plotting.panels import COLOURS, HIGH, PAPER, WIDE
from masterify_core.plotting.strokes import GLYPHS, strokes, width
from tests import songs
from tests.cli import masterify

UP = Axis(low=0.0, high=10.0, ticks=((0.0, "0"), (10.0, "10")))


def panel(**more):
    return Panel(title="A title (1.5 dB)", x=UP, y=UP, **more)


def pixels(png):
    """RGB of a PNG, read by the unfiltering that the format prints for filter 0."""
    import struct
    import zlib

    stream = io.BytesIO(png)
    assert stream.read(8) == b"\x89PNG\r\n\x1a\n"
    found = {}
    while head := stream.read(8):
        length, kind = struct.unpack(">I4s", head)
        found[kind] = stream.read(length)
        assert zlib.crc32(kind + found[kind]) == struct.unpack(">I", stream.read(4))[0]
    across, high = struct.unpack(">II", found[b"IHDR"][:8])
    rows = np.frombuffer(zlib.decompress(found[b"IDAT"]), np.uint8).reshape(high, 1 + 3 * across)
    assert not rows[:, 0].any()
    return rows[:, 1:].reshape(high, across, 3)


def test_a_curve_is_drawn_where_its_values_lie():
    curve = Curve(kind="second", name="x", xs=[0.0, 10.0], ys=[5.0, 5.0])
    made = panel(curves=(curve,))
    picture = pixels(as_png([made]))
    assert picture.shape == (HIGH, WIDE, 3)
    for x in (1.0, 5.0, 9.0):
        at, down = made.place(x, 5.0)
        off = picture[int(down), int(at)].astype(int) - COLOURS["second"]
        assert np.abs(off).max() < 30  # a line between two rows of pixels covers neither whole
        assert tuple(picture[int(down) - 12, int(at)]) == PAPER


def test_a_gap_in_a_curve_stays_empty():
    made = panel(
        curves=(Curve(kind="second", name="x", xs=[0.0, 4.0, 5.0, 6.0, 10.0], ys=[5.0, 5.0, None, 5.0, 5.0]),)
    )
    at, down = made.place(5.0, 5.0)
    assert tuple(pixels(as_png([made]))[int(down), int(at)]) == PAPER
    assert len(made.lines(made.curves[0])) == 2


def test_a_band_is_filled_between_its_edges():
    made = panel(bands=(Band(name="b", kind="first", xs=[0.0, 10.0], lows=[2.0, 2.0], highs=[8.0, 8.0]),))
    picture = pixels(as_png([made]))
    for y, inside in ((3.0, True), (7.0, True), (1.0, False), (9.0, False)):
        at, down = made.place(4.0, y)
        assert (tuple(picture[int(down), int(at)]) == COLOURS["first"]) == inside


def test_panels_stand_one_below_the_other_in_both_formats():
    made = [panel(), panel(curves=(Curve(kind="target", name="<&>", xs=[0.0, 5.0], ys=[1.0, 9.0]),))]
    assert pixels(as_png(made)).shape == (2 * HIGH, WIDE, 3)
    root = ET.fromstring(as_svg(made))
    assert root.get("height") == str(2 * HIGH)
    assert "<&>" in [each.text for each in root.iter("{http://www.w3.org/2000/svg}text")]


def test_the_same_panels_give_the_same_bytes():
    made = [panel(curves=(Curve(kind="first", name="x", xs=[0.0, 3.0], ys=[0.0, 9.0]),))]
    assert as_png(made) == as_png(made)


def test_every_letter_of_a_text_is_drawn():
    said = "Loudness over time, LUFS (short-term 3 s) +3 −12 0:15 1k B - A K-pop's 100% x/y=z;"
    assert set(said) - set(GLYPHS) == {" ", ";"}
    for letter in set(said) & set(GLYPHS):
        assert strokes(letter, 0.0, 0.0, 1.0)
    points = [point for line in strokes(said, 100.0, 50.0, 2.0, 1.0) for point in line]
    assert 100.0 - width(said, 2.0) <= min(x for x, _ in points) <= max(x for x, _ in points) <= 100.0


@pytest.fixture
def song(tmp_path):
    return songs.write(tmp_path / "노래.wav", songs.mix(44_100, 4.0))


@pytest.mark.parametrize(("seconds", "channels"), [(4.0, 2), (0.2, 1)])
def test_analyze_draws_a_song_and_writes_reports(tmp_path, seconds, channels):
    path = songs.write(tmp_path / "s.wav", songs.mix(44_100, seconds, channels))
    more = ["--plot", str(tmp_path / "a.png"), "--report", "html,json", "-o", str(tmp_path / "out")]
    (told,) = json.loads(masterify("analyze", path, "--json", *more).out)
    page, values = (tmp_path / "out" / f"s (Analysis).{kind}" for kind in ("html", "json"))
    assert told["report_paths"] == [str(page), str(values)]
    kept = json.loads(values.read_text("utf-8"))
    assert kept["kind"] == "analysis"
    assert kept["song"]["measured"]["integrated_lufs"] == told["integrated_lufs"]
    assert len(pixels((tmp_path / "a.png").read_bytes())) >= 2 * HIGH
    if seconds > 1.0:
        jsonschema = pytest.importorskip("jsonschema")
        import importlib.resources

        schema = json.loads(
            importlib.resources.files("masterify_core.report")
            .joinpath("report.schema.json")
            .read_text("utf-8")
        )
        jsonschema.Draft202012Validator(schema).validate(kept)


def test_what_exists_is_only_replaced_when_that_is_asked_for(tmp_path, song):
    picture = tmp_path / "a.svg"
    picture.write_text("mine")
    assert masterify("analyze", song, "-q", "--plot", str(picture)).code == 3
    assert picture.read_text() == "mine"
    assert masterify("analyze", song, "-q", "--plot", str(picture), "--overwrite").code == 0
    ET.fromstring(picture.read_text("utf-8"))


def test_wrong_wishes_are_told_before_any_work(tmp_path, song):
    other = songs.write(tmp_path / "b.wav", songs.mix(44_100, 1.0))
    for wrong in (["--plot", "a.jpg"], ["--report", "pdf"], [other, "--plot", "a.png"]):
        assert masterify("analyze", song, "-q", *wrong).code == 2
    assert masterify("compare", song, other, "-q", "--plot", "a.gif").code == 2


def test_compare_draws_two_songs(tmp_path, song):
    other = songs.write(tmp_path / "b.wav", 0.5 * songs.mix(44_100, 4.0))
    for kind in ("png", "svg"):
        assert masterify("compare", song, other, "-q", "--plot", str(tmp_path / f"c.{kind}")).code == 0
    assert pixels((tmp_path / "c.png").read_bytes()).shape == (2 * HIGH, WIDE, 3)
    assert "equal loudness" in (tmp_path / "c.svg").read_text("utf-8")
