"""The benchmark still finds in the engine what it times."""

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from benchmarks import __main__ as whole
from benchmarks import inside, peers, report
from benchmarks.quality import distances, own
from benchmarks.running import Run
from tests.songs import mix, write

ROOT = Path(__file__).parents[1]
SONG = ROOT / "examples" / "first_light.flac"


def test_every_step_and_the_kernels_are_timed():
    words = [sys.executable, "-m", "benchmarks.inside", "kernels", str(SONG)]
    done = subprocess.run(words, capture_output=True, text=True, check=True, cwd=ROOT)
    found = json.loads(done.stdout.splitlines()[-1])
    assert set(found["steps"]) == {title for _, _, title in inside.STEPS}
    assert len(found["loops"]) > 10
    assert found["frames"] > 1_000_000


def test_a_program_that_fails_stands_in_the_page_as_failed():
    failed = report.Whole("peer", "1.0", "somehow", Run(1, "no", 0.1, 0.1, 10.0), 240.0, None)
    facts = report.Facts(
        machine=["a machine"],
        song="a song",
        song_mb=85.0,
        target=(-9.0, -1.0),
        rounds=1,
        whole=[failed],
        engine={"seconds": 240.0, "two_platforms_s": 1.0, "measure_s": 0.2, "levels_s": 0.1},
        inside={"frames": 1, "steps": {}, "loops": {}},
        commands={},
    )
    assert "| peer | 1.0 | somehow | failed |" in report.page(facts)


@pytest.mark.parametrize(("share", "most_runs"), [(1.0, 2), (0.3, 3), (0.02, whole.MOST_RUNS)])
def test_a_program_that_wants_a_gain_is_run_until_it_is_right(monkeypatch, tmp_path, share, most_runs):
    gains = []
    took = Run(0, "", 1.0, 1.0, 10.0)

    def nearer(_out, more_db):
        gains.append(more_db)
        return took

    monkeypatch.setattr(whole, "inside", lambda *_: [{"integrated_lufs": -11.0 + share * gains[-1]}])
    peer = peers.Peer("peer", "1.0", "somehow", lambda out: nearer(out, 0.0), nearer)
    done = whole.on_target(peer, {"integrated_lufs": -11.0}, took, tmp_path)
    assert (done.times, done.run.cpu_s) == (1 + len(gains), 1.0 + len(gains))
    assert done.times <= most_runs
    if share >= whole.LEAST_SLOPE:
        assert done.levels["integrated_lufs"] == pytest.approx(whole.LOUDNESS_LUFS, abs=whole.NEAR_LU)


def test_the_judge_of_references_measures_what_was_changed(tmp_path):
    x = mix(44_100, 6.0)
    mid, side = x.mean(axis=1), (x[:, 0] - x[:, 1]) / 2.0
    louder, wider = 0.5 * x, np.stack([mid + 2.0 * side, mid - 2.0 * side], axis=1)
    songs = [
        distances.song(write(tmp_path / f"{n}.wav", each, subtype="FLOAT"))
        for n, each in enumerate((x, louder, wider))
    ]
    same, wide = (distances.distance(songs[0], each) for each in songs[1:])
    assert max(dataclasses.astuple(same)) < 0.01
    assert wide.width == pytest.approx(20.0 * np.log10(2.0), abs=0.5)  # some bands of the song have no side
    assert wide.width > 2.0 * max(wide.tone, wide.dynamics)


@pytest.mark.parametrize("tier", ["standard", "premium"])
def test_tones_can_be_pushed_into_the_limiter_of_each_tier(tmp_path, tier):
    song = tmp_path / "song.wav"
    soundfile.write(song, 0.9 * np.sin(0.13 * np.arange(24_000))[:, None].repeat(2, axis=1), 48_000, "FLOAT")
    own.main(str(song), str(tmp_path / "out.wav"), "6", "-1", tier)
    made, _ = soundfile.read(tmp_path / "out.wav")
    assert 0.85 < np.abs(made).max() <= 10.0 ** (-1.0 / 20.0) * 1.003
