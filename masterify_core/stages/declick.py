"""Declick: clicks are found again and interpolated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from masterify_core import clicks
from masterify_core.schema import Checked, Range


@dataclass(frozen=True, slots=True, kw_only=True)
class Declick(Checked):
    """Replaces clicks of up to 1 ms by what linear prediction from both sides puts there; all else stays bit for bit.

    Attributes
    ----------
    limit
        Prediction error from which an outlier counts, times what is usual around it.
    height_db
        Least height over the interpolated sound, beside the mean power of the 20 ms around, dB.

    References
    ----------
    Janssen, Veldhuis and Vries, "Adaptive interpolation of discrete-time signals that can be modeled as
    autoregressive processes", IEEE Trans. ASSP 34(2), 1986.
    """

    limit: Annotated[float, Range(10.0, 200.0)] = clicks.LIMIT
    height_db: Annotated[float, Range(-40.0, 20.0, "dB")] = clicks.HEIGHT_DB

    def apply(self, samples: NDArray[np.float32], rate: int) -> None:
        """Mend in place."""
        for row in samples:
            clicks.mend(row, clicks.find(row, rate, self.limit, self.height_db))
