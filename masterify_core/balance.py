"""Tonal balance: how a song's spectrum lies beside a genre's."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from masterify_core.metering.report import Measurement
from masterify_core.presets import THIRD_OCTAVES_HZ, Genre

LEVEL_BETWEEN_HZ = (200.0, 5000.0)  # where song and curve are brought to one level before they are compared
LEAST_BANDS = 6
EMPTY_BELOW_DB = -60.0  # a third octave this far under the loudest holds nothing to compare
HIGHEST_SHARE = 0.45  # of the rate


def balance_db(measurement: Measurement, genre: Genre) -> NDArray[np.float64] | None:
    """Level of the song over the genre's curve in each of `THIRD_OCTAVES_HZ`, dB; NaN where the song holds nothing.

    None where too little of the spectrum is there: silence, test tones, very low rates.
    """
    hz = np.array(THIRD_OCTAVES_HZ)
    level = np.array(measurement.third_octaves_db)[2:-1]  # the meter has 20 and 25 Hz below and 20 kHz above
    holds = (level > level.max() + EMPTY_BELOW_DB) & (hz < HIGHEST_SHARE * measurement.rate)
    body = holds & (hz >= LEVEL_BETWEEN_HZ[0]) & (hz <= LEVEL_BETWEEN_HZ[1])
    if body.sum() < LEAST_BANDS:
        return None
    over = np.where(holds, level - np.array(genre.curve_db), np.nan)
    return np.asarray(over - over[body].mean())


def smoothed(values_db: NDArray[np.float64], octaves: float = 0.5) -> NDArray[np.float64]:
    """Gaussian mean over log frequency of a curve at `THIRD_OCTAVES_HZ`; ``octaves`` is its standard deviation."""
    at = np.log2(THIRD_OCTAVES_HZ)
    weights = np.exp(-0.5 * ((at[:, None] - at[None, :]) / octaves) ** 2)
    return np.asarray(weights @ values_db / weights.sum(axis=1))
