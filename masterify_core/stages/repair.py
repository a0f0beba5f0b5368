"""Repair of DC and of what lies below hearing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from masterify_core.audio import Audio
from masterify_core.filters import high_pass
from masterify_core.kernels import filtering
from masterify_core.schema import Checked, Range


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

    dc: tuple[Annotated[float, Range(-1.0, 1.0)], ...] = ()
    high_pass_hz: Annotated[float, Range(0.0, 40.0, "Hz")] = 0.0

    def __call__(self, audio: Audio) -> Audio:
        """Repair; same shape. Channels beyond ``dc`` keep their offset."""
        offsets = np.zeros((audio.channels, 1), np.float32)
        offsets[: len(self.dc), 0] = self.dc[: audio.channels]
        samples = audio.samples - offsets
        if self.high_pass_hz > 0.0:
            filtering.section(samples, high_pass(self.high_pass_hz, audio.rate), samples)
        return audio.with_samples(samples)
