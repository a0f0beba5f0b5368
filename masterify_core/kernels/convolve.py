"""Long linear-phase filters: overlap-save with an FFT whose every loop runs over contiguous lanes.

A block of ``N = R * C`` samples is a matrix of R rows. Transforming its columns, turning it by a twiddle
and a transposition, and transforming the columns again is the whole FFT (Bailey's four steps). Rows come
out in digit-reversed order; that is no matter for a convolution, as the filter is stored in the same order
and the inverse undoes it.
"""

from __future__ import annotations

from typing import Any

from masterify_core.kernels._fft import restore_columns, transform_columns, transpose, turn_rows, twiddle
from masterify_core.kernels._jit import kernel
from masterify_core.kernels._marks import apart, inlined

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
    transform_columns(re, im, rows[0], rows[1])
    turn_rows(re, im, turn[0], turn[1], out_re, out_im)
    transform_columns(out_re, out_im, columns[0], columns[1])


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
        transform_columns(re, im, rows[0], rows[1])
        turn_rows(re, im, turn[0], turn[1], tre, tim)
        transform_columns(tre, tim, columns[0], columns[1])
        for r in range(tre.shape[0]):
            twiddle(tre[r], tim[r], h_re[r], h_im[r])
        restore_columns(tre, tim, columns[0], columns[1])
        _turn_back(tre, tim, turn[0], turn[1], re, im)
        restore_columns(re, im, rows[0], rows[1])
        _store(re, taps - 1, start, left, right, add, out)
        _store(im, taps - 1, start + hop, left, right, add, out)
