"""The songs: the loudest seconds of real music, as far as this machine has it, and of the example song that always is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import soundfile

from benchmarks.quality.reference import GAMES, ROCK, SHARED
from masterify_core import files

ROOT = Path(__file__).parents[2]
SECONDS, MIX_PEAK = 20.0, 0.5
SONGS = {
    "First light": "examples/first_light.flac",
    "Lithium, mix": "mix/lithium_unmastered_48k24.flac",
    "Caesium, mix": "mix/caesium_unmastered_48k24.flac",
    "Media Threat": f"{GAMES}/singularity/music/Media Threat.ogg",
    "Aberrations": f"{GAMES}/singularity/music/Aberrations.ogg",
    "Feelings": f"{ROCK}/Feelings/song.ogg",
    "zaz 1": f"{GAMES}/zaz/mus1.ogg",
    "credits": f"{GAMES}/etr/music/credits1-cp.ogg",
}


def pieces(
    room: Path, music: Path, count: int, songs: Mapping[str, str] = SONGS, *, as_mixes: bool = True
) -> dict[str, Path]:
    """Write the first ``count`` songs that are there as float WAV, at their own rate.

    They are made quieter than full scale, as mixes are, or left as they came.
    """
    found: dict[str, Path] = {}
    for title, part in songs.items():
        path = next((root / part for root in (ROOT, SHARED, music) if (root / part).is_file()), None)
        if path is None or len(found) == count:
            continue
        audio = files.read(path).audio
        out = room / f"{title}.wav"
        part = _loudest(audio.samples, audio.rate)
        if as_mixes:
            part = part * (MIX_PEAK / max(float(np.abs(part).max()), 1e-9))
        soundfile.write(out, part.T, audio.rate, "FLOAT")
        found[title] = out
    return found


def _loudest(samples: np.ndarray, rate: int) -> np.ndarray:
    """The stretch with the most power."""
    length = min(round(SECONDS * rate), samples.shape[1])
    total = np.concatenate([[0.0], np.cumsum(np.square(samples, dtype=np.float64).sum(axis=0))])
    begin = int(np.argmax(total[length:] - total[:-length]))
    return samples[:, begin : begin + length]
