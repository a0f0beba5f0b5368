"""Phase: bands in which left and right work against each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from masterify_core.audio import Audio
from masterify_core.metering.hiss import block_size, blocks_of

Floats = NDArray[np.float64]
Spectra = NDArray[np.complex128]

OCTAVES_HZ = (60.0, 120.0, 240.0, 480.0, 960.0, 1920.0, 3840.0, 7680.0, 15_360.0)
HEARD = 0.01  # of the mean power of the band: quieter blocks do not count
LEAST_POWER = 1e-10
MOST_BLOCKS = 480  # of longer songs only so many are looked at, spread evenly: shares of 45 songs moved by 0.004, at most 0.07
AT_ONCE = 16  # blocks: their spectra stay in the second-level cache


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseBand:
    """One octave of a stereo song.

    Attributes
    ----------
    against_share
        How often its side is stronger than its mid (correlation below 0).
    side_mid_db
        By how much it is stronger overall, dB.
    coherence
        How much of one channel a fixed filter could make from the other, 0 to 1: 1 where they hold the same sound,
        turned in phase or not; low where they have little to do with each other.
    """

    low_hz: float
    high_hz: float
    against_share: float
    side_mid_db: float
    coherence: float


def measure_phase(audio: Audio) -> tuple[PhaseBand, ...]:
    """Side against mid in blocks of about 90 ms, at most every second one; nothing for mono and for silence."""
    size = 4 * block_size(audio.rate)
    if audio.channels < 2 or audio.frames < size:
        return ()
    hz = np.fft.rfftfreq(size, 1.0 / audio.rate)
    octaves = [slice(low, high) for low, high in pairwise(np.searchsorted(hz, OCTAVES_HZ).tolist())]
    mid, side, coherence, power = _powers(audio, size, octaves)
    bands = []
    for number, (low_hz, high_hz) in enumerate(pairwise(OCTAVES_HZ)):
        m, s, inside = mid[number], side[number], octaves[number]
        heard = m + s > max(HEARD * float((m + s).mean()), LEAST_POWER)
        if heard.any():
            ratio = float(s[heard].sum() + LEAST_POWER) / float(m[heard].sum() + LEAST_POWER)
            share = float((s > m)[heard].mean())
            bands.append(
                PhaseBand(
                    low_hz=low_hz, high_hz=high_hz, against_share=share, side_mid_db=10.0 * math.log10(ratio),
                    coherence=float((coherence * power)[inside].sum() / power[inside].sum()),
                )
            )  # fmt: skip
    return tuple(bands)


def _powers(audio: Audio, size: int, octaves: Sequence[slice]) -> tuple[Floats, Floats, Floats, Floats]:
    """Powers of mid and side, ``(octaves, blocks)``, and each bin's coherence (0 in silence) and power over all blocks.

    A few blocks at a time, which the cache holds.
    """
    window = np.hanning(size + 1)[:-1]
    first, last = (_spread(blocks_of(audio.samples[row], size)) for row in (0, -1))
    mid, side = np.empty((2, len(octaves), len(first)))
    cross, one, other = (
        np.zeros(size // 2 + 1, np.complex128),
        np.zeros(size // 2 + 1),
        np.zeros(size // 2 + 1),
    )
    for begin in range(0, len(first), AT_ONCE):
        here = slice(begin, begin + AT_ONCE)
        left, right = np.fft.rfft(first[here] * window, axis=1), np.fft.rfft(last[here] * window, axis=1)
        cross += (left * right.conj()).sum(axis=0)
        one += _bin_powers(left)
        other += _bin_powers(right)
        together, against = left + right, left - right
        for number, inside in enumerate(octaves):
            mid[number, here] = _row_powers(together[:, inside])
            side[number, here] = _row_powers(against[:, inside])
    return mid, side, np.abs(cross) ** 2 / np.maximum(one * other, LEAST_POWER**2), one + other


def _spread(blocks: NDArray[np.float32]) -> NDArray[np.float32]:
    """At most MOST_BLOCKS of them, from all of the song; a view."""
    return blocks[:: -(-len(blocks) // MOST_BLOCKS)]


def _row_powers(spectra: Spectra) -> Floats:
    """Sum of ``|z|^2`` along each row."""
    parts = spectra.view(np.float64)
    return np.asarray(np.einsum("ij,ij->i", parts, parts))


def _bin_powers(spectra: Spectra) -> Floats:
    """Sum of ``|z|^2`` along each column."""
    return np.asarray((spectra.real**2 + spectra.imag**2).sum(axis=0))
