"""Edges: short fades where a file starts or ends in mid-sound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from masterify_core.schema import Checked, Range
from masterify_core.units import ms_to_frames


@dataclass(frozen=True, slots=True, kw_only=True)
class Edges(Checked):
    """Fades in and out in half a cosine; nothing is trimmed, and nothing between the fades changes.

    Attributes
    ----------
    fade_in_ms, fade_out_ms
        How long, ms; 0 for none. Never more than half the song.
    """

    fade_in_ms: Annotated[float, Range(0.0, 50.0, "ms")] = 0.0
    fade_out_ms: Annotated[float, Range(0.0, 50.0, "ms")] = 0.0

    def apply(self, samples: NDArray[np.float32], rate: int) -> None:
        """Fade in place; the outermost sample becomes 0."""
        half = samples.shape[1] // 2
        if self.fade_in_ms > 0.0 and half:
            ramp = _ramp(min(ms_to_frames(self.fade_in_ms, rate), half))
            samples[:, : len(ramp)] *= ramp
        if self.fade_out_ms > 0.0 and half:
            ramp = _ramp(min(ms_to_frames(self.fade_out_ms, rate), half))
            samples[:, -len(ramp) :] *= ramp[::-1]


def _ramp(frames: int) -> NDArray[np.float32]:
    """Half a cosine from 0 towards 1."""
    return (0.5 - 0.5 * np.cos(np.pi * np.arange(frames) / frames)).astype(np.float32)
