"""Layout changes between files (interleaved) and the engine (channels first)."""

from __future__ import annotations

from typing import Any

from masterify_core.kernels._jit import kernel

Array = Any


@kernel("f8(f4[:,::1], f4[:,::1], i8)")
def deinterleave(block: Array, out: Array, start: int) -> float:
    """``out[c, start + n] = block[n, c]``; answers the sum of 0*x, which is 0 unless x holds NaN or infinity."""
    trap = 0.0
    for c in range(block.shape[1]):
        for n in range(block.shape[0]):
            value = block[n, c]
            out[c, start + n] = value
            trap += abs(value) * 0.0
    return trap
