"""The multiband compressor in one pass: split, measure, turn down, sum."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from masterify_core.kernels._jit import inlined, kernel

Array = Any
STEP = 16  # frames per decision


@inlined
def _reduction_db(level_db: float, threshold_db: float, ratio: float, knee_db: float) -> float:
    """Static curve with a quadratic knee (Giannoulis, Massberg and Reiss, JAES 60(6), 2012, equation 4)."""
    over = level_db - threshold_db
    slope = 1.0 - 1.0 / ratio
    if 2.0 * over <= -knee_db:
        return 0.0
    if 2.0 * over < knee_db:
        return slope * (over + knee_db / 2.0) ** 2 / (2.0 * knee_db)
    return slope * over


@inlined
def _split(x: Array, k: Array, m: Array, low: Array, mid: Array, high: Array) -> None:
    """Three fourth-order Linkwitz-Riley bands of one channel; ``low`` gets the all-pass that the others have.

    ``k`` holds the sections low-pass a, all-pass a, low-pass b, all-pass b as ``[b0, b1, b2, a1, a2]``; ``m`` (7, 2) the
    state. A Linkwitz-Riley high-pass is the all-pass of its pair less the low-pass, so it needs one section
    and not two. Written out, as the sections of one sample overlap with those of the next only while every
    state stays in a register.
    """
    s0, t0, s1, t1, s2, t2 = m[0, 0], m[0, 1], m[1, 0], m[1, 1], m[2, 0], m[2, 1]
    s3, t3, s4, t4, s5, t5 = m[3, 0], m[3, 1], m[4, 0], m[4, 1], m[5, 0], m[5, 1]
    s6, t6 = m[6, 0], m[6, 1]
    for n in range(x.shape[0]):
        v = float(x[n])
        y = k[0, 0] * v + s0
        s0 = k[0, 1] * v - k[0, 3] * y + t0
        t0 = k[0, 2] * v - k[0, 4] * y
        below = k[0, 0] * y + s1
        s1 = k[0, 1] * y - k[0, 3] * below + t1
        t1 = k[0, 2] * y - k[0, 4] * below
        y = k[1, 0] * v + s2
        s2 = k[1, 1] * v - k[1, 3] * y + t2
        t2 = k[1, 2] * v - k[1, 4] * y
        above = y - below
        y = k[3, 0] * below + s3
        s3 = k[3, 1] * below - k[3, 3] * y + t3
        t3 = k[3, 2] * below - k[3, 4] * y
        low[n] = y
        y = k[2, 0] * above + s4
        s4 = k[2, 1] * above - k[2, 3] * y + t4
        t4 = k[2, 2] * above - k[2, 4] * y
        between = k[2, 0] * y + s5
        s5 = k[2, 1] * y - k[2, 3] * between + t5
        t5 = k[2, 2] * y - k[2, 4] * between
        mid[n] = between
        y = k[3, 0] * above + s6
        s6 = k[3, 1] * above - k[3, 3] * y + t6
        t6 = k[3, 2] * above - k[3, 4] * y
        high[n] = y - between
    m[0, 0], m[0, 1], m[1, 0], m[1, 1], m[2, 0], m[2, 1] = s0, t0, s1, t1, s2, t2
    m[3, 0], m[3, 1], m[4, 0], m[4, 1], m[5, 0], m[5, 1] = s3, t3, s4, t4, s5, t5
    m[6, 0], m[6, 1] = s6, t6


@kernel("void(f4[:,::1], f8[:,::1], f8[:,::1], f8[:,:,::1], f8[:,::1], f4[:,:,::1], f8[:,::1], f4[:,::1])")
def compress(x: Array, sections: Array, settings: Array, memory: Array, state: Array, bands: Array, totals: Array,
             out: Array) -> None:  # fmt: skip
    """Feed-forward compressor in one band (``settings`` has one row) or three, linked over channels; O(n).

    ``settings[b]`` is threshold dB, ratio, knee dB, cap dB, attack, release, mean-square step (one-pole steps per
    STEP frames), make-up gain. ``sections``: see ``_split``. ``memory`` (channels, 7, 2) and ``totals`` (bands, 4) start
    as zeros, ``state`` (bands, 3) as mean square 0, reduction 0 dB, gain 1; ``bands`` (channels, bands, STEP) is scratch.
    ``totals[b]`` gathers energy before, energy after (without make-up), frames, and reduction dB times frames.
    """
    count, channels, frames = settings.shape[0], x.shape[0], x.shape[1]
    for start in range(0, frames, STEP):
        size = min(STEP, frames - start)
        for c in range(channels):
            if count == 3:
                _split(x[c, start : start + size], sections, memory[c], bands[c, 0], bands[c, 1], bands[c, 2])
            else:
                for n in range(size):
                    bands[c, 0, n] = x[c, start + n]
        for b in range(count):
            energy = 0.0
            for c in range(channels):
                for n in range(size):
                    energy += float(bands[c, b, n]) * bands[c, b, n]
            threshold, ratio, knee, cap = settings[b, 0], settings[b, 1], settings[b, 2], settings[b, 3]
            state[b, 0] += settings[b, 6] * (energy / (size * channels) - state[b, 0])
            wanted = _reduction_db(10.0 * math.log10(state[b, 0] + 1e-20), threshold, ratio, knee)
            wanted = min(wanted, cap)
            step = settings[b, 4] if wanted > state[b, 1] else settings[b, 5]
            state[b, 1] += step * (wanted - state[b, 1])
            gain = math.exp(state[b, 1] * (-math.log(10.0) / 20.0))
            mean = 0.5 * (gain + state[b, 2])
            totals[b, 0] += energy
            totals[b, 1] += energy * mean * mean
            totals[b, 2] += size
            totals[b, 3] += size * state[b, 1]
            here = np.float32(settings[b, 7] * state[b, 2])
            slope = np.float32(settings[b, 7] * (gain - state[b, 2]) / STEP)
            state[b, 2] = gain
            for c in range(channels):
                target, band = out[c, start : start + size], bands[c, b]
                if b == 0:
                    for n in range(size):
                        target[n] = (here + slope * np.float32(n)) * band[n]
                else:
                    for n in range(size):
                        target[n] += (here + slope * np.float32(n)) * band[n]
