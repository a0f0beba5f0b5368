"""Options that several commands share, and how lists are written on the command line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

import typer

from masterify_cli import completion
from masterify_cli.exits import UsageError
from masterify_cli.printing import printable

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


REPORTS = ("html", "json")
Report = Annotated[
    list[str] | None,
    typer.Option(
        "--report",
        metavar="LIST",
        autocompletion=completion.choices(*REPORTS),
        help="Write a report: html shows it, json holds the values.",
    ),
]
Plot = Annotated[str | None, typer.Option("--plot", metavar="FILE", help="Draw a picture: .png or .svg.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace files that exist.")]


def listed(values: Iterable[str]) -> tuple[str, ...]:
    """Names from a repeatable, comma-separated option; blanks and repeats do not count.

    >>> listed(["spotify, melon", "youtube,", "melon"])
    ('spotify', 'melon', 'youtube')
    """
    names = (name.strip() for value in values for name in value.split(","))
    return tuple(dict.fromkeys(name for name in names if name))


def amounts(text: str) -> dict[str, float]:
    """How far to follow a reference: one number for tone, dynamics and width, or ``name=number`` for each.

    >>> amounts("0.5")
    {'tone': 0.5, 'dynamics': 0.5, 'width': 0.5}
    >>> amounts("1, loudness=0.5, width=0")
    {'tone': 1.0, 'dynamics': 1.0, 'width': 0.0, 'loudness': 0.5}
    """
    found: dict[str, float] = {}
    for part in text.split(","):
        name, equals, number = part.rpartition("=")
        try:
            value = float(number)
        except ValueError:
            raise UsageError(
                f"--reference-amount takes numbers from 0 to 1, as in 0.7 or tone=1,width=0.5, got {part.strip()!r}"
            ) from None
        found |= {name.strip(): value} if equals else dict.fromkeys(("tone", "dynamics", "width"), value)
    return found


def chosen_reports(values: Iterable[str] | None) -> tuple[str, ...]:
    """Kinds of reports that ``--report`` names.

    Raises
    ------
    UsageError
        e.g. ``--report must be one of html, json, got pdf``.
    """
    kinds = listed(values or ())
    for kind in kinds:
        if kind not in REPORTS:
            raise UsageError(f"--report must be one of {', '.join(REPORTS)}, got {printable(kind)}")
    return kinds


def name_option(kind: str, *declarations: str, **settings: Any) -> Any:
    """Option whose value is the name of a preset, completed by the shell."""
    return typer.Option(*declarations, metavar="NAME", autocompletion=completion.of(kind), **settings)
