"""Gain reduction: the peak envelope of a song, what has to be taken from it, and how that is smoothed.

Everything is decided on control points, one for each GROUP of frames (see `kernels.limiting`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from masterify_core.audio import Audio
from masterify_core.filters import interpolator
from masterify_core.kernels import dipping
from masterify_core.kernels import limiting as kernels
from masterify_core.units import db_to_gain, ms_to_frames, one_pole

Row = NDArray[np.float32]
Rows = NDArray[np.float32]

GROUP = kernels.GROUP
HOP_GROUPS = 16  # control points per hop of the sustained limiter: 128 frames
HOP_FRAMES = HOP_GROUPS * GROUP
CHUNK = 4096
SILENCE = 1e-9  # as a factor of full scale
# What is sustained: the level that peaks stay above for 80 % of 0.4 s, each peak counted over half a period
# of 45 Hz so that a low tone's crests join up. Where peaks spread within a moment, as in dense music, they hide
# what a clipper adds to them, and there it counts as lower: by twice the spread, in decibels, at most 1.5 dB. Those of
# a tone do not spread. Chosen by Zimtohrli distance and ViSQOL on songs at -8 LUFS and on songs 6 dB over the ceiling,
# under the condition that steady tones stay below -50 dB of distortion and swelling ones lose little.
SUSTAINED_QUANTILE, SUSTAINED_WINDOW_MS, LOWEST_TONE_HZ = 0.2, 400.0, 45.0
SPREAD_QUANTILES, SPREAD_WINDOW_MS, MOST_LEEWAY_DB = (0.2, 0.8), 80.0, 1.5
SUSTAINED_LOOKAHEAD_MS, SUSTAINED_ATTACK_MS, SUSTAINED_FAST_MS, SUSTAINED_SLOW_MS = 8.0, 60.0, 60.0, 600.0
DIP_MS = 0.7
BOX_SHARES = (0.40, 0.33, 0.27)  # of the look-ahead; unequal boxes leave no common zero
STEPS_PER_S = 10  # of a reduction shown over time


@dataclass(frozen=True, slots=True, eq=False)
class Envelope:
    """True-peak envelope of a song at gain 1, computed once for all gains and platforms.

    Attributes
    ----------
    peaks
        Per control point (8 frames): largest interpolated magnitude of its frames, all channels.
    hop_peaks
        The same per 128 frames.
    sustained
        Level per 128 frames that is to be turned down, not clipped, as a factor of full scale (see above).
    """

    peaks: Row
    hop_peaks: Row
    sustained: Row
    rate: int

    @property
    def peak(self) -> float:
        """Largest value: the true peak, as a factor of full scale."""
        return float(self.hop_peaks.max(initial=0.0))


def envelope(audio: Audio) -> Envelope:
    """Peak envelope of a song: 4x interpolation, 16 taps."""
    peaks = np.ones(max(1, -(-audio.frames // GROUP)), np.float32)
    measure_peaks(audio.samples, 0.0, peaks)
    hop_peaks: Row = np.empty(-(-len(peaks) // HOP_GROUPS), np.float32)
    kernels.group_maxima(peaks, HOP_GROUPS, hop_peaks)
    hops_per_s = audio.rate / HOP_FRAMES
    reach = max(1, round(hops_per_s / (4.0 * LOWEST_TONE_HZ)))
    joined = hop_peaks.copy()
    for k in range(1, min(reach, len(joined) - 1) + 1):
        np.maximum(joined[k:], hop_peaks[:-k], out=joined[k:])
        np.maximum(joined[:-k], hop_peaks[k:], out=joined[:-k])
    (low,) = _quantiles(joined, SUSTAINED_WINDOW_MS, (SUSTAINED_QUANTILE,), hops_per_s)
    below, above = _quantiles(joined, SPREAD_WINDOW_MS, SPREAD_QUANTILES, hops_per_s)
    leeway = np.square(above / np.maximum(below, np.float32(SILENCE)))
    sustained = low / np.clip(leeway, np.float32(1.0), np.float32(db_to_gain(MOST_LEEWAY_DB)))
    return Envelope(peaks, hop_peaks, sustained, audio.rate)


def _quantiles(levels: Row, window_ms: float, shares: tuple[float, ...], hops_per_s: float) -> Rows:
    reach = max(1, round(window_ms / 2000.0 * hops_per_s))
    out = np.empty((len(shares), len(levels)), np.float32)
    kernels.sliding_quantiles(levels, reach, np.array(shares), np.empty(2 * reach + 1, np.float32), out)
    return out


def sustained_reduction(threshold: float, env: Envelope, gain: float) -> tuple[Row, float]:
    """Reduction per hop of what is sustained over ``threshold`` (full scale = 1), and its largest value."""
    if not env.sustained.max(initial=0.0) * gain > threshold:
        return np.zeros_like(env.sustained), 0.0
    smooth = smoothed(
        env.sustained, threshold / gain, env.rate / HOP_FRAMES, SUSTAINED_LOOKAHEAD_MS, SUSTAINED_ATTACK_MS,
        SUSTAINED_FAST_MS, SUSTAINED_SLOW_MS,
    )  # fmt: skip
    return smooth, float(smooth.max())


def smoothed(
    levels: Row, ceiling: float, rate_hz: float, lookahead_ms: float, attack_ms: float, fast_ms: float, slow_ms: float
) -> Row:  # fmt: skip
    """Reduction that keeps levels under a ceiling: held ahead, released, smoothed; never below what each level needs."""
    out = np.empty_like(levels)
    kernels.reduction(
        levels, ceiling, *_boxes(lookahead_ms, rate_hz), one_pole(attack_ms, rate_hz), one_pole(slow_ms, rate_hz),
        one_pole(fast_ms, rate_hz), np.empty((2, len(levels)), np.float32), out,
    )  # fmt: skip
    return out


def _boxes(lookahead_ms: float, rate_hz: float) -> tuple[int, int, int, int]:
    """The look-ahead in points, and the widths of the three means that share it."""
    ahead = ms_to_frames(lookahead_ms, rate_hz)
    box1, box2, box3 = (1 + int(share * ahead) for share in BOX_SHARES)
    return ahead, box1, box2, box3


def least(reduction: Row) -> Row:
    """Smallest reduction between each control point and the next: what a whole group surely gets."""
    lesser = reduction.copy()
    np.minimum(lesser[:-1], reduction[1:], out=lesser[:-1])
    return lesser


def dips(peaks: Row, ceiling: float, rate: int, reach_ms: float) -> Row:
    """Smooth reductions, ``reach_ms`` to each side, that bring the peaks of control points (8 frames) under the ceiling."""
    return smoothed(peaks, ceiling, rate / GROUP, reach_ms, 0.0, 0.0, 0.0)


def dip(samples: Rows, peaks: Row, ceiling: float, rate: int) -> None:
    """Apply `dips` of 0.7 ms in place; where there are few, that costs little more than looking for them."""
    ahead, box1, box2, box3 = _boxes(DIP_MS, rate / GROUP)
    r = np.empty(dipping.STRETCH + box1 + box2 + box3, np.float32)
    dipping.dip(samples, peaks, ceiling, ahead, box1, box2, box3, r)


def apply(samples: Rows, reduction: Row, gain: float = 1.0) -> None:
    """Multiply in place by ``gain * (1 - reduction)``, straight lines between control points."""
    kernels.apply_reduction(samples, reduction, gain, np.empty((2, CHUNK), np.float32), samples)


def over_time_db(reduction: Row, rate: int) -> tuple[float, ...]:
    """Deepest reduction in each 100 ms, dB, from the reduction at each control point."""
    steps = max(1, -(-len(reduction) * GROUP * STEPS_PER_S // rate))
    starts = np.arange(steps) * rate // (GROUP * STEPS_PER_S)
    deepest = np.maximum.reduceat(reduction, np.minimum(starts, len(reduction) - 1))
    return tuple(np.round(-20.0 * np.log10(1.0 - deepest.astype(np.float64)) + 0.0, 2).tolist())


def measure_peaks(samples: Rows, level: float, peaks: Row) -> None:
    """Bring ``peaks`` up to date wherever they stood over ``level``."""
    chunk = CHUNK if level <= 0.0 else 32 * GROUP
    scratch = np.empty(chunk + kernels.DETECT_TAPS, np.float32), np.empty(chunk, np.float32)
    kernels.group_peaks(samples, _detect_phases(), level, *scratch, peaks)


@cache
def _detect_phases() -> Rows:
    return np.ascontiguousarray(interpolator(4, kernels.DETECT_TAPS, 7.5)[1:])
