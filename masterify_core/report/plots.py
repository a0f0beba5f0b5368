"""Plots of a song and of two songs side by side, from the same values as the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from masterify_core.audio import Audio
from masterify_core.balance import balance_db
from masterify_core.comparing import Comparison
from masterify_core.errors import SettingError
from masterify_core.files.placing import placed
from masterify_core.metering.report import Measurement
from masterify_core.metering.spectrum import THIRD_OCTAVES_HZ
from masterify_core.plotting import Axis, Band, Curve, Panel, as_png, as_svg
from masterify_core.plotting.axes import HZ, decibels, minus, seconds_axis
from masterify_core.presets import THIRD_OCTAVES_HZ as CURVE_HZ
from masterify_core.presets import Genre
from masterify_core.report.portrait import Portrait, portrait, rounded

SHOWN_LU, LEAST_LU, LEAST_TONE_DB = 30.0, 13.0, 6.0
ALL_HZ = replace(HZ, low=18.0, high=22_000.0)
KINDS = (".png", ".svg")


def write_plot(path: Path, panels: Sequence[Panel], *, overwrite: bool) -> None:
    """Write a plot; the name's ending says whether as PNG or SVG.

    Raises
    ------
    SettingError
        ``plot must end in .png or .svg, got out.jpg``.
    OutputError, NoPermissionError
        It exists already, or cannot be written.
    """
    check_kind(path)
    body = as_png(panels) if path.suffix.lower() == ".png" else as_svg(panels).encode("utf-8")
    with placed(path, overwrite=overwrite) as (file, _):
        file.write(body)


def check_kind(path: Path) -> None:
    """Refuse names that do not say what to draw; raises as `write_plot`."""
    if path.suffix.lower() not in KINDS:
        raise SettingError("plot", f"must end in {' or '.join(KINDS)}, got {path.name}")


def song_panels(sound: Audio, measurement: Measurement, genre: Genre) -> list[Panel]:
    """Waveform, loudness over time, and the spectrum beside a genre's curve."""
    drawn = portrait(sound, measurement)
    panels = [_waveform(drawn), _loudness([("short-term (3 s)", drawn)], momentary=True)]
    over = balance_db(measurement, genre)
    if over is not None:
        heights = np.array(genre.curve_db) + over
        panels.append(_spectrum(rounded(heights), genre))
    return panels


def comparison_panels(first: Audio, second: Audio, made: Comparison) -> list[Panel]:
    """Tone of the second less the first, and loudness of both over time, the second as it is matched."""
    drawn = [portrait(first, made.first), portrait(second, made.second)]
    lag_s = 0.0 if made.alignment is None else made.alignment.lag_frames / made.rate
    sounds = [("A", drawn[0]), ("B at equal loudness", drawn[1])]
    return [_tone(made), _loudness(sounds, gains_db=(0.0, made.gain_db), earlier_s=(0.0, lag_s))]


def _times(drawn: Portrait, earlier_s: float = 0.0) -> list[float]:
    return [(k + 0.5) * drawn.step_s - earlier_s for k in range(len(drawn.lowest))]


def _waveform(drawn: Portrait) -> Panel:
    top = max(1.0, float(drawn.highest.max()), float(-drawn.lowest.min()))
    y = Axis(low=-top, high=top, ticks=((1.0, "0 dB"), (0.0, ""), (-1.0, "0 dB")))
    lows, highs = drawn.lowest.tolist(), drawn.highest.tolist()
    wave = Band(name="", kind="second", xs=_times(drawn), lows=lows, highs=highs)
    return Panel(title="Waveform", x=seconds_axis(drawn.measurement.seconds), y=y, bands=(wave,))


def _loudness(
    sounds: Sequence[tuple[str, Portrait]], *, momentary: bool = False, gains_db: Sequence[float] = (0.0,),
    earlier_s: Sequence[float] = (0.0,),
) -> Panel:  # fmt: skip
    last, curves = sounds[-1][1], list[Curve]()
    if momentary:
        curves.append(
            Curve(kind="faint", name="momentary (0.4 s)", xs=_times(last), ys=rounded(last.momentary_lufs))
        )
    kinds = ("second",) if len(sounds) == 1 else ("first", "second")
    for (name, drawn), kind, gain_db, earlier in zip(sounds, kinds, gains_db, earlier_s, strict=True):
        levels = rounded(drawn.short_term_lufs + gain_db)
        curves.append(Curve(kind=kind, name=name, xs=_times(drawn, earlier), ys=levels))  # type: ignore[arg-type]
    shown = [value for curve in curves for value in curve.ys if value is not None]
    top = max(shown, default=-20.0) + 1.0
    y = decibels(top, min(max(top - min(shown, default=top) + 1.0, LEAST_LU), SHOWN_LU), 6.0)
    seconds = max(drawn.measurement.seconds for _, drawn in sounds)
    return Panel(title="Loudness over time, LUFS", x=seconds_axis(seconds), y=y, curves=tuple(curves))


def _spectrum(heights: Sequence[float | None], genre: Genre) -> Panel:
    curve, spread = np.array(genre.curve_db), np.array(genre.spread_db)
    lows, highs = (curve - spread).tolist(), (curve + spread).tolist()
    held = [height for height in heights if height is not None]
    top = max(*highs, *held) + 1.0
    y = decibels(top, min(max(top - min(*lows, *held) + 1.0, 24.0), 54.0), 6.0)
    return Panel(
        title="Spectrum in third octaves, dB over Hz", x=HZ, y=y,
        bands=(Band(name="normal spread", xs=CURVE_HZ, lows=lows, highs=highs),),
        curves=(
            Curve(kind="target", name=f"{_plain(genre.title)}'s curve", xs=CURVE_HZ, ys=list(genre.curve_db)),
            Curve(kind="second", name="song", xs=CURVE_HZ, ys=heights),
        ),
    )  # fmt: skip


def _tone(made: Comparison) -> Panel:
    tone = rounded(np.array(made.tone_db))
    most = max([LEAST_TONE_DB, *(abs(each) for each in tone if each is not None)])
    most = min(float(np.ceil(most / 3.0) * 3.0), 24.0)
    step = 3.0 if most <= 9.0 else 6.0
    count = int(most // step)
    ticks = tuple(
        (step * k, f"+{step * k:g}" if k > 0 else minus(step * k)) for k in range(-count, count + 1)
    )
    return Panel(
        title="Tone, B less A at equal loudness, dB over Hz", x=ALL_HZ, y=Axis(low=-most, high=most, ticks=ticks),
        curves=(Curve(kind="second", name="B - A", xs=THIRD_OCTAVES_HZ, ys=tone),),
    )  # fmt: skip


def _plain(title: str) -> str:
    """Answer a title in letters that pictures can show; others are left out."""
    return title if title.isascii() else "genre"
