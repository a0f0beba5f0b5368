"""The benchmark still finds in the engine what it times."""

import json
import subprocess
import sys
from pathlib import Path

from benchmarks import inside, report
from benchmarks.running import Run

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
