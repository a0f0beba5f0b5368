"""Dips: short reductions around single overs, wherever they are, at the price of those places alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from masterify_core.kernels._jit import kernel
from masterify_core.kernels._marks import inlined
from masterify_core.kernels.limiting import GROUP

Array = Any
STRETCH = 64  # control points looked at at once


@inlined
def _any_over(peaks: Array, ceiling: float) -> bool:
    count = 0
    for k in range(peaks.shape[0]):
        count += peaks[k] > ceiling
    return count > 0


@inlined
def _trailing_mean(x: Array, width: int) -> None:
    """``x[k] = mean(x[k - width + 1 : k + 1])`` in place, ``x[0]`` before the start."""
    for k in range(x.shape[0] - 1, -1, -1):
        total = 0.0
        for i in range(width):
            total += x[max(0, k - i)]
        x[k] = total / width


@kernel("void(f4[:,::1], f4[::1], f4, i8, i8, i8, i8, f4[::1])")
def dip(
    x: Array, peaks: Array, ceiling: float, ahead: int, box1: int, box2: int, box3: int, r: Array
) -> None:
    """``limiting.reduction`` with immediate release, applied in place, done only near peaks over the ceiling.

    O(control points) to look, and a few hundred operations for each point near an over. ``r`` is scratch for
    STRETCH + box1 + box2 + box3 values.
    """
    size, before = peaks.shape[0], box1 + box2 + box3 - 3  # that the means look back
    for first in range(0, size, STRETCH):
        last = min(first + STRETCH, size)
        if not _any_over(peaks[max(0, first - before - 1) : min(size, last + ahead + 1)], ceiling):
            continue
        count = before + last - first + 1
        for i in range(count):
            k = max(0, min(first - before + i, size - 1))
            top = ceiling
            for m in range(max(0, k - 1), min(size, k + ahead + 1)):
                top = max(top, peaks[m])
            r[i] = np.float32(1.0) - ceiling / top
        for width in (box1, box2, box3):
            _trailing_mean(r[:count], width)
        for k in range(first, last):
            here = r[before + k - first]
            following = r[before + k - first + 1] if k + 1 < size else here
            step = (following - here) * np.float32(1.0 / GROUP)
            for n in range(k * GROUP, min((k + 1) * GROUP, x.shape[1])):
                gain = np.float32(1.0) - (here + step * np.float32(n - k * GROUP))
                for c in range(x.shape[0]):
                    x[c, n] *= gain
