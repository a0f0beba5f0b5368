"""A song of usual length for the clock: `python -m benchmarks.song OUT.wav [SONG]`.

Without SONG the example song is played over and over for four minutes, each time at another level as
the parts of a song are; with one, that song, decoded and cut to length. Answers as 24-bit WAV.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import soundfile

SECONDS = 240
EXAMPLE = Path(__file__).parents[1] / "examples" / "first_light.flac"
PART_LEVELS_DB = (-6.0, -3.0, 0.0, -3.0, 0.0, -1.0, -5.0, -2.0, 0.0, -4.0)


def main(out: str, song: str | None = None) -> None:
    """Write the song."""
    if song is not None:
        samples, rate = soundfile.read(song, dtype="float32", always_2d=True, frames=SECONDS * 192_000)
    else:
        part, rate = soundfile.read(EXAMPLE, dtype="float32", always_2d=True)
        samples = np.concatenate([part * np.float32(10.0 ** (level / 20.0)) for level in PART_LEVELS_DB])
    samples = samples[: SECONDS * rate]
    soundfile.write(out, np.clip(samples, -1.0, 1.0), rate, subtype="PCM_24")
    print(f"{len(samples) / rate:.1f} s, {rate} Hz, {samples.shape[1]} channels")


if __name__ == "__main__":
    main(*sys.argv[1:3])
