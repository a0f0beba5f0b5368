"""``masterify compare``: two files at equal loudness, in numbers and as a plot."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from masterify_cli import batch, exits, first_run, inputs, printing, progress
from masterify_cli.exits import UsageError
from masterify_cli.options import Debug, Json, Overwrite, Plot, Quiet

if TYPE_CHECKING:
    from masterify_core.audio import Audio


def compare(
    first: Annotated[str, typer.Argument(metavar="A", help="A file, e.g. the song.")],
    second: Annotated[str, typer.Argument(metavar="B", help="Another, e.g. its master.")],
    plot: Plot = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> int:
    """Compare two files at equal loudness: tone, dynamics, width, and what is left when they cancel.

    They are aligned to the sample first; differences are B less A.
    """
    from masterify_core import files
    from masterify_core.comparing import compare as compare_sounds
    from masterify_core.report.plots import check_kind, comparison_panels, write_plot

    if plot is not None:
        check_kind(Path(plot))
    with inputs.opened([first, second], recursive=False) as found:
        if len(found) != 2:
            raise UsageError(f"compare takes two different files, got {len(found)}")
        first_run.prepare(quiet or as_json)
        with progress.shown("reading", 2, quiet or as_json) as shown:

            def work(song: inputs.Song, report: batch.Report) -> Audio:
                return files.read(song.path, on_progress=lambda share: report("reading", share)).audio

            def on_end(outcome: batch.Outcome[Audio]) -> None:
                if outcome.error is not None:
                    with shown.aside():
                        printing.error(outcome.message)

            outcomes = batch.run(found, work, shown, on_end, 1, debug)
    sounds = [outcome.result for outcome in outcomes if outcome.result is not None]
    if len(sounds) < 2:
        if as_json:
            printing.document([outcome.failure("file") for outcome in outcomes if outcome.error is not None])
        return exits.worst(exits.code_of(outcome.error) for outcome in outcomes if outcome.error)
    made = compare_sounds(sounds[0], sounds[1])
    if plot is not None:
        write_plot(Path(plot), comparison_panels(sounds[0], sounds[1], made), overwrite=overwrite)
    names = [song.shown for song in found]
    if as_json:
        printing.document({"files": [song.given for song in found], **made.to_dict()})
    else:
        from masterify_cli import show_comparison

        show_comparison.comparison(names[0], names[1], made)
    return exits.DONE
