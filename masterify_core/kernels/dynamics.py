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
def _split(x: Array, poles: Array, memory: Array, low: Array, mid: Array, high: Array) -> None:
    """Three bands of one channel by two one-pole low-passes, ``p += pole (x - p)``: ``a``, ``b - a``, ``x - b`` add up to x."""
    a, b = memory[0], memory[1]
    for n in range(x.shape[0]):
        v = float(x[n])
        a += poles[0] * (v - a)
        b += poles[1] * (v - b)
        low[n] = a
        mid[n] = b - a
        high[n] = v - b
    memory[0], memory[1] = a, b


@kernel("void(f4[:,::1], f8[::1], f8[:,::1], f8[:,::1], f8[:,::1], f4[:,:,::1], f8[:,::1], f4[:,::1])")
def compress(
    x: Array,
    poles: Array,
    settings: Array,
    memory: Array,
    state: Array,
    bands: Array,
    totals: Array,
    out: Array,
) -> None:
    """Compress in one band (``settings`` has one row) or three, channels linked, O(n).

    ``settings[b]`` is threshold dB, ratio, knee dB, cap dB, attack, release, mean-square step (one-pole steps per
    STEP frames), make-up gain. ``poles``: see ``_split``. ``memory`` (channels, 2) and ``totals`` (bands, 4) start
    as zeros, ``state`` (bands, 3) as mean square 0, reduction 0 dB, gain 1; ``bands`` (channels, bands, STEP) is scratch.
    ``totals[b]`` gathers energy before, energy after (without make-up), frames, and reduction dB times frames.
    """
    count, channels, frames = settings.shape[0], x.shape[0], x.shape[1]
    for start in range(0, frames, STEP):
        size = min(STEP, frames - start)
        for c in range(channels):
            if count == 3:
                _split(x[c, start : start + size], poles, memory[c], bands[c, 0], bands[c, 1], bands[c, 2])
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
