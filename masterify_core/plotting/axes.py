"""Axes of charts: where values lie, and the ticks that name them."""

from __future__ import annotations

import math
from dataclasses import dataclass

SIZE = 1000  # units that an axis is divided in

TIME_TICKS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 3600)
MOST_TIME_TICKS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """One axis: the values at its ends, where its ticks are and what they say.

    >>> Axis(low=20.0, high=20_000.0, ticks=((1000.0, "1k"),), log=True).at(200.0)
    333
    """

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    log: bool = False

    def at(self, value: float) -> int:
        """Place of a value, 0 to `SIZE`; what lies outside is put at the end."""
        return round(SIZE * self.share(value))

    def share(self, value: float) -> float:
        """Place of a value, 0 to 1; what lies outside is put at the end."""
        if self.log:
            share = math.log(max(value, 1e-9) / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return min(max(share, 0.0), 1.0)


HZ = Axis(
    low=28.0, high=18_000.0, log=True,
    ticks=((50.0, "50"), (100.0, "100"), (200.0, "200"), (500.0, "500"), (1000.0, "1k"), (2000.0, "2k"), (5000.0, "5k"),
           (10_000.0, "10k")),
)  # fmt: skip
"""Frequency, Hz, from the lowest third octave that is compared to the highest."""


def seconds_axis(seconds: float) -> Axis:
    """Time from 0, with at most seven ticks.

    >>> [said for _, said in seconds_axis(75.0).ticks]
    ['0:00', '0:15', '0:30', '0:45', '1:00', '1:15']
    """
    seconds = max(seconds, 0.1)
    every = next((each for each in TIME_TICKS_S if seconds / each <= MOST_TIME_TICKS), TIME_TICKS_S[-1])
    ticks = tuple((float(at), clock(at)) for at in range(0, int(seconds) + 1, every))
    return Axis(low=0.0, high=seconds, ticks=ticks)


def decibels(top: float, span: float, every: float) -> Axis:
    """So many decibels down from ``top``.

    >>> decibels(1.0, 14.0, 6.0).ticks
    ((-12.0, '−12'), (-6.0, '−6'), (0.0, '0'))
    """
    low = top - span
    first = math.ceil(low / every) * every
    places = [first + every * k for k in range(int((top - first) // every) + 1)]
    return Axis(low=low, high=top, ticks=tuple((at + 0.0, minus(at)) for at in places))


def minus(value: float) -> str:
    """Write a number with a true minus."""
    return f"{value + 0.0:g}".replace("-", "−")


def clock(seconds: float) -> str:
    """Minutes and seconds.

    >>> clock(75), clock(3725)
    ('1:15', '1:02:05')
    """
    minutes, left = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"
