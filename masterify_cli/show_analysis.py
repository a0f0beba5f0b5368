"""What was measured of a song, in groups (Rich)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from masterify_cli import show
from masterify_cli.printing import printable

if TYPE_CHECKING:
    from masterify_cli.analyze_command import Measured

Values = Mapping[str, Any]
Rows = Iterable[tuple[str, str | Text]]

BARS = " ▁▂▃▄▅▆▇█"
PLAIN_BARS = " .:-=+*#@"
WRONG = "yellow"
"""Colour of what a listener may hear as a fault."""

LOUDNESS_LU = 2.0
BAR_DB = 5.0
"""What one step of the spectrum's bars stands for."""

PER_BAND = {
    "side_mid_db": "side over mid, dB",
    "correlation_by_band": "correlation",
    "band_sigma_db": "movement, dB",
}
"""Values in each of nine bands, and what their row is called."""


def song(name: str, measured: Measured) -> None:
    """Draw everything that was measured."""
    values = measured.measurement.to_dict()
    with show.page() as screen:
        show.heading(screen, name, *about(values), _format(measured))
        for title, rows in (
            ("Loudness", _loudness(values, measured, screen)),
            ("Peaks", _peaks(values)),
            ("Stereo", _stereo(values)),
            ("Tone", _tone(values, measured, screen)),
            ("Defects", _defects(values)),
        ):
            screen.print(Text(f"  {title}", style="bold"))
            screen.print(show.facts(rows, indent=4))
        screen.print(_bands(values))
        for path in measured.report_paths:
            screen.print(Text(f"  {printable(path)}"), soft_wrap=True)  # whole, so that it can be copied
        for note in measured.notes:
            screen.print(show.facts([("note", note)]))
        screen.print()


def about(values: Values) -> list[str]:
    """Answer length, rate and channels."""
    channels = {1: "mono", 2: "stereo"}.get(values["channels"], f"{values['channels']} channels")
    return [show.clock(values["seconds"]), f"{values['rate'] / 1000:g} kHz", channels]


def _format(measured: Measured) -> str:
    depth = f"{measured.bit_depth} bit" if measured.bit_depth else ""
    return " ".join(filter(None, (measured.container, depth, "lossy" if measured.lossy else "")))


def _loudness(values: Values, measured: Measured, screen: Console) -> Rows:
    yield "integrated", show.number(values["integrated_lufs"], 2, "LUFS")
    yield "short-term", show.number(values["short_term_max_lufs"], 2, "LUFS in the loudest 3 s")
    yield "momentary", show.number(values["momentary_max_lufs"], 2, "LUFS in the loudest 0.4 s")
    yield "range (LRA)", show.number(values["loudness_range_lu"], 1, "LU")
    if measured.short_term_lufs:
        yield (
            "over time",
            f"{_bars(measured.short_term_lufs, screen.encoding, LOUDNESS_LU)}  {LOUDNESS_LU:g} LU a step",
        )


def _peaks(values: Values) -> Rows:
    at = f"dBTP, at {show.clock(values['true_peak_s'])}"
    peak = values["true_peak_dbtp"]
    yield "true peak", Text(show.number(peak, 2, at), style=WRONG if peak is not None and peak > 0.0 else "")
    yield "sample peak", show.number(values["sample_peak_dbfs"], 2, "dBFS")
    yield "over loudness", show.number(values["plr_lu"], 1, "LU (PLR)")
    least = show.number(values["psr_min_lu"], 1, "LU")
    yield "over short-term", f"{show.number(values['psr_lu'], 1, 'LU (PSR)')}, at least {least}"
    yield "crest factor", show.number(values["crest_db"], 1, "dB")


def _stereo(values: Values) -> Rows:
    if values["channels"] == 1:
        yield "mono", "one channel"
        return
    lowest = show.number(values["correlation_p5"], 2)
    yield "correlation", f"{show.number(values['correlation'], 2)}, 95 % of the time over {lowest}"
    yield "lost in mono", show.number(values["mono_loss_db"], 1, "dB")
    yield "right over left", show.number(values["balance_db"], 1, "dB", sign=True)
    if values["dual_mono"]:
        yield "channels", "both are the same"
    if values["antiphase"]:
        yield "channels", Text("one is mostly the other upside down", style=WRONG)
    if values["dead_channel"]:
        yield "channels", Text(f"the {values['dead_channel']} one is silent", style=WRONG)


def _tone(values: Values, measured: Measured, screen: Console) -> Rows:
    yield "third octaves", _spectrum(values["third_octaves_db"], screen.encoding)
    yield "balance", _balance(measured)
    limit_hz = values["band_limit_hz"]
    origin = ", where lossy encoders cut" if values["lossy_origin"] else ""
    yield "ends at", f"{limit_hz / 1000:.1f} kHz{origin}" if limit_hz else "no abrupt end"


def _balance(measured: Measured) -> str:
    """Say where the song lies furthest over and under the genre's curve."""
    from masterify_core.presets import THIRD_OCTAVES_HZ

    found = [
        (db, hz) for db, hz in zip(measured.balance_db, THIRD_OCTAVES_HZ, strict=False) if db is not None
    ]
    if not found:
        return show.NOTHING
    said = (f"{show.number(db, 1, 'dB', sign=True)} at {hz:g} Hz" for db, hz in (max(found), min(found)))
    return f"{', '.join(said)} against {measured.genre_title}"


def _defects(values: Values) -> Rows:
    clipping = values["clipping"]
    cut = f"{clipping['runs']} times, up to {clipping['longest']} samples, at "
    cut += show.number(clipping["level_dbfs"], 2, "dBFS")
    yield "clipped", Text(cut, style=WRONG) if clipping["runs"] else "no"
    yield "DC offset", ", ".join(show.number(100 * each, 3, "%") for each in values["dc"])
    yield "below 18 Hz", show.number(values["subsonic_db"], 1, "dB over the bass", sign=True)
    yield "noise floor", show.number(values["noise_floor_lufs"], 1, "LUFS in the quietest 1 %")
    head, tail = (show.number(values[key], 2, "s") for key in ("head_silence_s", "tail_silence_s"))
    yield "silence", f"{head} at the head, {tail} at the tail"


def _spectrum(levels_db: Sequence[float | None], encoding: str) -> str:
    """Draw a bar for each third octave, against the loudest."""
    drawn = _bars(levels_db, encoding, BAR_DB)
    return f"20 Hz {drawn} 20 kHz, {BAR_DB:g} dB a step" if drawn else show.NOTHING


def _bars(levels_db: Sequence[float | None], encoding: str, step_db: float) -> str:
    """Draw a bar for each level, so many decibels a step under the loudest; nothing if there is none."""
    bars = BARS if encoding.lower().startswith("utf") else PLAIN_BARS
    levels = [-math.inf if level is None else level for level in levels_db]
    top = max(levels, default=-math.inf)
    if not math.isfinite(top):
        return ""
    steps = (len(bars) - 1 - (top - level) / step_db if math.isfinite(level) else 0.0 for level in levels)
    return "".join(bars[max(0, round(step))] for step in steps)


def _bands(values: Values) -> Any:
    from masterify_core.metering.spectrum import BANDS_HZ

    names = [f"{hz:.0f}" if hz < 1000 else f"{hz / 1000:.1f}k" for hz in BANDS_HZ]
    wanted = {
        key: label for key, label in PER_BAND.items() if values["channels"] > 1 or key == "band_sigma_db"
    }
    rows = [(label, *(show.number(each) for each in values[key])) for key, label in wanted.items()]
    return show.table(("from Hz", *names), rows)
