"""``masterify album``: several songs mastered as one work."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from masterify_cli import batch, completion, exits, first_run, inputs, outputs, printing, progress, requests
from masterify_cli.exits import UsageError
from masterify_cli.options import Debug, Jobs, Json, PresetDirs, Quiet, listed, name_option

if TYPE_CHECKING:
    from masterify_core.album import Album, Planned
    from masterify_core.album_playback import Verdict
    from masterify_core.mastering import MasterRequest, MasterResult
    from masterify_core.presets import Library

SOUND, FILES = "Sound", "Files"


@dataclass(frozen=True)
class Made:
    """An album as it was mastered."""

    album: Album
    outcomes: Sequence[batch.Outcome[MasterResult]]
    verdicts: Sequence[Verdict]
    signature_path: str | None


def album(
    songs: Annotated[
        list[str], typer.Argument(metavar="DIR...", help="The album's folder, or its songs in their order.")
    ],
    platforms: Annotated[
        list[str] | None,
        typer.Option(
            "--platforms", "-p", metavar="NAMES", rich_help_panel=SOUND,
            autocompletion=completion.list_of("platforms"), help="Comma-separated; see masterify presets list.",
        ),
    ] = None,
    genre: Annotated[
        str | None, name_option("genres", "--genre", rich_help_panel=SOUND, help="Of the whole album.")
    ] = None,
    tier: Annotated[str, name_option("tiers", "--tier", rich_help_panel=SOUND, help="How much effort.")] = "standard",
    intensity: Annotated[
        float, typer.Option(metavar="0..100", rich_help_panel=SOUND, help="0 only meets the targets.")
    ] = 50,
    loudness: Annotated[
        float | None,
        typer.Option(metavar="LUFS", rich_help_panel=SOUND, help="Of the loudest song instead of the platform's."),
    ] = None,
    ceiling: Annotated[
        float | None, typer.Option(metavar="DBTP", rich_help_panel=SOUND, help="True-peak ceiling instead of the platform's.")
    ] = None,
    like: Annotated[
        str | None,
        typer.Option(metavar="FILE", rich_help_panel=SOUND, help="Join the album that saved this signature: a bonus track."),
    ] = None,
    output_dir: Annotated[
        str | None,
        typer.Option("--output-dir", "-o", metavar="DIR", rich_help_panel=FILES, help="Where masters go."),
    ] = None,
    formats: Annotated[
        list[str] | None,
        typer.Option(
            "--format", "-f", metavar="LIST", rich_help_panel=FILES, autocompletion=completion.choices("wav", "flac", "mp3"),
            help="wav, flac, mp3, comma-separated.  [default: wav]",
        ),
    ] = None,
    save_signature: Annotated[
        str | None, typer.Option(metavar="FILE", rich_help_panel=FILES, help="Write the album's signature here.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", rich_help_panel=FILES, help="Replace what exists.")] = False,
    jobs: Jobs = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Measure, plan and show; write nothing.")] = False,
    preset_dir: PresetDirs = None,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> int:  # fmt: skip
    """Master an album: one anchor for all songs, their distances kept, their tone brought together.

    The loudest song meets the platform's loudness; the others lie under it as they were mixed, within bounds.
    """
    from masterify_core.album import plan_album
    from masterify_core.album_signature import read_signature, write_signature
    from masterify_core.mastering import master
    from masterify_core.presets import Library

    library = Library.load(preset_dir or ())
    signature = read_signature(like) if like else None
    if save_signature and not dry_run and not overwrite and Path(save_signature).exists():
        raise UsageError(f"{save_signature} exists already; choose another name, or allow --overwrite")
    settings = requests.given(
        platforms=listed(platforms or ()), genre=genre or (signature.genre if signature else None), tier=tier,
        intensity=intensity, loudness_lufs=loudness,
        ceiling_dbtp=ceiling, formats=listed(formats or ()), existing="overwrite" if overwrite else "refuse", dry_run=dry_run,
    )  # fmt: skip
    with inputs.opened(songs, recursive=True, out_dir=output_dir) as found:
        wanted = {song: requests.of_song(song, settings) for song in found}
        outputs.check(wanted, library)
        first_run.prepare(quiet or as_json, everything=tier != "standard")
        planned, failed = _planned(found, wanted, library, jobs, quiet or as_json, debug)
        together = plan_album([plan for plan, _ in planned], library, signature)
        with (
            _recipes(together) as recipes,
            progress.shown("mastering", len(planned), quiet or as_json) as shown,
        ):
            orders = {
                song: replace(wanted[song], recipe=path)
                for (_, song), path in zip(planned, recipes, strict=True)
            }

            def work(song: inputs.Song, report: batch.Report) -> MasterResult:
                return master(orders[song], library, report)

            outcomes = batch.run(
                list(orders),
                work,
                shown,
                lambda outcome: _tell(outcome, shown),
                jobs or batch.default_jobs(found),
                debug,
            )
    if save_signature and not dry_run:
        write_signature(together.signature, save_signature, overwrite=overwrite)
    made = Made(together, outcomes, _verdicts(outcomes, library), save_signature if not dry_run else None)
    if as_json:
        printing.document(_table(made, failed))
    else:
        from masterify_cli import show_album

        show_album.page(made, failed)
    return exits.worst(exits.code_of(each.error) for each in [*failed, *outcomes] if each.error)


def _planned(
    found: Sequence[inputs.Song], wanted: dict[inputs.Song, MasterRequest], library: Library, jobs: int | None,
    quiet: bool, debug: bool,
) -> tuple[list[tuple[Planned, inputs.Song]], list[batch.Outcome[Any]]]:  # fmt: skip
    """First pass: measure and plan every song; those that cannot be are told and left out."""
    from masterify_core.album import Planned as PlannedSong
    from masterify_core.mastering import plan_song

    with progress.shown("measuring", len(found), quiet) as shown:

        def work(song: inputs.Song, report: batch.Report) -> PlannedSong:
            return PlannedSong(song.path, *plan_song(wanted[song], library, report))

        outcomes = batch.run(
            found,
            work,
            shown,
            lambda outcome: _tell(outcome, shown),
            jobs or batch.default_jobs(found),
            debug,
        )
    done = [(outcome.result, outcome.song) for outcome in outcomes if outcome.result is not None]
    return done, [outcome for outcome in outcomes if outcome.error is not None]


@contextmanager
def _recipes(together: Album) -> Iterator[list[str]]:
    """Each song's recipe as a file while the block runs: an album is nothing but recipes that are replayed."""
    from masterify_core.recipe import write_recipe

    with tempfile.TemporaryDirectory(prefix="masterify-album-") as folder:
        paths = [Path(folder, f"{number}.json") for number in range(len(together.songs))]
        for path, song in zip(paths, together.songs, strict=True):
            write_recipe(song.recipe, path, overwrite=False)
        yield [str(path) for path in paths]


