"""``masterify analyze``: everything that can be measured about a song."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Annotated, Any

import typer

from masterify_cli import batch, exits, first_run, inputs, printing, progress
from masterify_cli.options import Debug, Jobs, Json, PresetDirs, Quiet, Recursive, name_option

if TYPE_CHECKING:
    from masterify_core.metering.report import Measurement

READING = 0.6
"""Share of the time that decoding takes."""


@dataclass(frozen=True)
class Measured:
    """What is kept of a song: its sound would fill the memory when there are many."""

    container: str
    subtype: str
    bit_depth: int | None
    lossy: bool
    notes: tuple[str, ...]
    measurement: Measurement
    genre: str
    genre_title: str
    balance_db: tuple[float | None, ...]


def analyze(
    songs: Annotated[
        list[str],
        typer.Argument(metavar="INPUTS...", help="Songs; folders with --recursive; - reads standard input."),
    ],
    genre: Annotated[
        str, name_option("genres", "--genre", help="Whose tonal curve the song is compared with.")
    ] = "other",
    preset_dir: PresetDirs = None,
    recursive: Recursive = False,
    jobs: Jobs = None,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> int:
    """Measure songs: loudness, peaks, stereo, tone, defects.

    With --json a list with one object a file; integrated_lufs and the like are null where there is no
    value (silence has no loudness). genre_balance_db is the level over the genre's curve in third octaves
    from 31.5 Hz to 16 kHz.
    """
    from masterify_core import files
    from masterify_core.balance import balance_db
    from masterify_core.metering.report import measure
    from masterify_core.presets import Library

    sound = Library.load(preset_dir or ()).genre(genre)

    with inputs.opened(songs, recursive=recursive) as found:
        first_run.prepare(quiet or as_json)
        with progress.shown("measuring", len(found), quiet or as_json) as shown:

            def work(song: inputs.Song, report: batch.Report) -> Measured:
                source = files.read(song.path, on_progress=lambda share: report("reading", READING * share))
                report("measuring", READING)
                about = (source.container, source.subtype, source.bit_depth, source.lossy, source.notes)
                measurement = measure(source.audio)
                over = balance_db(measurement, sound)
                balance = (
                    () if over is None else tuple(round(float(x), 2) if isfinite(x) else None for x in over)
                )
                return Measured(*about, measurement, genre, sound.title, balance)

            def on_end(outcome: batch.Outcome[Measured]) -> None:
                with shown.aside():
                    _tell(outcome, as_json)

            outcomes = batch.run(found, work, shown, on_end, jobs or batch.default_jobs(found), debug)
    if as_json:
        printing.document([_table(outcome) for outcome in outcomes])
    return exits.worst(exits.code_of(outcome.error) for outcome in outcomes if outcome.error)


def _tell(outcome: batch.Outcome[Measured], as_json: bool) -> None:
    if outcome.error is not None:
        printing.error(outcome.message)
    elif outcome.result is not None and not as_json:
        from masterify_cli import show_analysis

        show_analysis.song(outcome.song.shown, outcome.result)


def _table(outcome: batch.Outcome[Measured]) -> dict[str, Any]:
    if outcome.result is None:
        return outcome.failure("file")
    kept = outcome.result
    about = {
        "container": kept.container,
        "subtype": kept.subtype,
        "bit_depth": kept.bit_depth,
        "lossy": kept.lossy,
    }
    tone = {"genre": kept.genre, "genre_balance_db": list(kept.balance_db)}
    return {
        "file": outcome.song.given,
        **about,
        **kept.measurement.to_dict(),
        **tone,
        "notes": list(kept.notes),
    }
