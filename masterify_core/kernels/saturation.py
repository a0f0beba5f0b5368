"""Parallel saturation at twice the rate: only what a curve takes from the sound is oversampled, shaped and added."""

from __future__ import annotations

from typing import Any

import numpy as np

from masterify_core.kernels._jit import kernel
from masterify_core.kernels._marks import inlined

Array = Any
ON_DEMAND = True
CHUNK = 4096
TAPS = 32
ONE, TWO_THIRDS, FIFTH = np.float32(1.0), np.float32(2.0 / 3.0), np.float32(0.2)


@inlined
def _taken(u: Any) -> Any:
    """``f(u) - u`` of the curve ``f = u - 2 u^3 / 3 + u^5 / 5`` up to 1 and 8/15 beyond: two derivatives go on without a step."""
    c = u
    if u > ONE:
        c = ONE
    if u < -ONE:
        c = -ONE
    square = c * c
    return (c - u) - c * square * (TWO_THIRDS - FIFTH * square)


@kernel("void(f4[:,::1], f4[::1], f4, f4, f4[::1], f4[::1], f8[::1], f4[:,::1])")
def saturate(
    x: Array,
    between: Array,
    scale: Any,
    amount: Any,
    window: Array,
    taken: Array,
    totals: Array,
    out: Array,
) -> None:
    """``out = x + amount * low-passed(taken(scale x))``, computed at twice the rate; ``out`` may be x, O(frames TAPS).

    ``between`` (TAPS, symmetric) interpolates half-way and brings back to the rate. ``window`` (CHUNK + 2 TAPS) and ``taken``
    (CHUNK + TAPS) are scratch. ``totals`` gathers the energies of x and of out.
    """
    frames = x.shape[1]
    for c in range(x.shape[0]):
        for start in range(0, frames, CHUNK):
            begin = 0
            if start > 0:
                begin = 2 * TAPS
                for i in range(begin):
                    window[i] = window[i + CHUNK]
            for i in range(begin, window.shape[0]):
                at = start - TAPS + i
                window[i] = x[c, at] if 0 <= at < frames else 0.0
            for i in range(CHUNK + TAPS):
                value = np.float32(0.0)
                for t in range(TAPS):
                    value += between[t] * window[i + 1 + t]
                taken[i] = _taken(scale * value)
            size = min(CHUNK, frames - start)
            target = out[c, start : start + size]
            before, after = np.float32(0.0), np.float32(0.0)
            for i in range(size):
                value = _taken(scale * window[TAPS + i])
                for t in range(TAPS):
                    value += between[t] * taken[i + t]
                y = window[TAPS + i] + np.float32(0.5) * amount * value
                before += window[TAPS + i] * window[TAPS + i]
                after += y * y
                target[i] = y
            totals[0] += before
            totals[1] += after
