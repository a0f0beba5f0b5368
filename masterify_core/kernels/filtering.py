"""Recursive filters in second-order sections."""

from __future__ import annotations

from typing import Any

from masterify_core.kernels._jit import kernel

Array = Any


@kernel("void(f4[:,::1], f8[::1], f8[::1])")
def section(x: Array, coefficients: Array, offsets: Array) -> None:
    """``y[n] = b0 v[n] + b1 v[n-1] + b2 v[n-2] - a1 y[n-1] - a2 y[n-2]``, ``v = x - offsets[c]``, every channel, in place, O(n).

    Two channels share a loop: their recursions wait for themselves, not for each other.
    """
    b0, b1, b2, a1, a2 = coefficients[0], coefficients[1], coefficients[2], coefficients[3], coefficients[4]
    last = x.shape[0] - 1
    for c in range(0, x.shape[0], 2):
        d = min(c + 1, last)
        s1 = s2 = t1 = t2 = 0.0
        for n in range(x.shape[1]):
            v = x[c, n] - offsets[c]
            w = x[d, n] - offsets[d]
            y = b0 * v + s1
            z = b0 * w + t1
            s1 = b1 * v - a1 * y + s2
            t1 = b1 * w - a1 * z + t2
            s2 = b2 * v - a2 * y
            t2 = b2 * w - a2 * z
            x[d, n] = z
            x[c, n] = y
