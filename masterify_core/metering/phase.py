"""Phase: bands in which left and right work against each other."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from masterify_core.audio import Audio
from masterify_core.metering.hiss import block_size

Floats = NDArray[np.float64]
Spectra = NDArray[np.complexfloating[Any, Any]]

OCTAVES_HZ = (60.0, 120.0, 240.0, 480.0, 960.0, 1920.0, 3840.0, 7680.0, 15_360.0)
HEARD = 0.01  # of the mean power of the band: quieter blocks do not count
LEAST_POWER = 1e-10


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
    """Side against mid in blocks of about 90 ms, every second one; nothing for mono and for silence."""
    size = 4 * block_size(audio.rate)
    if audio.channels < 2 or audio.frames < size:
        return ()
    window = np.hanning(size + 1)[:-1].astype(np.float32)
    left, right = (
        np.fft.rfft(
            np.lib.stride_tricks.sliding_window_view(audio.samples[row], size)[:: 2 * size] * window, axis=1
        )
        for row in (0, -1)
    )
    coherence, power = _coherence(left, right)
    mid, side = np.abs(left + right) ** 2, np.abs(left - right) ** 2
    hz = np.fft.rfftfreq(size, 1.0 / audio.rate)
    bands = []
    for low_hz, high_hz in pairwise(OCTAVES_HZ):
        inside = (hz >= low_hz) & (hz < high_hz)
        m, s = mid[:, inside].sum(axis=1, dtype=np.float64), side[:, inside].sum(axis=1, dtype=np.float64)
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


def _coherence(left: Spectra, right: Spectra) -> tuple[Floats, Floats]:
    """Magnitude-squared coherence of each bin over all blocks (0 in silence), and the bin's power."""
    cross = np.abs((left * right.conj()).sum(axis=0, dtype=np.complex128)) ** 2
    one, other = ((np.abs(each) ** 2).sum(axis=0, dtype=np.float64) for each in (left, right))
    return cross / np.maximum(one * other, LEAST_POWER**2), one + other
