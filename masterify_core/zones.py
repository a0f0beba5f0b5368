"""Zones of the spectrum that can be too much for a moment: mud, harshness, sibilance; and the body they are judged by.

The meter that finds them and the stage that turns them down look through the same filters.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Ends of the zones, Hz: half power of the band-passes.
ZONES_HZ = {
    "mud": (200.0, 500.0),
    "body": (630.0, 2000.0),
    "harsh": (2500.0, 5000.0),
    "sibilance": (6000.0, 10_000.0),
}
NAMES = ("mud", "harsh", "sibilance")
"""Those that can be too much."""

# The rows are NAMES, the columns the zones in order: what each is compared with. Each is judged by its neighbours below,
# mud by the body above: what lies further off, a bass drum say, does not tell whether it is too much.
REFERENCES = np.array([[0, 1, 0, 0], [1, 1, 0, 0], [0, 1, 1, 0]], np.float64)
HIGHEST_SHARE = 0.45  # of the rate


def filters(rate: int) -> Floats:
    """Second-order band-passes of the zones, gain 1 in the middle: rows ``b0, a1, a2`` (``b1`` = 0, ``b2`` = -``b0``).

    A zone above 0.45 of the rate lets nothing through.

    References
    ----------
    R. Bristow-Johnson, *Cookbook formulae for audio EQ biquad filter coefficients* (band-pass, constant peak gain).
    """
    found = np.zeros((3, len(ZONES_HZ)))
    for z, (low, high) in enumerate(ZONES_HZ.values()):
        if high > HIGHEST_SHARE * rate:
            continue
        w = 2.0 * math.pi * math.sqrt(low * high) / rate
        alpha = math.sin(w) * (high - low) / (2.0 * math.sqrt(low * high))
        found[:, z] = np.array([alpha, -2.0 * math.cos(w), 1.0 - alpha]) / (1.0 + alpha)
    return found


def power(hz: Floats) -> Floats:
    """Power that each zone's filter lets through at frequencies: ``(zones, hz)``; of the analogue filter, whatever the rate."""
    rows = []
    for low, high in ZONES_HZ.values():
        middle = math.sqrt(low * high)
        rows.append(1.0 / (1.0 + ((hz / middle - middle / hz) * middle / (high - low)) ** 2))
    return np.array(rows)


def rows() -> list[int]:
    """Places of `NAMES` among the zones."""
    return [list(ZONES_HZ).index(name) for name in NAMES]


def excess_db(energy: Floats) -> Floats:
    """Level of mud, harshness and sibilance over what they are judged by, dB: ``(zones, n)`` to ``(3, n)``."""
    return np.asarray(
        10.0 * np.log10(np.maximum(energy[rows()], 1e-20) / np.maximum(REFERENCES @ energy, 1e-20))
    )
