"""Static tonal correction: one smooth curve, linear phase."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from masterify_core.errors import SettingError
from masterify_core.filters import Floats
from masterify_core.schema import Checked, Range

LARGEST_RAISE_DB, LARGEST_CUT_DB = 16.0, -24.0  # a reference without bass asks for cuts deeper than any raise


@dataclass(frozen=True, slots=True, kw_only=True)
class Tone(Checked):
    """Raises and lowers parts of the spectrum.

    Attributes
    ----------
    hz
        Frequencies of the curve's points, rising.
    db
        Gain at each, dB; straight over log frequency in between, level beyond the ends.
    """

    hz: tuple[Annotated[float, Range(5.0, 96_000.0, "Hz")], ...]
    db: tuple[Annotated[float, Range(LARGEST_CUT_DB, LARGEST_RAISE_DB, "dB")], ...]

    def check(self) -> None:
        """As many gains as frequencies, in rising order."""
        if len(self.hz) != len(self.db) or not self.hz:
            raise SettingError("db", f"must have as many values as hz ({len(self.hz)}), got {len(self.db)}")
        if any(b <= a for a, b in zip(self.hz, self.hz[1:], strict=False)):
            raise SettingError("hz", "must rise")

    def magnitude(self, hz: Floats) -> tuple[Floats, Floats]:
        """Gain of mid and of side at each frequency."""
        gain = 10.0 ** (np.interp(np.log(np.maximum(hz, 1.0)), np.log(self.hz), self.db) / 20.0)
        return gain, gain
