"""Listening: what a lossy codec makes of spans of a song, and which spans are worth it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from masterify_core.codecs import round_trip
from masterify_core.kernels.limiting import GROUP, group_maxima
from masterify_core.metering.peaks import overs, true_peak_between
from masterify_core.units import db_to_gain

Rows = NDArray[np.float32]
Row = NDArray[np.float32]
Span = tuple[int, int]  # frames, from and to; both on control points of the limiter, but for the song's end

SPAN_S, PLACE_MS = 0.5, 10.0
CONTEXT_MS, JOINT_MS = 60.0, 5.0  # around a span: encoders look two blocks ahead and remember two
# How far a codec's noise moves most peaks (two thirds of them, AAC of 128 kbit/s, masters of -9 LUFS), and
# the most that it was seen to: spans whose peaks stay lower than that under the highest are left out.
NOISE_DB, MOST_DB = 0.3, 6.0
DEVIATIONS, CAREFUL_DB = (
    2.0,
    2.0,
)  # of noise left under the limit; peaks lower than so many dB under it are left alone
NOISY = 0.95  # quantile
OVER_POWER = 1.5  # what still goes over is turned down further: the codec gives a part of it back


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What came back of one span.

    Attributes
    ----------
    peak
        Decoded true peak, a gain.
    places
        How many stretches of 10 ms exceed the limit.
    excess
        Per control point (8 frames) how far it is over what it may be, a factor; less than 1 is under it.
    noise
        Size of what the codec adds in the noisier parts, full scale = 1.
    """

    peak: float
    places: int
    excess: Row
    noise: float


def all_spans(frames: int, rate: int) -> tuple[Span, ...]:
    """Cut a whole song into spans."""
    length = _length(rate)
    return tuple((begin, min(begin + length, frames)) for begin in range(0, frames, length))


def hot_spans(samples: Rows, rate: int, seconds: float) -> tuple[Span, ...]:
    """Find the spans where a codec's noise most likely lifts a peak over a ceiling, in order of time.

    Each place of 10 ms counts ``exp(peak / 0.3 dB)``: on masters of -9 LUFS this finds twice as many overs as
    spans with the highest peaks, and spans of half a second more than longer ones.
    """
    spans = all_spans(samples.shape[1], rate)
    peaks = _place_peaks(samples, rate)
    peaks_db = 20.0 * np.log10(np.maximum(peaks / max(float(peaks.max(initial=0.0)), 1e-9), 1e-9))
    weights = np.exp(peaks_db / NOISE_DB)
    score = np.bincount(np.arange(len(peaks)) * _place(rate) // _length(rate), weights, len(spans))[
        : len(spans)
    ]
    nearest = np.argsort(-score, kind="stable")[: max(1, round(seconds / SPAN_S))]
    near_enough = np.exp(-MOST_DB / NOISE_DB)
    return tuple(spans[k] for k in sorted(nearest) if score[k] >= near_enough)


