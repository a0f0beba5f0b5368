"""Light compression in one to three bands."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from masterify_core.audio import Audio
from masterify_core.errors import SettingError
from masterify_core.kernels import dynamics as kernels
from masterify_core.schema import Checked, Count, Range
from masterify_core.units import db_to_gain, one_pole

KNEE_DB = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Band(Checked):
    """One band of `Dynamics`; threshold against the band's mean square (one channel's worth), dBFS."""

    threshold_dbfs: Annotated[float, Range(-120.0, 120.0, "dBFS")]  # floats may be far over full scale
    ratio: Annotated[float, Range(1.0, 4.0)]
    cap_db: Annotated[float, Range(0.0, 6.0, "dB")]
    makeup_db: Annotated[float, Range(0.0, 6.0, "dB")] = 0.0
    attack_ms: Annotated[float, Range(1.0, 200.0, "ms")] = 30.0
    release_ms: Annotated[float, Range(10.0, 2000.0, "ms")] = 200.0
    window_ms: Annotated[float, Range(1.0, 400.0, "ms")] = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Dynamics(Checked):
    """Turns down what exceeds a band's threshold, both channels alike.

    Attributes
    ----------
    crossovers_hz
        First-order crossovers, rising, Hz: none for one band, two for three bands. The bands add up to the
        sound itself: where nothing is turned down, nothing changes, the phase included. (Linkwitz-Riley bands
        add up to an all-pass that turns the polarity around the crossovers.)
    bands
        From low to high.
    """

    crossovers_hz: tuple[Annotated[float, Range(40.0, 12_000.0, "Hz")], ...] = ()
    bands: Annotated[tuple[Band, ...], Count(1, 3)]

    def check(self) -> None:
        """One band more than crossovers, which rise."""
        if len(self.bands) != len(self.crossovers_hz) + 1 or len(self.crossovers_hz) == 1:
            raise SettingError("crossovers_hz", "must be none for one band, two for three bands")
        if list(self.crossovers_hz) != sorted(set(self.crossovers_hz)):
            raise SettingError("crossovers_hz", "must rise")

    def __call__(self, audio: Audio) -> Audio:
        """Compress a copy; same shape."""
        samples = audio.samples.copy()
        self.apply(samples, audio.rate)
        return audio.with_samples(samples)

    def apply(self, samples: NDArray[np.float32], rate: int) -> None:
        """Compress in place."""
        settings = np.array(
            [
                [
                    band.threshold_dbfs, band.ratio, KNEE_DB, band.cap_db,
                    one_pole(band.attack_ms, rate / kernels.STEP), one_pole(band.release_ms, rate / kernels.STEP),
                    one_pole(band.window_ms, rate / kernels.STEP), db_to_gain(band.makeup_db),
                ]
                for band in self.bands
            ]
        )  # fmt: skip
        count = len(self.bands)
        poles = np.array(
            [1.0 - math.exp(-2.0 * math.pi * hz / rate) for hz in self.crossovers_hz or (0.0, 0.0)]
        )
        state = np.zeros((count, 3))
        state[:, 2] = 1.0
        kernels.compress(
            samples, poles, settings, np.zeros((len(samples), 2)), state,
            np.zeros((len(samples), count, kernels.STEP), np.float32), np.zeros((count, 4)), samples,
        )  # fmt: skip
