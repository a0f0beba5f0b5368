"""From a transformed block to powers in bands."""

from __future__ import annotations

from typing import Any

import numpy as np

from masterify_core.kernels._jit import kernel

Array = Any


@kernel("void(f4[:,::1], f4[::1], i8, f4[:,::1], f4[:,::1])")
def load_mid_side(x: Array, window: Array, start: int, re: Array, im: Array) -> None:
    """``re.flat = window * (x[0] + x[-1]) / 2`` from ``start`` on, ``im`` the same of the difference; 0 past the end."""
    width = re.shape[1]
    for r in range(re.shape[0]):
        at = start + r * width
        inside = max(0, min(width, x.shape[1] - at))
        left, right = x[0, at : at + inside], x[x.shape[0] - 1, at : at + inside]
        weights, mid, side = window[r * width : (r + 1) * width], re[r], im[r]
        for c in range(inside):
            half = weights[c] * np.float32(0.5)
            mid[c] = half * (left[c] + right[c])
            side[c] = half * (left[c] - right[c])
        for c in range(inside, width):
            mid[c] = 0.0
            side[c] = 0.0


@kernel("void(f4[::1], f4[::1], i8[::1], i8[::1], f8[:,::1])")
def band_powers(re: Array, im: Array, order: Array, edges: Array, out: Array) -> None:
    """``out[:, b]``: power of mid (row 0) and side (row 1) in the bins ``edges[b] <= k < edges[b + 1]``, k >= 1, O(N).

    The block is mid + i side; bin k stands at ``order[k]``: ``M = (Z[k] + conj Z[N-k]) / 2``, ``S = (Z[k] - conj Z[N-k]) / 2i``.
    """
    size = order.shape[0]
    for band in range(edges.shape[0] - 1):
        mid = 0.0
        side = 0.0
        for k in range(edges[band], edges[band + 1]):
            a, b = order[k], order[size - k]
            ar, ai, br, bi = re[a], im[a], re[b], im[b]
            mid += (ar + br) ** 2 + (ai - bi) ** 2
            side += (ar - br) ** 2 + (ai + bi) ** 2
        out[0, band] = 0.25 * mid
        out[1, band] = 0.25 * side