def listen(
    samples: Rows,
    rate: int,
    codec: str,
    kbps: float,
    spans: Sequence[Span],
    limit: float,
    gain: float,
    deviations: float,
) -> dict[Span, Heard]:
    """Encode and decode spans of ``gain * samples`` as one stream; answer for each what is over ``limit``, a gain.

    Spans that touch stay together; others get their surroundings, and are joined with short fades.

    An encoder answers every change with other noise, in all that follows, so turning down only what went over
    this time leaves as many overs next time. What the codec adds is taken as noise instead, of the size that it
    has near by: peaks within so many standard deviations of the limit are turned down before they go over.
    """
    runs = _runs(spans)
    source, shifts = joined(samples, rate, runs, gain)
    decoded = round_trip(source, rate, codec, kbps)
    noise = _noise(decoded - source, rate)
    peaks = _points(overs(source, limit * db_to_gain(-CAREFUL_DB), None), source.shape[1])
    marks = overs(decoded, limit, None)
    marks = np.zeros(source.shape[1], np.float32) if marks is None else marks
    over = (_points(marks, source.shape[1]) / np.float32(limit)) ** OVER_POWER
    excess = np.maximum(over, peaks / np.maximum(limit - deviations * noise, 0.5 * limit)).astype(np.float32)
    heard = {}
    for shift, run in zip(shifts, runs, strict=True):
        for span in spans:
            if run[0] <= span[0] and span[1] <= run[1]:
                begin, end = span[0] + shift, span[1] + shift
                places = len(np.unique(np.flatnonzero(marks[begin:end]) // _place(rate)))
                peak = float(marks[begin:end].max()) if places else true_peak_between(decoded, begin, end)
                part = slice(begin // GROUP, -(-end // GROUP))
                heard[span] = Heard(peak, places, excess[part], float(np.quantile(noise[part], NOISY)))
    return heard


def joined(samples: Rows, rate: int, runs: Sequence[Span], gain: float) -> tuple[Rows, list[int]]:
    """Join runs of spans with their surroundings; and how far each has moved."""
    context, joint = (max(1, round(ms * rate / (1000.0 * GROUP))) * GROUP for ms in (CONTEXT_MS, JOINT_MS))
    ramp = np.linspace(0.0, 1.0, joint, dtype=np.float32)
    pieces, shifts, length = list[Rows](), list[int](), 0
    for begin, end in runs:
        first, last = max(0, begin - context), min(samples.shape[1], end + context)
        piece = samples[:, first:last] * np.float32(gain)
        if first > 0:
            piece[:, :joint] *= ramp
        if last < samples.shape[1]:
            piece[:, -joint:] *= ramp[::-1]
        pieces.append(piece)
        shifts.append(length - first)
        length += last - first
    return np.concatenate(pieces, axis=1), shifts


def _noise(difference: Rows, rate: int) -> Row:
    """Size of what a codec added, per control point: the mean square of 20 ms, of the louder channel."""
    whole = -(-difference.shape[1] // GROUP)
    power = np.zeros((len(difference), whole * GROUP))
    np.square(difference, out=power[:, : difference.shape[1]])
    steps = power.reshape(len(difference), whole, GROUP).sum(axis=2).cumsum(axis=1)
    half = max(1, _place(rate) // GROUP)
    ends = np.minimum(np.arange(whole) + half, whole - 1)
    begins = np.arange(whole) - half
    sums = steps[:, ends] - np.where(begins > 0, steps[:, np.maximum(begins, 1) - 1], 0.0)
    mean = sums.max(axis=0) / ((ends - np.maximum(begins, 0) + 1) * GROUP)
    noise: Row = np.sqrt(mean).astype(np.float32)
    return noise


def _points(marks: Row | None, frames: int) -> Row:
    points = np.zeros(-(-frames // GROUP), np.float32)
    if marks is not None:
        group_maxima(marks, GROUP, points)
    return points


def _runs(spans: Sequence[Span]) -> list[Span]:
    """Join spans that touch."""
    runs: list[Span] = []
    for begin, end in spans:
        if runs and runs[-1][1] == begin:
            runs[-1] = (runs[-1][0], end)
        else:
            runs.append((begin, end))
    return runs


def _place(rate: int) -> int:
    """Frames of a place: whole control points."""
    return max(1, round(PLACE_MS * rate / (1000.0 * GROUP))) * GROUP


def _length(rate: int) -> int:
    """Frames of a span: whole places."""
    return round(SPAN_S * 1000.0 / PLACE_MS) * _place(rate)


def _place_peaks(samples: Rows, rate: int) -> Row:
    """Sample peak of each place, the rest at the end counting as one."""
    place = _place(rate)
    whole = samples.shape[1] // place
    cut = samples[:, : whole * place].reshape(len(samples), whole, place)
    peaks = np.maximum(cut.max(axis=(0, 2), initial=0.0), -cut.min(axis=(0, 2), initial=0.0))
    rest = np.abs(samples[:, whole * place :]).max(initial=0.0)
    return np.append(peaks, np.float32(rest))
