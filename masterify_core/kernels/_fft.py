"""Transforms of many columns at once: every loop runs along the rows of a matrix, over contiguous lanes."""

from __future__ import annotations

from typing import Any

from masterify_core.kernels._marks import apart, inlined

Array = Any


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
def transform_columns(re: Array, im: Array, wr: Array, wi: Array) -> None:
    """DFT of every column in place, O(n log n); rows end in digit-reversed order. ``w[k] = exp(-2 pi i k / n)``."""
    length = re.shape[0]
    while length >= 4:
        quarter = length // 4
        step = re.shape[0] // length
        for block in range(0, re.shape[0], length):
            for j in range(quarter):
                a, b, c, d = block + j, block + j + quarter, block + j + 2 * quarter, block + j + 3 * quarter
                k = j * step
                _split4(re[a], im[a], re[b], im[b], re[c], im[c], re[d], im[d],
                        wr[k], wi[k], wr[2 * k], wi[2 * k], wr[3 * k], wi[3 * k])  # fmt: skip
        length = quarter
    if length == 2:
        for a in range(0, re.shape[0], 2):
            _pair(re[a], im[a], re[a + 1], im[a + 1])


@inlined
def restore_columns(re: Array, im: Array, wr: Array, wi: Array) -> None:
    """Undo ``transform_columns``, times n."""
    rows = re.shape[0]
    length = rows
    while length > 4:
        length //= 4
    if length == 2:
        for a in range(0, rows, 2):
            _pair(re[a], im[a], re[a + 1], im[a + 1])
        length = 8
    while length <= rows:
        quarter = length // 4
        step = rows // length
        for block in range(0, rows, length):
            for j in range(quarter):
                a, b, c, d = block + j, block + j + quarter, block + j + 2 * quarter, block + j + 3 * quarter
                k = j * step
                _join4(re[a], im[a], re[b], im[b], re[c], im[c], re[d], im[d],
                       wr[k], wi[k], wr[2 * k], wi[2 * k], wr[3 * k], wi[3 * k])  # fmt: skip
        length *= 4


@apart
def twiddle(re: Array, im: Array, wr: Array, wi: Array) -> None:
    """``x *= w``, complex, along one row."""
    for c in range(re.shape[0]):
        real = re[c] * wr[c] - im[c] * wi[c]
        im[c] = re[c] * wi[c] + im[c] * wr[c]
        re[c] = real


@apart
def _transpose8(x: Array, r: int, out: Array) -> None:
    """``out[c, r + i] = x[r + i, c]`` for the eight rows from r on."""
    a, b, c, d = x[r], x[r + 1], x[r + 2], x[r + 3]
    e, f, g, h = x[r + 4], x[r + 5], x[r + 6], x[r + 7]
    for k in range(x.shape[1]):
        row = out[k, r : r + 8]
        row[0], row[1], row[2], row[3] = a[k], b[k], c[k], d[k]
        row[4], row[5], row[6], row[7] = e[k], f[k], g[k], h[k]


@inlined
def transpose(x: Array, out: Array) -> None:
    """``out[c, r] = x[r, c]``; both counts are multiples of 8."""
    for r in range(0, x.shape[0], 8):
        _transpose8(x, r, out)


@inlined
def turn_rows(re: Array, im: Array, wr: Array, wi: Array, tre: Array, tim: Array) -> None:
    """``t[c, r] = x[r, c] * w[r, c]``; ``x`` is overwritten."""
    for first in range(0, re.shape[0], 8):
        for r in range(first, first + 8):
            twiddle(re[r], im[r], wr[r], wi[r])
        _transpose8(re, first, tre)
        _transpose8(im, first, tim)
