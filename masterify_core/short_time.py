"""Short-time spectra: overlapping frames of a song, their powers in bands, and gains that change with time.

Frames are about 46 ms long, overlap by half and carry a sine window both ways, whose squares add up to 1:
where no gain changes anything, the sound comes back as it was. Left and right travel as real and imaginary
part of one transform, which a real gain, the same at ``k`` and ``-k``, keeps apart.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]
Floats = NDArray[np.float64]
Spectra = NDArray[np.complex64]

BANDS_HZ = (0.0, 148.0, 392.0, 795.0, 1458.0, 2550.0, 4349.0, 7314.0, 12199.0)
"""Lower edges of the nine bands of equal ERB steps; the last ends at half the rate."""

CENTRES_HZ = (85.0, 241.0, 558.0, 1077.0, 1928.0, 3330.0, 5640.0, 9446.0, 14_500.0)
"""Where a band's gain holds: geometric means of the edges, with 50 Hz to 17 kHz as the ends."""

FRAME_FRAMES, FRAME_RATE = 2048, 44_100
SHORTEST_FRAMES = 64


def frame_size(rate: int) -> int:
    """Samples of one frame, a power of two nearest to 46 ms; the hop is half of it."""
    return max(int(2 ** round(math.log2(FRAME_FRAMES * rate / FRAME_RATE))), SHORTEST_FRAMES)


def frame_count(frames: int, rate: int) -> int:
    """How many frames cover a song of so many samples; the first begins half a frame before it."""
    return -(-frames // (frame_size(rate) // 2)) + 1


@cache
def sine_window(size: int) -> Rows:
    """Square root of the periodic Hann window."""
    return np.sin(np.pi * (np.arange(size) + 0.5) / size).astype(np.float32)


def transform(samples: Rows, first: int, count: int, size: int) -> Spectra:
    """Spectra of ``count`` frames from number ``first`` on, ``(count, size)``; silence outside the song.

    Parameters
    ----------
    samples
        ``(channels, n)``; frame 0 begins half a frame before sample 0.
    first, count, size
        Number of the first frame, how many, samples of each.
    """
    hop = size // 2
    start, stop = (first - 1) * hop, (first + count) * hop
    inside = slice(max(start, 0), max(min(stop, samples.shape[1]), 0))
    row = np.zeros(stop - start, np.complex64)
    part = row[max(-start, 0) : max(-start, 0) + max(inside.stop - inside.start, 0)]
    part.real = samples[0, inside.start : inside.start + len(part)]
    if samples.shape[0] > 1:
        part.imag = samples[-1, inside.start : inside.start + len(part)]
    frames = np.lib.stride_tricks.sliding_window_view(row, size)[::hop]
    return np.asarray(np.fft.fft(frames * sine_window(size), axis=1), dtype=np.complex64)


def band_edges(rate: int) -> NDArray[np.int64]:
    """First bin of each of the nine bands; DC belongs to none. Bands past half the rate begin at its bin."""
    size = frame_size(rate)
    bins = np.ceil(np.array(BANDS_HZ) * size / rate).astype(np.int64)
    return np.clip(bins, 1, size // 2)


def band_powers(spectra: Spectra, edges: NDArray[np.int64], channels: int) -> Floats:
    """Mean power of mid and side together in each band of each frame, ``(frames, bands)``.

    A full-scale sine in both channels has power 0.5. ``edges`` are the bands' first bins; the last ends at
    half the rate, and a band that begins there is empty.
    """
    size = spectra.shape[1]
    power = spectra.real**2 + spectra.imag**2
    both = power[:, 1 : size // 2] + power[:, : size // 2 : -1]  # bins k and -k
    padded = np.concatenate([both, np.zeros((len(both), 1), np.float32)], axis=1)
    summed = np.add.reduceat(padded, edges - 1, axis=1, dtype=np.float64)
    summed[:, np.append(edges[1:] <= edges[:-1], False)] = 0.0  # reduceat answers one value for nothing
    return np.asarray(summed * (2.0 / channels / size**2))


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
    gains_db
        ``(frame_count, 9)``: gain of each frame at the bands' centres, dB.
    """
    size, block = frame_size(rate), 128
    hop = size // 2
    weights = between_centres(np.arange(hop + 1) * (rate / size)) * (math.log(10.0) / 20.0)
    window = sine_window(size)
    pending = np.zeros(hop, np.complex64)  # second half of the last frame
    before = np.zeros((samples.shape[0], hop), np.float32)  # what stood there before it was changed
    for first in range(0, len(gains_db), block):
        count = min(block, len(gains_db) - first)
        start = (first - 1) * hop
        source = np.concatenate([before, samples[:, start + hop : start + (count + 1) * hop]], axis=1)
        spectra = transform(np.ascontiguousarray(source), 1, count, size)
        gain = np.exp((gains_db[first : first + count] @ weights).astype(np.float32))
        spectra[:, : hop + 1] *= gain
        spectra[:, hop + 1 :] *= gain[:, hop - 1 : 0 : -1]
        frames = np.asarray(np.fft.ifft(spectra, axis=1), dtype=np.complex64) * window
        halves = frames[:, :hop].copy()
        halves[0] += pending
        halves[1:] += frames[:-1, hop:]
        pending = frames[-1, hop:]
        before = source[:, count * hop : (count + 1) * hop]
        before = np.pad(before, ((0, 0), (0, hop - before.shape[1])))
        _store(halves.reshape(-1), samples, start)


def _store(row: Spectra, samples: Rows, start: int) -> None:
    """Write real and imaginary part to left and right from ``start`` on, as far as the song goes."""
    target = samples[:, max(start, 0) : max(start + len(row), 0)]
    part = row[max(-start, 0) :][: target.shape[1]]
    target[0] = part.real
    if len(samples) > 1:
        target[1] = part.imag
