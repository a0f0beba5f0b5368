"""Recursive filters in second-order sections."""

from __future__ import annotations

from typing import Any

from masterify_core.kernels._jit import kernel

Array = Any


@kernel("void(f4[:,::1], f8[::1], f4[:,::1])")
def section(x: Array, coefficients: Array, out: Array) -> None:
    """``y[n] = b0 x[n] + b1 x[n-1] + b2 x[n-2] - a1 y[n-1] - a2 y[n-2]`` for every channel, O(n); in place is fine."""
    b0, b1, b2, a1, a2 = coefficients[0], coefficients[1], coefficients[2], coefficients[3], coefficients[4]
    for c in range(x.shape[0]):
        s1 = 0.0
        s2 = 0.0
        for n in range(x.shape[1]):
            v = float(x[c, n])
            y = b0 * v + s1
            s1 = b1 * v - a1 * y + s2
            s2 = b2 * v - a2 * y
            out[c, n] = y
