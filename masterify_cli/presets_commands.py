"""``masterify presets``: what can be asked for, and where every number comes from."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from masterify_cli import completion, printing
from masterify_cli.exits import UsageError
from masterify_cli.help import Command
from masterify_cli.options import Json, PresetDirs

KINDS = {"platforms": "platform", "genres": "genre", "ai_services": "ai_service", "tiers": "tier"}
"""The lists of a library, and the question for one of each."""

presets = typer.Typer(help="Show platforms, genres, AI sources and tiers.", no_args_is_help=True)


@presets.command("list", cls=Command)
def list_presets(
    kind: Annotated[
        str | None,
        typer.Argument(
            metavar="[KIND]",
            help=f"Only these: {', '.join(KINDS)}.",
            autocompletion=completion.choices(*KINDS),
        ),
    ] = None,
    preset_dir: PresetDirs = None,
    as_json: Json = False,
) -> None:
    """List what --platforms, --genre, --ai-service and --tier know."""
    from masterify_core.presets import Library
    from masterify_core.schema import to_table

    library = Library.load(preset_dir or ())
    if kind is not None and kind not in KINDS:
        raise UsageError(_unknown(library, kind, ""))
    kinds = [kind] if kind else list(KINDS)
    found = {each: {name: _value(library, each, name) for name in getattr(library, each)()} for each in kinds}
    if as_json:
        tables = {
            each: [{"name": name, **to_table(value)} for name, value in of.items()]
            for each, of in found.items()
        }
        printing.document(tables)
        return
    from masterify_cli import show_presets

    show_presets.overview(found)


@presets.command(cls=Command)
def show(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="As listed.", autocompletion=completion.every_preset)
    ],
    preset_dir: PresetDirs = None,
    as_json: Json = False,
) -> None:
    """Show all fields of one preset, with source and confidence.

    A name that several kinds use (other, ...) shows each of them; genres/other picks one.
    """
    from masterify_core.presets import Library
    from masterify_core.schema import to_table

    library = Library.load(preset_dir or ())
    wanted_kind, _, wanted = name.rpartition("/")
    found = [
        (kind, wanted, _value(library, kind, wanted))
        for kind in KINDS
        if wanted_kind in ("", kind) and wanted in getattr(library, kind)()
    ]
    if not found:
        raise UsageError(_unknown(library, wanted_kind, wanted))
    if as_json:
        tables = [{"kind": KINDS[kind], "name": name, **to_table(value)} for kind, name, value in found]
        printing.document(tables)
        return
    from masterify_cli import show_presets

    for kind, name, value in found:
        show_presets.one(KINDS[kind], name, value)


def _value(library: Any, kind: str, name: str) -> Any:
    return getattr(library, KINDS[kind])(name)


def _unknown(library: Any, kind: str, name: str) -> str:
    from masterify_core.schema import unknown

    if kind and kind not in KINDS:
        return f"kind {kind} {unknown(kind, KINDS)}"
    known = [each for other in KINDS if kind in ("", other) for each in getattr(library, other)()]
    return f"preset {name} {unknown(name, sorted(set(known)))}"
