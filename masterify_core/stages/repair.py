"""Repair of DC and of what lies below hearing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from masterify_core.audio import Audio
from masterify_core.filters import high_pass
from masterify_core.kernels import filtering
from masterify_core.schema import Checked, Range

LARGEST_DC = 1e6  # floats may be scaled like integers


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair(Checked):
    """Removes DC exactly, and rumble with a second-order Butterworth high-pass.

    Attributes
    ----------
    dc
        Offset of each channel to subtract, full scale = 1.
    high_pass_hz
        Corner of the high-pass, Hz; 0 for none. Minimum phase: nothing rings ahead.
    """

    dc: tuple[Annotated[float, Range(-1e9, 1e9)], ...] = ()
    high_pass_hz: Annotated[float, Range(0.0, 40.0, "Hz")] = 0.0

    def __call__(self, audio: Audio) -> Audio:
        """Repair a copy; same shape. Channels beyond ``dc`` keep their offset."""
        samples = audio.samples.copy()
        self.apply(samples, audio.rate)
        return audio.with_samples(samples)

    def apply(self, samples: NDArray[np.float32], rate: int) -> None:
        """Repair in place."""
        offsets = np.zeros(len(samples))
        offsets[: len(self.dc)] = self.dc[: len(samples)]
        if self.high_pass_hz > 0.0:
            filtering.section(samples, high_pass(self.high_pass_hz, rate), offsets)
        else:
            samples -= offsets[:, None].astype(np.float32)