def _tell(outcome: batch.Outcome[Any], shown: progress.Progress) -> None:
    if outcome.error is not None:
        with shown.aside():
            printing.error(outcome.message)


def _verdicts(outcomes: Sequence[batch.Outcome[MasterResult]], library: Library) -> list[Verdict]:
    from masterify_core.album_playback import judge

    results = [outcome.result for outcome in outcomes if outcome.result is not None]
    names = dict.fromkeys(delivery.platform for result in results for delivery in result.deliveries)
    first = results[0].deliveries[0].container if results else "wav"
    return [
        judge(
            library.platform(name),
            [
                each
                for result in results
                for each in result.deliveries
                if (each.platform, each.container) == (name, first)
            ],
        )
        for name in names
    ]


def _table(made: Made, failed: Sequence[batch.Outcome[Any]]) -> dict[str, Any]:
    """Everything, for JSON."""
    from masterify_core.schema import to_table

    songs = []
    for placed, outcome in zip(made.album.songs, made.outcomes, strict=True):
        place = {"mixed_lu": placed.mixed_lu, "offset_lu": placed.offset_lu}
        own = (
            outcome.failure("input")
            if outcome.result is None
            else {**outcome.result.to_dict(), "input": outcome.song.given}
        )
        songs.append({**own, **place})
    return {
        "songs": songs + [outcome.failure("input") for outcome in failed],
        "playback": [verdict.to_dict() for verdict in made.verdicts],
        "signature": to_table(made.album.signature),
        "signature_path": made.signature_path,
    }
