"""``masterify analyze``: everything that can be measured about a song."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from masterify_cli import batch, exits, first_run, inputs, printing, progress
from masterify_cli.exits import UsageError
from masterify_cli.options import (
    Debug,
    Jobs,
    Json,
    Overwrite,
    Plot,
    PresetDirs,
    Quiet,
    Recursive,
    Report,
    chosen_reports,
    name_option,
)

if TYPE_CHECKING:
    from masterify_core.metering.loudness import Hops
    from masterify_core.metering.report import Measurement

COLUMNS = 48
"""Of the line that shows loudness over time."""

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
    report_paths: tuple[str, ...]
    short_term_lufs: tuple[float | None, ...]


def analyze(
    songs: Annotated[
        list[str],
        typer.Argument(metavar="INPUTS...", help="Songs; folders with --recursive; - reads standard input."),
    ],
    genre: Annotated[
        str, name_option("genres", "--genre", help="Whose tonal curve the song is compared with.")
    ] = "other",
    report: Report = None,
    output_dir: Annotated[
        str | None,
        typer.Option("--output-dir", "-o", metavar="DIR", help="Where reports go; beside each song."),
    ] = None,
    plot: Plot = None,
    overwrite: Overwrite = False,
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
    from masterify_core.metering.loudness import hop_energies
    from masterify_core.metering.report import measure
    from masterify_core.presets import Library
    from masterify_core.report.plots import check_kind, song_panels, write_plot
    from masterify_core.report.writing import write_analysis_reports

    library = Library.load(preset_dir or ())
    sound = library.genre(genre)
    reports = chosen_reports(report)

    with inputs.opened(songs, recursive=recursive, out_dir=output_dir) as found:
        if plot is not None:
            check_kind(Path(plot))
            if len(found) > 1:
                raise UsageError(f"--plot draws one song, got {len(found)}")
        first_run.prepare(quiet or as_json)
        with progress.shown("measuring", len(found), quiet or as_json) as shown:

            def work(song: inputs.Song, report: batch.Report) -> Measured:
                source = files.read(song.path, on_progress=lambda share: report("reading", READING * share))
                report("measuring", READING)
                about = (source.container, source.subtype, source.bit_depth, source.lossy, source.notes)
                hops = hop_energies(source.audio)
                measurement = measure(source.audio, hops)
                over = balance_db(measurement, sound)
                balance = (
                    () if over is None else tuple(round(float(x), 2) if isfinite(x) else None for x in over)
                )
                paths = _report_paths(song, reports)
                if paths:
                    write_analysis_reports(
                        paths, source=song.path, sound=source.audio, measurement=measurement, genre=genre,
                        notes=source.notes, library=library, overwrite=overwrite,
                    )  # fmt: skip
                if plot is not None:
                    write_plot(Path(plot), song_panels(source.audio, measurement, sound), overwrite=overwrite)
                return Measured(
                    *about, measurement, genre, sound.title, balance, tuple(map(str, paths)), _over_time(hops)
                )

            def on_end(outcome: batch.Outcome[Measured]) -> None:
                with shown.aside():
                    _tell(outcome, as_json)

            outcomes = batch.run(found, work, shown, on_end, jobs or batch.default_jobs(found), debug)
    if as_json:
        printing.document([_table(outcome) for outcome in outcomes])
    return exits.worst(exits.code_of(outcome.error) for outcome in outcomes if outcome.error)


def _over_time(hops: Hops) -> tuple[float | None, ...]:
    """Loudest short-term loudness of each of a line's columns, LUFS."""
    from masterify_core.metering.loudness import short_term_lufs

    levels = short_term_lufs(hops)
    edges = [len(levels) * k // COLUMNS for k in range(COLUMNS + 1)]
    parts = [levels[a:b] for a, b in pairwise(edges) if b > a]
    return tuple(float(part.max()) if isfinite(part.max()) else None for part in parts)


def _report_paths(song: inputs.Song, kinds: tuple[str, ...]) -> list[Path]:
    """Where the reports of a song go; the folder is made."""
    folder = Path(song.out_dir) if song.out_dir is not None else Path(song.path).parent
    if kinds:
        folder.mkdir(parents=True, exist_ok=True)
    return [folder / f"{Path(song.path).stem} (Analysis).{kind}" for kind in kinds]


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
        "report_paths": list(kept.report_paths),
        "notes": list(kept.notes),
    }
