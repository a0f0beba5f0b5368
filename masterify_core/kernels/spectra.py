"""From a transformed block to powers in bands."""

from __future__ import annotations

from typing import Any

import numpy as np

from masterify_core.kernels._jit import kernel

Array = Any


@kernel("void(f4[:,::1], f4[::1], i8, f4[:,::1], f4[:,::1])")
def load_mid_side(x: Array, window: Array, start: int, re: Array, im: Array) -> None:
    """``re.flat = window * (x[0] + x[-1]) / 2`` from ``start`` on, ``im`` the same of the difference; 0 past the end."""
    width, last = re.shape[1], x.shape[0] - 1
    for r in range(re.shape[0]):
        for c in range(width):
            n = start + r * width + c
            left = x[0, n] if n < x.shape[1] else np.float32(0.0)
            right = x[last, n] if n < x.shape[1] else np.float32(0.0)
            w = window[r * width + c] * np.float32(0.5)
            re[r, c] = w * (left + right)
            im[r, c] = w * (left - right)


@kernel("void(f4[::1], f4[::1], i8[::1], i8[::1], i8[::1], f8[:,::1], f8[:,::1])")
def band_powers(re: Array, im: Array, order: Array, thirds: Array, nines: Array, third: Array, nine: Array) -> None:
    """Add the power of mid (row 0) and side (row 1) in each bin k to ``third[:, thirds[k]]`` and ``nine[:, nines[k]]``, O(N).

    The block is mid + i side; bin k stands at ``order[k]``: ``M = (Z[k] + conj Z[N-k]) / 2``, ``S = (Z[k] - conj Z[N-k]) / 2i``.
    """
    size = order.shape[0]
    for k in range(1, thirds.shape[0]):
        a, b = order[k], order[size - k]
        ar, ai, br, bi = float(re[a]), float(im[a]), float(re[b]), float(im[b])
        mid = ((ar + br) ** 2 + (ai - bi) ** 2) / 4.0
        side = ((ar - br) ** 2 + (ai + bi) ** 2) / 4.0
        third[0, thirds[k]] += mid
        third[1, thirds[k]] += side
        nine[0, nines[k]] += mid
        nine[1, nines[k]] += side
