"""Stereo image: correlation, balance, what mono playback loses, and channels that are dead or the same."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from masterify_core.metering.spectrum import Spectra
from masterify_core.metering.statistics import Statistics, quantiles

WINDOW_HOPS, STEP_HOPS = 40, 10  # 400 ms every 100 ms
HEARD_DB = -20.0  # under the mean power: quieter windows do not count
LOW_SHARE = 0.05
DEAD_DB = -60.0  # under the other channel
ANTIPHASE_BELOW = -0.5
LEAST_POWER = 1e-14  # mean square under which there is no sound: -140 dBFS


def correlation(statistics: Statistics) -> float:
    """Correlation of left and right over the whole song, -1 to 1, DC left out.

    1 for mono and silence, 0 where one channel is silent.
    """
    return float(_correlations(statistics.sums.sum(axis=0, keepdims=True), statistics.frames)[0])


def correlation_p5(statistics: Statistics) -> float:
    """Correlation that 95 % of the 400 ms windows exceed; the lows a mono listener would notice."""
    return float(quantiles(_windows(statistics), LOW_SHARE))


def correlation_by_band(spectra: Spectra) -> NDArray[np.float64]:
    """Correlation in each of the nine bands, exact for channels of equal level; 1 where there is nothing."""
    mid, side = spectra.bands[spectra.heard()].sum(axis=0) if spectra.heard().any() else np.zeros((2, 9))
    total = mid + side
    return np.asarray(np.where(total > 0.0, (mid - side) / np.where(total > 0.0, total, 1.0), 1.0))


def mono_loss_db(statistics: Statistics) -> float:
    """How much quieter the mono sum is than both channels, dB.

    0 for mono and silence, 3.01 for unrelated channels, ``inf`` for channels that cancel out.
    """
    ll, rr, dd = (float(total) for total in _central(statistics.sums.sum(axis=0), statistics.frames))
    both = (ll + rr) / 2.0
    mid = both - dd / 4.0
    if both <= LEAST_POWER * max(statistics.frames, 1):
        return 0.0
    return 10.0 * math.log10(both / mid) if mid > both * 1e-7 else math.inf


def balance_db(statistics: Statistics) -> float:
    """Power of the right channel over that of the left, dB; 0 for mono and silence, infinite if one is silent."""
    left, right = (float(power) for power in statistics.sums[:, :2].sum(axis=0))
    if left <= 0.0 or right <= 0.0:
        return 0.0 if left == right else math.copysign(math.inf, right - left)
    return 10.0 * math.log10(right / left)


def dead_channel(statistics: Statistics) -> Literal["left", "right"] | None:
    """Name the channel that is 60 dB or more under the other, if one is."""
    balance = balance_db(statistics)
    if abs(balance) < -DEAD_DB:
        return None
    return "right" if balance < 0.0 else "left"


def is_dual_mono(statistics: Statistics) -> bool:
    """Whether both channels hold exactly the same samples, and not only silence."""
    ll, _, dd, _, _ = statistics.sums.sum(axis=0)
    return bool(dd == 0.0 and ll > 0.0)


def is_antiphase(statistics: Statistics) -> bool:
    """Whether one channel is mostly the other upside down: a song that falls apart in mono."""
    return correlation(statistics) < ANTIPHASE_BELOW


def _windows(statistics: Statistics) -> NDArray[np.float64]:
    """Correlations of the windows that are loud enough to matter; 1 if there is none."""
    if statistics.frames == 0:
        return np.ones(1)
    sums = statistics.windows(WINDOW_HOPS, STEP_HOPS)
    power = sums[:, 0] + sums[:, 1]
    heard = power > max(float(power.mean()) * 10.0 ** (HEARD_DB / 10.0), LEAST_POWER)
    frames = min(statistics.frames, WINDOW_HOPS * statistics.rate // 100)
    return _correlations(sums[heard], frames) if heard.any() else np.ones(1)


def _central(sums: NDArray[np.float64], frames: int) -> tuple[NDArray[np.float64], ...]:
    """The sums of squares without the part that DC makes."""
    ll, rr, dd, l, r = np.moveaxis(sums, -1, 0)
    count = max(frames, 1)
    clean = (ll - l * l / count, rr - r * r / count, dd - (l - r) ** 2 / count)
    return tuple(np.maximum(each, 0.0) for each in clean)


def _correlations(sums: NDArray[np.float64], frames: int) -> NDArray[np.float64]:
    """Correlation of each row of sums."""
    ll, rr, dd = _central(sums, frames)
    both = np.sqrt(ll * rr)
    floor = LEAST_POWER * max(frames, 1)
    silent = np.where(ll + rr > floor, 0.0, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = (ll + rr - dd) / (2.0 * both)
    return np.asarray(np.where(both > floor * 1e-3, np.clip(found, -1.0, 1.0), silent))
