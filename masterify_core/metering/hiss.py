"""Hiss: steady noise that shows where the music leaves room for it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from masterify_core.audio import Audio
from masterify_core.filters import fourier_of
from masterify_core.metering.spectrum import block_powers
from masterify_core.metering.statistics import quantiles

Floats = NDArray[np.float64]

SIZE = 1024  # up to 50 kHz: 23 ms, short enough for the gaps in music
LARGE_RATE_HZ = 50_000
FROM_HZ, TO_HZ = 2000.0, 16_000.0
PROFILE_FROM_HZ, PROFILE_BANDS = 500.0, 24
QUIETEST = 0.05  # of the blocks show the noise
LEAST_BLOCKS, LEAST_QUIET = 64, 32
LEAST_POWER = 1e-10  # -100 dBFS: digital silence and the dither of 16 bits are no hiss
LOUD_SHARE = 0.9
COLUMNS = 32  # of the transform of a block
GAUSSIAN_DB = -2.51
"""Mean level of the powers of steady Gaussian noise under the level of their mean: 10 log10 exp(-0.5772)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hiss:
    """What the quietest twentieth of a song is made of, from 2 to 16 kHz.

    Attributes
    ----------
    flatness_db
        Mean level over level of the mean, over time and frequency, of powers over their mean spectrum: -2.51 dB for
        steady Gaussian noise, lower the more it moves or the more tones are in it.
    under_song_db
        How far its power lies under that of the song's loud moments, dB.
    hz, density_dbfs
        Its spectrum: power of one channel in 1 Hz, dBFS (a full-scale square wave has 0).
    """

    flatness_db: float
    under_song_db: float
    hz: tuple[float, ...]
    density_dbfs: tuple[float, ...]


def measure_hiss(audio: Audio, band_limit_hz: float | None = None) -> Hiss | None:
    """Look at the quiet moments of each channel; None for silence and for songs that are too short to have any.

    The mean of the first and the last channel; one block of two is looked at.
    """
    size = block_size(audio.rate)
    top_hz = min(TO_HZ, 0.36 * audio.rate, 0.9 * (band_limit_hz or math.inf))
    hz = np.fft.rfftfreq(size, 1.0 / audio.rate)
    low, high = int(np.searchsorted(hz, FROM_HZ)), int(np.searchsorted(hz, top_hz, "right"))
    inside = slice(low, max(low, high))
    levels = _levels(audio, size, inside)
    rows = {0, audio.channels - 1}
    parts = [
        _quiet_part(blocks_of(audio.samples[row], size), levels[min(row, 1)], inside) for row in sorted(rows)
    ]
    found = [part for part in parts if part is not None]
    if not found:
        return None
    flatness_db = float(np.mean([each[0] for each in found]))
    under_db = float(np.mean([each[1] for each in found]))
    mean = np.mean([each[2] for each in found], axis=0) * size / audio.rate  # of a bin to that of 1 Hz
    edges = np.geomspace(PROFILE_FROM_HZ, 0.475 * audio.rate, PROFILE_BANDS + 1)
    places = [(math.sqrt(low * high), (hz >= low) & (hz < high)) for low, high in pairwise(edges)]
    bands = [(centre, float(mean[place].mean())) for centre, place in places if place.any()]
    return Hiss(
        flatness_db=flatness_db, under_song_db=under_db, hz=tuple(round(centre, 1) for centre, _ in bands),
        density_dbfs=tuple(round(10.0 * math.log10(density + 1e-30), 2) for _, density in bands),
    )  # fmt: skip


def block_size(rate: int) -> int:
    """Frames of a block: 1024 up to 50 kHz, so that it lasts about as long at any rate."""
    size = SIZE
    while rate > LARGE_RATE_HZ * size // SIZE:
        size *= 2
    return size


def blocks_of(row: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """Every second block of a channel, ``(blocks, size)``; a view."""
    if len(row) < size:
        return np.empty((0, size), np.float32)
    return np.lib.stride_tricks.sliding_window_view(row, size)[:: 2 * size]


def _window(size: int) -> Floats:
    """Hann window, so scaled that the powers of a block's bins add up to its mean square."""
    window = np.hanning(size + 1)[:-1]
    return np.asarray(window * math.sqrt(2.0 / (size * float((window**2).sum()))))


def _levels(audio: Audio, size: int, inside: slice) -> Floats:
    """Powers of the first and the last channel in each block, inside the bins and in all of them, ``(2, 2, blocks)``."""
    starts = np.arange(0, max(0, audio.frames - size + 1), 2 * size)
    table = fourier_of(size // COLUMNS, COLUMNS)
    edges = np.array([1, inside.start, inside.stop, size // 2 + 1])
    power = block_powers(audio, starts, _window(size).astype(np.float32), table, edges, mid_side=False)
    return np.stack([power[:, :, 1].T, power.sum(axis=2).T], axis=1)


def _quiet_part(
    blocks: NDArray[np.float32], levels: Floats, inside: slice
) -> tuple[float, float, Floats] | None:
    """Flatness, distance to the song, and mean spectrum of the quietest blocks of a channel."""
    treble, whole = levels
    heard = np.flatnonzero(treble > LEAST_POWER)
    if len(heard) < LEAST_BLOCKS:
        return None
    quiet = heard[np.argsort(treble[heard], kind="stable")][: max(LEAST_QUIET, int(QUIETEST * len(heard)))]
    spectra = np.fft.rfft(blocks[quiet] * _window(blocks.shape[1]), axis=1)
    power = spectra.real**2 + spectra.imag**2
    mean = power.mean(axis=0)
    flatness_db = float(np.mean(10.0 * np.log10(power[:, inside] / (mean[inside] + 1e-30) + 1e-9)))
    loud = float(quantiles(whole[heard], LOUD_SHARE))  # a stem may be silent for nine tenths
    return flatness_db, 10.0 * math.log10(loud / float(treble[quiet].mean())), mean
