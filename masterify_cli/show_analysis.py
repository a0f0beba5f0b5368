"""What was measured of a song, in groups (Rich)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.text import Text

from masterify_cli import show

if TYPE_CHECKING:
    from masterify_core.files import Source
    from masterify_core.metering.report import Measurement

Line = tuple[str, str, str, int]
"""Key of the measurement, what it is called here, its unit, digits."""

GROUPS: Mapping[str, Sequence[Line]] = {
    "Loudness": (
        ("integrated_lufs", "integrated", "LUFS", 2),
        ("short_term_max_lufs", "short-term, loudest 3 s", "LUFS", 2),
        ("momentary_max_lufs", "momentary, loudest 0.4 s", "LUFS", 2),
        ("loudness_range_lu", "range (LRA)", "LU", 1),
    ),
    "Peaks": (
        ("true_peak_dbtp", "true peak", "dBTP", 2),
        ("sample_peak_dbfs", "sample peak", "dBFS", 2),
        ("plr_lu", "peak to loudness (PLR)", "LU", 1),
        ("psr_lu", "peak to short-term (PSR)", "LU", 1),
        ("crest_db", "crest factor", "dB", 1),
    ),
    "Stereo": (
        ("correlation", "correlation", "", 2),
        ("mono_loss_db", "lost in mono", "dB", 1),
    ),
}
PER_BAND: Mapping[str, str] = {
    "side_mid_db": "side over mid, dB",
    "band_sigma_db": "movement, dB",
    "correlation_by_band": "correlation",
}
"""Values in each of the nine bands, and what their row is called."""

APART = {"seconds", "rate", "channels", "third_octaves_db", "band_threshold_db"}
"""Keys that are drawn in their own way, and one that only means something to the plan."""

BARS = " ▁▂▃▄▅▆▇█"
PLAIN_BARS = " .:-=+*#@"
BAR_DB = 5.0
"""What one step of the spectrum's bars stands for."""


def song(name: str, source: Source, measurement: Measurement) -> None:
    """Draw everything that was measured."""
    screen, values = show.console(), measurement.to_dict()
    show.heading(screen, name, *about(values), _format(source))
    used = {key for lines in GROUPS.values() for key, *_ in lines} | APART | set(PER_BAND)
    for title, lines in GROUPS.items():
        screen.print(Text(f"  {title}", style="bold"))
        screen.print(show.facts(_rows(values, lines), indent=4))
    screen.print(Text("  Tone", style="bold"))
    screen.print(show.facts([("third octaves", _spectrum(values, screen.encoding))], indent=4))
    bands = [(label, values[key]) for key, label in PER_BAND.items() if values.get(key)]
    if bands:
        screen.print(_bands(bands))
    rest = [(key.replace("_", " "), _plain(value)) for key, value in values.items() if key not in used]
    if rest:
        screen.print(Text("  More", style="bold"))
        screen.print(show.facts(rest, indent=4))
    for note in source.notes:
        screen.print(show.facts([("note", note)]))
    screen.print()


def about(values: Mapping[str, Any]) -> list[str]:
    """Answer length, rate and channels."""
    channels = {1: "mono", 2: "stereo"}.get(values["channels"], f"{values['channels']} channels")
    return [show.clock(values["seconds"]), f"{values['rate'] / 1000:g} kHz", channels]


def _format(source: Source) -> str:
    depth = f"{source.bit_depth} bit" if source.bit_depth else ""
    return " ".join(filter(None, (source.container, depth, "lossy" if source.lossy else "")))


def _rows(values: Mapping[str, Any], lines: Iterable[Line]) -> Iterable[tuple[str, str]]:
    for key, label, unit, digits in lines:
        if key in values:
            yield label, show.number(values[key], digits, unit)


def _spectrum(values: Mapping[str, Any], encoding: str) -> str:
    """Draw a bar for each third octave, under the loudest."""
    bars = BARS if encoding.lower().startswith("utf") else PLAIN_BARS
    levels = [-math.inf if level is None else level for level in values["third_octaves_db"]]
    top = max(levels, default=-math.inf)
    if not math.isfinite(top):
        return show.NOTHING
    steps = (len(bars) - 1 - (top - level) / BAR_DB if math.isfinite(level) else 0.0 for level in levels)
    return "20 Hz " + "".join(bars[max(0, round(step))] for step in steps) + f" 20 kHz, {BAR_DB:g} dB a step"


def _bands(rows: Sequence[tuple[str, Sequence[float | None]]]) -> Any:
    from masterify_core.metering.spectrum import BANDS_HZ

    names = [f"{hz:.0f}" if hz < 1000 else f"{hz / 1000:.1f}k" for hz in BANDS_HZ]
    cells = [(label, *(show.number(value, 1) for value in values)) for label, values in rows]
    return show.table(("from Hz", *names), cells)


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key.replace('_', ' ')} {_plain(held)}" for key, held in value.items()) or "none"
    if isinstance(value, list | tuple):
        return ", ".join(map(_plain, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return show.number(value, 2) if isinstance(value, float) else str(value)
