"""The report of a mastering: its values, its page, and where they are written."""

import base64
import importlib.resources
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from masterify_core.audio import Audio
from masterify_core.errors import OutputError
from masterify_core.metering.loudness import hop_energies
from masterify_core.metering.report import measure, measure_levels
from masterify_core.report import previews
from masterify_core.report.listeners import heard_everywhere, heard_on
from masterify_core.report.portrait import MOST_POINTS, portrait
from tests import songs
from tests.songs import LIBRARY, files, run

PLATFORMS = ("spotify", "melon")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A song mastered with both reports, and what they hold."""
    folder = tmp_path_factory.mktemp("made")
    song = songs.write(folder / "노래 <b>.wav", songs.mix(44_100, 4.0))
    result = run(
        song, platforms=PLATFORMS, formats=("wav", "flac"), genre="kpop", report=("html", "json"), out_dir=str(folder / "a")
    )  # fmt: skip
    page, values = (
        (folder / "a" / f"노래 <b> (Report).{kind}").read_text("utf-8") for kind in ("html", "json")
    )
    return song, folder, result, page, json.loads(values)


def levels(lufs, peak_dbtp, sample_dbfs=None):
    known = measure_levels(Audio(np.zeros((1, 100), np.float32), 48_000))
    return replace(
        known,
        integrated_lufs=lufs,
        true_peak_dbtp=peak_dbtp,
        sample_peak_dbfs=peak_dbtp if sample_dbfs is None else sample_dbfs,
    )


def test_the_values_fit_the_published_schema(made):
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(
        importlib.resources.files("masterify_core.report").joinpath("report.schema.json").read_text("utf-8")
    )
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(made[4])


def test_one_file_for_all_is_held_beside_single_masters(made, tmp_path):
    jsonschema = pytest.importorskip("jsonschema")
    result = run(
        made[0],
        universal=("spotify", "cd"),
        loudness_lufs=-18.0,
        report=("html", "json"),
        out_dir=str(tmp_path),
    )
    page, values = (Path(path).read_text("utf-8") for path in result.report_paths)
    (master,) = json.loads(values)["masters"]
    schema = (
        importlib.resources.files("masterify_core.report").joinpath("report.schema.json").read_text("utf-8")
    )
    jsonschema.Draft202012Validator(json.loads(schema)).validate(json.loads(values))
    assert master["delivery"]["served"] == [each.to_dict() for each in result.deliveries[0].served]
    assert [each["platform"] for each in master["delivery"]["served"]] == ["spotify", "cd"]
    assert page.count("h-served") == 2
    assert "h-served" not in made[3]


def test_the_values_are_those_of_the_result(made):
    _, _, result, _, values = made
    assert [each["platform"] for each in values["masters"]] == list(PLATFORMS)
    assert [len(each["files"]) for each in values["masters"]] == [2, 2]
    for each in values["masters"]:
        delivered = next(d for d in result.deliveries if d.platform == each["platform"])
        assert each["delivery"]["integrated_lufs"] == pytest.approx(
            delivered.levels.integrated_lufs, abs=1e-3
        )
        assert each["files"][0]["sha256"] == delivered.sha256
        assert each["measured"]["integrated_lufs"] == pytest.approx(
            each["delivery"]["integrated_lufs"], abs=1e-3
        )
        assert max(filter(None, each["short_term_lufs"])) == pytest.approx(
            each["delivery"]["short_term_max_lufs"], abs=0.01
        )
    assert values["recipe"] == json.loads(json.dumps(result.recipe.to_dict()))


def test_the_reduction_over_time_is_that_of_the_limiter(made):
    melon = made[4]["masters"][1]
    taken = melon["reduction"]["db"]
    assert len(taken) == pytest.approx(10 * melon["measured"]["seconds"], abs=1)
    delivered = melon["delivery"]
    most = delivered["sustained_reduction_db"] + delivered["peak_reduction_db"]
    assert 1.0 < max(taken) <= most + 0.01
    assert min(taken) < max(taken) / 2.0
    assert 'id="p1reduction"' in made[3]


def test_what_codecs_made_of_a_master_stands_in_the_page(made):
    from masterify_core.report.page import page

    doc = json.loads(json.dumps(made[4]))
    checked = {
        "codec": "aac", "kbps": 128.0, "checked": 0.25, "true_peak_before_dbtp": 0.41, "true_peak_dbtp": -0.83,
        "allowed_dbtp": -0.8, "overs_before": 7, "overs": 0, "note": "",
    }  # fmt: skip
    missing = {**checked, "codec": "opus", "true_peak_dbtp": None, "note": "needs another program"}
    assert "AAC 128" not in page(doc)
    doc["masters"][0]["delivery"]["codecs"] = [checked, missing]
    text = page(doc)
    for said in ("AAC 128", "−0.83 dBTP", "7 → 0", "25 %", "needs another program"):
        assert said in text


def test_no_folder_of_this_machine_stands_in_a_report(made):
    _, folder, _, page, values = made
    assert str(folder) not in page
    assert str(folder) not in json.dumps(values, ensure_ascii=False)


def test_reports_are_the_same_on_every_run(made):
    song, folder, *_ = made
    run(
        song,
        platforms=PLATFORMS,
        formats=("wav", "flac"),
        genre="kpop",
        report=("html", "json"),
        out_dir=str(folder / "b"),
    )
    assert files(folder / "b") == files(folder / "a")


def test_a_page_loads_nothing_from_anywhere(made):
    page = made[3]
    assert not re.search(
        r'(?:src|srcset|action|poster|data)="|<link|<iframe|<object|url\(|@import|\son\w+="', page
    )
    assert "default-src &#39;none&#39;" in page or "default-src 'none'" in page


def test_names_of_files_are_no_markup_in_a_page(made):
    assert "<b>.wav" not in made[3]
    assert "&lt;b&gt;" in made[3]


def test_every_reason_of_the_recipe_stands_in_the_page(made):
    from html import unescape

    page = unescape(made[3])
    for decision in (*made[2].recipe.steps, *made[2].recipe.skipped):
        assert decision.reason in page


def test_a_page_plays_the_song_and_its_masters_at_one_loudness(made):
    page = made[3]
    sounds = re.findall(r'<script type="text/plain" id="sound\d">([^<]+)</script>', page)
    assert len(sounds) == 1 + len(PLATFORMS)
    heard = []
    for each in sounds:
        samples, rate = soundfile.read(io.BytesIO(base64.b64decode(each)), always_2d=True)
        heard.append(songs.loudness_lufs(samples, rate))
        assert np.abs(samples).max() < 1.0
    assert max(heard) - min(heard) < 0.15
    gains = [float(each) for each in re.findall(r'data-gain-db="([^"]+)"', page)]
    assert max(gains) == 0.0
    assert gains[1] < gains[2]  # Spotify's master is quieter than Melon's, once that may be heard


def test_the_same_names_twice_are_refused_replaced_or_left(made, tmp_path):
    song = songs.write(tmp_path / "s.wav", songs.mix(44_100, 3.0))
    report = tmp_path / "masters" / "s (Report).json"
    run(song, report=("json",))
    before = report.read_bytes()
    (tmp_path / "masters" / "s (Master - Universal).wav").unlink()
    with pytest.raises(OutputError, match=r"s \(Report\)\.json: exists already"):
        run(song, report=("json",))
    assert run(song, report=("json",), existing="overwrite", genre="pop").report_paths == (str(report),)
    assert report.read_bytes() != before
    assert run(song, report=("json",), existing="skip").report_paths == ()


def test_a_dry_run_writes_no_report(tmp_path):
    song = songs.write(tmp_path / "s.wav", songs.mix(44_100, 2.0))
    assert run(song, report=("html",), dry_run=True).report_paths == ()
    assert files(tmp_path).keys() == {"s.wav"}


@pytest.mark.parametrize(
    ("channels", "rate", "seconds"), [(1, 8_000, 2.0), (2, 192_000, 1.0), (1, 44_100, 0.2)]
)
def test_odd_songs_have_reports(tmp_path, channels, rate, seconds):
    song = songs.write(tmp_path / "s.wav", songs.mix(rate, seconds, channels), rate)
    result = run(song, report=("html", "json"))
    values = json.loads((tmp_path / "masters" / "s (Report).json").read_text("utf-8"))
    assert values["song"]["measured"]["channels"] == channels
    assert len(result.report_paths) == 2


def test_players_turn_down_and_up_as_their_platform_says():
    usual, loud, quiet = heard_on("spotify", LIBRARY.platform("spotify"), levels(-20.0, -5.0))
    assert (usual.gain_db, usual.heard_lufs, usual.limited) == (
        4.0,
        -16.0,
        "no",
    )  # the example on Spotify's page
    assert (loud.gain_db, loud.limited, loud.heard_lufs) == (9.0, "yes", -11.0)
    assert (quiet.gain_db, quiet.limited) == (1.0, "undocumented")
    usual, loud, quiet = heard_on("spotify", LIBRARY.platform("spotify"), levels(-8.0, -1.0))
    assert [each.gain_db for each in (usual, loud, quiet)] == [-6.0, -3.0, -11.0]
    assert {each.limited for each in (usual, loud, quiet)} == {"no"}
    (tube,) = heard_on("youtube", LIBRARY.platform("youtube"), levels(-20.0, -5.0))
    assert (tube.gain_db, tube.heard_lufs) == (0.0, -20.0)


def test_what_is_undocumented_is_not_made_up():
    (melon,) = heard_on("melon", LIBRARY.platform("melon"), levels(-8.0, -1.0))
    assert (melon.gain_db, melon.heard_lufs, melon.limited) == (None, None, "undocumented")
    assert melon.confidence == "undocumented"


def test_the_own_platform_is_told_first_and_every_other_once():
    told = heard_everywhere(levels(-14.0, -1.0), LIBRARY, "tidal")
    assert told[0].platform == "tidal"
    assert {each.platform for each in told} == set(LIBRARY.platforms()) - {"universal"}


def test_curves_hold_the_extremes_of_the_song():
    rng = np.random.default_rng(3)
    audio = Audio((0.1 * rng.normal(size=(2, 48_000 * 60))).astype(np.float32), 48_000)
    drawn = portrait(audio)
    assert len(drawn.lowest) == len(drawn.momentary_lufs) <= MOST_POINTS
    assert drawn.highest.max() == audio.samples.max()
    assert drawn.lowest.min() == audio.samples.min()
    assert drawn.momentary_lufs.max() == pytest.approx(drawn.measurement.momentary_max_lufs)


@pytest.mark.parametrize("frames", [1, 100, 48_000])
def test_silence_and_single_frames_have_portraits(frames):
    drawn = portrait(Audio(np.zeros((2, frames), np.float32), 48_000))
    assert not np.isfinite(drawn.momentary_lufs).any()
    assert set(drawn.to_dict()["waveform_high"]) == {0.0}


def test_the_loudest_part_is_found():
    rate, x = 48_000, 0.01 * np.ones((1, 48_000 * 30))
    x[:, 20 * rate : 24 * rate] = 0.5
    audio = Audio((x * np.sin(np.arange(x.shape[1]) * 0.13)).astype(np.float32), rate)
    assert previews.loudest_part_s(hop_energies(audio), 4.0) == pytest.approx(20.0, abs=0.01)


@pytest.mark.parametrize("count", range(1, 14))
def test_previews_fit_a_page(count):
    fits, length_s = previews.seconds_for(count, 240.0)
    assert fits * length_s * previews.KBPS * 1000 / 8 <= previews.MOST_BYTES
    assert previews.SHORTEST_S <= length_s <= previews.LONGEST_S
    assert fits == min(count, 12)


def test_silent_sounds_have_no_previews():
    silence = Audio(np.zeros((2, 48_000), np.float32), 48_000)
    assert previews.previews([silence, silence]) == []
    assert not np.isfinite(measure(silence).integrated_lufs)
