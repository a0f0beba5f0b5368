"""The search for true peaks: interpolate only where an exact bound says that it could matter."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from masterify_core.kernels._jit import kernel
from masterify_core.kernels._marks import inlined

Array = Any
PAIRS = 16  # of samples around an interval: 32 taps
PRINTED_PAIRS = 6  # the same of the 48-tap filter that BS.1770 prints
BLOCK, PART = 256, 32  # frames; measured best
ABS_BITS, INFINITE_BITS = np.int32(0x7FFFFFFF), np.int32(0x7F800000)
ZERO, TWO = np.float32(0.0), np.float32(2.0)


@inlined
def _extremes(x: Array, bits: Array) -> tuple[Any, Any]:
    """Largest ``|x[i]|`` and largest ``|x[i - 1] - 2 x[i] + x[i + 1]|``, as bit patterns.

    Of positive floats the larger one is also the larger integer, and integers have a vectorised maximum.
    """
    last = bits.shape[0] - 1
    top = max(bits[0] & ABS_BITS, bits[last] & ABS_BITS)
    bend = np.int32(0)
    for i in range(1, last):
        top = max(top, bits[i] & ABS_BITS)
        second = (x[i - 1] - x[i]) + (x[i + 1] - x[i])
        bend = max(bend, np.float32(second).view(np.int32) & ABS_BITS)
    return top, bend


@inlined
def _largest(x: Array, i: int, table: Array) -> tuple[Any, Any]:
    """Largest magnitude from ``x[i]`` to ``x[i + 1]``: at 16 times the rate, and by the printed filter.

    The phases p and 16 - p are mirror images: with e from the sums and o from the differences of the
    pairs around the interval they are ``e + o`` and ``e - o``, so the larger magnitude is ``|e| + |o|``.
    """
    e1 = o1 = e2 = o2 = e3 = o3 = e4 = o4 = e5 = o5 = e6 = o6 = e7 = o7 = e8 = f1 = q1 = f3 = q3 = ZERO
    for j in range(PAIRS):
        a, b = x[i - j], x[i + 1 + j]
        s, d = a + b, a - b
        e1 += table[0, j] * s
        o1 += table[1, j] * d
        e2 += table[2, j] * s
        o2 += table[3, j] * d
        e3 += table[4, j] * s
        o3 += table[5, j] * d
        e4 += table[6, j] * s
        o4 += table[7, j] * d
        e5 += table[8, j] * s
        o5 += table[9, j] * d
        e6 += table[10, j] * s
        o6 += table[11, j] * d
        e7 += table[12, j] * s
        o7 += table[13, j] * d
        e8 += table[14, j] * s
    for j in range(PRINTED_PAIRS):
        a, b = x[i - j], x[i + 1 + j]
        s, d = a + b, a - b
        f1 += table[15, j] * s
        q1 += table[16, j] * d
        f3 += table[17, j] * s
        q3 += table[18, j] * d
    true = max(max(abs(e1) + abs(o1), abs(e2) + abs(o2)), max(abs(e3) + abs(o3), abs(e4) + abs(o4)))
    true = max(true, max(max(abs(e5) + abs(o5), abs(e6) + abs(o6)), max(abs(e7) + abs(o7), abs(e8))))
    true = max(true, max(abs(x[i]), abs(x[i + 1])))
    return true, max(abs(f1) + abs(q1), abs(f3) + abs(q3))


@inlined
def _bound(x: Array, bits: Array, bounds: Array) -> tuple[float, float, float, float]:
    """Find a stretch's largest |x|, how far either filter can go there, its largest second difference."""
    top_bits, bend_bits = _extremes(x, bits)
    top = float(np.int32(top_bits).view(np.float32))
    bend = float(np.int32(bend_bits).view(np.float32))
    return top, bounds[0] * top + bounds[1] * bend, bounds[2] * top + bounds[3] * bend, bend


