"""The charts of a report, drawn from its values."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from masterify_core.plotting.axes import HZ, Axis, decibels, minus, seconds_axis
from masterify_core.report.portrait import MOST_POINTS
from masterify_core.report.svg import Numbers, area, level, line, plot

Values = dict[str, Any]

MONO_DB = -60.0  # side over mid that counts as none
SHOWN_LU = 30.0  # under the loudest, of loudness over time


def loudness(before: Values, after: Values | None, target_lufs: float | None, label: str) -> str:
    """Loudness over time: short-term before and after, momentary of the last, the target."""
    last = after or before
    x = _time(before, after)
    levels = [before["short_term_lufs"], last["short_term_lufs"], last["momentary_lufs"]]
    top = max(_finite(*levels), default=-20.0)
    y = decibels(max(top, target_lufs or top) + 1.0, SHOWN_LU, 6.0)
    marks = [line(x, y, _seconds(last), last["momentary_lufs"], "faint")]
    marks.append(line(x, y, _seconds(before), before["short_term_lufs"], "before"))
    if after is not None:
        marks.append(line(x, y, _seconds(after), after["short_term_lufs"], "after"))
    if target_lufs is not None:
        marks.append(level(y, target_lufs, "target"))
    return plot(x, y, marks, labelled_by=label)


def waveform(sound: Values, kind: str, label: str) -> str:
    """Lowest and highest samples over time."""
    x = _time(sound, None)
    top = max(1.0, *_finite(sound["waveform_high"]), *(-low for low in _finite(sound["waveform_low"])))
    y = Axis(low=-top, high=top, ticks=((1.0, "0 dB"), (0.0, "−∞"), (-1.0, "0 dB")))
    marks = [area(x, y, _seconds(sound), sound["waveform_low"], sound["waveform_high"], kind)]
    return plot(x, y, marks, labelled_by=label, small=True)


def spectrum(before: Values, after: Values | None, genre: Values, label: str) -> str:
    """Third octaves before and after, laid over the genre's curve and its normal spread."""
    hz, curve, spread = genre["third_octaves_hz"], genre["curve_db"], genre["spread_db"]
    lows = [c - s for c, s in zip(curve, spread, strict=True)]
    highs = [c + s for c, s in zip(curve, spread, strict=True)]
    heights = [_over(curve, sound["genre_balance_db"]) for sound in (before, after) if sound is not None]
    shown = _finite(highs, lows, *heights)
    y = decibels(max(shown) + 1.0, min(max(max(shown) - min(shown) + 2.0, 24.0), 54.0), 6.0)
    marks = [area(HZ, y, hz, lows, highs, "spread"), line(HZ, y, hz, curve, "target")]
    for heights_db, kind in zip(heights, ("before", "after"), strict=False):
        marks.append(line(HZ, y, hz, heights_db, kind))
    return plot(HZ, y, marks, labelled_by=label)


def reduction(master: Values, label: str) -> str:
    """Gain that the limiter takes over time, downwards from 0 dB: the deepest of each step that fits."""
    taken, step_s = master["reduction"]["db"], master["reduction"]["step_s"]
    every = max(1, math.ceil(len(taken) / MOST_POINTS))
    deepest = [max(taken[k : k + every]) for k in range(0, len(taken), every)]
    low = max(3.0, math.ceil(max(deepest)))
    tick = 1.0 if low <= 4.0 else 3.0
    ticks = tuple((-tick * k, minus(-tick * k)) for k in range(int(low / tick) + 1))
    y = Axis(low=-low, high=0.0, ticks=ticks)
    xs = [(k + 0.5) * every * step_s for k in range(len(deepest))]
    marks = [area(_time(master, None), y, xs, [-value for value in deepest], [0.0] * len(xs), "taken")]
    return plot(_time(master, None), y, marks, labelled_by=label, small=True)


def width(before: Values, after: Values | None, genre: Values | None, label: str) -> str:
    """Side over mid in each of nine bands, with the genre's normal spread."""
    hz = _middles(before["measured"]["rate"])
    y = Axis(low=-36.0, high=6.0, ticks=tuple((at, minus(at)) for at in (-36.0, -24.0, -12.0, 0.0)))
    marks = []
    if genre is not None:
        usual, spread = genre["side_mid_db"], genre["side_mid_spread_db"]
        lows = [u - s for u, s in zip(usual, spread, strict=True)]
        highs = [u + s for u, s in zip(usual, spread, strict=True)]
        marks += [area(HZ, y, hz, lows, highs, "spread"), line(HZ, y, hz, usual, "target")]
    for sound, kind in ((before, "before"), (after, "after")):
        if sound is not None:
            sides = sound["measured"]["side_mid_db"]
            marks.append(line(HZ, y, hz, [MONO_DB if db is None else max(db, MONO_DB) for db in sides], kind))
    return plot(HZ, y, marks, labelled_by=label)


def correction(hz: Sequence[float], db: Sequence[float], label: str) -> str:
    """Static correction of tone, dB over Hz."""
    most = max(3.0, math.ceil(max(map(abs, db), default=0.0)))
    y = Axis(low=-most, high=most, ticks=((most, f"+{most:g}"), (0.0, "0"), (-most, f"−{most:g}")))
    return plot(HZ, y, [line(HZ, y, hz, db, "after")], labelled_by=label, small=True)


def _middles(rate: int) -> list[float]:
    """Geometric middle of each of the nine bands, Hz."""
    edges = [40.0, 148.0, 392.0, 795.0, 1458.0, 2550.0, 4349.0, 7314.0, 12_199.0, min(20_000.0, rate / 2.0)]
    return [math.sqrt(low * max(high, low)) for low, high in pairwise(edges)]


def _over(curve: Sequence[float], over_db: Numbers) -> list[float | None]:
    """Heights of a song that lies so far over a curve."""
    if not over_db:
        return [None] * len(curve)
    return [None if over is None else height + over for height, over in zip(curve, over_db, strict=True)]


def _time(before: Values, after: Values | None) -> Axis:
    return seconds_axis(max(sound["measured"]["seconds"] for sound in (before, after) if sound is not None))


def _seconds(sound: Values) -> list[float]:
    return [(k + 0.5) * sound["step_s"] for k in range(len(sound["short_term_lufs"]))]


def _finite(*rows: Iterable[float | None]) -> list[float]:
    return [value for row in rows for value in row if value is not None]
