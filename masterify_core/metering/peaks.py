"""Peaks: of the samples, between the samples, and by the filter that BS.1770 prints."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from masterify_core.audio import Audio
from masterify_core.kernels import truepeak as kernels
from masterify_core.metering import interpolation
from masterify_core.metering.interpolation import PHASES
from masterify_core.units import db_to_gain, gain_to_db

__all__ = [
    "PHASES", "Peaks", "find_peaks", "overs", "sample_peak", "sample_peak_dbfs", "true_peak",
    "true_peak_bs1770_dbtp", "true_peak_dbtp",
]  # fmt: skip

REACH = (
    interpolation.TAPS
)  # frames of silence around a song: peaks may lie before its first and after its last sample
EDGE = 2 * REACH
PAIRS = kernels.PAIRS
PRINTED_UP_TO_HZ = 50_000  # BS.1770's filter was made for 48 kHz
PRINTED_MARGIN_DB = 0.09  # the printed filter reads up to 0.215 dB too much near a quarter of the rate
FIRST_LOOK = 16  # one block in so many finds a peak that spares most of the others


@dataclass(frozen=True, slots=True)
class Peaks:
    """The largest magnitudes of a song, as gains (1.0 is full scale); infinite if it holds NaN or infinity.

    Attributes
    ----------
    sample
        Of the samples.
    true
        Of the signal between them: 16 times the rate, 32 taps a phase. Never below ``sample``.
    bs1770
        By the 48-tap filter printed in BS.1770-5, annex 2; None if not asked for or above 50 kHz.
    true_frame
        The frame at or just before the true peak.
    """

    sample: float
    true: float
    bs1770: float | None
    true_frame: int

    @property
    def sample_dbfs(self) -> float:
        """Sample peak, dBFS; ``-inf`` for silence."""
        return gain_to_db(self.sample)

    @property
    def true_dbtp(self) -> float:
        """True peak, dBTP; ``-inf`` for silence."""
        return gain_to_db(self.true)

    @property
    def bs1770_dbtp(self) -> float | None:
        """Peak by the printed filter, dBTP."""
        return None if self.bs1770 is None else gain_to_db(self.bs1770)


def find_peaks(samples: NDArray[np.float32], rate: int | None = None) -> Peaks:
    """Find all peaks of C-ordered float32 ``(channels, frames)`` in one pass of 1.5 to 4 ns a frame.

    Equal to interpolating everything: what is left out is proven to be smaller. ``rate`` in Hz asks for
    BS.1770's printed filter too, which is defined up to 50 kHz.

    References
    ----------
    ITU-R BS.1770-5, annex 2, asks for at least 4 times; a sine then reads up to 0.6 dB low near the
    Nyquist frequency. 16 times with 32 taps stays within 0.03 dB up to 0.45 of the rate.
    """
    with_printed = rate is not None and rate <= PRINTED_UP_TO_HZ
    found = np.array([0.0, 0.0, 0.0 if with_printed else math.inf, 0.0])
    table, bounds = _tables()
    frames = samples.shape[1]
    if frames > EDGE:
        for step in (FIRST_LOOK, 1):
            kernels.search(samples, samples.view(np.int32), table, bounds, step, found)
    for edge, at in _edges(samples):
        found[3] -= at
        kernels.search(edge, edge.view(np.int32), table, bounds, 1, found)
        found[3] += at
    where = int(min(max(found[3], 0), max(frames - 1, 0)))
    return Peaks(float(found[0]), float(found[1]), float(found[2]) if with_printed else None, where)


def overs(
    samples: NDArray[np.float32], limit: float, printed_margin_db: float | None = PRINTED_MARGIN_DB, group: int = 1
) -> NDArray[np.float32] | None:  # fmt: skip
    """Find every place where the signal between the samples exceeds ``limit`` (a gain); None if nowhere.

    The answer, float32 ``(frames,)``, holds at the two frames beside each interval that is over that
    interval's peak (the larger where two meet; the largest of all channels) and 0 everywhere else:
    multiplying both frames and their neighbourhood by ``limit / peak`` brings it down. With ``group`` it holds
    the largest of so many frames each. Nothing is missed:
    the test is exact, as in `find_peaks`, and costs as much.

    BS.1770's printed filter counts too, when it reads more than ``printed_margin_db`` above ``limit``;
    its reading less that margin is then the peak. None leaves it out (as it should be above 50 kHz).
    ``samples`` must be finite.
    """
    frames = samples.shape[1]
    printed_limit = math.inf if printed_margin_db is None else limit * db_to_gain(printed_margin_db)
    table, bounds = _tables()
    out = np.zeros(-(-frames // group), np.float32)
    count = 0
    if frames > EDGE:
        bits = samples.view(np.int32)
        count += int(kernels.mark_overs(samples, bits, table, bounds, limit, printed_limit, group, out))
    for edge, at in _edges(samples):
        marks = np.zeros(edge.shape[1], np.float32)
        bits = edge.view(np.int32)
        count += int(kernels.mark_overs(edge, bits, table, bounds, limit, printed_limit, 1, marks))
        over = np.flatnonzero(marks)  # beyond an end it counts for the frame there
        np.maximum.at(out, np.clip(over + at, 0, max(frames - 1, 0)) // group, marks[over])
    return out if count else None


def sample_peak(samples: NDArray[np.float32]) -> float:
    """Largest magnitude of the samples, a gain; infinite if there is NaN or infinity."""
    if samples.size == 0:
        return 0.0
    peak = max(float(samples.max()), -float(samples.min()))
    return peak if math.isfinite(peak) else math.inf


def true_peak(samples: NDArray[np.float32]) -> float:
    """Largest magnitude between the samples, a gain: 16 times the rate, 32 taps a phase."""
    return find_peaks(samples).true


def true_peak_between(samples: NDArray[np.float32], begin: int, end: int) -> float:
    """Largest magnitude from frame ``begin`` up to ``end``, a gain; outside of the song is silence."""
    frames = samples.shape[1]
    part = np.zeros((samples.shape[0], end - begin + 2 * PAIRS), np.float32)
    first, last = max(0, begin - PAIRS), min(frames, end + PAIRS)
    part[:, first - begin + PAIRS : last - begin + PAIRS] = samples[:, first:last]
    peak = sample_peak(part[:, PAIRS:-PAIRS])
    found = np.array([0.0, peak, math.inf, 0.0])
    kernels.search(part, part.view(np.int32), *_tables(), 1, found)
    return float(found[1])


def sample_peak_dbfs(audio: Audio) -> float:
    """Sample peak, dBFS; ``-inf`` for silence, ``inf`` if there is NaN or infinity."""
    return gain_to_db(sample_peak(audio.samples))


def true_peak_dbtp(audio: Audio) -> float:
    """Measure the true peak, dBTP; ``-inf`` for silence, ``inf`` if there is NaN or infinity."""
    return find_peaks(audio.samples).true_dbtp


def true_peak_bs1770_dbtp(audio: Audio) -> float | None:
    """Peak by the 48-tap filter that BS.1770 prints, dBTP; None above 50 kHz, for which it was not made."""
    return find_peaks(audio.samples, audio.rate).bs1770_dbtp


@functools.cache
def _tables() -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Make the filters and their bounds as the kernels want them."""
    return interpolation.folded(), interpolation.bounds()


def _edges(samples: NDArray[np.float32]) -> list[tuple[NDArray[np.float32], int]]:
    """Cut out the ends of a song, add silence beyond, tell where each begins; a short song is one piece."""
    channels, frames = samples.shape
    if frames <= EDGE:
        whole = np.zeros((channels, frames + 2 * REACH), np.float32)
        whole[:, REACH : REACH + frames] = samples
        return [(whole, -REACH)]
    ends = np.zeros((2, channels, EDGE), np.float32)
    ends[0, :, REACH:] = samples[:, :REACH]
    ends[1, :, :REACH] = samples[:, -REACH:]
    return [(ends[0], -REACH), (ends[1], frames - REACH)]
