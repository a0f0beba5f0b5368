"""The command line and the real engine, on short songs made here: files, proofs, replays, interruptions."""

import hashlib
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import soundfile

from tests.cli import masterify, write_song

PROGRAM = [
    sys.executable,
    "-c",
    "import sys; sys.argv[0] = 'masterify'; from masterify_cli.app import run; run()",
]


SECONDS, SONGS = 120, 15
"""So much that some is still to be done when a signal comes, however fast the machine."""


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_song(tmp_path / "song.wav")
    return tmp_path


def files(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


def test_the_first_command_gives_a_master_beside_the_song(place):
    before = (place / "song.wav").read_bytes()
    ran = masterify("master", "song.wav", "--platforms", "spotify")
    assert ran.code == 0, ran.err
    assert list(files(place / "masters")) == ["song (Master - Spotify).wav"]
    assert "masters/song (Master - Spotify).wav" in ran.out
    assert "-14.0" in ran.out
    assert (place / "song.wav").read_bytes() == before


def test_without_platforms_there_is_one_master_for_all(place):
    assert masterify("master", "song.wav", "-q").code == 0
    assert list(files(place / "masters")) == ["song (Master - Universal).wav"]


def test_json_proves_every_delivered_file(place):
    ran = masterify(
        "master", "song.wav", "-p", "spotify,apple_music", "-f", "wav,flac", "-o", "out", "--json"
    )
    assert ran.code == 0
    (song,) = ran.json
    assert song["input"] == "song.wav"
    assert song["recipe"]["genre"] == "other"
    assert len(song["deliveries"]) == 4
    for delivery in song["deliveries"]:
        with open(delivery["path"], "rb") as file:
            assert hashlib.sha256(file.read()).hexdigest() == delivery["sha256"]
        (measured,) = masterify("analyze", delivery["path"], "--json").json
        for name in ("integrated_lufs", "true_peak_dbtp", "sample_peak_dbfs", "loudness_range_lu", "plr_lu"):
            assert measured[name] == pytest.approx(delivery[name], abs=1e-3)
        assert delivery["integrated_lufs"] == pytest.approx(delivery["target_lufs"], abs=0.05)
        assert delivery["true_peak_dbtp"] <= delivery["ceiling_dbtp"] + 0.02


def test_a_dry_run_shows_the_result_and_writes_nothing(place):
    ran = masterify("master", "song.wav", "--dry-run", "--json", "--save-recipe", "-o", "out")
    assert ran.code == 0
    assert ran.json[0]["deliveries"][0]["path"] is None
    assert ran.json[0]["deliveries"][0]["integrated_lufs"] == pytest.approx(-14.0, abs=0.05)
    assert [path.name for path in place.iterdir()] == ["song.wav"]


def test_what_exists_is_refused_skipped_or_replaced(place):
    assert masterify("master", "song.wav", "-o", "out").code == 0
    (made,) = files(place / "out").values()
    target = place / "out" / "song (Master - Universal).wav"
    target.write_bytes(b"mine")
    ran = masterify("master", "song.wav", "-o", "out")
    assert ran.code == 3
    assert "exists already" in ran.err
    assert target.read_bytes() == b"mine"
    ran = masterify("master", "song.wav", "-o", "out", "--skip-existing")
    assert ran.code == 0
    assert "was there already" in ran.out
    assert target.read_bytes() == b"mine"
    assert masterify("master", "song.wav", "-o", "out", "--overwrite").code == 0
    assert target.read_bytes() == made


def test_a_saved_recipe_gives_the_same_bytes(place):
    assert (
        masterify(
            "master", "song.wav", "-o", "one", "--save-recipe", "--genre", "edm", "--intensity", "80"
        ).code
        == 0
    )
    (recipe,) = (place / "one").glob("*.json")
    assert masterify("master", "song.wav", "-o", "two", "--recipe", recipe).code == 0
    first, second = files(place / "one"), files(place / "two")
    assert second.items() <= first.items()


def test_several_at_once_are_the_same_bytes_as_one_by_one(place):
    for seed in (1, 2, 3):
        write_song(place / f"{seed}.wav", seed=seed)
    names = ["1.wav", "2.wav", "3.wav"]
    assert masterify("master", *names, "-o", "one", "--jobs", "1").code == 0
    assert masterify("master", *names, "-o", "many", "--jobs", "3").code == 0
    assert files(place / "one") == files(place / "many")


def test_a_song_comes_in_by_a_pipe(place):
    ran = masterify("master", "-", "-p", "melon", stdin=(place / "song.wav").read_bytes())
    assert ran.code == 0, ran.err
    assert list(files(place / "masters")) == ["stdin (Master - Melon).wav"]


@pytest.mark.parametrize(
    "name", ["노래 (최종).wav", "-dash.wav", "e\u0301 [x] {y}.wav", "new\nline.wav", "a'\"\\$HOME.wav"]
)
def test_any_name_works(place, name):
    os.rename("song.wav", name)
    ran = masterify("master", "-o", "out", "--", name)
    assert ran.code == 0, ran.err
    assert list(files(place / "out")) == [f"{name[:-4]} (Master - Universal).wav"]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere file names are text")
def test_a_name_that_is_no_utf8_works(place):
    os.rename(b"song.wav", b"\xe9t\xe9.wav")
    done = subprocess.run(
        [*PROGRAM, "master", b"\xe9t\xe9.wav", "-o", "out"], capture_output=True, check=False
    )
    assert done.returncode == 0
    assert b"\\xe9t\\xe9.wav" in done.stdout
    assert os.listdir(b"out") == [b"\xe9t\xe9 (Master - Universal).wav"]


def bad_files(folder):
    """Songs that cannot be mastered, and a word of the answer."""
    (folder / "text.wav").write_text("this is no sound")
    (folder / "empty.wav").touch()
    soundfile.write(folder / "silence.wav", np.zeros((44_100, 2)), 44_100)
    soundfile.write(folder / "six.wav", np.full((44_100, 6), 0.1), 44_100)
    soundfile.write(folder / "nan.wav", np.full((44_100, 2), np.nan, np.float32), 44_100, "FLOAT")
    return ["text.wav", "empty.wav", "silence.wav", "six.wav", "nan.wav", "missing.wav", "folder.wav"]


def test_bad_songs_are_told_one_by_one_and_the_good_one_is_mastered(place):
    (place / "folder.wav").mkdir()
    names = bad_files(place)
    ran = masterify("master", *names[:-1], "song.wav", "-o", "out")
    assert ran.code == 3
    assert "1 of 7 songs mastered." in ran.out
    for name in names[:-1]:
        assert ran.err.count(f"masterify: {name}: ") == 1
    assert "Traceback" not in ran.err
    assert list(files(place / "out")) == ["song (Master - Universal).wav"]
    told = masterify("analyze", *names[:-1], "song.wav", "--json")
    assert told.code == 3
    assert [one["file"] for one in told.json] == [*names[:-1], "song.wav"]
    assert {"text.wav", "empty.wav", "missing.wav"} <= {one["file"] for one in told.json if "error" in one}


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_said(place):
    (place / "locked").mkdir(mode=0o500)
    ran = masterify("master", "song.wav", "-o", "locked/out")
    assert ran.code == 3
    assert "locked" in ran.err


def test_an_output_folder_that_is_a_file_is_said(place):
    (place / "taken").touch()
    ran = masterify("master", "song.wav", "-o", "taken")
    assert ran.code == 3
    assert "taken" in ran.err
    assert "bug" not in ran.err


def test_a_target_out_of_reach_is_told_and_counts_with_strict(place):
    rate = 44_100
    ticks = np.zeros((4 * rate, 2))
    ticks[:: rate // 2] = 0.9  # nothing but single samples: no limiter makes this loud
    soundfile.write(place / "ticks.wav", ticks, rate)
    ran = masterify("master", "ticks.wav", "--loudness", "-8", "--strict", "-o", "out")
    assert ran.code == 4
    assert "stopped short" in ran.out
    assert masterify("master", "ticks.wav", "--loudness", "-8", "-o", "out2").code == 0


def test_analysis_shows_every_group(place):
    ran = masterify("analyze", "song.wav")
    assert ran.code == 0
    for word in ("LUFS", "dBTP", "LRA", "PLR", "correlation", "third octaves", "clipped", "noise floor"):
        assert word in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="signals are of POSIX")
@pytest.mark.parametrize(
    ("sent", "jobs", "code"),
    [("SIGINT", "1", 130), ("SIGINT", "2", 130), ("SIGTERM", "2", 143), ("SIGHUP", "1", 129)],
)
def test_a_signal_stops_at_once_and_leaves_nothing_half_written(place, sent, jobs, code):
    write_song(place / "long 0.wav", seconds=SECONDS)
    names = [f"long {number}.wav" for number in range(SONGS)]
    for name in names[1:]:
        os.link(place / names[0], place / name)
    usual = (  # whoever runs the tests may have put up with signals: nohup does, and shells do for what is in the background
        "import signal; signal.signal(signal.SIGHUP, signal.SIG_DFL); "
        "signal.signal(signal.SIGINT, signal.default_int_handler); "
    )
    with subprocess.Popen(
        [*PROGRAM[:-1], usual + PROGRAM[-1], "master", *names, "-o", "out", "--jobs", jobs],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as program:  # fmt: skip
        assert any("mastering" in line for line in program.stderr)  # kernels may have to be compiled first
        time.sleep(0.3)
        begun = time.monotonic()
        program.send_signal(getattr(signal, sent))
        out, err = program.communicate()
    assert program.returncode == code
    assert time.monotonic() - begun < 3
    assert "Traceback" not in out + err
    left = sorted((place / "out").iterdir()) if (place / "out").exists() else []
    assert [path.name for path in left if not path.name.endswith("(Master - Universal).wav")] == []
    assert all(soundfile.info(path).duration == SECONDS for path in left)


@pytest.mark.skipif(os.name == "nt", reason="pipes are of POSIX")
def test_a_reader_that_goes_away_is_no_fault_of_ours(place):
    done = subprocess.run(
        f"{sys.executable} -m masterify_cli presets list | head -1",
        shell=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout == "Platforms\n"
    assert done.stderr == ""


def test_analysis_compares_the_tone_with_a_genre(place):
    (bright,) = masterify("analyze", "song.wav", "--genre", "hiphop", "--json").json
    (even,) = masterify("analyze", "song.wav", "--json").json
    assert (bright["genre"], even["genre"]) == ("hiphop", "other")
    assert len(bright["genre_balance_db"]) == 28
    assert bright["genre_balance_db"] != even["genre_balance_db"]
    wrong = masterify("analyze", "song.wav", "--genre", "hiphopp")
    assert wrong.code == 2
    assert "hiphop" in wrong.err
