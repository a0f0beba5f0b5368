"""``masterify master`` on an engine that only pretends: requests, answers, exit codes, places."""

import json

import pytest

from masterify_core import mastering
from masterify_core.codecs import CodecCheck
from masterify_core.errors import NotAudioError, OutputError
from masterify_core.reference import Amounts
from tests.cli import PretendedEngine, masterify


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a.wav", "b.wav", "a.flac", "노래.wav"):
        (tmp_path / name).write_bytes(b"x")
    return tmp_path


@pytest.fixture
def engine(monkeypatch):
    made = PretendedEngine()
    monkeypatch.setattr(mastering, "master", made.master)
    monkeypatch.setattr("masterify_cli.first_run.prepare", lambda quiet, **_: 0)
    return made


def test_a_song_without_any_option_is_mastered_with_the_engines_defaults(engine):
    ran = masterify("master", "a.wav")
    assert ran.code == 0
    (request,) = engine.requests
    assert request == mastering.MasterRequest(source="a.wav")
    assert "Universal" in ran.out
    assert "too dark by 2 dB" in ran.out
    assert "met" in ran.out
    assert "mastering a.wav" in ran.err


def test_every_option_reaches_the_request(engine):
    ran = masterify(
        "master", "a.wav", "-p", "spotify, melon,", "--platforms", "youtube", "--universal", "spotify,cd", "--genre", "kpop",
        "--ai-service", "suno",
        "--tier", "premium", "--intensity", "30", "--loudness", "-9", "--ceiling=-1.5", "-o", "out", "-f", "wav,mp3",
        "--bit-depth", "16", "--sample-rate", "44100", "--name", "{stem} {platform_name}", "--save-recipe",
        "--skip-existing", "--dry-run", "-q", "--codec-check", "full", "--quality", "high",
        "--reference", "b.wav", "--reference", "a.flac",
        "--reference-amount", "0.5,loudness=1",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert engine.requests == [
        mastering.MasterRequest(
            source="a.wav", out_dir="out", platforms=("spotify", "melon", "youtube"), universal=("spotify", "cd"), genre="kpop",
            ai_service="suno",
            tier="premium", intensity=30, loudness_lufs=-9, ceiling_dbtp=-1.5, formats=("wav", "mp3"), bit_depth="16",
            sample_rate=44100, name="{stem} {platform_name}", save_recipe=True, existing="skip", dry_run=True,
            codec_check="full", quality="high", references=("b.wav", "a.flac"),
            reference_amounts=Amounts(tone=0.5, dynamics=0.5, width=0.5, loudness=1.0),
        )
    ]  # fmt: skip
    assert "nothing was written" in ran.out
    assert ran.err == ""


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--reference", "none.wav"], "--reference none.wav: is not there, or not a file"),
        (["--reference", "."], "--reference .: is not there, or not a file"),
        (["--reference-amount", "much"], "--reference-amount takes numbers from 0 to 1"),
        (["--reference-amount", "tone=2"], "--reference-amount tone must be 0 to 1, got 2"),
        (["--reference-amount", "bass=1"], "--reference-amount bass is unknown"),
        (["--reference", "b.wav", "--recipe", "r.json"], "--reference cannot be given with a recipe"),
    ],
)
def test_a_wrong_reference_is_told_before_any_work(engine, options, message):
    ran = masterify("master", "a.wav", *options)
    assert ran.code == 2
    assert message in " ".join(ran.err.split())
    assert engine.requests == []


def test_json_is_a_list_with_one_object_a_song_and_nothing_else(engine):
    engine.errors["b.wav"] = NotAudioError("b.wav", "is not an audio file")
    ran = masterify("master", "a.wav", "b.wav", "--json")
    assert ran.code == 3
    assert [song["input"] for song in ran.json] == ["a.wav", "b.wav"]
    assert ran.json[0]["deliveries"][0]["target_met"] is True
    assert ran.json[1]["error"] == {"code": "not_audio", "message": "b.wav: is not an audio file"}
    assert ran.err == "masterify: b.wav: is not an audio file\n"


def test_a_bad_song_is_named_in_the_summary_and_the_rest_is_done(engine):
    engine.errors["b.wav"] = OutputError("b.wav", "no space left")
    ran = masterify("master", "a.wav", "b.wav", "노래.wav")
    assert ran.code == 3
    assert "2 of 3 songs mastered." in ran.out
    assert "Not mastered: b.wav: no space left" in ran.out
    assert "masterify: b.wav: no space left" in ran.err


