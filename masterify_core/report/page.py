"""The report as one HTML page that needs nothing else: styles, script, charts and previews inside."""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, get_args

from masterify_core.preset_platform import Confidence
from masterify_core.report import charts
from masterify_core.report.charts import Values
from masterify_core.report.filling import filled
from masterify_core.report.numbers import number
from masterify_core.report.previews import KBPS, Preview

WORDS = ("LUFS", "dBTP", "LRA", "PLR", "PSR")
NUMBERS = {
    "integrated_lufs": 2, "short_term_max_lufs": 1, "momentary_max_lufs": 1, "loudness_range_lu": 1,
    "true_peak_dbtp": 2, "sample_peak_dbfs": 2, "plr_lu": 1, "psr_lu": 1, "crest_db": 1, "correlation": 2,
    "mono_loss_db": 1, "balance_db": 1, "noise_floor_lufs": 1, "band_limit_hz": 0, "head_silence_s": 2,
    "tail_silence_s": 2, "rate": 0,
}  # fmt: skip
"""Measurements in the table, and how many digits they show."""
TABLE_ROWS = 40


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Listening:
    """Previews of a page: where in the song they are, the original first, then the first masters."""

    start_s: float
    length_s: float
    previews: Sequence[Preview]


def page(doc: Values, listening: Listening | None = None) -> str:
    """Write the report; the same values give the same page."""
    pictures = [_picture(doc, number_) for number_ in range(max(1, len(doc["masters"])))]
    return filled(
        (files(__package__) / "page.html").read_text(encoding="utf-8"),
        was="original" if doc["masters"] else "song", doc=doc, source=doc["song"]["measured"],
        tracks=_tracks(doc, listening), preview_s=listening.length_s if listening else 0.0,
        preview_at_s=listening.start_s if listening else 0.0, kbps=KBPS,
        pictures=pictures, numbers=_numbers(doc), step_curves=_step_curves(doc), heard=_heard(doc),
        undocumented=any(rule["confidence"] == "undocumented" for each in doc["masters"] for rule in each["verdict"]),
        confidences=(*get_args(Confidence), "asked"), notes=_notes(doc), words=WORDS,
    )  # fmt: skip


def _picture(doc: Values, which: int) -> Values:
    """Draw the charts of one master, or of the song alone."""
    from markupsafe import Markup

    before, genre = doc["song"], doc["genre"]
    after = doc["masters"][which] if doc["masters"] else None
    target = after["delivery"]["target_lufs"] if after else None
    name = f"p{which}"
    drawn = {
        "loudness": charts.loudness(before, after, target, f"{name}loudness"),
        "wave_before": charts.waveform(before, "before", f"{name}before"),
        "wave_after": charts.waveform(after, "after", f"{name}after") if after else "",
        "spectrum": charts.spectrum(before, after, genre, f"{name}spectrum")
        if genre and before["genre_balance_db"]
        else "",
        "width": charts.width(before, after, genre, f"{name}width")
        if before["measured"]["channels"] == 2
        else "",
        "reduction": charts.reduction(after, f"{name}reduction")
        if after and after["reduction"]["db"]
        else "",
    }
    came, went = [("before", "before" if after else "song")], [("after", "after")] if after else []
    return {
        **{key: Markup(svg) for key, svg in drawn.items()},  # noqa: S704 - made of numbers only
        "title": after["title"] if after else "",
        "most_reduction_db": max(after["reduction"]["db"], default=0.0) if after else 0.0,
        "mean_reduction_db": after["delivery"]["mean_reduction_db"] if after else 0.0,
        "after": after is not None,
        "loudness_legend": [*came, *went, ("faint", "momentary"), *([("target", "target")] if after else [])],
        "spectrum_legend": [*came, *went, *([("target", "genre.curve"), ("spread", "spread")] if genre else [])],
        "loudness_rows": _loudness_rows(before, after),
        "spectrum_rows": _spectrum_rows(before, after, genre) if genre else [],
        "width_rows": _width_rows(before, after),
    }  # fmt: skip


def _loudness_rows(before: Values, after: Values | None) -> list[tuple[float | None, ...]]:
    count = len(before["short_term_lufs"])
    every = max(1, math.ceil(count / TABLE_ROWS))
    rows = []
    for k in range(0, count, every):
        row = [k * before["step_s"], before["short_term_lufs"][k]]
        if after is not None:
            levels = after["short_term_lufs"]
            row.append(levels[min(k, len(levels) - 1)])
        rows.append(tuple(row))
    return rows


def _spectrum_rows(before: Values, after: Values | None, genre: Values) -> list[tuple[Any, ...]]:
    empty = [None] * len(genre["third_octaves_hz"])
    columns = [sound["genre_balance_db"] or empty for sound in (before, after or before)]
    return list(zip(genre["third_octaves_hz"], *columns, genre["spread_db"], strict=True))


def _width_rows(before: Values, after: Values | None) -> list[tuple[Any, ...]]:
    from masterify_core.presets import NINE_BANDS_HZ

    sounds = [before] if after is None else [before, after]
    columns = [sound["measured"][key] for sound in sounds for key in ("side_mid_db", "correlation_by_band")]
    return list(zip(NINE_BANDS_HZ, *columns, strict=True))


def _numbers(doc: Values) -> list[Values]:
    sounds = [doc["song"]["measured"], *(master["measured"] for master in doc["masters"])]
    rows = [
        {"key": key, "cells": [number(sound[key], digits) for sound in sounds]}
        for key, digits in NUMBERS.items()
    ]
    rows.insert(-5, {"key": "clipping", "cells": [number(sound["clipping"]["runs"], 0) for sound in sounds]})
    return rows


def _step_curves(doc: Values) -> Values:
    """Draw the correction of a step that has one."""
    from markupsafe import Markup

    found = {}
    for place, step in enumerate(doc["recipe"]["steps"] if doc["recipe"] else []):
        settings = step["settings"]
        if {"hz", "db"} <= settings.keys():
            drawn = charts.correction(settings["hz"], settings["db"], f"step{place}")
            found[step["stage"]] = Markup(drawn)  # noqa: S704
    return found


def _heard(doc: Values) -> list[Values]:
    """Each file and how it is played everywhere: masters first, each with its own platform on top."""
    rows = [
        {"title": each["title"], "platform": each["platform"], "file": each["files"][0]["file"], "listeners": each["listeners"]}
        for each in doc["masters"]
    ]  # fmt: skip
    song = doc["song"]
    rows.append({"title": "", "platform": "", "file": song["file"], "listeners": song["listeners"]})
    return [row for row in rows if row["listeners"]]


def _tracks(doc: Values, listening: Listening | None) -> list[Values]:
    if listening is None:
        return []
    titles = ["", *(master["title"] for master in doc["masters"])]
    return [
        {"title": title, "gain_db": each.own_gain_db, "mp3": base64.b64encode(each.mp3).decode("ascii")}
        for title, each in zip(titles, listening.previews, strict=False)
    ]


def _notes(doc: Values) -> list[str]:
    return list(dict.fromkeys(doc["notes"]))
