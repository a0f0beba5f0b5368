"""The multiband compressor: zero-phase bands that add up to the sound, their energies, gain curves, and the sum."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from masterify_core.kernels._jit import inlined, kernel

Array = Any
STEP = 32  # frames per decision
CHUNK = 4096  # frames split at once


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
def _load(x: Array, start: int, context: int, window: Array) -> None:
    """``window[c, i] = x[c, start - context + i]``, 0 outside; what ``window`` already holds from the chunk before is moved."""
    width, frames = window.shape[1], x.shape[1]
    begin = 0
    if start > 0:
        begin = 2 * context
        for c in range(x.shape[0]):
            for i in range(begin):
                window[c, i] = window[c, i + CHUNK]
    for c in range(x.shape[0]):
        first = start - context + begin
        for i in range(begin, width):
            at = first + i - begin
            window[c, i] = x[c, at] if 0 <= at < frames else 0.0


@inlined
def _boxes(x: Array, first: int, widths: Array, once: Array, twice: Array, out: Array) -> None:
    """Three running means in a row, the last samples' sums carried on: three additions a frame whatever the widths.

    ``out[c, i]`` ends at ``x[c, first + i]``, so that it is whole from ``i = sum(widths) - 3`` on, and delayed by half of that.
    ``once`` and ``twice`` begin with as many zeros as the box they feed is wide.
    """
    u, v, w = widths[0], widths[1], widths[2]
    last = x.shape[0] - 1
    scale = 1.0 / (u * v * w)
    for i in range(v):
        once[0, i], once[last, i] = 0.0, 0.0
    for i in range(w):
        twice[0, i], twice[last, i] = 0.0, 0.0
    a = b = c = d = e = f = 0.0
    for i in range(CHUNK + u + v + w - 3):
        a += x[0, first + i]
        d += x[last, first + i]
        if i >= u:
            a -= x[0, first + i - u]
            d -= x[last, first + i - u]
        b += a - once[0, i]
        e += d - once[last, i]
        once[0, i + v], once[last, i + v] = a, d
        c += b - twice[0, i]
        f += e - twice[last, i]
        twice[0, i + w], twice[last, i + w] = b, e
        out[0, i] = scale * c
        out[last, i] = scale * f


@inlined
def _split(window: Array, context: int, widths: Array, once: Array, twice: Array, lows: Array) -> None:
    """``lows[j, c, 2 r + i]``: frame i of the chunk low-passed by three boxes of ``widths[j]`` (odd, r on either side)."""
    for j in range(widths.shape[0]):
        reach = (widths[j, 0] + widths[j, 1] + widths[j, 2] - 3) // 2
        _boxes(window, context - reach, widths[j], once, twice, lows[j])


@kernel("void(f4[:,::1], i8[:,::1], i8, f8[:,::1], f8[:,::1], f8[:,::1], f8[:,:,::1], f8[:,::1])")
def band_energies(
    x: Array,
    widths: Array,
    context: int,
    window: Array,
    once: Array,
    twice: Array,
    lows: Array,
    energy: Array,
) -> None:
    """``energy[b, k]``: sum of squares of band b over the k-th STEP frames, all channels, O(frames bands).

    Band 0 is the lowest low-pass, the last what the highest leaves; all add up to x. ``window``, ``once``
    and ``twice`` (channels, CHUNK + 2 context) and ``lows`` (crossovers, channels, CHUNK) are scratch.
    """
    count = widths.shape[0]
    for start in range(0, x.shape[1], CHUNK):
        _load(x, start, context, window)
        _split(window, context, widths, once, twice, lows)
        for k in range(min(CHUNK // STEP, energy.shape[1] - start // STEP)):
            at = start // STEP + k
            size = min(STEP, x.shape[1] - start - k * STEP)
            for b in range(count + 1):
                total = 0.0
                for c in range(x.shape[0]):
                    here = window[c, context + k * STEP : context + (k + 1) * STEP]
                    if b < count:
                        shift = widths[b, 0] + widths[b, 1] + widths[b, 2] - 3 + k * STEP
                        here = lows[b, c, shift : shift + STEP]
                    if b == 0:
                        for n in range(size):
                            total += here[n] * here[n]
                    else:
                        shift = widths[b - 1, 0] + widths[b - 1, 1] + widths[b - 1, 2] - 3 + k * STEP
                        below = lows[b - 1, c, shift : shift + STEP]
                        for n in range(size):
                            total += (here[n] - below[n]) * (here[n] - below[n])
                energy[b, at] = total


@kernel("void(f8[::1], f8, f8[::1], f8[::1], f4[::1])")
def gain_curve(energy: Array, size: float, settings: Array, totals: Array, gains: Array) -> None:
    """``gains[k + 1]``: gain of one band at the end of step k, from its energies of ``size`` samples a step, O(steps).

    ``settings``: threshold dB, ratio, knee dB, cap dB, attack, release and mean-square window (all in steps), steps of
    the crest window or 0. With it, attack and release are the longest: both fall with the squared crest factor, and
    release is shorter by the attack (Giannoulis, Massberg and Reiss, JAES 61(10), 2013, section 2.3).
    ``totals`` gathers energy before, energy after, and reduction dB summed over the steps.
    """
    threshold, ratio, knee, cap = settings[0], settings[1], settings[2], settings[3]
    attack, release, window, crest_window = settings[4], settings[5], settings[6], settings[7]
    rise, fall = 1.0 / (1.0 + attack), 1.0 / (1.0 + release)
    mean_square = reduction = peak = long_mean = 0.0
    for k in range(energy.shape[0]):
        here = energy[k] / size
        mean_square += (here - mean_square) / (1.0 + window)
        wanted = min(cap, _reduction_db(10.0 * math.log10(mean_square + 1e-20), threshold, ratio, knee))
        if crest_window > 0.0:
            long_mean += (here - long_mean) / (1.0 + crest_window)
            peak = max(here, peak + (here - peak) / (1.0 + crest_window))
            crest = peak / max(long_mean, 1e-20) if peak > long_mean else 1.0
            rise = 1.0 / (1.0 + attack / crest)
            fall = 1.0 / (1.0 + max(release - attack, 0.0) / crest)
        reduction += (rise if wanted > reduction else fall) * (wanted - reduction)
        gain = math.exp(reduction * (-math.log(10.0) / 20.0))
        totals[0] += energy[k]
        totals[1] += energy[k] * gain * gain
        totals[2] += reduction
        gains[k + 1] = gain


@kernel("void(f4[:,::1], i8[:,::1], i8, f4[:,::1], f8[:,::1], f8[:,::1], f8[:,::1], f8[:,:,::1], f4[:,::1])")
def apply_gains(
    x: Array,
    widths: Array,
    context: int,
    gains: Array,
    window: Array,
    once: Array,
    twice: Array,
    lows: Array,
    out: Array,
) -> None:
    """``out``: the bands of `band_energies`, each times its gain, straight from step to step; ``out`` may be x, O(frames bands).

    ``gains`` is (bands, steps + 1): at the begin of each step and at the end of the last.
    """
    count, frames = widths.shape[0], x.shape[1]
    for start in range(0, frames, CHUNK):
        _load(x, start, context, window)
        _split(window, context, widths, once, twice, lows)
        for k in range(min(CHUNK // STEP, gains.shape[1] - 1 - start // STEP)):
            at = start // STEP + k
            size = min(STEP, frames - start - k * STEP)
            for c in range(x.shape[0]):
                target = out[c, start + k * STEP : start + k * STEP + size]
                top = window[c, context + k * STEP : context + (k + 1) * STEP]
                here = gains[count, at]
                slope = (gains[count, at + 1] - here) / np.float32(STEP)
                for n in range(size):
                    target[n] = (here + slope * np.float32(n)) * np.float32(top[n])
                for j in range(count):
                    # y = g[last] x + sum over j of (g[j] - g[j + 1]) low[j]
                    shift = widths[j, 0] + widths[j, 1] + widths[j, 2] - 3 + k * STEP
                    low = lows[j, c, shift : shift + STEP]
                    here = gains[j, at] - gains[j + 1, at]
                    slope = (gains[j, at + 1] - gains[j + 1, at + 1] - here) / np.float32(STEP)
                    for n in range(size):
                        target[n] += (here + slope * np.float32(n)) * np.float32(low[n])