@kernel("void(f4[:,::1], i4[:,::1], f4[:,::1], f8[::1], i8, f8[::1])")
def search(x: Array, bits: Array, table: Array, bounds: Array, step: int, found: Array) -> None:
    """Raise ``found`` = (sample peak, true peak, peak by the printed filter, frame) to what ``x`` holds.

    Looks at one block in ``step``; ``bits`` is ``x`` seen as int32. The bound: an interpolator that is
    right for straight lines differs from the straight line by a filter on second differences, so
    ``|y| <= bounds[0] * max|x| + bounds[1] * max|second difference|`` within its reach (``bounds[2:]``
    for the printed filter). Blocks, then parts of them, then intervals are left out only if they
    cannot be the largest. O(frames) for the bound and 600 operations an interval that passes. NaN
    counts as infinity. Intervals nearer to an end than the filter's reach are left to the caller, who pads.
    """
    sample, best, printed, where = found[0], found[1], found[2], found[3]
    start, stop = PAIRS - 1, x.shape[1] - PAIRS
    for first in range(start, stop, BLOCK * step):
        last = min(first + BLOCK, stop)
        for c in range(x.shape[0]):
            block = x[c, first - PAIRS + 1 : last + PAIRS]
            raw = bits[c, first - PAIRS + 1 : last + PAIRS]
            top, reach, printed_reach, bend = _bound(block, raw, bounds)
            if not top < math.inf:
                found[0] = found[1] = found[2] = math.inf
                return
            sample = max(sample, top)
            if reach <= best and printed_reach <= printed:
                continue
            for begin in range(0, last - first, PART):
                end = min(begin + PART, last - first) + 2 * PAIRS - 1
                _, reach, printed_reach, bend = _bound(block[begin:end], raw[begin:end], bounds)
                if reach <= best and printed_reach <= printed:
                    continue
                for i in range(begin + PAIRS - 1, end - PAIRS):
                    near = float(max(abs(block[i]), abs(block[i + 1])))
                    if (
                        bounds[0] * near + bounds[1] * bend > best
                        or bounds[2] * near + bounds[3] * bend > printed
                    ):
                        true, by_printed = _largest(block, i, table)
                        if true > best:
                            best = float(true)
                            where = float(first + i - PAIRS + 1)
                        printed = max(printed, float(by_printed))
    found[0], found[1], found[2], found[3] = sample, best, printed, where


@kernel("i8(f4[:,::1], i4[:,::1], f4[:,::1], f8[::1], f8, f8, i8, f4[::1])")
def mark_overs(
    x: Array, bits: Array, table: Array, bounds: Array, limit: float, printed_limit: float, group: int, out: Array
) -> int:  # fmt: skip
    """``out[n // group] = max(out[n // group], peak)`` at both frames of every interval whose peak is over a limit; how many.

    The peak is the true peak; where the printed filter is further over its own limit, it is that
    reading times ``limit / printed_limit``. The bound is that of `search`, so nothing is missed;
    O(frames), and ``out`` is only touched at overs.
    """
    count = 0
    share = limit / printed_limit
    start, stop = PAIRS - 1, x.shape[1] - PAIRS
    for c in range(x.shape[0]):
        for first in range(start, stop, BLOCK):
            last = min(first + BLOCK, stop)
            block = x[c, first - PAIRS + 1 : last + PAIRS]
            raw = bits[c, first - PAIRS + 1 : last + PAIRS]
            _, reach, printed_reach, bend = _bound(block, raw, bounds)
            if reach <= limit and printed_reach <= printed_limit:
                continue
            for begin in range(0, last - first, PART):
                end = min(begin + PART, last - first) + 2 * PAIRS - 1
                _, reach, printed_reach, bend = _bound(block[begin:end], raw[begin:end], bounds)
                if reach <= limit and printed_reach <= printed_limit:
                    continue
                for i in range(begin + PAIRS - 1, end - PAIRS):
                    near = float(max(abs(block[i]), abs(block[i + 1])))
                    reach = bounds[0] * near + bounds[1] * bend
                    if reach <= limit and bounds[2] * near + bounds[3] * bend <= printed_limit:
                        continue
                    true, by_printed = _largest(block, i, table)
                    peak = max(float(true), float(by_printed) * share)
                    if peak > limit:
                        for n in range(first + i - PAIRS + 1, first + i - PAIRS + 3):
                            out[n // group] = max(out[n // group], np.float32(peak))
                        count += 1
    return count
