"""Loops of the limiter: peak envelope, look-ahead reduction, the gain applied, the sparse clipper.

The limiter decides on control points, one per GROUP of frames; a control value covers the true peaks
of its whole group, so nothing between two points is missed.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from masterify_core.kernels._jit import kernel
from masterify_core.kernels._marks import apart, inlined
from masterify_core.kernels._rows import copy

Array = Any
TINY_REDUCTION = 1e-7
GROUP = 8  # frames a control point; 0.17 ms at 48 kHz
DETECT_TAPS = 16
CLIP_TAPS = 24
SAFELY_BELOW = 1.6  # 4 dB: more than music rises between two samples


@kernel("void(f4[:,::1], f4[:,::1], f4, f4[::1], f4[::1], f4[::1])")
def group_peaks(x: Array, phases: Array, level: float, padded: Array, peaks: Array, out: Array) -> None:
    """``out[k]``: largest |x| and |interpolated x| of all channels from a frame before group k to its end, O(n T).

    ``phases`` is (3, DETECT_TAPS): three points between n and n + 1 from ``x[n - T/2 + 1 + t]``. Stretches whose
    old ``out`` stays at or under ``level`` keep it. ``peaks`` is scratch for a multiple of GROUP values, ``padded``
    for ``peaks.size + DETECT_TAPS``.
    """
    chunk, frames, last = peaks.shape[0], x.shape[1], out.shape[0]
    half = DETECT_TAPS // 2
    for start in range(-GROUP, last * GROUP, chunk - GROUP):
        highest = out[0] * 0.0
        for k in range(max(0, start // GROUP - 1), min(last, (start + chunk) // GROUP + 2)):
            highest = max(highest, out[k])
        if highest <= level:
            continue
        for i in range(chunk):
            peaks[i] = 0.0
        for ch in range(x.shape[0]):
            begin = start - half + 1
            if begin >= 0 and begin + chunk + DETECT_TAPS <= frames:
                source = x[ch, begin : begin + chunk + DETECT_TAPS]
                for i in range(chunk + DETECT_TAPS):
                    padded[i] = source[i]
            else:
                for i in range(chunk + DETECT_TAPS):
                    padded[i] = x[ch, begin + i] if 0 <= begin + i < frames else 0.0
            for i in range(chunk):
                a = b = c = np.float32(0.0)
                for t in range(DETECT_TAPS):
                    value = padded[i + t]
                    a += phases[0, t] * value
                    b += phases[1, t] * value
                    c += phases[2, t] * value
                top = max(max(abs(a), abs(b)), max(abs(c), abs(padded[i + DETECT_TAPS // 2 - 1])))
                peaks[i] = max(peaks[i], top)
        for k in range(start // GROUP + 1, min(last, (start + chunk) // GROUP)):
            at = k * GROUP - start
            best = peaks[at - 1]
            for i in range(at, at + GROUP):
                best = max(best, peaks[i])
            out[k] = best


@kernel("void(f4[::1], i8, f4[::1])")
def group_maxima(x: Array, group: int, out: Array) -> None:
    """``out[k] = max(x[k * group : (k + 1) * group])``, O(n)."""
    for k in range(out.shape[0]):
        best = x[k * group]
        for i in range(k * group, min((k + 1) * group, x.shape[0])):
            best = max(best, x[i])
        out[k] = best


@kernel("void(f4[::1], i8, f8[::1], f4[::1], f4[:,::1])")
def sliding_quantiles(x: Array, reach: int, shares: Array, window: Array, out: Array) -> None:
    """``out[q, k]``: the value below which ``shares[q]`` of ``x[k - reach : k + reach + 1]`` lies (nearest rank), O(n reach).

    ``window`` is scratch for ``2 * reach + 1`` values; at the ends the window is what there is.
    """
    count = 0
    for k in range(-reach, x.shape[0]):
        gone, come = k - reach - 1, k + reach
        if gone >= 0:
            i = 0
            while window[i] != x[gone]:
                i += 1
            count -= 1
            while i < count:
                window[i] = window[i + 1]
                i += 1
        if come < x.shape[0]:
            i = count
            while i > 0 and window[i - 1] > x[come]:
                window[i] = window[i - 1]
                i -= 1
            window[i] = x[come]
            count += 1
        if k >= 0:
            for q in range(shares.shape[0]):
                out[q, k] = window[math.floor(shares[q] * (count - 1) + 0.5)]


@inlined
def _trailing_mean(x: Array, width: int) -> None:
    """``x[k] = mean(x[k - width + 1 : k + 1])`` in place, ``x[0]`` before the start; backwards, as it needs old values."""
    total = 0.0
    for i in range(width):
        total += x[max(0, x.shape[0] - 1 - i)]
    for k in range(x.shape[0] - 1, -1, -1):
        newest = x[k]
        x[k] = total / width
        total += x[max(0, k - width)] - newest


@kernel("void(f4[::1], f4, i8, i8, i8, i8, f8, f8, f8, f4[:,::1], f4[::1])")
def reduction(levels: Array, ceiling: float, ahead: int, box1: int, box2: int, box3: int, attack: float, slow: float,
              fast: float, scratch: Array, out: Array) -> None:  # fmt: skip
    """Reduction ``r = 1 - gain`` that keeps levels under a ceiling, smooth, never below what each level needs; O(n).

    1. Hold: ``h[k] = 1 - ceiling / max(levels[k - 1 : k + ahead + 1])``, at least 0 (one point back, as a line is drawn
       between points; van Herk and Gil-Werman: block-wise prefix and suffix maxima).
    2. Release: ``s += (attack if h > s else slow) (h - s)``; ``f = max(h, s + (f - s)(1 - fast))``.
    3. Three trailing means with ``box1 + box2 + box3 - 3 <= ahead``: each averages values that all covered the need.

    ``scratch`` has shape (2, n).
    """
    size = levels.shape[0]
    width = ahead + 2
    prefix, suffix = scratch[0], scratch[1]
    for begin in range(0, size, width):  # of a block
        end = min(begin + width, size)
        best = levels[begin]
        for k in range(begin, end):
            best = max(best, levels[k])
            prefix[k] = best
        best = levels[end - 1]
        for k in range(end - 1, begin - 1, -1):
            best = max(best, levels[k])
            suffix[k] = best
    s = f = 0.0
    begin = 0  # of the block of the last point looked at
    for k in range(size):
        end = min(size - 1, k + ahead)
        if end - begin == width:
            begin = end
        top = max(suffix[max(0, k - 1)], prefix[end] if begin >= k else np.float32(0.0))
        if k == 0:
            top = levels[0]
            for i in range(1, min(size, ahead + 1)):
                top = max(top, levels[i])
        h = float(1.0 - ceiling / top) if top > ceiling else 0.0
        s += (attack if h > s else slow) * (h - s)
        f = max(h, s + (f - s) * (1.0 - fast))
        if f < TINY_REDUCTION:  # -140 dB of gain change: the rest of an exponential tail is no sound
            f = 0.0
        if s < TINY_REDUCTION:
            s = 0.0
        out[k] = f
    for width in (box1, box2, box3):
        if width > 1:
            _trailing_mean(out, width)


@apart
def _line_gains(r: Array, first: int, gain: float, gains: Array) -> None:
    """``gains[i] = gain * (1 - line(r, first + i / GROUP))``."""
    last = r.shape[0] - 1
    for k in range(gains.shape[0] // GROUP):
        here = r[min(first + k, last)]
        step = (r[min(first + k + 1, last)] - here) * np.float32(1.0 / GROUP)
        for i in range(GROUP):
            gains[k * GROUP + i] = gain - gain * (here + step * np.float32(i))


@apart
def _times(source: Array, gains: Array, target: Array) -> None:
    for i in range(source.shape[0]):
        target[i] = source[i] * gains[i]


@kernel("void(f4[:,::1], f4[::1], f4, f4[:,::1], f4[:,::1])")
def apply_reduction(x: Array, r: Array, gain: float, scratch: Array, out: Array) -> None:
    """``out[c, n] = gain * x[c, n] * (1 - line(r, n / GROUP))``: straight lines between control points, O(n); in place is fine.

    ``scratch`` is (2, a multiple of GROUP).
    """
    gains, products = scratch[0], scratch[1]  # loops are slow where what they read may be what they write
    for start in range(0, x.shape[1], gains.shape[0]):
        end = min(start + gains.shape[0], x.shape[1])
        _line_gains(r, start // GROUP, gain, gains)
        for c in range(x.shape[0]):
            _times(x[c, start:end], gains, products)
            copy(products, out[c, start:end])


@kernel("void(f4[::1], i8, f4[::1])")
def draw_line(r: Array, hop: int, out: Array) -> None:
    """``out[k] = line(r, k / hop)``: from hops to control points, O(n)."""
    last = r.shape[0] - 1
    for k in range(out.shape[0]):
        i = min(k // hop, last)
        out[k] = r[i] + (r[min(i + 1, last)] - r[i]) * ((k - i * hop) / hop)


@apart
def _interpolate8(h: Array, x: Array, out: Array) -> None:
    """``out[i] = sum_t h[t] x[i + t]`` for eight points at once: eight sums in one vector register."""
    a = b = c = d = e = f = g = z = np.float32(0.0)
    for t in range(CLIP_TAPS):
        weight = h[t]
        a += weight * x[t]
        b += weight * x[t + 1]
        c += weight * x[t + 2]
        d += weight * x[t + 3]
        e += weight * x[t + 4]
        f += weight * x[t + 5]
        g += weight * x[t + 6]
        z += weight * x[t + 7]
    out[0], out[1], out[2], out[3] = a, b, c, d
    out[4], out[5], out[6], out[7] = e, f, g, z


@inlined
def _give_back(h: Array, points: Array, level: float, factor: float, begin: int, x: Array) -> int:
    """Add the transposed filter times what clipping takes from each point; how many points are clipped."""
    count = 0
    for i in range(GROUP):
        excess = (min(max(points[i], -level), level) - points[i]) / np.float32(factor)
        if excess != 0.0:
            count += 1
            first = begin + i
            if first >= 0 and first + CLIP_TAPS <= x.shape[0]:
                target = x[first : first + CLIP_TAPS]
                for t in range(CLIP_TAPS):
                    target[t] += excess * h[t]
            else:
                for t in range(max(0, -first), min(CLIP_TAPS, x.shape[0] - first)):
                    x[first + t] += excess * h[t]
    return count


@kernel("i8(f4[:,::1], f4[::1], f4[:,::1], f4[:,::1], f4, f4[:,::1], f4[::1])")
def clip(
    x: Array, peaks: Array, phases: Array, back: Array, level: float, window: Array, points: Array
) -> int:
    """Clip the oversampled signal at ``level``, in place, adding only what that changes: O(clipped points).

    ``x += D (clip(U x) - U x)``: U interpolates by the phases ``(factor, CLIP_TAPS)`` (phase 0 is the sample
    itself), D decimates: the transpose of ``back``, of the same shape, over ``factor``. Groups whose peak stays
    at or under ``level`` are passed over. ``window`` (channels, chunk + 4 CLIP_TAPS) is scratch that keeps the samples
    as they were, ``points`` scratch for GROUP values. Answers the number of clipped points.
    """
    half, factor, frames = CLIP_TAPS // 2, phases.shape[0], x.shape[1]
    margin = 2 * CLIP_TAPS
    chunk = window.shape[1] - 2 * margin
    clipped, busy = 0, False
    for start in range(0, frames, chunk):
        first, last = start // GROUP, min((start + chunk) // GROUP, peaks.shape[0])
        was_busy, busy = busy, False
        for k in range(first, last):
            busy = busy or peaks[k] > level
        if not busy:
            continue
        for c in range(x.shape[0]):
            kept = 0  # the first of these were changed by the chunk before; the old window has them
            if was_busy:
                kept = 2 * margin
                for i in range(kept):
                    window[c, i] = window[c, chunk + i]
            for i in range(kept, chunk + 2 * margin):
                n = start - margin + i
                window[c, i] = x[c, n] if 0 <= n < frames else 0.0
            for k in range(first, last):
                if peaks[k] <= level:
                    continue
                near = window[
                    c, k * GROUP - start + margin - half + 1 : k * GROUP - start + margin + half + GROUP
                ]
                begin = k * GROUP - half + 1
                for p in range(factor):
                    _interpolate8(phases[p], near, points)
                    top = np.float32(0.0)
                    for i in range(GROUP):
                        top = max(top, abs(points[i]))
                    if p == 0 and top * SAFELY_BELOW < level:
                        break  # the other channel's peak: nothing here comes near the level
                    if top > level:
                        clipped += _give_back(back[p], points, level, factor, begin, x[c])
    return clipped
