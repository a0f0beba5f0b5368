"""``masterify remote master``: the same songs, options and output as ``master``, done by a server."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from masterify_cli import batch, completion, exits, inputs, printing, progress
from masterify_cli.exits import UsageError
from masterify_cli.help import Command, Group
from masterify_cli.options import Debug, Json, Quiet, Recursive, listed, name_option

if TYPE_CHECKING:
    from masterify_server.client import Client, Job

SOUND, FILES, SERVER = "Sound", "Files", "Server"
KEY_VARIABLE, URL_VARIABLE = "MASTERIFY_API_KEY", "MASTERIFY_API_URL"

remote = typer.Typer(cls=Group, no_args_is_help=True, rich_markup_mode=None, help="Let a server do the work.")


@remote.callback()
def program() -> None:
    """Let a server do the work."""


@remote.command(cls=Command)
def master(
    songs: Annotated[
        list[str], typer.Argument(metavar="INPUTS...", help="Songs (WAV, FLAC, MP3); folders with --recursive.")
    ],
    api: Annotated[
        str | None,
        typer.Option("--api", metavar="URL", envvar=URL_VARIABLE, rich_help_panel=SERVER, help="Address of the server."),
    ] = None,
    platforms: Annotated[
        list[str] | None,
        typer.Option(
            "--platforms", "-p", metavar="NAMES", rich_help_panel=SOUND, autocompletion=completion.list_of("platforms"),
            help="Comma-separated: those that the server offers.",
        ),
    ] = None,
    genre: Annotated[
        str, name_option("genres", "--genre", rich_help_panel=SOUND, help="Tonal target and dynamics.")
    ] = "other",
    ai_service: Annotated[
        str, name_option("ai_services", "--ai-service", rich_help_panel=SOUND, help="What generated the song.")
    ] = "other",
    tier: Annotated[
        str, name_option("tiers", "--tier", rich_help_panel=SOUND, help="How much effort; costs credits.")
    ] = "standard",
    reference: Annotated[
        str | None, typer.Option(metavar="FILE", rich_help_panel=SOUND, help="A song whose tone and width to follow.")
    ] = None,
    output_dir: Annotated[
        str | None,
        typer.Option("--output-dir", "-o", metavar="DIR", rich_help_panel=FILES, help="A folder masters beside each song."),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", rich_help_panel=FILES, help="Replace masters that exist.")] = False,
    recursive: Recursive = False,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> int:  # fmt: skip
    """Master songs on a server and fetch the masters.

    The key is read from MASTERIFY_API_KEY: on the command line others could see it.
    """
    from masterify_server.client import Client

    key = os.environ.get(KEY_VARIABLE, "")
    if not api:
        raise UsageError(f"--api URL or {URL_VARIABLE} says which server; none was given")
    if not key:
        raise UsageError(f"{KEY_VARIABLE} must hold an API key of {api}")
    wanted = listed(platforms or ())
    if not wanted:
        raise UsageError("--platforms is needed: a server has no default")
    if reference and not Path(reference).is_file():
        raise UsageError(f"--reference {reference}: is not there, or not a file")
    with (
        inputs.opened(songs, recursive=recursive, out_dir=output_dir) as found,
        Client(api, key) as client,
        progress.shown("mastering", len(found), quiet or as_json) as shown,
    ):

        def work(song: inputs.Song, report: batch.Report) -> dict[str, Any]:
            wish = {"genre": genre, "ai_service": ai_service, "tier": tier, "reference": reference}
            return _mastered(client, song, wanted, wish, overwrite, report)

        def on_end(outcome: batch.Outcome[dict[str, Any]]) -> None:
            if outcome.error is not None:
                with shown.aside():
                    printing.error(outcome.message)

        outcomes = batch.run(found, work, shown, on_end, 1, debug)
    if as_json:
        printing.document(
            [outcome.failure("input") if outcome.result is None else outcome.result for outcome in outcomes]
        )
    else:
        from masterify_cli import show_remote

        show_remote.songs([outcome.result for outcome in outcomes if outcome.result is not None])
    return exits.worst(exits.code_of(outcome.error) for outcome in outcomes if outcome.error)


def _mastered(
    client: Client,
    song: inputs.Song,
    platforms: Sequence[str],
    wish: dict[str, Any],
    overwrite: bool,
    report: batch.Report,
) -> dict[str, Any]:
    """Submit a song, wait, download; the answer reads like one of ``master --json``."""
    report("uploading", 0.0)
    job = client.submit(song.path, platforms, **wish)
    job = client.wait(job["job_id"], report)
    report("downloading", 1.0)
    folder = song.out_dir or str(Path(song.path).parent / inputs.OWN_FOLDER)
    paths = client.download(job, folder, overwrite=overwrite)
    return _table(song, job, paths)


def _table(song: inputs.Song, job: Job, paths: dict[str, Path]) -> dict[str, Any]:
    deliveries = [{**result, "path": str(paths[platform])} for platform, result in job["results"].items()]
    return {
        "input": song.given,
        "job_id": job["job_id"],
        "source": job["input"],
        "deliveries": deliveries,
        "notes": [],
    }