def test_what_listeners_copies_measure_is_shown(engine):
    heard = CodecCheck(
        codec="aac", kbps=128, checked=0.1, true_peak_before_dbtp=1.23, true_peak_dbtp=-0.91, allowed_dbtp=-0.8, overs_before=9
    )  # fmt: skip
    engine.codecs = (
        heard,
        CodecCheck(codec="opus", kbps=160, allowed_dbtp=-0.8, note="not checked: is missing"),
    )
    said = " ".join(masterify("master", "a.wav").out.split())
    assert "AAC 128 1.23 to -0.91 dBTP, 9 to 0 places over -0.8 dBTP, 10 % of it heard" in said
    assert "Opus 160 not checked: is missing" in said


def test_a_missed_target_is_4_only_with_strict(engine):
    engine.target_met, engine.notes = (
        False,
        ("-12.3 LUFS instead of -9: the limiter would only flatten the song",),
    )
    ran = masterify("master", "a.wav")
    assert ran.code == 0
    assert "stopped short" in ran.out
    assert "the limiter would only flatten" in " ".join(ran.out.split())
    assert masterify("master", "a.wav", "--strict").code == 4
    engine.errors["b.wav"] = NotAudioError("b.wav", "is not an audio file")
    assert masterify("master", "a.wav", "b.wav", "--strict").code == 3


def test_an_error_of_the_engine_that_is_no_mistake_of_the_user_is_a_bug(engine):
    engine.errors["a.wav"] = ValueError("shapes differ")
    ran = masterify("master", "a.wav", "b.wav")
    assert ran.code == 1
    assert "masterify: a.wav: this is a bug in masterify (ValueError: shapes differ)" in ran.err
    assert "Traceback" not in ran.err
    assert len(engine.requests) == 2
    assert "Traceback" in masterify("master", "a.wav", "--debug").err


def test_standard_input_goes_to_the_folder_masters_and_is_called_so(engine, place):
    ran = masterify("master", "-", "--json", stdin=b"RIFF")
    (request,) = engine.requests
    assert request.out_dir == "masters"
    assert request.source.endswith("stdin")
    assert ran.json[0]["input"] == "-"
    engine.errors["stdin"] = NotAudioError("nowhere", "is not audio")
    ran = masterify("master", "-", "-o", "out", stdin=b"RIFF")
    assert "masterify: standard input: nowhere: is not audio" in ran.err
    assert engine.requests[-1].out_dir == "out"


def test_ctrl_c_ends_with_130_and_says_so(engine):
    engine.errors["b.wav"] = KeyboardInterrupt()
    ran = masterify("master", "a.wav", "b.wav", "노래.wav", "--jobs", "1")
    assert ran.code == 130
    assert ran.err.endswith("masterify: stopped; nothing half-written was left behind\n")
    assert [request.source for request in engine.requests] == ["a.wav", "b.wav"]


def test_two_songs_of_one_name_are_refused_before_any_work(engine):
    ran = masterify("master", "a.wav", "b.wav", "a.flac", "-p", "spotify")
    assert ran.code == 2
    assert "a.wav and a.flac would both become masters/a (Master - Spotify).wav" in ran.err
    assert engine.requests == []


def test_the_advice_for_two_songs_of_one_name_works(engine):
    ran = masterify(
        "master", "a.wav", "a.flac", "-p", "spotify", "--name", "{stem} {ext} (Master - {platform})"
    )
    assert ran.code == 0
    assert len(engine.requests) == 2


def test_the_same_song_in_folders_below_goes_to_folders_below(engine, place):
    for disc in ("1", "2"):
        (place / "album" / disc).mkdir(parents=True)
        (place / "album" / disc / "intro.wav").write_bytes(b"x")
    assert masterify("master", "album", "-r", "-o", "out").code == 0
    assert sorted(request.out_dir for request in engine.requests) == ["out/1", "out/2"]


def test_a_master_never_replaces_another_input(engine, place):
    (place / "a (Master - Spotify).wav").write_bytes(b"x")
    inputs = ["a.wav", "a (Master - Spotify).wav"]
    ran = masterify("master", *inputs, "-p", "spotify", "-o", ".", "--overwrite")
    assert ran.code == 2
    assert "would replace a (Master - Spotify).wav" in ran.err
    assert engine.requests == []
    assert masterify("master", *inputs, "-p", "spotify", "-o", ".", "--skip-existing").code == 0


def test_names_that_are_no_utf8_survive(engine, place):
    name = b"\xff\xe9.wav".decode("utf-8", "surrogateescape")
    ran = masterify("master", name, "--json")
    assert ran.code == 0
    assert json.loads(ran.out)[0]["input"] == name
    ran = masterify("master", name)
    assert ran.code == 0
    assert "\\xff\\xe9.wav" in ran.out
    engine.errors[name] = NotAudioError(name, "is not audio")
    assert "\\xff\\xe9.wav: is not audio" in masterify("master", name).err


def test_a_narrow_terminal_still_shows_every_number(engine, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    ran = masterify("master", "a.wav")
    assert max(map(len, ran.out.splitlines())) <= 40
    assert "LUFS -14.00" in " ".join(ran.out.split())
