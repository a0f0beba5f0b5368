"""``masterify check``: finished files held against the rules of platforms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from masterify_cli import batch, completion, exits, first_run, inputs, printing, progress
from masterify_cli.options import Debug, Jobs, Json, PresetDirs, Quiet, Recursive, listed, name_option

if TYPE_CHECKING:
    from masterify_core.checking import FileCheck

DEFAULT_PLATFORM = "universal"


def check(
    songs: Annotated[
        list[str],
        typer.Argument(
            metavar="FILES...", help="Finished files; folders with --recursive; - reads standard input."
        ),
    ],
    platforms: Annotated[
        list[str] | None,
        typer.Option(
            "--platforms",
            "-p",
            metavar="NAMES",
            autocompletion=completion.list_of("platforms"),
            help=f"Comma-separated; see masterify presets list.  [default: {DEFAULT_PLATFORM}]",
        ),
    ] = None,
    genre: Annotated[
        str, name_option("genres", "--genre", help="Whose usual loudness counts where it differs by genre.")
    ] = "other",
    codecs: Annotated[
        bool, typer.Option("--codecs", help="Encode and decode as listeners get it, too; takes longer.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings fail, too.")] = False,
    show_all: Annotated[bool, typer.Option("--all", help="Show what passes, too, and the sources.")] = False,
    preset_dir: PresetDirs = None,
    recursive: Recursive = False,
    jobs: Jobs = None,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> int:
    """Check finished files: format, peaks, clipping, silence, by the rules of platforms.

    Nothing is written. Exit code 4 if a file does not pass. With --json a list with one object a file.
    """
    from masterify_core.checking import check as check_file
    from masterify_core.presets import Library

    library = Library.load(preset_dir or ())
    names = listed(platforms or ()) or (DEFAULT_PLATFORM,)
    for name in names:
        library.platform(name)
    library.genre(genre)
    with inputs.opened(songs, recursive=recursive) as found:
        first_run.prepare(quiet or as_json)
        with progress.shown("checking", len(found), quiet or as_json) as shown:

            def work(song: inputs.Song, report: batch.Report) -> FileCheck:
                report("checking", 0.0)
                return check_file(song.path, names, library, genre, with_codecs=codecs)

            def on_end(outcome: batch.Outcome[FileCheck]) -> None:
                with shown.aside():
                    _tell(outcome, as_json, show_all)

            outcomes = batch.run(found, work, shown, on_end, jobs or batch.default_jobs(found), debug)
    if as_json:
        printing.document([_table(outcome, strict) for outcome in outcomes])
    return exits.worst(_code(outcome, strict) for outcome in outcomes)


def _tell(outcome: batch.Outcome[FileCheck], as_json: bool, show_all: bool) -> None:
    if outcome.error is not None:
        printing.error(outcome.message)
    elif outcome.result is not None and not as_json:
        from masterify_cli import show_check

        show_check.file(outcome.song.shown, outcome.result, show_all)


def _table(outcome: batch.Outcome[FileCheck], strict: bool) -> dict[str, Any]:
    if outcome.result is None:
        return outcome.failure("file")
    passed = outcome.result.passes(strict=strict)
    return {"file": outcome.song.given, "passed": passed, **outcome.result.to_dict()}


def _code(outcome: batch.Outcome[FileCheck], strict: bool) -> int:
    if outcome.error is not None:
        return exits.code_of(outcome.error)
    passed = outcome.result is None or outcome.result.passes(strict=strict)
    return exits.DONE if passed else exits.TARGET_MISSED
