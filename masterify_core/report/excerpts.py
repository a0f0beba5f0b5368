"""Excerpts: the loudest part of a song and its masters at one loudness, as files that a player fetches one by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from masterify_core import files
from masterify_core.audio import Audio
from masterify_core.files.previews import flac_bytes
from masterify_core.metering.loudness import hop_energies
from masterify_core.report.previews import equally_loud, loudest_part_s, part
from masterify_core.stages.dither import blocks

LONGEST_S, SHORTEST_S = 30.0, 12.0
COLUMNS = 600
MOST_SOUND_S = 120.0
"""Of all excerpts together: 12 to 16 MB of FLAC, which a telephone can still load and hold decoded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """One excerpt: whose it is, its FLAC, and the gain (dB) that undoes the matching.

    ``outline`` is of the whole song: the highest sample of each of up to `COLUMNS` equal parts, in thousandths of full scale.
    """

    name: str
    flac: bytes
    own_gain_db: float
    outline: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpts:
    """How long the song is and where in it the excerpts are, s; and the excerpts."""

    song_s: float
    start_s: float
    length_s: float
    sounds: tuple[Sound, ...]


def length_for(count: int, song_s: float) -> float:
    """How long each of ``count`` excerpts is, s.

    >>> length_for(2, 240.0), length_for(6, 240.0), length_for(3, 9.5)
    (30.0, 20.0, 9.5)
    """
    return min(song_s, LONGEST_S, max(SHORTEST_S, MOST_SOUND_S / count))


def excerpts_of(sounds: Mapping[str, str | Path]) -> Excerpts | None:
    """Read sounds that are one song, and cut out where the first is loudest; None if one of them is silent there.

    One sound is in memory at a time; FLAC in 16 bits takes 0.05 s for each, where MP3 would take longer than mastering.

    Raises
    ------
    FileError
        A file cannot be read.
    """
    song_s = start_s = length_s = 0.0
    parts: list[Audio] = []
    outlines: list[tuple[int, ...]] = []
    for path in sounds.values():
        audio = files.read(str(path)).audio
        if not parts:
            song_s = audio.seconds
            length_s = length_for(len(sounds), song_s)
            start_s = loudest_part_s(hop_energies(audio), length_s)
        parts.append(part(audio, start_s, length_s))
        outlines.append(outline_of(audio))
        del audio
    matched = equally_loud(parts)
    if not matched:
        return None
    return Excerpts(
        song_s=round(song_s, 3), start_s=start_s, length_s=round(min(each.seconds for each, _ in matched), 3),
        sounds=tuple(
            Sound(name=name, flac=_flac(each), own_gain_db=gain_db, outline=outline)
            for name, (each, gain_db), outline in zip(sounds, matched, outlines, strict=True)
        ),
    )  # fmt: skip


def outline_of(audio: Audio) -> tuple[int, ...]:
    """Highest absolute sample of each of `COLUMNS` equal parts (of each frame, if there are fewer), in thousandths.

    Silence is zeros; what is over full scale is told as it is.
    """
    starts = np.unique(np.arange(COLUMNS) * audio.frames // COLUMNS)
    high = np.maximum.reduceat(audio.samples, starts, axis=1).max(axis=0)
    low = np.minimum.reduceat(audio.samples, starts, axis=1).min(axis=0)
    return tuple(np.rint(1000 * np.maximum(high, -low)).astype(int).tolist())


def _flac(audio: Audio) -> bytes:
    return flac_bytes(blocks(audio, "16", 1.0, dither=True), audio.rate, audio.channels)
