"""Previews: the loudest part of a song before and after, at one loudness, small enough for a page."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from masterify_core.audio import Audio
from masterify_core.files.previews import mp3_bytes
from masterify_core.metering.loudness import Hops, energies
from masterify_core.metering.peaks import find_peaks
from masterify_core.rendering import programme_lufs
from masterify_core.stages.resampler import resample
from masterify_core.units import db_to_gain

KBPS = 192
LONGEST_S, SHORTEST_S = 40.0, 12.0
MOST_BYTES = 3_700_000  # of MP3 in a page: 5 MB as base64, so that charts and tables stay under 6 MB together
HIGHEST_DBTP = -1.0  # encoding raises peaks; nothing clips in a player
STEP_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Preview:
    """One part of one sound, to be compared with others.

    Attributes
    ----------
    mp3
        The sound at the loudness all previews of a page share.
    own_gain_db
        What was turned down to get there, as a gain that gives the true differences back, dB; never above 0.
    """

    mp3: bytes
    own_gain_db: float


def seconds_for(count: int, song_s: float) -> tuple[int, float]:
    """How many of ``count`` sounds fit, and how long each may be: ``(number, seconds)``.

    >>> seconds_for(2, 240.0), seconds_for(12, 240.0), seconds_for(3, 20.0)
    ((2, 40.0), (12, 12.0), (3, 20.0))
    """
    most_s = MOST_BYTES * 8.0 / (KBPS * 1000.0)
    fits = min(count, int(most_s // min(SHORTEST_S, song_s))) if song_s > 0.0 else 0
    return fits, min(LONGEST_S, song_s, float(most_s // fits)) if fits else 0.0


def loudest_part_s(hops: Hops, length_s: float) -> float:
    """Where the part of that length with the most K-weighted energy begins, s."""
    width = round(length_s * 100)
    power = hops.powers(min(width, hops.whole), round(100 * STEP_S)) if hops.whole else np.empty(0)
    return STEP_S * int(np.argmax(power)) if len(power) else 0.0


def part(audio: Audio, start_s: float, length_s: float) -> Audio:
    """Cut a part out, at a rate that MP3 has."""
    first = min(round(start_s * audio.rate), audio.frames)
    cut = Audio(audio.samples[:, first : first + round(length_s * audio.rate)].copy(), audio.rate)
    return resample(cut, 44_100 if audio.rate % 44_100 == 0 or 44_100 % audio.rate == 0 else 48_000)


def previews(parts: Sequence[Audio], kbps: int = KBPS) -> list[Preview]:
    """Bring parts to one loudness, the loudest at which none comes over -1 dBTP, and encode them; none if one is silent."""
    matched = equally_loud(parts)
    with ThreadPoolExecutor() as pool:  # the encoder takes a second for a preview
        encoded = pool.map(lambda each: mp3_bytes(each[0], kbps), matched)
        return [
            Preview(mp3=mp3, own_gain_db=own_gain_db)
            for mp3, (_, own_gain_db) in zip(encoded, matched, strict=True)
        ]


def equally_loud(parts: Sequence[Audio]) -> list[tuple[Audio, float]]:
    """Bring parts to one loudness, each with the gain (dB, never above 0) that gives the true differences back.

    It is the loudest at which none comes over -1 dBTP. If one of them is silent there is none, and the answer is empty.
    """
    loudness = [programme_lufs(energies(each.samples, each.rate)) for each in parts]
    peaks = [find_peaks(each.samples, each.rate).true_dbtp for each in parts]
    heard = list(zip(loudness, peaks, strict=True))
    if not heard or not np.isfinite(heard).all():
        return []
    loudest = max(lufs for lufs, _ in heard)
    shared = min(loudest, *(lufs + HIGHEST_DBTP - peak for lufs, peak in heard))
    return [
        (Audio(each.samples * np.float32(db_to_gain(shared - lufs)), each.rate), round(lufs - loudest, 2))
        for each, lufs in zip(parts, loudness, strict=True)
    ]
