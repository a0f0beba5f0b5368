"""Image: the side is turned down in bands where left and right work against each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from masterify_core.errors import SettingError
from masterify_core.filters import Floats
from masterify_core.schema import Checked, Count, Range

EASE_OCTAVES = 1.0 / 3.0  # over which a band's edge passes


@dataclass(frozen=True, slots=True, kw_only=True)
class SideBand(Checked):
    """A band whose side is turned down by ``reduction_db``."""

    low_hz: Annotated[float, Range(20.0, 20_000.0, "Hz")]
    high_hz: Annotated[float, Range(20.0, 22_000.0, "Hz")]
    reduction_db: Annotated[float, Range(0.0, 6.0, "dB")]

    def check(self) -> None:
        """A band has a width."""
        if self.high_hz <= self.low_hz:
            raise SettingError("high_hz", "must be above low_hz")


@dataclass(frozen=True, slots=True, kw_only=True)
class Image(Checked):
    """Changes the side only; mid, and so the mono sum, stays as it is. Bands that overlap take the larger reduction."""

    bands: Annotated[tuple[SideBand, ...], Count(1, 8)]

    def magnitude(self, hz: Floats) -> tuple[Floats, Floats]:
        """Gain of mid and of side at each frequency."""
        reduction_db = np.zeros_like(hz)
        octave = np.log2(np.maximum(hz, 1.0))
        for band in self.bands:
            rise = np.clip((octave - np.log2(band.low_hz)) / EASE_OCTAVES + 0.5, 0.0, 1.0)
            fall = np.clip((np.log2(band.high_hz) - octave) / EASE_OCTAVES + 0.5, 0.0, 1.0)
            reduction_db = np.maximum(reduction_db, band.reduction_db * np.minimum(rise, fall))
        return np.ones_like(hz), 10.0 ** (-reduction_db / 20.0)
