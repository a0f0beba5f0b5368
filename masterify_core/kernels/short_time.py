"""Short-time spectra, sixteen frames side by side: powers in bands, and gains that change from frame to frame.

Frame f begins at sample ``(f - 1) * hop`` of the song, hop being half its size: the first one reaches half
out of it. The first channel travels as real part, the last as imaginary part.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from masterify_core.kernels._fft import restore_columns, transform_columns
from masterify_core.kernels._jit import kernel
from masterify_core.kernels._marks import apart, inlined

Array = Any
ON_DEMAND = True
LANES = 16  # frames at once: rows of 64 bytes


@apart
def _turn_in(x: Array, hop: int, window: Array, out: Array) -> None:
    """``out[n, l] = window[n] * x[l hop + n]``, eight lanes at a time."""
    size = window.shape[0]
    for lane in range(0, out.shape[1], 8):
        a, b, c, d = x[lane * hop :], x[(lane + 1) * hop :], x[(lane + 2) * hop :], x[(lane + 3) * hop :]
        e, f, g, h = (
            x[(lane + 4) * hop :],
            x[(lane + 5) * hop :],
            x[(lane + 6) * hop :],
            x[(lane + 7) * hop :],
        )
        for n in range(size):
            row, weight = out[n, lane : lane + 8], window[n]
            row[0], row[1], row[2], row[3] = weight * a[n], weight * b[n], weight * c[n], weight * d[n]
            row[4], row[5], row[6], row[7] = weight * e[n], weight * f[n], weight * g[n], weight * h[n]


@apart
def _turn_in_edge(x: Array, start: int, hop: int, window: Array, out: Array) -> None:
    """``out[n, l] = window[n] * x[start + l hop + n]``, 0 outside the song."""
    for n in range(window.shape[0]):
        for lane in range(out.shape[1]):
            at = start + lane * hop + n
            out[n, lane] = window[n] * x[at] if 0 <= at < x.shape[0] else np.float32(0.0)


@inlined
def _load(x: Array, first: int, window: Array, re: Array, im: Array) -> None:
    """``re[n, l] + i im[n, l] = window[n] * (x[0] + i x[1])`` at sample n of frame ``first + l``, 0 outside the song."""
    size, lanes, frames = re.shape[0], re.shape[1], x.shape[1]
    hop = size // 2
    start = (first - 1) * hop
    end = start + (lanes + 1) * hop
    for channel in range(2):
        part = re if channel == 0 else im
        if channel >= x.shape[0]:
            part[:] = np.float32(0.0)
        elif start >= 0 and end <= frames:
            _turn_in(x[channel, start:end], hop, window, part)
        else:
            _turn_in_edge(x[channel], start, hop, window, part)


@apart
def _overlap(block: Array, unwindow: Array, rest: Array) -> None:
    """Add to the first half of each frame the second half of the one before, in the rows of the first halves.

    ``rest`` is the second half of the frame before the first lane, and then that of the last lane.
    """
    hop, lanes = rest.shape[0], block.shape[1]
    for n in range(hop):
        row, before = block[n], block[hop + n]
        for lane in range(lanes - 1, 0, -1):
            row[lane] = unwindow[n] * row[lane] + unwindow[hop + n] * before[lane - 1]
        row[0] = unwindow[n] * row[0] + rest[n]
        rest[n] = unwindow[hop + n] * before[lanes - 1]


@apart
def _turn_out(block: Array, hop: int, out: Array) -> None:
    """``out[l hop + n] = block[n, l]``, eight rows at a time."""
    for n in range(0, hop, 8):
        a, b, c, d = block[n], block[n + 1], block[n + 2], block[n + 3]
        e, f, g, h = block[n + 4], block[n + 5], block[n + 6], block[n + 7]
        for lane in range(block.shape[1]):
            row = out[lane * hop + n : lane * hop + n + 8]
            row[0], row[1], row[2], row[3] = a[lane], b[lane], c[lane], d[lane]
            row[4], row[5], row[6], row[7] = e[lane], f[lane], g[lane], h[lane]


@apart
def _turn_out_edge(block: Array, hop: int, count: int, start: int, x: Array) -> None:
    """``x[start + l hop + n] = block[n, l]`` of ``count`` lanes, inside of the song."""
    for lane in range(count):
        for n in range(hop):
            at = start + lane * hop + n
            if 0 <= at < x.shape[0]:
                x[at] = block[n, lane]


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


@apart
def _gains(low: Array, high: Array, part: float, out: Array) -> None:
    """``out = exp((1 - part) low + part high)``."""
    for lane in range(out.shape[0]):
        out[lane] = _exponential(low[lane] + part * (high[lane] - low[lane]))


@apart
def _times(gain: Array, re: Array, im: Array) -> None:
    """Multiply two rows by a third."""
    for lane in range(gain.shape[0]):
        re[lane] *= gain[lane]
        im[lane] *= gain[lane]


@apart
def _add_powers(ar: Array, ai: Array, br: Array, bi: Array, sums: Array) -> None:
    """``sums += |a|^2 + |b|^2``."""
    for lane in range(sums.shape[0]):
        sums[lane] += ar[lane] * ar[lane] + ai[lane] * ai[lane] + br[lane] * br[lane] + bi[lane] * bi[lane]


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
                _add_powers(re[order[k]], im[order[k]], re[order[size - k]], im[order[size - k]], sums)
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
    ``lanes_of`` (gains.shape[1] + 1, LANES) are scratch, ``pending`` (2, N / 2) is and starts as zeros.
    """
    re, im = work[0], work[1]
    size, lanes = re.shape[0], re.shape[1]
    hop, gain = size // 2, lanes_of[gains.shape[1]]
    for first in range(0, gains.shape[0], lanes):
        _load(x, first, window, re, im)
        transform_columns(re, im, roots[0], roots[1])
        for band in range(gains.shape[1]):
            for lane in range(lanes):
                lanes_of[band, lane] = gains[min(first + lane, gains.shape[0] - 1), band]
        for k in range(hop + 1):
            _gains(lanes_of[place[k]], lanes_of[place[k] + 1], share[k], gain)
            _times(gain, re[order[k]], im[order[k]])
            if 0 < k < hop:  # DC and half the rate stand alone
                _times(gain, re[order[size - k]], im[order[size - k]])
        restore_columns(re, im, roots[0], roots[1])
        for channel in range(x.shape[0]):
            block, row = re if channel == 0 else im, x[channel]
            _overlap(block, unwindow, pending[channel])
            start, count = (first - 1) * hop, min(lanes, gains.shape[0] - first)
            if start >= 0 and count == lanes and start + lanes * hop <= x.shape[1]:
                _turn_out(block, hop, row[start : start + lanes * hop])
            else:
                _turn_out_edge(block, hop, count, start, row)
