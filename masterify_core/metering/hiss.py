"""Hiss: steady noise that shows where the music leaves room for it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from masterify_core.audio import Audio

Floats = NDArray[np.float64]
Spectra = NDArray[np.complex128]

SIZE = 1024  # up to 50 kHz: 23 ms, short enough for the gaps in music
LARGE_RATE_HZ = 50_000
FROM_HZ, TO_HZ = 2000.0, 16_000.0
PROFILE_FROM_HZ, PROFILE_BANDS = 500.0, 24
QUIETEST = 0.05  # of the blocks show the noise
LEAST_BLOCKS, LEAST_QUIET = 64, 32
LEAST_POWER = 1e-10  # -100 dBFS: digital silence and the dither of 16 bits are no hiss
LOUD_PERCENTILE = 90.0
AT_ONCE = 64  # blocks: their spectra stay in the second-level cache
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
    inside = slice(int(np.searchsorted(hz, FROM_HZ)), int(np.searchsorted(hz, top_hz, "right")))
    rows = {0, audio.channels - 1}
    found = [each for row in sorted(rows) if (each := _quiet_part(audio, row, size, inside)) is not None]
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


def row_powers(spectra: Spectra) -> Floats:
    """Sum of ``|z|^2`` along each row."""
    parts = spectra.view(np.float64)
    return np.asarray(np.einsum("ij,ij->i", parts, parts))


def _spectra(blocks: NDArray[np.float32]) -> Spectra:
    """Spectra of some blocks (Hann window), so scaled that the powers of a block add up to its mean square."""
    size = blocks.shape[1]
    window = np.hanning(size + 1)[:-1]
    window *= math.sqrt(2.0 / (size * float((window**2).sum())))
    return np.asarray(
        np.fft.rfft(blocks * window, axis=1)
    )  # in float64, which numpy transforms faster than float32


def _quiet_part(audio: Audio, row: int, size: int, inside: slice) -> tuple[float, float, Floats] | None:
    """Flatness, distance to the song, and mean spectrum of the quietest blocks of a channel.

    The song goes by twice: its levels a few blocks at a time, which the cache holds, then the quietest blocks.
    """
    blocks = blocks_of(audio.samples[row], size)
    treble, whole = np.empty(len(blocks)), np.empty(len(blocks))
    for first in range(0, len(blocks), AT_ONCE):
        spectra = _spectra(blocks[first : first + AT_ONCE])
        treble[first : first + AT_ONCE] = row_powers(spectra[:, inside])
        whole[first : first + AT_ONCE] = row_powers(spectra[:, 1:])
    heard = np.flatnonzero(treble > LEAST_POWER)
    if len(heard) < LEAST_BLOCKS:
        return None
    quiet = heard[np.argsort(treble[heard], kind="stable")][: max(LEAST_QUIET, int(QUIETEST * len(heard)))]
    spectra = _spectra(blocks[quiet])
    power = spectra.real**2 + spectra.imag**2
    mean = power.mean(axis=0)
    flatness_db = float(np.mean(10.0 * np.log10(power[:, inside] / (mean[inside] + 1e-30) + 1e-9)))
    loud = float(np.percentile(whole[heard], LOUD_PERCENTILE))  # a stem may be silent for nine tenths
    return flatness_db, 10.0 * math.log10(loud / float(treble[quiet].mean())), mean
