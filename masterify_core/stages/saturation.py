"""Saturation: a little of a softly bent copy, at the same level."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from masterify_core.audio import Audio
from masterify_core.filters import interpolator
from masterify_core.kernels import saturation as kernels
from masterify_core.schema import Checked, Range
from masterify_core.units import db_to_gain

BETA = 8.0  # of the interpolator: images and what folds back stay 80 dB down up to 0.4 of the rate
SILENT = 1e-20


@dataclass(frozen=True, slots=True, kw_only=True)
class Saturation(Checked):
    """Adds density: harmonics of what is loud, and rounder peaks.

    The curve is straight for what is quiet, bends from about a quarter of ``full_dbfs`` and is flat from there up. It is
    a polynomial, run at twice the rate: a tone of 5 kHz folds back at -90 dB where it reaches the flat, at -73 dB 6 dB
    over it. Afterwards the song has the energy it had.

    Attributes
    ----------
    full_dbfs
        Level of a sample at which the curve is flat, dBFS.
    drive_db
        How much louder the sound meets the curve, dB.
    mix
        Share of the bent copy, 0 to 0.3.
    """

    full_dbfs: Annotated[float, Range(-120.0, 120.0, "dBFS")]
    drive_db: Annotated[float, Range(0.0, 2.0, "dB")] = 0.0
    mix: Annotated[float, Range(0.0, 0.3)]

    def __call__(self, audio: Audio) -> Audio:
        """Saturate a copy; same shape."""
        samples = audio.samples.copy()
        self.apply(samples, audio.rate)
        return audio.with_samples(samples)

    def apply(self, samples: NDArray[np.float32], rate: int) -> None:  # noqa: ARG002 - the curve knows no time
        """Saturate in place."""
        full = db_to_gain(self.full_dbfs - self.drive_db)
        window, taken = (
            np.zeros(kernels.CHUNK + 2 * kernels.TAPS, np.float32),
            np.empty(kernels.CHUNK + kernels.TAPS, np.float32),
        )
        totals = np.zeros(2)
        kernels.saturate(samples, between(), 1.0 / full, self.mix * full, window, taken, totals, samples)
        if totals[1] > SILENT:
            samples *= np.float32(math.sqrt(totals[0] / totals[1]))


@cache
def between() -> NDArray[np.float32]:
    """Taps for the point half-way, exactly symmetric."""
    taps = interpolator(2, kernels.TAPS, BETA)[1].astype(np.float64)
    return np.asarray(0.5 * (taps + taps[::-1]), np.float32)
