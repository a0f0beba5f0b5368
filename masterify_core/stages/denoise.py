"""Denoise: steady hiss is turned down where nothing covers it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from masterify_core.errors import SettingError
from masterify_core.schema import Checked, Count, Range

SIZE, LARGE_RATE_HZ = 2048, 50_000
PARTS = 4  # hops in a block: Hann twice overlaps to a constant 1.5
BATCH = 128  # blocks that are transformed together
SMOOTH_BINS, SMOOTH_BLOCKS = 5, 3
OVERLAP = 1.5
LEAST_POWER = np.float32(1e-30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Denoise(Checked):
    """Wiener gain against a fixed noise spectrum, with a floor: noise becomes quieter, never silent.

    Attributes
    ----------
    hz, density_dbfs
        The noise: power of one channel in 1 Hz, dBFS; straight lines over the logarithm of frequency between.
    most_db
        Most that anything is turned down, dB.
    from_hz
        Nothing changes below; full effect from an octave above.
    """

    hz: Annotated[tuple[Annotated[float, Range(20.0, 96_000.0, "Hz")], ...], Count(1, 64)]
    density_dbfs: Annotated[tuple[Annotated[float, Range(-300.0, 20.0, "dBFS")], ...], Count(1, 64)]
    most_db: Annotated[float, Range(0.0, 10.0, "dB")] = 6.0
    from_hz: Annotated[float, Range(200.0, 8000.0, "Hz")] = 1000.0

    def check(self) -> None:
        """As many levels as frequencies, which rise."""
        if len(self.hz) != len(self.density_dbfs) or list(self.hz) != sorted(set(self.hz)):
            raise SettingError("hz", "must rise, with one density_dbfs for each")

    def apply(self, samples: NDArray[np.float32], rate: int) -> None:
        """Denoise in place. What is taken away is made and subtracted, so that what is kept stays bit for bit."""
        size = SIZE
        while rate > LARGE_RATE_HZ * size // SIZE:
            size *= 2
        hz = np.fft.rfftfreq(size, 1.0 / rate)
        window = np.hanning(size + 1)[:-1].astype(np.float32)
        level = np.interp(np.log(np.maximum(hz, 1.0)), np.log(self.hz), self.density_dbfs)
        noise = 10.0 ** (level / 10.0) * rate / 2.0 * float((window**2).sum())  # expected |X|^2 of a bin
        eased = np.clip(np.log2(np.maximum(hz, 1.0) / self.from_hz), 0.0, 1.0)
        floor = 10.0 ** (-self.most_db / 20.0)
        for row in samples:
            row -= _removed(row, window, noise.astype(np.float32), eased.astype(np.float32), floor)


def _removed(
    row: NDArray[np.float32],
    window: NDArray[np.float32],
    noise: NDArray[np.float32],
    eased: NDArray[np.float32],
    floor: float,
) -> NDArray[np.float32]:
    """The part of the sound that is taken away."""
    size = len(window)
    hop, frames = size // PARTS, len(row)
    padded = np.zeros(math.ceil((frames + size) / hop) * hop + size + hop, np.float32)
    padded[size : size + frames] = row
    blocks = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop]
    out = np.zeros((len(blocks) + PARTS, hop), np.float32)
    for start in range(0, len(blocks), BATCH):
        end = min(start + BATCH, len(blocks))
        first, last = max(0, start - 1), min(len(blocks), end + 1)  # with neighbours, for smoothing over time
        spectra = np.fft.rfft(blocks[first:last] * window, axis=1)
        power = _smoothed((spectra.real**2 + spectra.imag**2).astype(np.float32, copy=False))
        away = np.minimum(noise, power * np.float32(1.0 - floor)) / np.maximum(power, LEAST_POWER) * eased
        taken = np.fft.irfft((spectra * away)[start - first : end - first], size, axis=1)
        parts = (taken * (window / np.float32(OVERLAP))).astype(np.float32).reshape(end - start, PARTS, hop)
        for part in range(PARTS):
            out[start + part : end + part] += parts[:, part]
    return out.reshape(-1)[size : size + frames]


def _smoothed(power: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean over five bins and three blocks, fewer at the edges: single powers of noise vary by 5.6 dB."""
    wide = np.pad(power, ((1, 1), (SMOOTH_BINS // 2, SMOOTH_BINS // 2)), mode="edge")
    over_time = wide[:-2] + wide[1:-1] + wide[2:]
    bins = power.shape[1]
    total = over_time[:, :bins].copy()
    for k in range(1, SMOOTH_BINS):
        total += over_time[:, k : k + bins]
    return np.asarray(total * np.float32(1.0 / (SMOOTH_BINS * SMOOTH_BLOCKS)))
