"""Short-time spectra, sixteen frames side by side: powers in bands, and gains that change from frame to frame.

Frame f begins at sample ``(f - 1) * hop`` of the song, hop being half its size: the first one reaches half
out of it. The first channel travels as real part, the last as imaginary part.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from masterify_core.kernels._fft import restore_columns, transform_columns
from masterify_core.kernels._jit import inlined, kernel

Array = Any
ON_DEMAND = True
LANES, TILE = 16, 16  # frames at once: rows of 64 bytes; samples of each that are moved at a time


@inlined
def _load(x: Array, first: int, window: Array, re: Array, im: Array) -> None:
    """``re[n, l] + i im[n, l] = window[n] * (x[0] + i x[1])`` at sample n of frame ``first + l``, 0 outside the song."""
    size, lanes, frames = re.shape[0], re.shape[1], x.shape[1]
    hop = size // 2
    for tile in range(
        0, size, TILE
    ):  # frames lie a power of two apart: a tile of each at a time, or they evict each other
        for lane in range(lanes):
            start = (first + lane - 1) * hop + tile
            inside = start >= 0 and start + TILE <= frames
            for n in range(TILE):
                at = start + n
                held = inside or 0 <= at < frames
                re[tile + n, lane] = window[tile + n] * x[0, at] if held else np.float32(0.0)
                im[tile + n, lane] = (
                    window[tile + n] * x[1, at] if held and x.shape[0] > 1 else np.float32(0.0)
                )


@inlined
def _exponential(y: Any) -> Any:
    """``exp(y)`` within 2e-5 of itself for ``|y| <= 1.5``: the eighth power of a polynomial; loops vectorise over it."""
    z = y * np.float32(0.125)
    p = np.float32(1.0) + z * (
        np.float32(1.0) + z * (np.float32(1 / 2) + z * (np.float32(1 / 6) + z * np.float32(1 / 24)))
    )
    p *= p
    p *= p
    return p * p


@kernel("void(f4[:,::1], i8, f4[::1], f4[:,::1], i8[::1], i8[::1], f4[:,:,::1], f4[::1], f8[:,::1])")
def band_powers(
    x: Array, first: int, window: Array, roots: Array, order: Array, edges: Array, work: Array, sums: Array, out: Array
) -> None:  # fmt: skip
    """``out[f, b]``: sum of ``|Z[k]|^2 + |Z[-k]|^2``, ``edges[b] <= k < edges[b + 1]``, in frame ``first + f``, O(n log N).

    ``roots[:, k] = exp(-2 pi i k / N)``, bin k stands in row ``order[k]``; ``work`` (2, N, LANES) and ``sums`` (LANES)
    are scratch.
    """
    re, im = work[0], work[1]
    size, lanes = re.shape[0], re.shape[1]
    for start in range(0, out.shape[0], lanes):
        _load(x, first + start, window, re, im)
        transform_columns(re, im, roots[0], roots[1])
        for band in range(edges.shape[0] - 1):
            for lane in range(lanes):
                sums[lane] = 0.0
            for k in range(edges[band], edges[band + 1]):
                ar, ai, br, bi = re[order[k]], im[order[k]], re[order[size - k]], im[order[size - k]]
                for lane in range(lanes):
                    sums[lane] += (
                        ar[lane] * ar[lane] + ai[lane] * ai[lane] + br[lane] * br[lane] + bi[lane] * bi[lane]
                    )
            for lane in range(min(lanes, out.shape[0] - start)):
                out[start + lane, band] = sums[lane]


@kernel(
    "void(f4[:,::1], f4[:,::1], i8[::1], f4[::1], f4[::1], f4[::1], f4[:,::1], i8[::1], f4[:,:,::1], f4[:,::1], f4[:,::1])"
)
def change(x: Array, gains: Array, place: Array, share: Array, window: Array, unwindow: Array, roots: Array, order: Array,
           work: Array, lanes_of: Array, pending: Array) -> None:  # fmt: skip
    """Filter every frame with its own gains and overlap-add, in place, O(n log N).

    Bin k of frame f takes ``exp((1 - share[k]) * gains[f, place[k]] + share[k] * gains[f, place[k] + 1])``. ``unwindow`` is the
    window of the way back divided by N; ``roots`` and ``order``: see ``band_powers``. ``work`` (2, N, LANES) and
    ``lanes_of`` (gains.shape[1], LANES) are scratch, ``pending`` (2, N / 2) is and starts as zeros.
    """
    re, im = work[0], work[1]
    size, lanes = re.shape[0], re.shape[1]
    hop = size // 2
    for first in range(0, gains.shape[0], lanes):
        _load(x, first, window, re, im)
        transform_columns(re, im, roots[0], roots[1])
        for band in range(gains.shape[1]):
            for lane in range(lanes):
                lanes_of[band, lane] = gains[min(first + lane, gains.shape[0] - 1), band]
        for k in range(hop + 1):
            low, high, part = lanes_of[place[k]], lanes_of[place[k] + 1], share[k]
            ar, ai, br, bi = re[order[k]], im[order[k]], re[order[size - k]], im[order[size - k]]
            if 0 < k < hop:
                for lane in range(lanes):
                    gain = _exponential(low[lane] + part * (high[lane] - low[lane]))
                    ar[lane] *= gain
                    ai[lane] *= gain
                    br[lane] *= gain
                    bi[lane] *= gain
            else:  # DC and half the rate stand alone
                for lane in range(lanes):
                    gain = _exponential(low[lane] + part * (high[lane] - low[lane]))
                    ar[lane] *= gain
                    ai[lane] *= gain
        restore_columns(re, im, roots[0], roots[1])
        for channel in range(x.shape[0]):
            block = re if channel == 0 else im
            row, rest = x[channel], pending[channel]
            for tile in range(0, hop, TILE):
                for lane in range(min(lanes, gains.shape[0] - first)):
                    start = (first + lane - 1) * hop + tile
                    for n in range(max(0, -start), min(TILE, x.shape[1] - start)):
                        k = tile + n
                        before = rest[k] if lane == 0 else unwindow[hop + k] * block[hop + k, lane - 1]
                        row[start + n] = unwindow[k] * block[k, lane] + before
            for n in range(hop):
                rest[n] = unwindow[hop + n] * block[hop + n, lanes - 1]
