"""What is wrong with a command line is said once, before any work, with exit code 2."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from masterify_cli import exits
from tests.cli import masterify, write_song

HEAVY = {
    "numpy",
    "soundfile",
    "scipy",
    "rich",
    "pydantic",
    "masterify_core.mastering",
    "masterify_core.presets",
}


def fresh(*arguments, code="import sys; from masterify_cli.app import run; run()"):
    """A command line in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=60
    )


def test_help_tells_the_commands_and_the_exit_codes():
    ran = masterify("--help")
    assert ran.code == 0
    for command in ("master", "analyze", "presets", "warmup", "doctor"):
        assert f"\n  {command} " in ran.out
    for code, meaning in exits.MEANING.items():
        assert f"{code}  {meaning}" in ran.out


@pytest.mark.parametrize("command", ["master", "analyze", "presets", "warmup", "doctor"])
def test_every_command_has_help_that_fits_80_columns(command):
    ran = masterify(command, "--help")
    assert ran.code == 0
    assert max(map(len, ran.out.splitlines())) <= 80


@pytest.mark.parametrize("arguments", [["--help"], ["master", "--help"], ["--version"], ["master"]])
def test_answers_without_work_load_nothing_heavy(arguments):
    code = (
        "import sys, json; from masterify_cli.app import main; main(sys.argv[1:]); "
        f"print('HEAVY', json.dumps([m for m in {sorted(HEAVY)} if m in sys.modules]))"
    )
    said = fresh(*arguments, code=code).stdout
    assert json.loads(said.rpartition("HEAVY ")[2]) == []


def test_version_is_one_line():
    ran = masterify("--version")
    assert ran.code == 0
    assert ran.out.startswith("masterify ")
    assert ran.out.count("\n") == 1


def test_no_command_at_all_shows_the_help():
    ran = masterify()
    assert ran.code == 2
    assert "Commands:" in ran.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["mastre"], "Did you mean 'master'"),
        (["master"], "INPUTS"),
        (["master", "x.wav", "--louder"], "--louder"),
        (["master", "x.wav", "--platforms", "spotfy"], "did you mean spotify?"),
        (["master", "x.wav", "--genre", "polka"], "known are"),
        (["master", "x.wav", "--ai-service", "hal"], "known are"),
        (["master", "x.wav", "--tier", "gold"], "known are"),
        (["master", "x.wav", "--intensity", "200"], "--intensity must be 0 to 100, got 200"),
        (["master", "x.wav", "--loudness", "3"], "--loudness must be -40 to -5 LUFS, got 3"),
        (["master", "x.wav", "--ceiling", "1"], "--ceiling must be -12 to 0 dBTP, got 1"),
        (["master", "x.wav", "--format", "wav,ogg"], "--format must be one of wav, flac, mp3"),
        (["master", "x.wav", "--bit-depth", "20"], "--bit-depth must be one of 16, 24, 32f"),
        (["master", "x.wav", "--sample-rate", "4000"], "--sample-rate must be 8000 to 192000 Hz"),
        (["master", "x.wav", "--sample-rate", "cd"], "--sample-rate"),
        (["master", "x.wav", "--jobs", "0"], "--jobs"),
        (["master", "x.wav", "--name", "{artist}"], "--name"),
        (["master", "x.wav", "--name", "../{stem}"], "name"),
        (["master", "x.wav", "--name", "{stem}", "-p", "spotify,melon"], "{platform}"),
        (["master", "x.wav", "--overwrite", "--skip-existing"], "--skip-existing"),
        (["master", "x.wav", "--recipe", "nowhere.json"], "nowhere.json"),
        (["master", "x.wav", "--preset-dir", "nowhere"], "nowhere"),
        (["master", "x.wav", "-o", "-"], "standard output"),
        (["master", ""], "no name"),
        (["analyze", "x.wav", "--platforms", "spotify"], "--platforms"),
        (["presets", "show", "spotfy"], "did you mean spotify?"),
        (["presets", "list", "genre"], "did you mean genres?"),
    ],
)
def test_a_wrong_command_line_ends_with_2_and_one_message(arguments, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ran = masterify(*arguments)
    assert ran.code == 2
    assert said in ran.err
    assert ran.err.startswith("masterify: ")
    assert ran.err.count("\n") <= 2
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "arguments",
    [
        ["master", "--json"],
        ["master", "x.wav", "--json", "-p", "nope"],
        ["presets", "show", "nope", "--json"],
    ],
)
def test_with_json_what_stops_a_command_is_one_json_object(arguments):
    ran = masterify(*arguments)
    assert ran.code == 2
    assert set(ran.json["error"]) == {"code", "message"}


def test_a_bug_ends_with_1_and_shows_where_only_when_asked(monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("oh")

    monkeypatch.setattr("masterify_core.presets.Library.load", broken)
    ran = masterify("presets", "list")
    assert ran.code == 1
    assert "this is a bug in masterify (ZeroDivisionError: oh)" in ran.err
    assert "Traceback" not in ran.err
    monkeypatch.setenv("MASTERIFY_DEBUG", "1")
    assert "Traceback" in masterify("presets", "list").err


@pytest.mark.parametrize(
    ("codes", "expected"), [([], 0), ([0, 0], 0), ([0, 4], 4), ([4, 3], 3), ([3, 1, 2], 1), ([2, 3], 2)]
)
def test_the_exit_code_of_several_songs_is_the_gravest(codes, expected):
    assert exits.worst(codes) == expected


PROGRAM = f'"{sys.executable}" -m masterify_cli'


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no file here that is always full")
@pytest.mark.parametrize("command", ["--version", "presets list", "presets list --json"])
def test_a_full_disk_behind_standard_output_is_told(command):
    ran = subprocess.run(f"{PROGRAM} {command} > /dev/full", shell=True, capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (
        exits.INPUT_FAILED,
        "masterify: standard output cannot be written: No space left on device\n",
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no file here that is always full")
@pytest.mark.parametrize(("command", "code"), [("bogus --json", 2), ("presets show none --json", 2)])
def test_an_error_that_cannot_be_written_as_json_keeps_its_code(command, code):
    ran = subprocess.run(f"{PROGRAM} {command} > /dev/full", shell=True, capture_output=True, text=True)
    assert ran.returncode == code
    assert ran.stderr.startswith("masterify: ")
    assert "Traceback" not in ran.stderr


@pytest.mark.skipif(os.name != "posix", reason="the shell's notation for a closed stream")
@pytest.mark.parametrize("command", ["--version", "presets list", "presets list --json"])
def test_a_closed_standard_output_is_no_fault(command):
    ran = subprocess.run(f"{PROGRAM} {command} >&-", shell=True, capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (exits.DONE, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no file here that is always full")
def test_a_full_disk_behind_standard_error_stops_no_work(tmp_path):
    song = write_song(tmp_path / "song.wav", seconds=2.0)
    ran = subprocess.run(
        f'{PROGRAM} master "{song}" -o "{tmp_path / "out"}" 2> /dev/full', shell=True, capture_output=True, text=True
    )  # fmt: skip
    assert ran.returncode == exits.DONE
    assert len(list((tmp_path / "out").glob("*.wav"))) == 1
    assert (
        subprocess.run(f"{PROGRAM} master none.wav 2> /dev/full", shell=True).returncode == exits.INPUT_FAILED
    )


def test_who_asked_to_be_told_of_the_end_is_told():
    code = "import atexit; atexit.register(print, 'the end'); from masterify_cli.app import run; run()"
    assert fresh("--version", code=code).stdout.endswith("the end\n")
