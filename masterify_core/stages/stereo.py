"""Stereo image: mono bass and bounded width, linear phase."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from masterify_core.errors import SettingError
from masterify_core.filters import Floats
from masterify_core.schema import Checked, Range

WIDTH_FROM_HZ, WIDTH_FULL_HZ = 200.0, 400.0
LOWEST_HZ = 1e-3  # stands for 0 Hz


@dataclass(frozen=True, slots=True, kw_only=True)
class Stereo(Checked):
    """Changes the side signal only; mid, and so the mono sum, stays as it is.

    Attributes
    ----------
    mono_below_hz
        The side falls by 24 dB an octave below this (-6 dB at it), Hz; 0 leaves it.
    width_db
        Gain of the side above 400 Hz, dB, eased in from 200 Hz.
    side_hz, side_db
        A curve of more gains of the side: frequencies, rising, and the gain at each, dB; straight over log
        frequency in between, level beyond the ends.
    """

    mono_below_hz: Annotated[float, Range(0.0, 300.0, "Hz")] = 0.0
    width_db: Annotated[float, Range(-12.0, 3.0, "dB")] = 0.0
    side_hz: tuple[Annotated[float, Range(5.0, 96_000.0, "Hz")], ...] = ()
    side_db: tuple[Annotated[float, Range(-24.0, 15.0, "dB")], ...] = ()

    def check(self) -> None:
        """As many gains as frequencies, in rising order."""
        if len(self.side_hz) != len(self.side_db):
            raise SettingError(
                "side_db",
                f"must have as many values as side_hz ({len(self.side_hz)}), got {len(self.side_db)}",
            )
        if any(b <= a for a, b in zip(self.side_hz, self.side_hz[1:], strict=False)):
            raise SettingError("side_hz", "must rise")

    def magnitude(self, hz: Floats) -> tuple[Floats, Floats]:
        """Gain of mid and of side at each frequency."""
        octaves = np.log2(np.maximum(hz, 1.0) / WIDTH_FROM_HZ) / np.log2(WIDTH_FULL_HZ / WIDTH_FROM_HZ)
        share = np.clip(octaves, 0.0, 1.0)
        eased = share * share * (3.0 - 2.0 * share)
        side = 10.0 ** (self.width_db * eased / 20.0)
        if self.side_hz:
            at = np.log(np.maximum(hz, 1.0))
            side = side * 10.0 ** (np.interp(at, np.log(self.side_hz), self.side_db) / 20.0)
        if self.mono_below_hz > 0.0:
            ratio = (self.mono_below_hz / np.maximum(hz, LOWEST_HZ)) ** 4
            side = side / (1.0 + ratio)  # magnitude of a fourth-order Linkwitz-Riley high-pass
        return np.ones_like(hz), side
