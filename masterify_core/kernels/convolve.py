"""Long linear-phase filters: overlap-save with an FFT whose every loop runs over contiguous lanes.

A block of ``N = R * C`` samples is a matrix of R rows. Transforming its columns, turning it by a twiddle
and a transposition, and transforming the columns again is the whole FFT (Bailey's four steps). Rows come
out in digit-reversed order; that is no matter for a convolution, as the filter is stored in the same order
and the inverse undoes it.
"""

from __future__ import annotations

from typing import Any

from masterify_core.kernels._jit import inlined, kernel

Array = Any


@inlined
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


@inlined
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


@inlined
def _pair(ar: Array, ai: Array, br: Array, bi: Array) -> None:
    """Radix-2 butterfly; its own inverse, times 2."""
    for c in range(ar.shape[0]):
        xr, xi, yr, yi = ar[c], ai[c], br[c], bi[c]
        ar[c], ai[c] = xr + yr, xi + yi
        br[c], bi[c] = xr - yr, xi - yi


@inlined
def _columns(re: Array, im: Array, wr: Array, wi: Array) -> None:
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
def _columns_back(re: Array, im: Array, wr: Array, wi: Array) -> None:
    """Undo ``_columns``, times n."""
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


@inlined
def _twiddle(re: Array, im: Array, wr: Array, wi: Array) -> None:
    """``x *= w``, complex, along one row."""
    for c in range(re.shape[0]):
        real = re[c] * wr[c] - im[c] * wi[c]
        im[c] = re[c] * wi[c] + im[c] * wr[c]
        re[c] = real


@inlined
def _twiddle_back(re: Array, im: Array, wr: Array, wi: Array) -> None:
    """``x *= conj(w)``, complex, along one row."""
    for c in range(re.shape[0]):
        real = re[c] * wr[c] + im[c] * wi[c]
        im[c] = im[c] * wr[c] - re[c] * wi[c]
        re[c] = real


@inlined
def _transpose(x: Array, out: Array) -> None:
    """``out[c, r] = x[r, c]``, eight rows at a time; both counts are multiples of 8."""
    for r in range(0, x.shape[0], 8):
        a, b, c, d = x[r], x[r + 1], x[r + 2], x[r + 3]
        e, f, g, h = x[r + 4], x[r + 5], x[r + 6], x[r + 7]
        for k in range(x.shape[1]):
            row = out[k, r : r + 8]
            row[0], row[1], row[2], row[3] = a[k], b[k], c[k], d[k]
            row[4], row[5], row[6], row[7] = e[k], f[k], g[k], h[k]


@inlined
def _turn(re: Array, im: Array, wr: Array, wi: Array, tre: Array, tim: Array) -> None:
    """``t[c, r] = x[r, c] * w[r, c]``; ``x`` is overwritten."""
    for r in range(re.shape[0]):
        _twiddle(re[r], im[r], wr[r], wi[r])
    _transpose(re, tre)
    _transpose(im, tim)


@inlined
def _turn_back(tre: Array, tim: Array, wr: Array, wi: Array, re: Array, im: Array) -> None:
    """Undo ``_turn``."""
    _transpose(tre, re)
    _transpose(tim, im)
    for r in range(re.shape[0]):
        _twiddle_back(re[r], im[r], wr[r], wi[r])


@inlined
def _load(x: Array, mid: float, side: float, start: int, out: Array) -> None:
    """``out.flat[n] = mid * x[0, start + n] + side * x[-1, start + n]``, 0 outside the song."""
    last = x.shape[0] - 1
    for r in range(out.shape[0]):
        at = start + r * out.shape[1]
        if at >= 0 and at + out.shape[1] <= x.shape[1]:
            left, right, row = x[0, at : at + out.shape[1]], x[last, at : at + out.shape[1]], out[r]
            for c in range(row.shape[0]):
                row[c] = mid * left[c] + side * right[c]
        else:
            for c in range(out.shape[1]):
                n = at + c
                out[r, c] = mid * x[0, n] + side * x[last, n] if 0 <= n < x.shape[1] else 0.0


