"""The multiband compressor: zero-phase bands that add up to the sound, their energies, gain curves, and the sum."""

from __future__ import annotations

import math
from typing import Any

from masterify_core.kernels._jit import kernel
from masterify_core.kernels._marks import apart, inlined

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


@apart
def _load(x: Array, start: int, context: int, window: Array) -> None:
    """``window[2 i + c] = x[c, start - context + i]``, 0 outside and beside mono; what it held before is moved."""
    count, frames = window.shape[0] // 2, x.shape[1]
    begin = 0
    if start > 0:
        begin = 2 * context
        for i in range(2 * begin):
            window[i] = window[i + 2 * CHUNK]
    for c in range(x.shape[0]):
        for i in range(begin, count):
            at = start - context + i
            window[2 * i + c] = x[c, at] if 0 <= at < frames else 0.0


@apart
def _boxes(x: Array, widths: Array, once: Array, twice: Array, out: Array) -> None:
    """Three running means in a row, channels in turn: three additions a value whatever the widths.

    ``out`` ends where ``x`` does, so that it is whole from ``i = sum(widths) - 3`` on, and delayed by half of that.
    ``once`` and ``twice`` begin with as many zeros as the box they feed is wide.
    """
    u, v, w = widths[0], widths[1], widths[2]
    scale = 1.0 / (u * v * w)
    for i in range(2 * v):
        once[i] = 0.0
    for i in range(2 * w):
        twice[i] = 0.0
    a = b = c = d = e = f = 0.0
    for i in range(CHUNK + u + v + w - 3):
        a += x[2 * i]
        d += x[2 * i + 1]
        if i >= u:
            a -= x[2 * (i - u)]
            d -= x[2 * (i - u) + 1]
        b += a - once[2 * i]
        e += d - once[2 * i + 1]
        once[2 * (i + v)] = a
        once[2 * (i + v) + 1] = d
        c += b - twice[2 * i]
        f += e - twice[2 * i + 1]
        twice[2 * (i + w)] = b
        twice[2 * (i + w) + 1] = e
        out[2 * i] = scale * c
        out[2 * i + 1] = scale * f


@inlined
def _split(window: Array, context: int, widths: Array, once: Array, twice: Array, lows: Array) -> None:
    """``lows[j, 2 (2 r + i) + c]``: frame i of the chunk low-passed by three boxes of ``widths[j]`` (odd, r on either side)."""
    for j in range(widths.shape[0]):
        reach = (widths[j, 0] + widths[j, 1] + widths[j, 2] - 3) // 2
        _boxes(window[2 * (context - reach) :], widths[j], once, twice, lows[j])


@kernel("void(f4[:,::1], i8[:,::1], i8, f8[::1], f8[::1], f8[::1], f8[:,::1], f8[:,::1])")
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

    Band 0 is the lowest low-pass, the last what the highest leaves; all add up to x. ``window`` (2 CHUNK + 4 context),
    which begins as zeros, ``once`` and ``twice`` (2 CHUNK + 8 context + 2), and ``lows`` (crossovers, 2 CHUNK + 4 context)
    are scratch.
    """
    count = widths.shape[0]
    for start in range(0, x.shape[1], CHUNK):
        _load(x, start, context, window)
        _split(window, context, widths, once, twice, lows)
        for k in range(min(CHUNK // STEP, energy.shape[1] - start // STEP)):
            size = 2 * min(STEP, x.shape[1] - start - k * STEP)
            for b in range(count + 1):
                here = window[2 * (context + k * STEP) :]
                if b < count:
                    here = lows[b, 2 * (widths[b, 0] + widths[b, 1] + widths[b, 2] - 3 + k * STEP) :]
                total = 0.0
                if b == 0:
                    for n in range(size):
                        total += here[n] * here[n]
                else:
                    j = b - 1
                    below = lows[j, 2 * (widths[j, 0] + widths[j, 1] + widths[j, 2] - 3 + k * STEP) :]
                    for n in range(size):
                        total += (here[n] - below[n]) * (here[n] - below[n])
                energy[b, start // STEP + k] = total


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


@kernel("void(f4[:,::1], i8[:,::1], i8, f4[:,::1], f8[::1], f8[::1], f8[::1], f8[:,::1], f4[:,::1])")
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
            at, begin = start // STEP + k, k * STEP
            size = min(STEP, frames - start - begin)
            top = window[2 * (context + begin) :]
            here = float(gains[count, at])
            slope = (gains[count, at + 1] - here) / STEP
            for n in range(2 * size):
                once[n] = (here + slope * (n >> 1)) * top[n]
            for j in range(count):
                # y = g[last] x + sum over j of (g[j] - g[j + 1]) low[j]
                low = lows[j, 2 * (widths[j, 0] + widths[j, 1] + widths[j, 2] - 3 + begin) :]
                here = float(gains[j, at]) - gains[j + 1, at]
                slope = (float(gains[j, at + 1]) - gains[j + 1, at + 1] - here) / STEP
                for n in range(2 * size):
                    once[n] += (here + slope * (n >> 1)) * low[n]
            for c in range(x.shape[0]):
                target = out[c, start + begin : start + begin + size]
                for n in range(size):
                    target[n] = once[2 * n + c]
