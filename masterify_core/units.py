"""Conversions between the units that names end in: dB and gain, ms and frames."""

from __future__ import annotations

import math


def db_to_gain(value_db: float) -> float:
    """Amplitude factor of a level difference in dB.

    >>> round(db_to_gain(6.0206), 4)
    2.0
    """
    return math.pow(10.0, value_db / 20.0)


def gain_to_db(gain: float) -> float:
    """Level difference in dB of an amplitude factor; ``-inf`` for 0.

    >>> gain_to_db(0.0)
    -inf
    """
    return 20.0 * math.log10(gain) if gain > 0.0 else -math.inf


def power_to_db(power: float) -> float:
    """Level in dB of a power; ``-inf`` for 0."""
    return 10.0 * math.log10(power) if power > 0.0 else -math.inf


def ms_to_frames(time_ms: float, rate: float) -> int:
    """Nearest whole number of frames, at least 1.

    >>> ms_to_frames(1.5, 48000)
    72
    """
    return max(1, round(time_ms * rate / 1000.0))


def one_pole(time_ms: float, rate: float) -> float:
    """Step towards the input of a one-pole smoother that covers 63 % of a jump in ``time_ms``."""
    return 1.0 - math.exp(-1000.0 / (time_ms * rate)) if time_ms > 0.0 else 1.0
