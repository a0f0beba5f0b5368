"""Compression in one to six bands that keeps the balance between them."""

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

KNEE_DB = 6.0
SILENT = 1e-20  # of energy a sample
Ms = Annotated[float, Range(1.0, 5000.0, "ms")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Band(Checked):
    """One band of `Dynamics`.

    Attributes
    ----------
    threshold_dbfs
        Against the band's mean square of one channel, dBFS.
    ratio, cap_db
        Above the threshold, n:1; and the most it takes, dB.
    attack_ms, release_ms
        Time constants of the reduction, ms.
    window_ms
        Of the mean square, ms.
    crest_ms
        0 for fixed times. Otherwise attack and release are the longest, and fall as the squared crest factor
        of this many ms rises: short for drums, long for what is held.
    """

    threshold_dbfs: Annotated[float, Range(-120.0, 120.0, "dBFS")]  # floats may be far over full scale
    ratio: Annotated[float, Range(1.0, 4.0)]
    cap_db: Annotated[float, Range(0.0, 6.0, "dB")]
    attack_ms: Ms = 30.0
    release_ms: Ms = 200.0
    window_ms: Annotated[float, Range(1.0, 400.0, "ms")] = 10.0
    crest_ms: Annotated[float, Range(0.0, 1000.0, "ms")] = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Dynamics(Checked):
    """Turns down what exceeds a band's threshold, both channels alike.

    Each band is then raised by what that took from its energy, measured over the whole song, so that the
    balance of the bands stays. The bands are zero-phase and add up to the sound itself: where
    nothing is turned down nothing changes, and between two gains the way is straight. (Linkwitz-Riley bands add up
    to an all-pass that turns the polarity around the crossovers.)

    Attributes
    ----------
    crossovers_hz
        One less than there are bands, rising, Hz: where the lower band is 6 dB down. It falls to -24 dB an octave
        further up and is -96 dB at two; the upper one is 16 dB down an octave below and 28 dB at two.
    bands
        From low to high.
    """

    crossovers_hz: tuple[Annotated[float, Range(40.0, 12_000.0, "Hz")], ...] = ()
    bands: Annotated[tuple[Band, ...], Count(1, 6)]

    def check(self) -> None:
        """One band more than crossovers, which rise."""
        if len(self.bands) != len(self.crossovers_hz) + 1:
            raise SettingError("crossovers_hz", f"must be one less than bands ({len(self.bands)})")
        if list(self.crossovers_hz) != sorted(set(self.crossovers_hz)):
            raise SettingError("crossovers_hz", "must rise")

    def __call__(self, audio: Audio) -> Audio:
        """Compress a copy; same shape."""
        samples = audio.samples.copy()
        self.apply(samples, audio.rate)
        return audio.with_samples(samples)

    def apply(self, samples: NDArray[np.float32], rate: int) -> None:
        """Compress in place."""
        widths = np.array([boxes(hz, rate) for hz in self.crossovers_hz], np.int64).reshape(-1, 3)
        context = int((widths.sum(axis=1) - 3).max(initial=0)) // 2
        channels, frames = samples.shape
        steps = -(-frames // kernels.STEP)
        once, twice = np.empty((2, 2 * kernels.CHUNK + 8 * context + 2))
        lows = np.empty((len(widths), 2 * kernels.CHUNK + 4 * context))
        energy = np.empty((len(self.bands), steps))
        kernels.band_energies(samples, widths, context, _window(context), once, twice, lows, energy)
        gains = np.ones((len(self.bands), steps + 1), np.float32)
        for b, band in enumerate(self.bands):
            self._shape(band, energy[b], float(kernels.STEP * channels), rate / kernels.STEP, gains[b])
        kernels.apply_gains(samples, widths, context, gains, _window(context), once, twice, lows, samples)

    @staticmethod
    def _shape(
        band: Band, energy: NDArray[np.float64], size: float, steps_per_s: float, gains: NDArray[np.float32]
    ) -> None:
        """Fill in one band's gains, make-up included."""
        if band.cap_db == 0.0 or band.ratio == 1.0:
            return
        times = (band.attack_ms, band.release_ms, band.window_ms, band.crest_ms)
        settings = [band.threshold_dbfs, band.ratio, KNEE_DB, band.cap_db]
        settings += [time_ms / 1000.0 * steps_per_s for time_ms in times]
        totals = np.zeros(3)
        kernels.gain_curve(energy, size, np.array(settings), totals, gains)
        if totals[1] > SILENT * size * len(energy):
            gains *= np.float32(math.sqrt(totals[0] / totals[1]))


def _window(context: int) -> NDArray[np.float64]:
    return np.zeros(2 * kernels.CHUNK + 4 * context)


def boxes(hz: float, rate: int) -> tuple[int, int, int]:
    """Odd widths of three running means in a row that fall to half at a frequency, nearly a Gaussian.

    Only the nearest that whole samples allow: at 44.1 kHz within 1 % up to 2 kHz, and no crossover over about rate / 6.
    """
    # Each has the variance (w^2 - 1) / 12, and a Gaussian of variance s^2 falls to half at sqrt(2 ln 2) / (2 pi s).
    wanted = 12.0 * 2.0 * math.log(2.0) * (rate / (2.0 * math.pi * hz)) ** 2
    half = max(0, int((math.sqrt(wanted / 3.0 + 1.0) - 1.0) / 2.0))
    options = [[half] * (3 - up) + [half + 1] * up for up in range(4)]
    best = min(options, key=lambda halves: abs(sum((2 * h + 1) ** 2 - 1 for h in halves) - wanted))
    return 2 * best[0] + 1, 2 * best[1] + 1, 2 * best[2] + 1
