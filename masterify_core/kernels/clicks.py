"""Clicks: outliers of linear prediction that last less than a millisecond, found and interpolated."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from masterify_core.kernels._jit import kernel
from masterify_core.kernels._marks import apart, inlined

Array = Any
ON_DEMAND = True
BLOCK = 2048  # frames that share a predictor; its window spans two of them
ORDER = 32
LAGS = 11  # of the predictor's that are worked on in one pass over the frames; they divide ORDER + 1
STRETCH = 512  # frames whose products are added in single precision
GUARD = 1024  # frames looked at beyond a block: the longest click and the quiet asked for around it
LONGEST = 96  # samples that can be interpolated
FLOOR = 1e-7  # of the usual error: -140 dBFS, so that digital silence makes no outliers
CONTEXT = 512  # frames on each side of a click that its predictor is made of


@apart
def _weigh(x: Array, window: Array, out: Array) -> None:
    for n in range(window.shape[0]):
        out[n] = window[n] * x[n]


@apart
def _correlate(weighted: Array, size: int, r: Array) -> None:
    """``r[k] = sum weighted[n] weighted[n + k]`` over ``size`` frames, behind which there are ORDER zeros.

    LAGS at a time, in stretches whose sums are added in double precision: clicks among pure tones need it.
    """
    for k in range(ORDER + 1):
        r[k] = 0.0
    for first in range(0, size, STRETCH):
        last = min(first + STRETCH, size)
        here = weighted[first:last]
        for k in range(0, ORDER + 1, LAGS):
            ahead = weighted[first + k : last + k + LAGS - 1]
            a = b = c = d = e = f = g = h = i = j = z = np.float32(0.0)
            for n in range(last - first):
                value = here[n]
                a += value * ahead[n]
                b += value * ahead[n + 1]
                c += value * ahead[n + 2]
                d += value * ahead[n + 3]
                e += value * ahead[n + 4]
                f += value * ahead[n + 5]
                g += value * ahead[n + 6]
                h += value * ahead[n + 7]
                i += value * ahead[n + 8]
                j += value * ahead[n + 9]
                z += value * ahead[n + 10]
            r[k] += a
            r[k + 1] += b
            r[k + 2] += c
            r[k + 3] += d
            r[k + 4] += e
            r[k + 5] += f
            r[k + 6] += g
            r[k + 7] += h
            r[k + 8] += i
            r[k + 9] += j
            r[k + 10] += z


@inlined
def _predictor(x: Array, window: Array, first: int, weighted: Array, r: Array, a: Array, old: Array) -> None:
    """``a``: least-squares predictor of the windowed frames from ``first`` on (autocorrelation method, Levinson)."""
    size = window.shape[0]
    if first >= 0 and first + size <= x.shape[0]:
        _weigh(x[first : first + size], window, weighted)
    else:
        for n in range(size):
            m = first + n
            weighted[n] = window[n] * x[m] if 0 <= m < x.shape[0] else np.float32(0.0)
    _correlate(weighted, size, r)
    error = (
        r[0] * (1.0 + 1e-6) + 1e-12
    )  # a floor 60 dB under the signal keeps pure tones from singular equations
    for k in range(ORDER + 1):
        a[k] = 0.0
    a[0] = 1.0
    for k in range(1, ORDER + 1):
        total64 = r[k]
        for i in range(1, k):
            total64 += a[i] * r[k - i]
        reflection = -total64 / error
        for i in range(1, k):
            old[i] = a[i]
        for i in range(1, k):
            a[i] = old[i] + reflection * old[k - i]
        a[k] = reflection
        error *= max(1.0 - reflection * reflection, 1e-9)


@inlined
def _errors(x: Array, a: Array, first: int, e: Array) -> None:
    """``e[n]``: magnitude of the prediction error at frame ``first + n``; 0 where it would look outside the song."""
    for n in range(e.shape[0]):
        e[n] = 0.0
    begin, end = max(0, ORDER - first), min(e.shape[0], x.shape[0] - first)
    if end <= begin:
        return
    _filter(x[first + begin - ORDER : first + end], a, e[begin:end])


@apart
def _filter(x: Array, a: Array, e: Array) -> None:
    """``e[n] = abs(sum a[k] x[n + ORDER - k])``, LAGS taps at a time."""
    for k in range(0, ORDER + 1, LAGS):
        past, w = x[ORDER - LAGS + 1 - k :], a[k : k + LAGS]
        w0, w1, w2, w3 = np.float32(w[0]), np.float32(w[1]), np.float32(w[2]), np.float32(w[3])
        w4, w5, w6, w7 = np.float32(w[4]), np.float32(w[5]), np.float32(w[6]), np.float32(w[7])
        w8, w9, w10 = np.float32(w[8]), np.float32(w[9]), np.float32(w[10])
        for n in range(e.shape[0]):
            total = w0 * past[n + 10] + w1 * past[n + 9] + w2 * past[n + 8] + w3 * past[n + 7]
            total += w4 * past[n + 6] + w5 * past[n + 5] + w6 * past[n + 4] + w7 * past[n + 3]
            e[n] += total + w8 * past[n + 2] + w9 * past[n + 1] + w10 * past[n]
    for n in range(e.shape[0]):
        e[n] = abs(e[n])


@inlined
def _usual(e: Array) -> float:
    """Mean of the errors, none counted for more than three times the mean of all: steady where one comes near that."""
    total = np.float32(0.0)
    for n in range(e.shape[0]):
        total += e[n]
    top = np.float32(3.0) * total / np.float32(e.shape[0])
    low = 0.0
    for n in range(e.shape[0]):
        low += min(e[n], top)
    return float(low / e.shape[0])


@inlined
def _any_above(e: Array, top: float) -> bool:
    """Whether an error may be above the limit; one that equals it in single precision counts, too."""
    count = 0
    limit = np.float32(top)
    for n in range(e.shape[0]):
        count += e[n] >= limit
    return count > 0


@inlined
def _back_error(x: Array, a: Array, n: int) -> float:
    """Magnitude of the error of predicting frame n from those after it."""
    total = 0.0
    for k in range(ORDER + 1):
        if n + k < x.shape[0]:
            total += a[k] * x[n + k]
    return abs(total)


@kernel("i8(f4[::1], f4[::1], f8, i8, i8, f4[::1], f8[:,::1], f4[::1], f8[:,::1])")
def find_clicks(
    x: Array,
    window: Array,
    limit: float,
    longest: int,
    rest: int,
    weighted: Array,
    work: Array,
    e: Array,
    found: Array,
) -> int:
    """List runs of at most ``longest`` prediction errors above ``limit`` times the usual of their block, O(n) times the order.

    A run begins where prediction from the past fails first and ends where prediction from the future fails last.
    ``found[i]`` is first frame, length, largest error, and the mean errors in ``rest`` frames before and after, in
    units of the usual error. Answers how many runs there are, those that do not fit in ``found`` included.
    ``window`` has 2 BLOCK values, ``weighted`` as many and ORDER zeros; ``work`` (3, ORDER + 1) and ``e``
    (BLOCK + 2 GUARD) are scratch.
    """
    r, a, old = work[0], work[1], work[2]
    count, after = 0, 0
    for start in range(0, x.shape[0], BLOCK):
        _predictor(x, window, start - BLOCK // 2, weighted, r, a, old)
        _errors(x, a, start, e[GUARD : GUARD + BLOCK])
        usual = _usual(e[GUARD : GUARD + BLOCK]) + FLOOR
        top = limit * usual
        if not _any_above(e[GUARD : GUARD + BLOCK], top):
            continue
        _errors(x, a, start - GUARD, e[:GUARD])
        _errors(x, a, start + BLOCK, e[GUARD + BLOCK :])
        n = max(GUARD, after - start + GUARD)
        while n < GUARD + BLOCK:
            if e[n] <= top:
                n += 1
                continue
            last, most = n, 0.0  # the error of one frame goes on for ORDER
            m = n
            while m <= last + ORDER and m < e.shape[0]:
                if e[m] > top:
                    last = m
                most = max(most, e[m])
                m += 1
            first = start - GUARD + n
            end = first
            for k in range(first + 1, min(start - GUARD + last + 1, first + longest + 1)):
                if _back_error(x, a, k) > top:
                    end = k
            length = end - first + 1
            tail = n + length + ORDER
            if last - n <= longest + ORDER and length <= longest and tail + rest <= e.shape[0]:
                if count < found.shape[0]:
                    before, behind = 0.0, 0.0
                    for k in range(rest):
                        before += e[n - 1 - k]
                        behind += e[tail + k]
                    found[count, 0], found[count, 1], found[count, 2] = first, length, most / usual
                    found[count, 3], found[count, 4] = before / (rest * usual), behind / (rest * usual)
                count += 1
            n = last + 1
            after = start - GUARD + n
    return count


@kernel("void(f4[::1], i8, i8, f4[::1], i8, f4[::1], f8[:,::1], f8[:,::1])")
def mend(
    x: Array, first: int, length: int, window: Array, rounds: int, weighted: Array, work: Array, matrix: Array
) -> None:
    """Replace ``length`` frames by those that least squares the prediction error (Janssen, Veldhuis and Vries 1986), O(length^3).

    The predictor is made anew each round, the first time with a straight line in the gap. ``window`` has 2 CONTEXT
    values, ``weighted`` as many and ORDER zeros, ``work`` (3, ORDER + 1), ``matrix`` (LONGEST, LONGEST + 1).
    """
    r, a, old = work[0], work[1], work[2]
    left = float(x[first - 1]) if first > 0 else 0.0
    right = float(x[first + length]) if first + length < x.shape[0] else 0.0
    for k in range(length):
        x[first + k] = left + (right - left) * (k + 1) / (length + 1)
    for _ in range(rounds):
        _predictor(x, window, first + length // 2 - CONTEXT, weighted, r, a, old)
        for lag in range(ORDER + 1):  # b[lag] = sum a[k] a[k + lag]
            total = 0.0
            for k in range(ORDER + 1 - lag):
                total += a[k] * a[k + lag]
            r[lag] = total
        for i in range(length):
            known = 0.0
            for lag in range(1, ORDER + 1):
                for sign in range(-1, 2, 2):
                    m = i + sign * lag
                    n = first + m
                    if (m < 0 or m >= length) and 0 <= n < x.shape[0]:
                        known += r[lag] * x[n]
            matrix[i, length] = -known
            for j in range(length):
                lag = abs(i - j)
                matrix[i, j] = r[lag] if lag <= ORDER else 0.0
        _solve(matrix, length)
        for i in range(length):
            if math.isfinite(matrix[i, length]):
                x[first + i] = matrix[i, length]


@inlined
def _solve(matrix: Array, size: int) -> None:
    """Gauss without pivots, in place (the matrix is positive definite); the answer stands in column ``size``."""
    for i in range(size):
        pivot = matrix[i, i]
        for row in range(i + 1, size):
            factor = matrix[row, i] / pivot
            for column in range(i, size + 1):
                matrix[row, column] -= factor * matrix[i, column]
    for i in range(size - 1, -1, -1):
        total = matrix[i, size]
        for column in range(i + 1, size):
            total -= matrix[i, column] * matrix[column, size]
        matrix[i, size] = total / matrix[i, i]
