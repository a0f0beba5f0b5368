"""Quantisation with dither and noise shaping."""

from __future__ import annotations

from typing import Any

import numpy as np

from masterify_core.kernels._jit import kernel
from masterify_core.kernels._marks import apart, inlined

Array = Any
HASH_A, HASH_B = np.uint32(0x7FEB352D), np.uint32(0x846CA68B)
LOW_HALF, BY_16, BY_15 = np.uint32(0xFFFF), np.uint32(16), np.uint32(15)
STRETCH = 1024  # frames; a whole one of digital silence stays silent, a fade's last zeros still get dither


@inlined
def _triangular(counter: int) -> float:
    """Triangular noise in -1..1 of a counter: both halves of a 32-bit hash (C. Wellons, "lowbias32", public domain)."""
    z = np.uint32(counter)
    z = np.uint32(np.uint32(z ^ (z >> BY_16)) * HASH_A)
    z = np.uint32(np.uint32(z ^ (z >> BY_15)) * HASH_B)
    z = np.uint32(z ^ (z >> BY_16))
    return (float(np.int32(z & LOW_HALF)) + float(np.int32(z >> BY_16)) - 65535.0) * (1.0 / 65536.0)


@inlined
def _words(
    row: Array, scale: float, dither: float, counter: int, apart_by: int, shape: Array, e: Array, words: Array
) -> None:
    """Whole numbers of one stretch of one channel; digital silence stays silent and ends what its errors were."""
    size, taps = row.shape[0], shape.shape[0]
    sound = 0
    while sound < size and row[sound] == 0.0:
        sound += 1
    if sound == size:
        for n in range(size):
            words[n] = 0.0
        for k in range(taps):
            e[k] = 0.0
        return
    for n in range(size):
        words[n] = dither * _triangular(counter + n * apart_by)
    if taps == 0:
        for n in range(size):
            words[n] = np.floor(scale * row[n] + words[n] + 0.5)
        return
    for n in range(size):
        older = 0.0  # errors: known long before the last one, which everything waits for
        for k in range(1, taps):
            older += shape[k] * e[taps + n - 1 - k]
        w = scale * row[n] - older - shape[0] * e[taps + n - 1]
        q = np.floor(w + words[n] + 0.5)
        e[taps + n] = q - w
        words[n] = q
    for k in range(taps):
        e[k] = e[size + k]


@apart
def _interleave_two(left: Array, right: Array, justify: float, bottom: float, top: float, out: Array) -> None:
    """``out[n] = justify * left[n], justify * right[n]``, limited to bottom and top; pairs are stored together."""
    for n in range(out.shape[0]):
        out[n, 0] = np.int32(justify * min(max(left[n], bottom), top))
        out[n, 1] = np.int32(justify * min(max(right[n], bottom), top))


@kernel("void(f4[:,::1], i8, f8, i8, f8, i8, f8[::1], f8[:,::1], f8[:,::1], i4[:,::1])")
def quantise(x: Array, start: int, gain: float, bits: int, dither: float, seed: int, shape: Array, errors: Array,
             words: Array, out: Array) -> None:  # fmt: skip
    """``out[n, c] = round(w + d) << (32 - bits)`` with ``w = 2^(bits-1) gain x[c, start + n] - sum_k shape[k] e[n-1-k]``, O(n K).

    ``e`` is the error ``round(w + d) - w``, ``d`` triangular noise of ``dither`` steps. ``errors`` (channels, K + STRETCH)
    carries the last K from block to block and starts as zeros; ``words`` is scratch (channels, STRETCH). A block is a
    multiple of STRETCH frames.
    """
    steps, justify = float(1 << (bits - 1)), float(1 << (32 - bits))
    scale, top, bottom = gain * steps, steps - 1.0, -steps
    for first in range(0, out.shape[0], STRETCH):
        size = min(STRETCH, out.shape[0] - first)
        for c in range(x.shape[0]):
            counter = seed + (start + first) * x.shape[0] + c
            row = x[c, start + first : start + first + size]
            _words(row, scale, dither, counter, x.shape[0], shape, errors[c], words[c])
        if x.shape[0] == 2:
            _interleave_two(words[0], words[1], justify, bottom, top, out[first : first + size])
        else:
            for c in range(x.shape[0]):
                for n in range(size):
                    out[first + n, c] = np.int32(justify * min(max(words[c, n], bottom), top))


@kernel("void(f4[:,::1], i8, f4, f4[:,::1])")
def interleave(x: Array, start: int, gain: float, out: Array) -> None:
    """``out[n, c] = gain * x[c, start + n]``, O(n)."""
    for c in range(x.shape[0]):
        for n in range(out.shape[0]):
            out[n, c] = gain * x[c, start + n]
