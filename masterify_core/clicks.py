"""Clicks: which outliers of linear prediction are clicks and no music, and how they are mended."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from masterify_core.kernels import clicks as kernels

Row = NDArray[np.float32]
Spans = NDArray[np.int64]

WEAK_LIMIT = 8.0  # times the usual prediction error: what may be part of the music's own texture
LIMIT = 20.0
HEIGHT_DB = -6.0  # over the mean power of the 20 ms around: lower ones are masked by the music
LONGEST_MS, REST_MS, CHANGE_MS, GAP_MS = 1.0, 10.0, 6.0, 0.5
REST_LIMIT = 3.0  # times the usual error, before and after: what goes on sounding is an onset
CHANGE_DB = 3.0  # an onset leaves the sound louder or duller than it was, a click does not
ALONE_S = 0.05  # synthetic tones (20 Hz and up) have an outlier every period,
ALIKE = 0.25  # and of about the same size; what the music does beside a click is smaller than that
MOST_RUNS = 200_000
PAD = 2  # frames mended on either side
ROUNDS = 2
LEAST_GAIN = 1e-7

_WINDOW = np.hanning(2 * kernels.BLOCK + 1)[:-1].astype(np.float32)
_CONTEXT = np.hanning(2 * kernels.CONTEXT + 1)[:-1].astype(np.float32)


def find(row: Row, rate: int, limit: float = LIMIT, height_db: float = HEIGHT_DB) -> Spans:
    """Find the clicks of one channel.

    A click is a run of at most 1 ms that linear prediction misses, from both sides, by ``limit`` times what is
    usual around it; that has no other of its size near; that the sound goes on after as it was before; and whose height over
    the interpolated sound is at least ``height_db`` over its surroundings. Chosen on real music, where single
    outliers are common (onsets, synthetic waves): see the benchmark of repairs.

    Returns
    -------
    ``(clicks, 2)``: first frame and length.
    """
    runs = _runs(row, rate)
    change, gap = round(CHANGE_MS * rate / 1000.0), round(GAP_MS * rate / 1000.0)
    found: list[tuple[int, int]] = []
    for i in np.flatnonzero((runs[:, 2] >= limit) & (runs[:, 3:].max(axis=1, initial=0.0) <= REST_LIMIT)):
        first, length = int(runs[i, 0]), int(runs[i, 1])
        if _has_company(runs, int(i), ALONE_S * rate):
            continue
        before = _roughness(row, first - gap - change, first - gap)
        behind = _roughness(row, first + length + gap, first + length + gap + change)
        if (
            abs(20.0 * np.log10(behind / before)) <= CHANGE_DB
            and _height_db(row, rate, first, length) >= height_db
        ):
            found.append((first, length))
    return np.array(found, np.int64).reshape(-1, 2)


def mend(row: Row, spans: Spans) -> None:
    """Interpolate clicks in place, from 512 frames on either side of each."""
    weighted = np.zeros(2 * kernels.CONTEXT + kernels.ORDER, np.float32)
    work = np.zeros((3, kernels.ORDER + 1))
    matrix = np.zeros((kernels.LONGEST, kernels.LONGEST + 1))
    for first, length in spans:
        begin, end = max(0, int(first) - PAD), min(len(row), int(first + length) + PAD)
        count = min(end - begin, kernels.LONGEST)
        kernels.mend(row, begin, count, _CONTEXT, ROUNDS, weighted, work, matrix)


def _runs(row: Row, rate: int) -> NDArray[np.float64]:
    """Everything that prediction misses, clicks or not; see the kernel."""
    longest = min(round(LONGEST_MS * rate / 1000.0), kernels.LONGEST - 2 * PAD)
    rest = min(round(REST_MS * rate / 1000.0), kernels.GUARD - longest - kernels.ORDER - 1)
    runs = np.empty((min(MOST_RUNS, len(row) // 8 + 1), 5))
    count = kernels.find_clicks(
        row, _WINDOW, WEAK_LIMIT, longest, rest, np.zeros(2 * kernels.BLOCK + kernels.ORDER, np.float32),
        np.zeros((3, kernels.ORDER + 1)), np.zeros(kernels.BLOCK + 2 * kernels.GUARD, np.float32), runs,
    )  # fmt: skip
    return runs[: min(count, len(runs))]


def _has_company(runs: NDArray[np.float64], i: int, reach: float) -> bool:
    """Whether another outlier of about the size of run ``i``, or a larger one, lies within ``reach`` frames of it."""
    low, high = np.searchsorted(runs[:, 0], (runs[i, 0] - reach, runs[i, 0] + reach))
    return int((runs[low:high, 2] >= ALIKE * runs[i, 2]).sum()) > 1


def _roughness(row: Row, begin: int, end: int) -> float:
    """Mean slope of a stretch: its loudness with the treble brought out."""
    part = np.diff(row[max(0, begin) : max(0, end)].astype(np.float64))
    return float(np.sqrt(np.mean(part**2))) + LEAST_GAIN if len(part) else LEAST_GAIN


def _height_db(row: Row, rate: int, first: int, length: int) -> float:
    """Largest distance of a click from what would be there without it, over the mean power around, dB."""
    around = max(2 * kernels.CONTEXT, rate // 100)
    begin = max(0, first - around)
    was = row[begin : first + length + around]
    now = was.copy()
    mend(now, np.array([[first - begin, length]]))
    height = float(np.abs(was - now).max())
    near = now[max(0, first - begin - rate // 100) : first - begin + rate // 100].astype(np.float64)
    return 20.0 * float(np.log10((height + LEAST_GAIN) / (np.sqrt(np.mean(near**2)) + LEAST_GAIN)))
