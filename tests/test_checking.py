"""Finished files held against rules: what is found, how grave it is, and how the command ends."""

import json
import struct

import numpy as np
import pytest
import soundfile

from masterify_core.checking import check, rules
from masterify_core.errors import UnknownNameError
from masterify_core.files.container import wav_container
from tests import songs
from tests.cli import masterify
from tests.songs import LIBRARY, run


@pytest.fixture(scope="module")
def master(tmp_path_factory):
    """A master for Spotify, made by this project."""
    folder = tmp_path_factory.mktemp("m")
    song = songs.write(folder / "s.wav", songs.mix(44_100, 5.0))
    return run(song, platforms=("spotify",), out_dir=str(folder / "out")).deliveries[0].path


def failed(path, platform="spotify", *severities):
    (found,) = check(path, [platform], LIBRARY).platforms
    return {each.rule for each in found.failed(*(severities or ("error", "warning")))}


def write(path, x, rate=44_100, subtype="PCM_24", **more):
    soundfile.write(path, x, rate, subtype, **more)
    return path


@pytest.fixture
def loud(tmp_path):
    return songs.mix(44_100, 3.0, peak=0.8)


def test_our_own_masters_pass(master):
    assert failed(master) == set()
    assert check(master, ["spotify"], LIBRARY).passes(strict=True)


@pytest.mark.parametrize("platform", LIBRARY.platforms())
def test_masters_pass_what_they_were_made_for(tmp_path, platform, loud):
    song = write(tmp_path / "s.wav", loud)
    path = run(song, platforms=(platform,)).deliveries[0].path
    assert failed(path, platform) == set()


def test_extensible_wav_fails_where_plain_is_asked_for(tmp_path, loud):
    path = write(tmp_path / "x.wav", loud, format="WAVEX")
    assert wav_container(path).format_tag == 0xFFFE
    assert failed(path) == {"wav_format_tag"}
    assert failed(path, "youtube") == set()


def test_chunks_behind_the_samples_fail_where_nothing_may_be_there(tmp_path, loud):
    path = write(tmp_path / "x.wav", loud)
    body = path.read_bytes() + b"LIST" + struct.pack("<I", 4) + b"INFO"
    path.write_bytes(body[:4] + struct.pack("<I", len(body) - 8) + body[8:])
    assert wav_container(path).after_data == ("LIST",)
    assert failed(path) == {"wav_after_data"}


@pytest.mark.parametrize(
    ("platform", "rate", "subtype", "channels", "rule"),
    [
        ("spotify", 32_000, "PCM_24", 2, "sample_rate"),
        ("cd", 48_000, "PCM_16", 2, "sample_rate"),
        ("cd", 44_100, "PCM_24", 2, "bit_depth"),
        ("spotify", 44_100, "PCM_U8", 2, "bit_depth"),
        ("spotify", 44_100, "PCM_24", 1, "channels"),
        ("spotify", 44_100, "FLOAT", 2, "wav_format_tag"),
    ],
)
def test_rate_depth_and_channels_are_held_against_the_preset(
    tmp_path, platform, rate, subtype, channels, rule
):
    path = write(tmp_path / "x.wav", songs.mix(rate, 2.0, channels, peak=0.5), rate, subtype)
    assert rule in failed(path, platform, "error")


def test_a_wish_is_a_note_and_no_failure(tmp_path, loud):
    path = write(tmp_path / "x.wav", loud, subtype="PCM_16")
    assert "wished_bit_depth" in failed(path, "apple_music", "info")
    assert "wished_bit_depth" not in failed(path, "apple_music")


def test_lossy_files_are_warned_of(tmp_path, loud):
    assert {"container", "lossless"} <= failed(write(tmp_path / "x.ogg", loud, subtype="VORBIS"))


