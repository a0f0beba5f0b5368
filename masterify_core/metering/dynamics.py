"""Dynamics: how far peaks stand over loudness, for the song and from moment to moment."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from masterify_core.audio import Audio
from masterify_core.metering.loudness import HOPS_PER_SECOND, SHORT_TERM_HOPS, Hops, short_term_lufs
from masterify_core.metering.peaks import true_peak_between
from masterify_core.metering.statistics import Statistics, quantiles
from masterify_core.units import gain_to_db, power_to_db

ATTACK_HOPS, SMOOTH_HOPS, ATTACK_SHARE = 5, 3, 0.95
HEARD_LU = -20.0  # under the loudest 3 s: fades and pauses have no dynamics to speak of


def rms_dbfs(statistics: Statistics) -> float:
    """Mean power of both channels, dBFS: a full-scale square wave reads 0; ``-inf`` for silence."""
    if statistics.frames == 0:
        return -math.inf
    return power_to_db(float(statistics.sums[:, :2].sum()) / (2.0 * statistics.frames))


def crest_db(statistics: Statistics) -> float:
    """Sample peak over mean power of both channels, dB: 3.01 for a sine; ``inf`` for silence."""
    peak = gain_to_db(float(statistics.peaks.max(initial=0.0)))
    return peak - rms_dbfs(statistics) if math.isfinite(peak) else math.inf


def psr_lu(audio: Audio, hops: Hops, statistics: Statistics) -> NDArray[np.float64]:
    """Peak to short-term loudness of each 3 s, one every second, LU.

    The true peak of the 10 ms that hold the window's highest sample, over the loudness of the same 3 s.
    Windows more than 20 LU under the loudest are left out; empty for silence and for less than 3 s.
    """
    loudness = short_term_lufs(hops)[::HOPS_PER_SECOND]
    if not len(loudness):
        return np.empty(0)
    peaks, edges = statistics.peaks, statistics.edges
    found: dict[int, float] = {}
    ratios = []
    for second in np.flatnonzero(loudness > loudness.max() + HEARD_LU):
        first = int(second) * HOPS_PER_SECOND
        hop = first + int(np.argmax(peaks[first : first + SHORT_TERM_HOPS]))
        if hop not in found:
            found[hop] = gain_to_db(true_peak_between(audio.samples, int(edges[hop]), int(edges[hop + 1])))
        ratios.append(found[hop] - loudness[second])
    return np.array(ratios)


def attack_db(hops: Hops) -> float:
    """Rise of the level (30 ms means) within 50 ms that 5 % of the heard moments exceed, dB.

    4 and more with drums, about 1 for pads, 0 for silence and for less than 0.1 s.
    """
    if len(hops.energy) < ATTACK_HOPS + SMOOTH_HOPS:
        return 0.0
    level = np.convolve(hops.energy, np.ones(SMOOTH_HOPS), "valid")
    heard = level > level.mean() * 10.0 ** (HEARD_LU / 10.0)
    level = 10.0 * np.log10(np.maximum(level, 1e-20))
    rises = (level[ATTACK_HOPS:] - level[:-ATTACK_HOPS])[heard[ATTACK_HOPS:]]
    return max(float(quantiles(rises, ATTACK_SHARE)), 0.0) if len(rises) else 0.0
