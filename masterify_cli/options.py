"""Options that several commands share, and how lists are written on the command line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

import typer

from masterify_cli import completion

Json = Annotated[
    bool, typer.Option("--json", help="One JSON document on standard output, and nothing else there.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")]
Debug = Annotated[
    bool,
    typer.Option("--debug", envvar="MASTERIFY_DEBUG", show_envvar=False, help="Show where a bug happened."),
]
Recursive = Annotated[bool, typer.Option("--recursive", "-r", help="Folders too, with all songs below.")]
Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs", "-j", metavar="N", min=1, help="Songs at once; as many as cores and memory allow."
    ),
]
PresetDirs = Annotated[
    list[str] | None,
    typer.Option("--preset-dir", metavar="DIR", help="Folder of own presets, over those that come along."),
]


def listed(values: Iterable[str]) -> tuple[str, ...]:
    """Names from a repeatable, comma-separated option; blanks and repeats do not count.

    >>> listed(["spotify, melon", "youtube,", "melon"])
    ('spotify', 'melon', 'youtube')
    """
    names = (name.strip() for value in values for name in value.split(","))
    return tuple(dict.fromkeys(name for name in names if name))


def name_option(kind: str, *declarations: str, **settings: Any) -> Any:
    """Option whose value is the name of a preset, completed by the shell."""
    return typer.Option(*declarations, metavar="NAME", autocompletion=completion.of(kind), **settings)
