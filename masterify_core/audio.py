"""Sound as one immutable value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Audio:
    """Samples and their rate.

    Attributes
    ----------
    samples
        float32, shape ``(channels, frames)``, C order, made read-only; full scale is 1.0.
        A float32 C-ordered array is adopted without a copy.
    rate
        Frames per second, Hz.

    Examples
    --------
    >>> Audio(np.zeros((2, 96_000), np.float32), 48_000).seconds
    2.0
    """

    samples: NDArray[np.float32]
    rate: int

    def __post_init__(self) -> None:
        """Adopt the samples: float32, two axes, C order, read-only."""
        samples = np.ascontiguousarray(self.samples, dtype=np.float32)
        if samples.ndim != 2 or samples.shape[0] == 0:
            raise ValueError(f"samples must be (channels, frames), got shape {samples.shape}")
        if self.rate <= 0:
            raise ValueError(f"rate must be positive, got {self.rate}")
        if samples is self.samples:
            samples = samples.view()
        samples.flags.writeable = False
        object.__setattr__(self, "samples", samples)

    @property
    def channels(self) -> int:
        """Number of channels."""
        return int(self.samples.shape[0])

    @property
    def frames(self) -> int:
        """Number of frames."""
        return int(self.samples.shape[1])

    @property
    def seconds(self) -> float:
        """Duration."""
        return self.frames / self.rate

    def with_samples(self, samples: NDArray[np.float32]) -> Audio:
        """Other samples at the same rate."""
        return Audio(samples, self.rate)
