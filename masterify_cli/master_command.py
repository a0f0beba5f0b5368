"""``masterify master``: songs in, one master a platform out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from masterify_cli import batch, completion, exits, first_run, inputs, outputs, printing, progress, requests
from masterify_cli.exits import UsageError
from masterify_cli.options import (
    Debug,
    Jobs,
    Json,
    PresetDirs,
    Quiet,
    Recursive,
    amounts,
    listed,
    name_option,
)

if TYPE_CHECKING:
    from masterify_core.mastering import MasterResult

DEFAULT_PLATFORM = "universal"
"""The engine's default, repeated for the help, which must not import the engine."""

FORMATS = ("wav", "flac", "mp3")
CODEC_CHECKS = ("off", "hot", "full")
QUALITIES = ("standard", "high")
BIT_DEPTHS = ("16", "24", "32f")
REPORTS = ("html", "json")
SOUND, FILES = "Sound", "Files"


def master(
    songs: Annotated[
        list[str],
        typer.Argument(metavar="INPUTS...", help="Songs; folders with --recursive; - reads standard input."),
    ],
    platforms: Annotated[
        list[str] | None,
        typer.Option(
            "--platforms",
            "-p",
            metavar="NAMES",
            rich_help_panel=SOUND,
            autocompletion=completion.list_of("platforms"),
            help=f"Comma-separated; see masterify presets list.  [default: {DEFAULT_PLATFORM}]",
        ),
    ] = None,
    universal: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAMES",
            rich_help_panel=SOUND,
            autocompletion=completion.list_of("platforms"),
            help="One file that serves these platforms, and where single ones would sound different.",
        ),
    ] = None,
    genre: Annotated[
        str, name_option("genres", "--genre", rich_help_panel=SOUND, help="Tonal target and dynamics.")
    ] = "other",
    ai_service: Annotated[
        str,
        name_option(
            "ai_services",
            "--ai-service",
            rich_help_panel=SOUND,
            help="What generated the song, if anything did.",
        ),
    ] = "other",
    tier: Annotated[
        str, name_option("tiers", "--tier", rich_help_panel=SOUND, help="How much effort.")
    ] = "standard",
    intensity: Annotated[
        float,
        typer.Option(
            metavar="0..100",
            rich_help_panel=SOUND,
            help="0 only meets the targets; 100 goes as far as the bounds allow.",
        ),
    ] = 50,
    loudness: Annotated[
        float | None,
        typer.Option(
            metavar="LUFS", rich_help_panel=SOUND, help="Integrated loudness instead of the platform's."
        ),
    ] = None,
    ceiling: Annotated[
        float | None,
        typer.Option(
            metavar="DBTP", rich_help_panel=SOUND, help="True-peak ceiling instead of the platform's."
        ),
    ] = None,
    references: Annotated[
        list[str] | None,
        typer.Option(
            "--reference",
            metavar="FILE",
            rich_help_panel=SOUND,
            help="Sound like this song; may be repeated.",
        ),
    ] = None,
    reference_amount: Annotated[
        str | None,
        typer.Option(
            metavar="0..1",
            rich_help_panel=SOUND,
            help="How far; or each of tone=, dynamics=, width=, loudness=, comma-separated.  [default: 0.7, loudness=0]",
        ),
    ] = None,
    quality: Annotated[
        str | None,
        typer.Option(
            metavar="HOW",
            rich_help_panel=SOUND,
            autocompletion=completion.choices(*QUALITIES),
            help="Of the limiter: standard or high.  [default: the tier's]",
        ),
    ] = None,
    codec_check: Annotated[
        str | None,
        typer.Option(
            metavar="HOW",
            rich_help_panel=SOUND,
            autocompletion=completion.choices(*CODEC_CHECKS),
            help="Listen through lossy codecs: off, hot (loudest places) or full.  [default: the tier's]",
        ),
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(metavar="FILE", rich_help_panel=SOUND, help="Replay this recipe instead of planning."),
    ] = None,
    output_dir: Annotated[
        str | None,
        typer.Option(
            "--output-dir",
            "-o",
            metavar="DIR",
            rich_help_panel=FILES,
            help="Where masters go; a folder masters beside each song.",
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(
            metavar="PATTERN",
            rich_help_panel=FILES,
            help="Name of a master; may hold {stem}, {ext}, {platform}, {platform_name}, {genre}.",
        ),
    ] = None,
    formats: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            "-f",
            metavar="LIST",
            rich_help_panel=FILES,
            autocompletion=completion.choices(*FORMATS),
            help=f"{', '.join(FORMATS)}, comma-separated.  [default: wav]",
        ),
    ] = None,
    bit_depth: Annotated[
        str | None,
        typer.Option(
            metavar="DEPTH",
            rich_help_panel=FILES,
            autocompletion=completion.choices(*BIT_DEPTHS),
            help=f"{', '.join(BIT_DEPTHS)}.  [default: 24]",
        ),
    ] = None,
    sample_rate: Annotated[
        int | None,
        typer.Option(
            metavar="HZ",
            rich_help_panel=FILES,
            help="Resample; the song's own rate is kept.",
        ),
    ] = None,
    save_recipe: Annotated[
        bool,
        typer.Option("--save-recipe", rich_help_panel=FILES, help="Write the recipe beside the masters."),
    ] = False,
    report: Annotated[
        list[str] | None,
        typer.Option(
            "--report",
            metavar="LIST",
            rich_help_panel=FILES,
            autocompletion=completion.choices(*REPORTS),
            help="Write a report beside the masters: html shows and plays it, json holds the values.",
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", rich_help_panel=FILES, help="Replace masters that exist.")
    ] = False,
    skip_existing: Annotated[
        bool,
        typer.Option(
            "--skip-existing", rich_help_panel=FILES, help="Leave masters that exist and do the rest."
        ),
    ] = False,
    recursive: Recursive = False,
    jobs: Jobs = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Measure, plan and show; write nothing.")
    ] = False,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Exit code 4 where a target could not be met."),
    ] = False,
    preset_dir: PresetDirs = None,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> int:
    """Master songs: one file a platform, and the proof.

    Originals are never touched, and nothing that exists is replaced unless --overwrite says so.
    """
    from masterify_core.mastering import master as master_song
    from masterify_core.presets import Library

    if overwrite and skip_existing:
        raise UsageError("--overwrite and --skip-existing cannot both be given")
    if output_dir == inputs.STANDARD_INPUT:
        raise UsageError("--output-dir is a folder: masters cannot go to standard output")
    library = Library.load(preset_dir or ())
    settings = requests.given(
        platforms=listed(platforms or ()),
        universal=listed(universal or ()),
        genre=genre,
        ai_service=ai_service,
        tier=tier,
        intensity=intensity,
        loudness_lufs=loudness,
        ceiling_dbtp=ceiling,
        formats=listed(formats or ()),
        bit_depth=bit_depth,
        sample_rate=sample_rate,
        references=requests.references(references or ()),
        reference_amounts=None if reference_amount is None else amounts(reference_amount),
        quality=quality,
        codec_check=codec_check,
        recipe=recipe,
        save_recipe=save_recipe,
        report=listed(report or ()),
        name=name,
        existing="overwrite" if overwrite else "skip" if skip_existing else "refuse",
        dry_run=dry_run,
    )
    with inputs.opened(songs, recursive=recursive, out_dir=output_dir) as found:
        wanted = {song: requests.of_song(song, settings) for song in found}
        outputs.check(wanted, library)
        if any(Path(song.path).exists() for song in found):  # a name that was mistyped is told at once
            first_run.prepare(quiet or as_json, everything=tier != "standard" or quality == "high")
        with progress.shown("mastering", len(found), quiet or as_json) as shown:

            def work(song: inputs.Song, report: batch.Report) -> MasterResult:
                return master_song(wanted[song], library, report)

            def on_end(outcome: batch.Outcome[MasterResult]) -> None:
                with shown.aside():
                    _tell(outcome, as_json)

            outcomes = batch.run(found, work, shown, on_end, jobs or batch.default_jobs(found), debug)
    if as_json:
        printing.document([_table(outcome) for outcome in outcomes])
    elif len(outcomes) > 1:
        from masterify_cli import show_master

        show_master.summary(outcomes)
    return exits.worst(_code(outcome, strict) for outcome in outcomes)


def _tell(outcome: batch.Outcome[MasterResult], as_json: bool) -> None:
    """Tell people how a song ended, as soon as it has."""
    if outcome.error is not None:
        printing.error(outcome.message)
    elif outcome.result is not None and not as_json:
        from masterify_cli import show_master

        show_master.song(outcome.song.shown, outcome.result)


def _table(outcome: batch.Outcome[MasterResult]) -> dict[str, Any]:
    """One song of the JSON document."""
    if outcome.result is None:
        return outcome.failure("input")
    return {**outcome.result.to_dict(), "input": outcome.song.given}


def _code(outcome: batch.Outcome[MasterResult], strict: bool) -> int:
    if outcome.error is not None:
        return exits.code_of(outcome.error)
    met = outcome.result is None or all(delivery.target_met for delivery in outcome.result.deliveries)
    return exits.TARGET_MISSED if strict and not met else exits.DONE
