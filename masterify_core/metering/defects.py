"""Defects: clipping, DC, a missing top end, the noise floor, silence at head and tail."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from masterify_core.audio import Audio
from masterify_core.kernels import statistics as kernels
from masterify_core.metering.loudness import STEP_HOPS, Hops, momentary_lufs
from masterify_core.metering.statistics import Statistics, quantiles
from masterify_core.units import gain_to_db

LEAST_RUN = 3  # samples
FLAT = 1e-4  # of the level: one step of 16 bits is 3e-5, and dither moves by two
STEEP = 10 * FLAT  # a smooth wave that is flat for three samples cannot step down faster than 3 * FLAT
SILENCE_DB, SILENCE_DBFS = -60.0, -90.0  # under the sample peak, but not under the noise of 16 bits
NOISE_SHARE, QUIET_SHARE = 0.01, 0.10


@dataclass(frozen=True, slots=True)
class Clipping:
    """Flat tops at the highest level of a channel, whether or not that is full scale.

    Attributes
    ----------
    runs, samples, longest
        How many there are, how many samples they hold, samples in the longest.
    level_dbfs
        Where the signal was cut, dBFS; None if it was not.
    """

    runs: int
    samples: int
    longest: int
    level_dbfs: float | None


def clipping(audio: Audio, statistics: Statistics) -> Clipping:
    """Find samples that were cut off.

    A clipped run is three or more samples within 0.01 % of the highest (or lowest) value of their
    channel, entered or left in a step of more than 0.1 % of it. The step tells a cut from the round top of
    a bass note. Square waves are cut by that definition too.
    """
    found, levels = np.zeros(3, np.int64), []
    for row in range(min(audio.channels, 2)):
        for side, sign in enumerate((1.0, -1.0)):
            column = 2 * row + side
            peaks = np.ascontiguousarray(statistics.extremes[:, column])
            level = float(peaks.max(initial=0.0))
            if level <= 0.0:
                continue
            before = int(found[0])
            floor, step = level * (1.0 - FLAT), level * STEEP
            kernels.clipped_runs(
                audio.samples,
                row * (audio.channels - 1),
                sign,
                audio.rate,
                peaks,
                floor,
                step,
                LEAST_RUN,
                found,
            )
            if found[0] > before:
                levels.append(level)
    runs, samples, longest = (int(count) for count in found)
    return Clipping(runs, samples, longest, gain_to_db(max(levels)) if levels else None)


def dc(audio: Audio, statistics: Statistics) -> tuple[float, ...]:
    """Mean of each channel (of the first and the last, if there are more than two), full scale = 1."""
    means = statistics.sums[:, 3:].sum(axis=0) / max(statistics.frames, 1)
    return tuple(float(mean) for mean in means[: min(audio.channels, 2)])


def noise_floor_lufs(hops: Hops) -> tuple[float, float]:
    """Loudness of the quietest 1 % and 10 % of the 400 ms windows that are not digital silence, LUFS.

    ``-inf`` for silence and for less than 400 ms. Music that never pauses has no floor to be seen: then
    these are merely its quietest moments.
    """
    levels = momentary_lufs(hops)[::STEP_HOPS]
    levels = levels[np.isfinite(levels)]
    if not len(levels):
        return -math.inf, -math.inf
    low, quiet = quantiles(levels, (NOISE_SHARE, QUIET_SHARE))
    return float(low), float(quiet)


def silent_ends_s(audio: Audio, statistics: Statistics) -> tuple[float, float]:
    """Silence before the first and after the last sound, s.

    Sound is what comes within 60 dB of the sample peak and over -90 dBFS. A song without sound is silent
    from its beginning to its end: its length, and 0.
    """
    peaks = statistics.peaks
    floor = max(float(peaks.max(initial=0.0)) * 10.0 ** (SILENCE_DB / 20.0), 10.0 ** (SILENCE_DBFS / 20.0))
    hops = np.flatnonzero(peaks >= floor)
    if not len(hops):
        return audio.seconds, 0.0
    first, last = (_loud_frames(audio, statistics, int(hop), floor) for hop in (hops[0], hops[-1]))
    return int(first[0]) / audio.rate, (audio.frames - 1 - int(last[-1])) / audio.rate


def _loud_frames(audio: Audio, statistics: Statistics, hop: int, floor: float) -> NDArray[np.int64]:
    """Frames of a hop that reach the floor."""
    begin, end = int(statistics.edges[hop]), int(statistics.edges[hop + 1])
    heard = np.abs(audio.samples[[0, -1], begin:end]).max(axis=0) >= floor
    return np.asarray(np.flatnonzero(heard) + begin)
