"""What kernels do with whole rows."""

from __future__ import annotations

from typing import Any

from masterify_core.kernels._marks import apart

Array = Any


@apart
def copy(source: Array, target: Array) -> None:
    """Copy one row."""
    for i in range(target.shape[0]):
        target[i] = source[i]
