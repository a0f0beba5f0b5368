"""``masterify preview``: the loudest part of a song in several genres and intensities, on one page to choose by ear."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from masterify_cli import batch, completion, exits, first_run, inputs, printing, progress
from masterify_cli.exits import UsageError
from masterify_cli.options import Debug, Json, Overwrite, PresetDirs, Quiet, listed, name_option
from masterify_core.errors import SettingError

if TYPE_CHECKING:
    from masterify_core.preview import PreviewRequest
    from masterify_core.preview.making import PreviewResult

DEFAULT_PLATFORM = "universal"


def preview(
    song: Annotated[str, typer.Argument(metavar="SONG", help="A song; - reads standard input.")],
    genres: Annotated[
        list[str] | None,
        typer.Option(
            "--genres",
            "-g",
            metavar="NAMES",
            autocompletion=completion.list_of("genres"),
            help="Comma-separated.  [default: those that differ most for this song]",
        ),
    ] = None,
    intensities: Annotated[
        list[str] | None,
        typer.Option(
            "--intensities", metavar="0..100", help="Comma-separated; at most 12 variants.  [default: 25,75]"
        ),
    ] = None,
    ai_service: Annotated[
        str, name_option("ai_services", "--ai-service", help="What generated the song, if anything did.")
    ] = "other",
    tier: Annotated[str, name_option("tiers", "--tier", help="How much effort.")] = "standard",
    platform: Annotated[
        str, name_option("platforms", "--platforms", "-p", help="One: whose loudness and ceiling are limited to.")
    ] = DEFAULT_PLATFORM,
    seconds: Annotated[
        float, typer.Option(metavar="5..60", help="How much of the song; less where the page would pass 6 MB.")
    ] = 25,
    output_dir: Annotated[
        str | None,
        typer.Option("--output-dir", "-o", metavar="DIR", help="Where the page goes; a folder masters beside the song."),
    ] = None,
    overwrite: Overwrite = False,
    preset_dir: PresetDirs = None,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> int:  # fmt: skip
    """Hear a song in several genres and intensities before mastering it: one page, all at one loudness.

    The whole song is measured and planned as master would; only its loudest part is rendered.
    """
    from masterify_core.presets import Library
    from masterify_core.preview import make_preview

    library = Library.load(preset_dir or ())
    settings = {
        "genres": listed(genres or ()), "ai_service": ai_service, "tier": tier, "platform": _one(platform),
        "seconds": seconds, "existing": "overwrite" if overwrite else "refuse",
        **({"intensities": _numbers(intensities)} if intensities else {}),
    }  # fmt: skip
    with inputs.opened([song], recursive=False, out_dir=output_dir) as found:
        if len(found) != 1:
            raise UsageError(f"preview takes one song, got {len(found)}")
        wanted = _request(found[0], settings)
        first_run.prepare(quiet or as_json, everything=tier != "standard")
        with progress.shown("previewing", 1, quiet or as_json) as shown:

            def work(_song: inputs.Song, report: batch.Report) -> PreviewResult:
                return make_preview(wanted, library, report)

            def on_end(outcome: batch.Outcome[PreviewResult]) -> None:
                if outcome.error is not None:
                    with shown.aside():
                        printing.error(outcome.message)

            (outcome,) = batch.run(found, work, shown, on_end, 1, debug)
    if as_json:
        printing.document(_table(outcome))
    elif outcome.result is not None:
        from masterify_cli import show_preview

        show_preview.page(found[0].shown, outcome.result)
    return exits.code_of(outcome.error) if outcome.error is not None else exits.DONE


def _one(platform: str) -> str:
    names = listed([platform])
    if len(names) != 1:
        raise UsageError(f"--platforms takes one name here, got {platform!r}")
    return names[0]


def _numbers(values: list[str]) -> tuple[float, ...]:
    try:
        return tuple(float(value) for value in listed(values))
    except ValueError:
        raise UsageError(f"--intensities must be numbers from 0 to 100, got {','.join(values)!r}") from None


def _request(song: inputs.Song, settings: dict[str, Any]) -> PreviewRequest:
    """Make the request; what is wrong with an option is told by the option's name."""
    from masterify_core.preview import PreviewRequest

    try:
        return PreviewRequest(source=song.path, given=song.given, out_dir=song.out_dir, **settings)
    except SettingError as error:
        raise SettingError(f"--{error.key.partition('[')[0].replace('_', '-')}", error.problem) from None


def _table(outcome: batch.Outcome[PreviewResult]) -> dict[str, Any]:
    if outcome.result is None:
        return outcome.failure("input")
    return {"input": outcome.song.given, **outcome.result.to_dict()}