@inlined
def _store(block: Array, skip: int, start: int, left: float, right: float, add: int, out: Array) -> None:
    """``out[0] (+)= left * block.flat``, ``out[-1] (+)= right * block.flat`` from ``start`` on, without the first ``skip``."""
    width = block.shape[1]
    for ch in range(out.shape[0]):
        gain = left if ch == 0 else right
        for r in range(skip // width, block.shape[0]):
            first = max(0, skip - r * width)
            at = start + r * width + first - skip
            count = min(width - first, out.shape[1] - at)
            if count <= 0 or (gain == 0.0 and add):
                continue
            source, target = block[r, first : first + count], out[ch, at : at + count]
            if add:
                for c in range(count):
                    target[c] += gain * source[c]
            elif gain != 0.0:
                for c in range(count):
                    target[c] = gain * source[c]


@kernel("void(f4[:,::1], f4[:,::1], f4[:,:,::1], f4[:,::1], f4[:,::1], f4[:,::1], f4[:,::1])")
def spectrum(
    re: Array, im: Array, turn: Array, rows: Array, columns: Array, out_re: Array, out_im: Array
) -> None:
    """DFT of the R x C block ``re + i im`` (overwritten) into C x R, in the order that ``convolve`` uses; O(N log N).

    ``turn[:, r, c] = exp(-2 pi i r' c / N)``, r' the digit-reversed r; ``rows[:, k] = exp(-2 pi i k / R)``,
    ``columns`` the same for C (real part, then imaginary part).
    """
    _columns(re, im, rows[0], rows[1])
    _turn(re, im, turn[0], turn[1], out_re, out_im)
    _columns(out_re, out_im, columns[0], columns[1])


@kernel(
    "void(f4[:,::1], f4, f4, f4[:,::1], f4[:,::1], i8, f4[:,:,::1], f4[:,::1], f4[:,::1],"
    " f4[:,:,::1], f4[:,:,::1], f4, f4, i8, f4[:,::1])"
)
def convolve(x: Array, mid: float, side: float, h_re: Array, h_im: Array, taps: int, turn: Array, rows: Array,
             columns: Array, work: Array, turned: Array, left: float, right: float, add: int, out: Array) -> None:  # fmt: skip
    """Filter one signal, centred: ``out[ch, n] (+)= gain[ch] * sum_k h[k] v[n + (taps - 1) / 2 - k]``, O(n log N).

    ``v = mid * x[0] + side * x[-1]``, ``gain = (left, right)``; ``h`` is the ``spectrum`` of the taps divided by N.
    Two neighbouring blocks travel as real and imaginary part, since h is real.
    """
    size = work.shape[1] * work.shape[2]
    hop = size - taps + 1
    re, im, tre, tim = work[0], work[1], turned[0], turned[1]
    for start in range(0, x.shape[1], 2 * hop):
        first = start - (taps - 1) + (taps - 1) // 2
        _load(x, mid, side, first, re)
        _load(x, mid, side, first + hop, im)
        _columns(re, im, rows[0], rows[1])
        _turn(re, im, turn[0], turn[1], tre, tim)
        _columns(tre, tim, columns[0], columns[1])
        for r in range(tre.shape[0]):
            ar, ai, br, bi = tre[r], tim[r], h_re[r], h_im[r]
            for c in range(ar.shape[0]):
                product = ar[c] * br[c] - ai[c] * bi[c]
                ai[c] = ar[c] * bi[c] + ai[c] * br[c]
                ar[c] = product
        _columns_back(tre, tim, columns[0], columns[1])
        _turn_back(tre, tim, turn[0], turn[1], re, im)
        _columns_back(re, im, rows[0], rows[1])
        _store(re, taps - 1, start, left, right, add, out)
        _store(im, taps - 1, start + hop, left, right, add, out)
