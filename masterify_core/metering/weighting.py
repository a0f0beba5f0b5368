"""The K-weighting filters of BS.1770 at any rate, reading the same at every rate."""

from __future__ import annotations

import functools
import math

import numpy as np
from numpy.typing import NDArray

# The analogue prototypes behind the coefficients that BS.1770 prints for 48 kHz ("DeMan" in pyloudnorm).
SHELF_HZ, SHELF_DB, SHELF_Q = 1681.974450955533, 3.999843853973347, 0.7071752369554196
SHELF_SLOPE = 0.4996667741545416
HIGH_PASS_HZ, HIGH_PASS_Q = 38.13547087602444, 0.5003270373238773
PRINTED_RATE = 48_000
HIGHEST_SHARE = 0.45  # of the rate: below about 3.7 kHz the shelf could not be designed at its own frequency

Biquad = tuple[float, float, float, float, float]


def k_weighting(rate: int) -> tuple[Biquad, Biquad]:
    """Design the shelf and the high-pass, each as ``(b0, b1, b2, a1, a2)``.

    The standard's high-pass has the numerator ``1, -2, 1``, which is not normalised: its passband gain
    depends on the rate. It is scaled here to the gain it has at 48 kHz, so that a sound reads the same
    at every rate (without it a 997 Hz tone drifts by 0.04 LU from 32 to 192 kHz).

    References
    ----------
    ITU-R BS.1770-5, annex 1, tables 1 and 2.
    """
    k = math.tan(math.pi * min(SHELF_HZ / rate, HIGHEST_SHARE))
    high = 10.0 ** (SHELF_DB / 20.0)
    bump = high**SHELF_SLOPE
    a0 = 1.0 + k / SHELF_Q + k * k
    shelf = (
        (high + bump * k / SHELF_Q + k * k) / a0,
        2.0 * (k * k - high) / a0,
        (high - bump * k / SHELF_Q + k * k) / a0,
        2.0 * (k * k - 1.0) / a0,
        (1.0 - k / SHELF_Q + k * k) / a0,
    )
    k, a0 = _high_pass_denominator(rate)
    gain = _high_pass_denominator(PRINTED_RATE)[1] / a0
    high_pass = (
        gain,
        -2.0 * gain,
        gain,
        2.0 * (k * k - 1.0) / a0,
        (1.0 - k / HIGH_PASS_Q + k * k) / a0,
    )
    return shelf, high_pass


@functools.cache
def k_coefficients(rate: int) -> NDArray[np.float64]:
    """Arrange the filters for `kernels.loudness.k_energies`.

    With b0 taken out and paid back in the energy, a biquad is ``y = x + s1``,
    ``s1' = s2 + (b1 - a1) x - a1 s1``, ``s2' = (b2 - a2) x - a2 s1``.
    """
    gain = 1.0
    table: list[float] = []
    for b0, b1, b2, a1, a2 in k_weighting(rate):
        table += [b1 / b0 - a1, b2 / b0 - a2, a1, a2]
        gain *= b0 * b0
    found = np.array([*table, gain])
    found.flags.writeable = False
    return found


def _high_pass_denominator(rate: int) -> tuple[float, float]:
    """Compute K and the unnormalised a0 of the high-pass."""
    k = math.tan(math.pi * min(HIGH_PASS_HZ / rate, HIGHEST_SHARE))
    return k, 1.0 + k / HIGH_PASS_Q + k * k
