"""Long linear-phase filters: overlap-save with an FFT whose every loop runs over contiguous lanes.

A block of ``N = R * C`` samples is a matrix of R rows. Transforming its columns, turning it by a twiddle
and a transposition, and transforming the columns again is the whole FFT (Bailey's four steps). Rows come
out in digit-reversed order; that is no matter for a convolution, as the filter is stored in the same order
and the inverse undoes it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from masterify_core.kernels._fft import (
    restore_columns,
    transform_columns,
    transpose,
    turn_rows,
    twiddle,
)
from masterify_core.kernels._jit import kernel
from masterify_core.kernels._marks import apart, inlined
from masterify_core.kernels._rows import copy

Array = Any


@apart
def _twiddle_back(re: Array, im: Array, wr: Array, wi: Array) -> None:
    """``x *= conj(w)``, complex, along one row."""
    for c in range(re.shape[0]):
        real = re[c] * wr[c] + im[c] * wi[c]
        im[c] = im[c] * wr[c] - re[c] * wi[c]
        re[c] = real


@inlined
def _turn_back(tre: Array, tim: Array, wr: Array, wi: Array, re: Array, im: Array) -> None:
    """Undo ``turn_rows``."""
    transpose(tre, re)
    transpose(tim, im)
    for r in range(re.shape[0]):
        _twiddle_back(re[r], im[r], wr[r], wi[r])


@inlined
def _load(x: Array, signal: int, mid_side: int, start: int, out: Array) -> None:
    """``out.flat[n] = x[signal, start + n]``, or half the sum (signal 0) or difference of both channels; 0 outside the song."""
    other = x[x.shape[0] - 1]
    half = 0.5 if signal == 0 else -0.5
    for r in range(out.shape[0]):
        at, row = start + r * out.shape[1], out[r]
        first, last = max(0, -at), min(row.shape[0], x.shape[1] - at)
        if first > 0 or last < row.shape[0]:
            row[:] = np.float32(0.0)
        if first >= last:
            continue
        if mid_side:
            _half_sum(x[0, at + first : at + last], other[at + first : at + last], half, row[first:last])
        else:
            copy(x[signal, at + first : at + last], row[first:last])


@apart
def _half_sum(one: Array, other: Array, half: float, out: Array) -> None:
    """``out = 0.5 one + half other``."""
    for n in range(out.shape[0]):
        out[n] = np.float32(0.5) * one[n] + np.float32(half) * other[n]


@apart
def _apart(mid: Array, side: Array, out: Array) -> None:
    """From mid and side to left, in place of mid, and right."""
    for n in range(mid.shape[0]):
        out[n] = mid[n] - side[n]
        mid[n] += side[n]


@inlined
def _store(block: Array, skip: int, start: int, signal: int, mid_side: int, out: Array) -> None:
    """``out[signal, start + n] = block.flat[skip + n]``; a side that meets its mid in ``out[0]`` becomes left and right."""
    width = block.shape[1]
    for r in range(skip // width, block.shape[0]):
        first = max(0, skip - r * width)
        at = start + r * width + first - skip
        count = min(width - first, out.shape[1] - at)
        if count <= 0:
            break
        source = block[r, first : first + count]
        if mid_side and signal == 1:
            _apart(out[0, at : at + count], source, out[1, at : at + count])
        else:
            copy(source, out[signal, at : at + count])


@kernel("void(f4[:,::1], f4[:,::1], f4[:,:,::1], f4[:,::1], f4[:,::1], f4[:,::1], f4[:,::1])")
def spectrum(
    re: Array, im: Array, turn: Array, rows: Array, columns: Array, out_re: Array, out_im: Array
) -> None:
    """DFT of the R x C block ``re + i im`` (overwritten) into C x R, in the order that ``convolve`` uses; O(N log N).

    ``turn[:, r, c] = exp(-2 pi i r' c / N)``, r' the digit-reversed r; ``rows[:, k] = exp(-2 pi i k / R)``,
    ``columns`` the same for C (real part, then imaginary part).
    """
    transform_columns(re, im, rows[0], rows[1])
    turn_rows(re, im, turn[0], turn[1], out_re, out_im)
    transform_columns(out_re, out_im, columns[0], columns[1])


@kernel(
    "void(f4[:,::1], i8, f4[:,:,:,::1], i8, f4[:,:,::1], f4[:,::1], f4[:,::1], f4[:,:,::1], f4[:,:,::1], f4[:,::1])"
)
def convolve(x: Array, mid_side: int, h: Array, taps: int, turn: Array, rows: Array, columns: Array, work: Array,
             turned: Array, out: Array) -> None:  # fmt: skip
    """Filter each channel, or mid and side, centred: ``out[s, n] = sum_k h_s[k] x[s, n + (taps - 1) / 2 - k]``, O(n log n).

    ``h[s]`` is the ``spectrum`` of the taps divided by N; the last one holds for all further channels.
    Two neighbouring blocks travel as real and imaginary part, since taps are real. ``work`` (2, R or more, C) and
    ``turned`` (2, C or more, R) are scratch.
    """
    height, width = turn.shape[1], turn.shape[2]
    hop = height * width - taps + 1
    re, im, tre, tim = work[0, :height], work[1, :height], turned[0, :width], turned[1, :width]
    channels, pairs = x.shape[0], -(-x.shape[1] // (2 * hop))
    for k in range(channels * pairs):
        signal, start = k // pairs, 2 * hop * (k % pairs)
        if mid_side:  # mid meets its side while both are in the cache; channels go one after the other
            signal, start = k % 2, 2 * hop * (k // 2)
        first = start - (taps - 1) + (taps - 1) // 2
        _load(x, signal, mid_side, first, re)
        _load(x, signal, mid_side, first + hop, im)
        transform_columns(re, im, rows[0], rows[1])
        turn_rows(re, im, turn[0], turn[1], tre, tim)
        transform_columns(tre, tim, columns[0], columns[1])
        filtered = h[min(signal, h.shape[0] - 1)]
        for r in range(tre.shape[0]):
            twiddle(tre[r], tim[r], filtered[0, r], filtered[1, r])
        restore_columns(tre, tim, columns[0], columns[1])
        _turn_back(tre, tim, turn[0], turn[1], re, im)
        restore_columns(re, im, rows[0], rows[1])
        _store(re, taps - 1, start, signal, mid_side, out)
        _store(im, taps - 1, start + hop, signal, mid_side, out)
