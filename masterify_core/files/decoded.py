"""What a decoder is asked and what it answers."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from masterify_core.files.planar import Planar


@dataclass(frozen=True, slots=True)
class Request:
    """One file to decode."""

    path: str
    file: io.FileIO
    size: int
    max_seconds: float | None
    on_progress: Callable[[float], None] | None
    memory: NDArray[np.float32] | None = None

    def planar(self, channels: int, rate: int, frames_promised: int) -> Planar:
        """Where the samples go; refuses channels, rates and lengths that cannot be mastered."""
        return Planar(self.path, channels, rate, frames_promised, self.size, self.max_seconds, self.memory)

    def progress(self, share: float) -> None:
        """Tell how much is done, 0 to 1."""
        if self.on_progress:
            self.on_progress(min(1.0, max(0.0, share)))


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """Samples ``(channels, frames)`` and what kind of file they came from."""

    samples: NDArray[np.float32]
    rate: int
    container: str
    subtype: str
    bit_depth: int | None
    lossy: bool
    notes: tuple[str, ...] = ()


def shortfall(promised_seconds: float, seconds: float) -> str:
    """Word the note for a file that ends before its header says."""
    return f"the header promises {promised_seconds:.1f} s, {seconds:.1f} s were decoded: the file may be cut short"
