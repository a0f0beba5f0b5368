"""Powers in bands of blocks of a song, both channels in one transform."""

from __future__ import annotations

from typing import Any

import numpy as np

from masterify_core.kernels._fft import transform_columns, turn_rows
from masterify_core.kernels._jit import kernel
from masterify_core.kernels._marks import inlined

Array = Any


@inlined
def _load(x: Array, window: Array, start: int, mid_side: int, re: Array, im: Array) -> None:
    """``re.flat = window * x[0]`` from ``start`` on, ``im`` of ``x[-1]``; or half their sum and difference. 0 past the end."""
    width = re.shape[1]
    for r in range(re.shape[0]):
        at = start + r * width
        inside = max(0, min(width, x.shape[1] - at))
        left, right = x[0, at : at + inside], x[x.shape[0] - 1, at : at + inside]
        weights, one, other = window[r * width : (r + 1) * width], re[r], im[r]
        if mid_side:
            for c in range(inside):
                half = weights[c] * np.float32(0.5)
                one[c] = half * (left[c] + right[c])
                other[c] = half * (left[c] - right[c])
        else:
            for c in range(inside):
                one[c] = weights[c] * left[c]
                other[c] = weights[c] * right[c]
        for c in range(inside, width):
            one[c] = 0.0
            other[c] = 0.0


@inlined
def _add_up(re: Array, im: Array, order: Array, edges: Array, out: Array) -> None:
    """Powers of both signals of a transformed block ``A + i B``: ``2 A = Z[k] + conj Z[N-k]``, ``2i B = Z[k] - conj Z[N-k]``."""
    size = order.shape[0]
    for band in range(edges.shape[0] - 1):
        first, second = 0.0, 0.0
        for k in range(edges[band], edges[band + 1]):
            a, b = order[k], order[size - k]
            ar, ai, br, bi = re[a], im[a], re[b], im[b]
            first += (ar + br) ** 2 + (ai - bi) ** 2
            second += (ar - br) ** 2 + (ai + bi) ** 2
        out[0, band], out[1, band] = 0.25 * first, 0.25 * second


@kernel(
    "void(f4[:,::1], i8[::1], i8, f4[::1], f4[:,:,::1], f4[:,::1], f4[:,::1], i8[::1], i8[::1], f4[:,:,::1], f4[:,:,::1],"
    " f4[:,::1],"
    " f8[:,:,::1])"
)
def block_powers(x: Array, starts: Array, mid_side: int, window: Array, turn: Array, rows: Array, columns: Array, order: Array,
                 edges: Array, block: Array, turned: Array, flat: Array, out: Array) -> None:  # fmt: skip
    """``out[i, :, b]``: power of left and right, or of mid and side, in the bins ``edges[b] <= k < edges[b + 1]``, k >= 1.

    Of the block from ``starts[i]`` on, O(N log N) each; what lies past the end is silence. The transform is that of
    ``convolve.spectrum``, bin k stands at ``order[k]``. ``block`` (2, R, C) and ``turned`` (2, C, R) are scratch, ``flat``
    (2, C R) is the memory of ``turned``.
    """
    for i in range(starts.shape[0]):
        _load(x, window, starts[i], mid_side, block[0], block[1])
        transform_columns(block[0], block[1], rows[0], rows[1])
        turn_rows(block[0], block[1], turn[0], turn[1], turned[0], turned[1])
        transform_columns(turned[0], turned[1], columns[0], columns[1])
        _add_up(flat[0], flat[1], order, edges, out[i])
