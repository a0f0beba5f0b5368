"""Gain and masterify's limiter, nothing else: `python -m benchmarks.quality.own SONG OUT GAIN_DB CEILING_DB TIER`.

The limiter is the one that a plan of that tier orders for a song without a genre at -9 LUFS.
"""

from __future__ import annotations

import sys
import time

import soundfile

from masterify_core import files
from masterify_core.metering.report import measure
from masterify_core.peak_reduction import envelope
from masterify_core.planning import plan
from masterify_core.presets import Library
from masterify_core.rendering import close_overs
from masterify_core.stages.limiter import limit
from masterify_core.units import db_to_gain


def main(song: str, out: str, gain_db: str, ceiling_db: str, tier: str) -> None:
    """Limit the song."""
    audio = files.read(song).audio
    recipe = plan(
        measure(audio), Library.load(), platforms=("universal",), genre="other", ai_service="other", tier=tier,
        intensity=0.0, loudness_lufs=-9.0, ceiling_dbtp=float(ceiling_db),
    )  # fmt: skip
    started = time.process_time()
    limited = limit(recipe.deliveries[0].limiter, audio, envelope(audio), db_to_gain(float(gain_db)))
    close_overs(limited.samples, audio.rate, db_to_gain(float(ceiling_db)))
    print(f"limited in {time.process_time() - started:.3f} CPU s")
    soundfile.write(out, limited.samples.T, audio.rate, subtype="FLOAT")


if __name__ == "__main__":
    main(*sys.argv[1:6])
