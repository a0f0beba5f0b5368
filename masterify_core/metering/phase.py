"""Phase: bands in which left and right work against each other."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from masterify_core.audio import Audio
from masterify_core.metering.hiss import block_size

OCTAVES_HZ = (60.0, 120.0, 240.0, 480.0, 960.0, 1920.0, 3840.0, 7680.0, 15_360.0)
HEARD = 0.01  # of the mean power of the band: quieter blocks do not count
LEAST_POWER = 1e-10


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseBand:
    """One octave: how often its side is stronger than its mid (correlation below 0), and by how much overall."""

    low_hz: float
    high_hz: float
    against_share: float
    side_mid_db: float


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
                    low_hz=low_hz, high_hz=high_hz, against_share=share, side_mid_db=10.0 * math.log10(ratio)
                )
            )
    return tuple(bands)