def test_peaks_and_clipping_are_found(tmp_path, loud):
    path = write(tmp_path / "x.wav", np.clip(2.0 * loud, -1.0, 1.0))
    assert {"clipped", "inter_sample", "ceiling"} <= failed(path, "spotify", "warning")
    assert check(path, ["spotify"], LIBRARY).passes()
    assert not check(path, ["spotify"], LIBRARY).passes(strict=True)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda x: np.pad(x, ((60_000, 0), (0, 0))), "head_silence"),
        (lambda x: np.pad(x, ((0, 300_000), (0, 0))), "tail_silence"),
        (lambda x: x + 0.01, "offset"),
        (lambda x: x * [1.0, 0.0], "both_channels"),
        (lambda x: x[:, :1] * [1.0, -1.0], "phase"),
        (lambda x: 0.0 * x, "sounding"),
    ],
)
def test_what_is_wrong_with_the_sound_is_found(tmp_path, loud, change, rule):
    good, bad = write(tmp_path / "good.wav", loud), write(tmp_path / "bad.wav", change(loud))
    assert rule not in failed(good, "tidal")
    assert rule in failed(bad, "tidal")


def test_what_codecs_make_of_a_file_is_looked_at_when_asked(tmp_path):
    rng = np.random.default_rng(4)
    hot = write(tmp_path / "hot.wav", np.clip(0.8 * rng.normal(size=(44_100, 2)), -0.97, 0.97))
    mild = write(tmp_path / "mild.wav", songs.mix(44_100, 1.0, peak=0.5))
    said = {}
    for path in (hot, mild):
        (found,) = check(path, ["deezer"], LIBRARY, with_codecs=True).platforms
        said[path.stem] = [each for each in found.findings if each.rule == "codec_overs"]
    assert [each.found.split(":")[0] for each in said["hot"]] == ["MP3 128", "MP3 320"]
    assert [each.passed for each in said["hot"]] == [False, False]
    assert [each.passed for each in said["mild"]] == [True, True]
    assert "codec_overs" not in failed(hot, "deezer")


def test_a_file_that_was_cut_short_fails(tmp_path, loud):
    path = write(tmp_path / "x.wav", loud)
    path.write_bytes(path.read_bytes()[:-200_000])
    assert failed(path, "tidal", "error") == {"whole"}


def test_every_finding_says_how_sure_it_is_and_why(master):
    (found,) = check(master, ["spotify"], LIBRARY).platforms
    assert all(each.confidence and each.what for each in found.findings)
    assert len({each.rule for each in found.findings}) == len(found.findings)
    assert all(rule.what for rule in rules().values())


def test_unknown_platforms_are_refused(master):
    with pytest.raises(UnknownNameError):
        check(master, ["spotfy"], LIBRARY)


def test_the_command_tells_scripts_by_its_exit_code(tmp_path, master, loud):
    cut = str(write(tmp_path / "x.wav", np.clip(2.0 * loud, -1.0, 1.0)))
    tagless = str(write(tmp_path / "w.wav", loud, format="WAVEX"))
    assert masterify("check", master, "-p", "spotify", "-q").code == 0
    assert masterify("check", cut, "-p", "spotify", "-q").code == 0
    assert masterify("check", cut, "-p", "spotify", "-q", "--strict").code == 4
    assert masterify("check", tagless, cut, "-p", "spotify", "-q").code == 4
    assert masterify("check", str(tmp_path / "none.wav"), "-q").code == 3
    assert masterify("check", master, "-p", "spotfy", "-q").code == 2


def test_the_command_says_what_fails_and_where_that_is_written(tmp_path, loud):
    path = str(write(tmp_path / "노래.wav", loud, format="WAVEX"))
    short, whole = (masterify("check", path, "-p", "spotify", "-q", *more).out for more in ((), ("--all",)))
    assert "FAIL" in short
    assert "0xFFFE" in short
    assert "https://" not in short
    assert "https://support.spotify.com" in whole


def test_json_holds_every_finding(master):
    (told,) = json.loads(masterify("check", master, "-p", "spotify,cd", "--json").out)
    assert told["passed"] is False
    assert [each["passed"] for each in told["platforms"]] == [True, False]
    assert told["integrated_lufs"] == pytest.approx(-14.0, abs=0.05)
    assert {"rule", "severity", "passed", "confidence", "what", "url", "value", "limit"} <= told["platforms"][
        0
    ]["findings"][0].keys()
