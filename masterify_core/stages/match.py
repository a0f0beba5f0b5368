"""Band dynamics after a reference: in nine bands, a gain for every level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from masterify_core import short_time
from masterify_core.errors import SettingError
from masterify_core.schema import Checked, Count, Range

Floats = NDArray[np.float64]

LARGEST_GAIN_DB = 12.0
REACH_SIGMAS = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve(Checked):
    """Gain of one band by its level.

    Attributes
    ----------
    level_dbfs
        Power of the band in mid and side together, rising, dB (a full-scale sine in both channels reads -3).
    gain_db
        Gain at each level, dB; straight in between, level beyond the ends.
    """

    level_dbfs: Annotated[tuple[Annotated[float, Range(-200.0, 100.0, "dBFS")], ...], Count(1, 64)]
    gain_db: Annotated[
        tuple[Annotated[float, Range(-LARGEST_GAIN_DB, LARGEST_GAIN_DB, "dB")], ...], Count(1, 64)
    ]

    def check(self) -> None:
        """As many gains as levels, in rising order."""
        if len(self.level_dbfs) != len(self.gain_db):
            raise SettingError(
                "gain_db",
                f"must have as many values as level_dbfs ({len(self.level_dbfs)}), got {len(self.gain_db)}",
            )
        if any(b <= a for a, b in zip(self.level_dbfs, self.level_dbfs[1:], strict=False)):
            raise SettingError("level_dbfs", "must rise")


@dataclass(frozen=True, slots=True, kw_only=True)
class Match(Checked):
    """Compresses or expands nine bands, left and right alike; magnitudes only, no phase is turned.

    Attributes
    ----------
    bands
        From low to high: `short_time.BANDS_HZ`. Between the bands' centres gains go over into each other.
    smooth_ms
        Standard deviation of the Gaussian over time that gains are smoothed with, ahead as well as behind.
    """

    bands: Annotated[tuple[Curve, ...], Count(len(short_time.BANDS_HZ))]
    smooth_ms: Annotated[float, Range(10.0, 500.0, "ms")] = 45.0

    def apply(self, samples: NDArray[np.float32], rate: int) -> None:
        """Change the samples in place."""
        power = short_time.band_powers(samples, rate, short_time.band_edges(rate))
        short_time.change(samples, rate, self.gains_db(10.0 * np.log10(power + 1e-20), rate))

    def gains_db(self, levels_db: Floats, rate: int) -> Floats:
        """Gain of every band in every frame, dB, for its level; both ``(..., frames, 9)``."""
        wanted = np.empty_like(levels_db)
        for band, curve in enumerate(self.bands):
            wanted[..., band] = np.interp(levels_db[..., band], curve.level_dbfs, curve.gain_db)
        sigma = self.smooth_ms / 1000.0 * rate / (short_time.frame_size(rate) // 2)
        reach = max(1, round(REACH_SIGMAS * sigma))
        weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
        weights /= weights.sum()
        padding = [(0, 0)] * (levels_db.ndim - 2) + [(reach, reach), (0, 0)]
        padded = np.pad(wanted, padding, mode="edge")
        frames = wanted.shape[-2]
        return np.asarray(sum(w * padded[..., k : k + frames, :] for k, w in enumerate(weights)))
