"""Short-time spectra: overlapping frames of a song, their powers in bands, and gains that change with time.

Frames are about 46 ms long, overlap by half and carry a sine window both ways, whose squares add up to 1:
where no gain changes anything, the sound comes back as it was. Left and right travel as real and imaginary
part of one transform, which a real gain, the same at ``k`` and ``-k``, keeps apart.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from masterify_core.filters import digit_reversed
from masterify_core.kernels import short_time as kernels

Rows = NDArray[np.float32]
Floats = NDArray[np.float64]
Bins = NDArray[np.int64]

BANDS_HZ = (0.0, 148.0, 392.0, 795.0, 1458.0, 2550.0, 4349.0, 7314.0, 12199.0)
"""Lower edges of the nine bands of equal ERB steps; the last ends at half the rate."""

CENTRES_HZ = (85.0, 241.0, 558.0, 1077.0, 1928.0, 3330.0, 5640.0, 9446.0, 14_500.0)
"""Where a band's gain holds: geometric means of the edges, with 50 Hz to 17 kHz as the ends."""

FRAME_FRAMES, FRAME_RATE = 2048, 44_100
SHORTEST_FRAMES = 64


@dataclass(frozen=True, slots=True, eq=False)
class _Tables:
    """Window (both ways), roots of unity, and the row in which each bin stands."""

    window: Rows
    unwindow: Rows
    roots: Rows
    order: Bins


def frame_size(rate: int) -> int:
    """Samples of one frame, a power of two nearest to 46 ms; the hop is half of it."""
    return max(int(2 ** round(math.log2(FRAME_FRAMES * rate / FRAME_RATE))), SHORTEST_FRAMES)


def frame_count(frames: int, rate: int) -> int:
    """How many frames cover a song of so many samples; the first begins half a frame before it."""
    return -(-frames // (frame_size(rate) // 2)) + 1


def band_edges(rate: int) -> Bins:
    """First bin of each of the nine bands, and the bin at half the rate; DC belongs to none."""
    size = frame_size(rate)
    bins = np.ceil(np.array([*BANDS_HZ, rate / 2.0]) * size / rate).astype(np.int64)
    return np.clip(bins, 1, size // 2)


def band_powers(samples: Rows, rate: int, edges: Bins, first: int = 0, count: int | None = None) -> Floats:
    """Mean power of mid and side together in each band of each frame, ``(frames, bands)``.

    A full-scale sine in both channels has power 0.5.

    Parameters
    ----------
    samples
        ``(channels, n)``; what lies outside is silence.
    rate
        Hz.
    edges
        First bin of each band, rising from 1, and the one after the last.
    first, count
        Number of the first frame, and how many; to the end without it.
    """
    size = frame_size(rate)
    tables, (work, _) = _tables(size), _scratch(size)
    frames = frame_count(samples.shape[1], rate) - first if count is None else count
    power = np.empty((frames, len(edges) - 1))
    kernels.band_powers(
        samples, first, tables.window, tables.roots, tables.order, edges, work, np.empty(kernels.LANES, np.float32), power
    )  # fmt: skip
    return np.asarray(power * (2.0 / len(samples) / size**2))


def between_centres(hz: NDArray[np.floating[Any]]) -> Floats:
    """Weights ``(9, len(hz))`` that draw straight lines over log frequency between the bands' centres."""
    at, centres = np.log(np.maximum(hz, 1.0)), np.log(CENTRES_HZ)
    return np.stack([np.interp(at, centres, unit) for unit in np.eye(len(CENTRES_HZ))])


def change(samples: Rows, rate: int, gains_db: Floats) -> None:
    """Give every frame its gains, in place.

    Parameters
    ----------
    samples
        ``(channels, n)``, changed.
    rate
        Hz.
    gains_db
        ``(frame_count, 9)``: gain of each frame at the bands' centres, dB; within 12 dB.
    """
    size = frame_size(rate)
    tables, (work, pending) = _tables(size), _scratch(size)
    at = np.log(np.maximum(np.arange(size // 2 + 1) * (rate / size), 1.0))
    position = np.interp(at, np.log(CENTRES_HZ), np.arange(len(CENTRES_HZ)))
    place = np.minimum(position.astype(np.int64), len(CENTRES_HZ) - 2)
    kernels.change(
        samples, (gains_db * (math.log(10.0) / 20.0)).astype(np.float32), place, (position - place).astype(np.float32),
        tables.window, tables.unwindow, tables.roots, tables.order, work,
        np.empty((len(CENTRES_HZ) + 1, kernels.LANES), np.float32), pending,
    )  # fmt: skip


@cache
def _tables(size: int) -> _Tables:
    window = np.sin(np.pi * (np.arange(size) + 0.5) / size)  # square root of a Hann window
    angle = -2.0 * np.pi * np.arange(size) / size
    order = np.empty(size + 1, np.int64)
    order[digit_reversed(size)] = np.arange(size)
    order[size] = order[0]
    return _Tables(
        window.astype(np.float32), (window / size).astype(np.float32),
        np.stack([np.cos(angle), np.sin(angle)]).astype(np.float32), order,
    )  # fmt: skip


def _scratch(size: int) -> tuple[Rows, Rows]:
    return np.empty((2, size, kernels.LANES), np.float32), np.zeros((2, size // 2), np.float32)
