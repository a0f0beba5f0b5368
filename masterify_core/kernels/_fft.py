"""Transforms of many columns at once: every loop runs along the rows of a matrix, over contiguous lanes."""

from __future__ import annotations

from typing import Any

from masterify_core.kernels._jit import apart, inlined

Array = Any
NEAR_VALUES = 2048  # 16 kB of real and imaginary parts: half of the first cache of most processors


@apart
def _split4(ar: Array, ai: Array, br: Array, bi: Array, cr: Array, ci: Array, dr: Array, di: Array,
            w1r: float, w1i: float, w2r: float, w2i: float, w3r: float, w3i: float) -> None:  # fmt: skip
    """Forward radix-4 butterfly on four rows, then twiddles (decimation in frequency)."""
    for c in range(ar.shape[0]):
        s0r, s0i = ar[c] + cr[c], ai[c] + ci[c]
        s1r, s1i = ar[c] - cr[c], ai[c] - ci[c]
        s2r, s2i = br[c] + dr[c], bi[c] + di[c]
        s3r, s3i = br[c] - dr[c], bi[c] - di[c]
        ar[c], ai[c] = s0r + s2r, s0i + s2i
        tr, ti = s0r - s2r, s0i - s2i
        cr[c], ci[c] = tr * w2r - ti * w2i, tr * w2i + ti * w2r
        ur, ui = s1r + s3i, s1i - s3r
        br[c], bi[c] = ur * w1r - ui * w1i, ur * w1i + ui * w1r
        vr, vi = s1r - s3i, s1i + s3r
        dr[c], di[c] = vr * w3r - vi * w3i, vr * w3i + vi * w3r


@apart
def _join4(ar: Array, ai: Array, br: Array, bi: Array, cr: Array, ci: Array, dr: Array, di: Array,
           w1r: float, w1i: float, w2r: float, w2i: float, w3r: float, w3i: float) -> None:  # fmt: skip
    """Undo ``_split4`` (times 4): conjugate twiddles, then the inverse butterfly."""
    for c in range(ar.shape[0]):
        ur, ui = br[c] * w1r + bi[c] * w1i, bi[c] * w1r - br[c] * w1i
        tr, ti = cr[c] * w2r + ci[c] * w2i, ci[c] * w2r - cr[c] * w2i
        vr, vi = dr[c] * w3r + di[c] * w3i, di[c] * w3r - dr[c] * w3i
        s0r, s0i = ar[c] + tr, ai[c] + ti
        s2r, s2i = ar[c] - tr, ai[c] - ti
        s1r, s1i = ur + vr, ui + vi
        s3r, s3i = ur - vr, ui - vi
        ar[c], ai[c] = s0r + s1r, s0i + s1i
        cr[c], ci[c] = s0r - s1r, s0i - s1i
        br[c], bi[c] = s2r - s3i, s2i + s3r
        dr[c], di[c] = s2r + s3i, s2i - s3r


@apart
def _pair(ar: Array, ai: Array, br: Array, bi: Array) -> None:
    """Radix-2 butterfly; its own inverse, times 2."""
    for c in range(ar.shape[0]):
        xr, xi, yr, yi = ar[c], ai[c], br[c], bi[c]
        ar[c], ai[c] = xr + yr, xi + yi
        br[c], bi[c] = xr - yr, xi - yi


@inlined
def _split_all(
    re: Array, im: Array, wr: Array, wi: Array, begin: int, end: int, length: int, least: int
) -> int:
    """Split the blocks of ``length`` rows from ``begin`` to ``end`` until none is longer than ``least``; answers their length."""
    while length >= 4 and length > least:
        quarter = length // 4
        step = re.shape[0] // length
        for block in range(begin, end, length):
            for j in range(quarter):
                a, b, c, d = block + j, block + j + quarter, block + j + 2 * quarter, block + j + 3 * quarter
                k = j * step
                _split4(re[a], im[a], re[b], im[b], re[c], im[c], re[d], im[d],
                        wr[k], wi[k], wr[2 * k], wi[2 * k], wr[3 * k], wi[3 * k])  # fmt: skip
        length = quarter
    if length == 2 and length > least:
        for a in range(begin, end, 2):
            _pair(re[a], im[a], re[a + 1], im[a + 1])
    return length


@inlined
def _join_all(
    re: Array, im: Array, wr: Array, wi: Array, begin: int, end: int, length: int, longest: int
) -> None:
    """Join the blocks of ``length`` rows from ``begin`` to ``end`` four by four until they are of ``longest``."""
    if length == 1 and _odd_power_of_two(longest):
        for a in range(begin, end, 2):
            _pair(re[a], im[a], re[a + 1], im[a + 1])
        length = 2
    while length < longest:
        step = re.shape[0] // (4 * length)
        for block in range(begin, end, 4 * length):
            for j in range(length):
                a, b, c, d = block + j, block + j + length, block + j + 2 * length, block + j + 3 * length
                k = j * step
                _join4(re[a], im[a], re[b], im[b], re[c], im[c], re[d], im[d],
                       wr[k], wi[k], wr[2 * k], wi[2 * k], wr[3 * k], wi[3 * k])  # fmt: skip
        length *= 4


@inlined
def _odd_power_of_two(count: int) -> bool:
    """Whether a power of two is none of four."""
    while count > 2:
        count //= 4
    return count == 2


@inlined
def _near_rows(re: Array) -> int:
    """How many rows, real and imaginary, stay in the first cache: a quarter of the whole, or less, by fours."""
    rows = re.shape[0]
    while rows >= 4 and rows * re.shape[1] > NEAR_VALUES:
        rows //= 4
    return rows


@inlined
def transform_columns(re: Array, im: Array, wr: Array, wi: Array) -> None:
    """DFT of every column in place, O(n log n); rows end in digit-reversed order. ``w[k] = exp(-2 pi i k / n)``.

    Blocks that fit the first cache are finished one by one.
    """
    rows, near = re.shape[0], _near_rows(re)
    _split_all(re, im, wr, wi, 0, rows, rows, near)
    for begin in range(0, rows, near):
        _split_all(re, im, wr, wi, begin, begin + near, near, 1)


@inlined
def restore_columns(re: Array, im: Array, wr: Array, wi: Array) -> None:
    """Undo ``transform_columns``, times n."""
    rows, near = re.shape[0], _near_rows(re)
    for begin in range(0, rows, near):
        _join_all(re, im, wr, wi, begin, begin + near, 1, near)
    _join_all(re, im, wr, wi, 0, rows, near, rows)
