"""``masterify remote``: the same songs, options and output as ``master``, done by a server; and what is left there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from masterify_cli import batch, completion, exits, inputs, outputs, printing, progress, remote_work, requests
from masterify_cli.exits import UsageError
from masterify_cli.help import Command, Group
from masterify_cli.options import (
    Debug,
    Jobs,
    Json,
    Overwrite,
    Quiet,
    Recursive,
    Report,
    chosen_reports,
    listed,
    name_option,
)
from masterify_core.errors import SettingError

if TYPE_CHECKING:
    from masterify_server.client import Client

SOUND, FILES, SERVER = "Sound", "Files", "Server"
KEY_VARIABLE, URL_VARIABLE = "MASTERIFY_API_KEY", "MASTERIFY_API_URL"
MOST_AT_ONCE = 4
"""Songs at once without --jobs, where the plan allows more: uploads share one line."""

remote = typer.Typer(cls=Group, no_args_is_help=True, rich_markup_mode=None, help="Let a server do the work.")

Api = Annotated[
    str | None,
    typer.Option("--api", metavar="URL", envvar=URL_VARIABLE, rich_help_panel=SERVER, help="Address of the server."),
]  # fmt: skip
Timeout = Annotated[
    float | None,
    typer.Option(metavar="S", min=0, rich_help_panel=SERVER, help="Wait for a job's end no longer; the job goes on."),
]  # fmt: skip
OutputDir = Annotated[
    str | None,
    typer.Option("--output-dir", "-o", metavar="DIR", rich_help_panel=FILES, help="A folder masters beside each song."),
]  # fmt: skip
JobIds = Annotated[list[str], typer.Argument(metavar="JOBS...", help="Ids of jobs.")]


@remote.callback()
def program() -> None:
    """Let a server do the work.

    The key is read from MASTERIFY_API_KEY: on the command line others could see it.
    """


@remote.command(cls=Command)
def master(
    songs: Annotated[
        list[str], typer.Argument(metavar="INPUTS...", help="Songs (WAV, FLAC, MP3); folders with --recursive.")
    ],
    api: Api = None,
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
    output_dir: OutputDir = None,
    name: Annotated[
        str | None,
        typer.Option(
            metavar="PATTERN", rich_help_panel=FILES,
            help="Name of a master; may hold {stem}, {ext}, {platform}, {platform_name}, {genre}.",
        ),
    ] = None,
    report: Report = None,
    overwrite: Overwrite = False,
    skip_existing: Annotated[
        bool, typer.Option("--skip-existing", rich_help_panel=FILES, help="Leave masters that exist and do the rest.")
    ] = False,
    recursive: Recursive = False,
    jobs: Jobs = None,
    timeout: Timeout = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit code 4 where a target could not be met.")] = False,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> int:  # fmt: skip
    """Master songs on a server and fetch the masters.

    What is left behind by Ctrl-C, --timeout or a line that breaks goes on there: masterify remote fetch.
    """
    from masterify_core.presets import Library

    if overwrite and skip_existing:
        raise UsageError("--overwrite and --skip-existing cannot both be given")
    client = opened(api)
    wanted = listed(platforms or ())
    if not wanted:
        raise UsageError("--platforms is needed: a server has no default")
    library = Library.load()
    settings = requests.given(
        platforms=wanted, genre=genre, ai_service=ai_service, tier=tier, name=name, report=chosen_reports(report),
        references=requests.references([reference] if reference else []), formats=("wav",),
        existing="overwrite" if overwrite else "skip" if skip_existing else "refuse",
    )  # fmt: skip
    with client, inputs.opened(songs, recursive=recursive, out_dir=output_dir) as found:
        asked = {song: requests.of_song(song, settings) for song in found}
        outputs.check(asked, library)
        limit = client.account()["limits"][
            "concurrent_jobs"
        ]  # a wrong address or key is told once, before any song
        work = remote_work.Work(client, library, timeout)
        with progress.shown("mastering", len(found), quiet or as_json) as shown:

            def on_end(outcome: batch.Outcome[remote_work.Result]) -> None:
                with shown.aside():
                    remote_work.tell(outcome, as_json)

            try:
                outcomes = batch.run(
                    found, lambda song, told: work.master(song, asked[song], told), shown, on_end,
                    jobs or min(limit or MOST_AT_ONCE, MOST_AT_ONCE), debug,
                )  # fmt: skip
            finally:
                for hint in work.left():
                    printing.aside(hint)
    return remote_work.shown(outcomes, as_json, strict)


@remote.command(cls=Command)
def fetch(
    job_ids: JobIds,
    api: Api = None,
    output_dir: OutputDir = None,
    report: Report = None,
    overwrite: Overwrite = False,
    timeout: Timeout = None,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> int:
    """Wait for jobs that a server works on, and fetch their masters (to the folder masters)."""
    kinds = chosen_reports(report)
    folder = Path(output_dir or inputs.OWN_FOLDER)
    with opened(api) as client:
        work = remote_work.Work(client, None, timeout)
        found = [inputs.Song(job_id, job_id) for job_id in dict.fromkeys(job_ids)]
        with progress.shown("fetching", len(found), quiet or as_json) as shown:

            def on_end(outcome: batch.Outcome[remote_work.Result]) -> None:
                with shown.aside():
                    remote_work.tell(outcome, as_json)

            outcomes = batch.run(
                found,
                lambda job, told: work.fetch(job.path, folder, kinds, overwrite, told),
                shown,
                on_end,
                1,
                debug,
            )
    return remote_work.shown(outcomes, as_json, strict=False)


@remote.command(cls=Command)
def cancel(job_ids: JobIds, api: Api = None, as_json: Json = False) -> int:
    """Cancel jobs that wait, with their credits back; delete the files of those that have ended."""
    with opened(api) as client:
        ended = [client.delete(job_id) for job_id in dict.fromkeys(job_ids)]
    if as_json:
        printing.document(ended)
    else:
        for job in ended:
            printing.line(f"{job['job_id']}  {job['status']}")
    return exits.DONE


@remote.command(cls=Command)
def account(api: Api = None, as_json: Json = False) -> int:
    """Show the account that the key belongs to: plan, credits, limits, use."""
    with opened(api) as client:
        held = client.account()
    if as_json:
        printing.document(held)
    else:
        for name in ("name", "plan", "credits"):
            printing.line(f"{name}  {held[name]}")
        for name, limit in held["limits"].items():
            used = held["use"].get("active_jobs" if name == "concurrent_jobs" else name)
            printing.line(
                f"{name}  {'' if used is None else f'{used} of '}{'unlimited' if limit is None else limit}"
            )
    return exits.DONE


def opened(api: str | None) -> Client:
    """A client of the server that was named, with the key of the environment."""
    from masterify_server.client import Client

    key = os.environ.get(KEY_VARIABLE, "")
    if not api:
        raise UsageError(f"--api URL or {URL_VARIABLE} says which server; none was given")
    if not key:
        raise UsageError(f"{KEY_VARIABLE} must hold an API key of {api}")
    try:
        return Client(api, key)
    except SettingError as error:
        raise UsageError(f"{'--api' if error.key == 'api' else KEY_VARIABLE} {error.problem}") from None
