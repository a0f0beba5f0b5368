"""Finds where one sound lies in another: to the frame, with its polarity and with swapped channels."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from masterify_core.audio import Audio

Floats = NDArray[np.float64]
MOST_COARSE = 1 << 20  # points of the coarse search: 4 minutes at 4 kHz
FINE_S = 10.0  # of the loudest part, for the search frame by frame
LEAST_LIKENESS = 0.3  # correlation under which two sounds are not the same song
LEAST_SHARED_S = 0.01  # less of a sound is like anything
MOSTLY = 0.5  # a sound shorter than this share of the other is a part of it
LEAST_POWER = 1e-9  # of a song's, below which a place in it is silent


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """How the second sound lies beside the first.

    Attributes
    ----------
    lag_frames
        Frames by which the second comes later than the first.
    likeness
        Correlation where they overlap, 0 to 1.
    inverted
        The second is upside down.
    swapped
        Left and right are exchanged in the second.
    """

    lag_frames: int
    likeness: float
    inverted: bool
    swapped: bool

    @property
    def found(self) -> bool:
        """Whether the two are likely the same song."""
        return self.likeness >= LEAST_LIKENESS


def align(first: Audio, second: Audio) -> Alignment:
    """Find the lag with the largest correlation, whichever its sign, of two sounds of one rate.

    Coarsely over all lags on averages of neighbouring frames, then frame by frame in the loudest part.
    Silence, less than 10 ms and sounds without likeness are answered with a likeness near 0.
    """
    a, b = _mono(first), _mono(second)
    if not a.any() or not b.any():
        return Alignment(lag_frames=0, likeness=0.0, inverted=False, swapped=False)
    every = max(1, math.ceil(max(len(a), len(b)) / MOST_COARSE))
    coarse = every * _best_lag(_averaged(a, every), _averaged(b, every))
    lag = _refined(a, b, coarse, 2 * every) if every > 1 else coarse
    shared = overlap(first.samples, second.samples, lag)[0].shape[1]
    if shared < LEAST_SHARED_S * first.rate:
        return Alignment(lag_frames=0, likeness=0.0, inverted=False, swapped=False)
    likeness = _correlation(*overlap(first.samples, second.samples, lag))
    crossed = _correlation(*overlap(first.samples, second.samples[::-1], lag))
    swapped = first.channels == second.channels == 2 and abs(crossed) > abs(likeness) + 1e-6
    value = crossed if swapped else likeness
    return Alignment(lag_frames=lag, likeness=abs(value), inverted=value < 0.0, swapped=swapped)


def overlap(
    first: NDArray[np.float32], second: NDArray[np.float32], lag: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Cut two sounds to what they share when the second comes ``lag`` frames later; a mono one is both channels."""
    begin_a, begin_b = max(0, -lag), max(0, lag)
    count = max(0, min(first.shape[1] - begin_a, second.shape[1] - begin_b))
    channels = max(len(first), len(second))
    a, b = first[:, begin_a : begin_a + count], second[:, begin_b : begin_b + count]
    return np.broadcast_to(a, (channels, count)), np.broadcast_to(b, (channels, count))


def _mono(audio: Audio) -> Floats:
    """Sum of the channels; the left alone where they cancel out."""
    total = audio.samples.sum(axis=0, dtype=np.float64)
    return np.asarray(total if total.any() else audio.samples[0], dtype=np.float64)


def _averaged(x: Floats, every: int) -> Floats:
    whole = len(x) // every * every
    return x[:whole].reshape(-1, every).mean(axis=1) if whole else x


def _best_lag(a: Floats, b: Floats) -> int:
    """Lag of the largest correlation, whichever its sign, by FFT; O(n log n).

    It is taken in relation to the power of the longer sound where the shorter lies, so that a few seconds of a quiet
    intro are found there and not where the song is loudest; and to all power of the shorter, so that of the
    repetitions of a loop the one that shares most is found.
    """
    size = 1 << (len(a) + len(b) - 1).bit_length()
    # The mean of a short part is music, not an offset: it loses what the whole has.
    means = [a.mean(), b.mean()]
    if min(len(a), len(b)) < MOSTLY * max(len(a), len(b)):
        means = [means[0] if len(a) > len(b) else means[1]] * 2
    a, b = a - means[0], b - means[1]
    correlation = np.fft.irfft(np.fft.rfft(b, size) * np.conj(np.fft.rfft(a, size)), size)
    lags = np.arange(1 - len(a), len(b))
    longer, begins = (a, np.maximum(0, -lags)) if len(a) >= len(b) else (b, np.maximum(0, lags))
    counts = np.minimum(len(a) - np.maximum(0, -lags), len(b) - np.maximum(0, lags))
    power = np.concatenate(([0.0], np.cumsum(longer**2)))
    local = power[begins + counts] - power[begins]
    floor = max(LEAST_POWER * power[-1], np.finfo(float).tiny)
    return int(lags[np.argmax(np.abs(correlation[lags]) / np.sqrt(np.maximum(local, floor)))])


def _refined(a: Floats, b: Floats, coarse: int, reach: int) -> int:
    """Try every lag near the coarse one on part of the song."""
    begin_a, begin_b = max(0, -coarse), max(0, coarse)
    count = min(len(a) - begin_a, len(b) - begin_b)
    width = min(count, round(FINE_S * 48_000))
    blocks = max(1, count // width)
    power = [
        float(np.square(a[begin_a + k * width : begin_a + (k + 1) * width]).sum()) for k in range(blocks)
    ]
    start = int(np.argmax(power)) * width
    part = a[begin_a + start : begin_a + start + width]
    low = begin_b + start - reach
    near = b[max(0, low) : begin_b + start + width + reach]
    size = 1 << (len(part) + len(near) - 1).bit_length()
    correlation = np.fft.irfft(np.fft.rfft(near, size) * np.conj(np.fft.rfft(part, size)), size)
    lags = np.arange(0, max(1, len(near) - len(part) + 1))
    best = int(lags[np.argmax(np.abs(correlation[: len(lags)]))])
    return max(0, low) + best - (begin_a + start)


def _correlation(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Correlation of all channels together, -1 to 1; 0 where one is silent."""
    ab, aa, bb = (float(np.vdot(x, y)) for x, y in ((a, b), (a, a), (b, b)))
    return ab / math.sqrt(aa * bb) if aa > 0.0 and bb > 0.0 else 0.0
