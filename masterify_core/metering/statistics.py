"""Power, offset and extremes of every 10 ms hop: one pass that the stereo, dynamics and defect meters share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from masterify_core.audio import Audio
from masterify_core.kernels import statistics as kernels
from masterify_core.metering.loudness import hop_edges


@dataclass(frozen=True, slots=True, eq=False)
class Statistics:
    """What one pass over the samples of left and right (first and last channel) finds.

    Attributes
    ----------
    sums
        float64 ``(hops, 5)``: sums over the hop of L^2, R^2, (L - R)^2, L, R. The hops are those of
        `loudness.Hops`, an incomplete last one included.
    extremes
        float32 ``(hops, 4)``: magnitude of the highest and of the lowest L and R; 0 where there is none.
    peaks
        float32 ``(hops,)``: largest magnitude of each hop.
    edges
        int64 ``(hops + 1,)``: first frame of each hop, and the end.
    rate
        Hz.
    """

    sums: NDArray[np.float64]
    extremes: NDArray[np.float32]
    peaks: NDArray[np.float32]
    edges: NDArray[np.int64]
    rate: int

    @property
    def frames(self) -> int:
        """Length of the song."""
        return int(self.edges[-1])

    def windows(self, width: int, step: int) -> NDArray[np.float64]:
        """Sums over windows of ``width`` hops, one each ``step`` hops; a shorter song is one window."""
        if len(self.sums) < width:
            return np.asarray(self.sums.sum(axis=0, keepdims=True))
        totals = np.concatenate([np.zeros((1, kernels.SUMS)), np.cumsum(self.sums, axis=0)])
        starts = np.arange(0, len(self.sums) - width + 1, step)
        return np.asarray(totals[starts + width] - totals[starts])


def measure_statistics(audio: Audio) -> Statistics:
    """Sum up a song hop by hop; about 1 ns a frame. The samples must be finite."""
    edges = hop_edges(audio.frames, audio.rate)
    hops = len(edges) - 1
    sums, bits = np.zeros((hops, kernels.SUMS)), np.zeros((hops, kernels.EXTREMES), np.int32)
    kernels.hop_statistics(audio.samples, audio.samples.view(np.int32), audio.rate, sums, bits)
    extremes = np.maximum(bits, 0).view(np.float32)
    peaks = np.maximum(np.maximum(extremes[:, 0], extremes[:, 1]), np.maximum(extremes[:, 2], extremes[:, 3]))
    return Statistics(sums, extremes, peaks, edges, audio.rate)


def median(values: ArrayLike) -> float:
    """Middle of one or more values, the mean of the two middle ones of an even count."""
    ordered = np.sort(np.asarray(values, np.float64), axis=None)
    return float((ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2.0)


def quantiles(values: ArrayLike, shares: ArrayLike) -> NDArray[np.float64]:
    """Finite values that so large shares of the rows stay under, straight lines in between: `numpy.quantile` along axis 0.

    The first call of that one imports numpy's masked arrays: 10 ms of every run.
    """
    ordered = np.sort(np.asarray(values, np.float64), axis=0)
    place = np.asarray(shares, np.float64) * (len(ordered) - 1)
    low = np.floor(place).astype(int)
    part = (place - low).reshape(place.shape + (1,) * (ordered.ndim - 1))
    return np.asarray(ordered[low] + part * (ordered[np.minimum(low + 1, len(ordered) - 1)] - ordered[low]))
