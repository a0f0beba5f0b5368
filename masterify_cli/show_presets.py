"""Presets as tables (Rich)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from rich.text import Text

from masterify_cli import show
from masterify_cli.printing import printable

TITLES = {"platforms": "Platforms", "genres": "Genres", "ai_services": "AI sources", "tiers": "Tiers"}
WITHOUT_A_LINE = {"title", "note", "summary", "sources"}
"""Keys of a preset that stand above or below its table of numbers."""


def overview(found: Mapping[str, Mapping[str, Any]]) -> None:
    """Draw one table for each kind of presets."""
    with show.page() as screen:
        for kind, presets in found.items():
            show.heading(screen, TITLES[kind])
            screen.print(_TABLES[kind](presets))
            screen.print()
        screen.print(Text("masterify presets show NAME tells where the numbers come from.", style="dim"))


def one(kind: str, name: str, preset: Any) -> None:
    """Draw all fields of a preset, each with what stands behind it."""
    with show.page() as screen:
        show.heading(screen, preset.title, f"{kind.replace('ai_service', 'AI source')} {name}")
        note = getattr(preset, "note", "") or getattr(preset, "summary", "")
        if note:
            screen.print(show.facts([("", note)], indent=0))
        sources = getattr(preset, "sources", ())
        sure = {key: source.confidence for source in sources for key in source.keys}
        numbers = {
            key: held
            for key, held in _fields(preset).items()
            if key not in WITHOUT_A_LINE and held not in (None, (), {})
        }
        screen.print(
            show.facts(
                (key, _with_confidence(_value(held), sure.get(key, ""))) for key, held in numbers.items()
            )
        )
        if sources:
            screen.print("\nWhere the numbers come from", style="bold")
            screen.print(show.facts((source.confidence, _source(source)) for source in sources))
        screen.print()


def _platforms(presets: Mapping[str, Any]) -> Any:
    rows = [(name, one.title, _loudness(one), _ceiling(one), _codecs(one)) for name, one in presets.items()]
    return show.table(("name", "", "LUFS", "dBTP", "listeners get"), [_cells(row) for row in rows], left=5)


def _genres(presets: Mapping[str, Any]) -> Any:
    rows = [(name, one.title, f"{one.loudness_lufs:g}", _sentence(one.note)) for name, one in presets.items()]
    return show.table(("name", "", "usual LUFS", ""), [_cells(row) for row in rows], left=4)


def _ai_services(presets: Mapping[str, Any]) -> Any:
    return show.table(
        ("name", "", ""),
        [_cells((name, one.title, _sentence(one.note))) for name, one in presets.items()],
        left=3,
    )


def _tiers(presets: Mapping[str, Any]) -> Any:
    rows = [_cells((name, one.title, f"{one.summary}")) for name, one in presets.items()]
    return show.table(("name", "", ""), rows, left=3)


_TABLES = {"platforms": _platforms, "genres": _genres, "ai_services": _ai_services, "tiers": _tiers}


def _cells(row: tuple[str, ...]) -> list[Text]:
    return [Text(printable(cell), style="bold" if not place else "") for place, cell in enumerate(row)]


def _codecs(platform: Any) -> str:
    """Answer e.g. ``Vorbis 96/160/320, FLAC``."""
    rates: dict[str, list[str]] = {}
    for codec in platform.codecs:
        name, _, rate = str(codec).partition(" ")
        rates.setdefault(name, []).append(rate)
    return ", ".join(f"{name} {'/'.join(each)}".rstrip() for name, each in rates.items()) or show.NOTHING


def _sentence(text: str) -> str:
    """Answer the first sentence."""
    first, dot, _ = text.partition(". ")
    return first + dot.rstrip()


def _loudness(platform: Any) -> str:
    values = {platform.loudness_lufs, *platform.loudness_by_genre.values()}
    low, high = min(values), max(values)
    return f"{low:g} to {high:g}, by genre" if low < high else f"{low:g}"


def _ceiling(platform: Any) -> str:
    if platform.ceiling_loud_dbtp is None:
        return f"{platform.ceiling_dbtp:g}"
    return (
        f"{platform.ceiling_dbtp:g} ({platform.ceiling_loud_dbtp:g} above {platform.loud_above_lufs:g} LUFS)"
    )


def _fields(preset: Any) -> dict[str, Any]:
    return {field.name: getattr(preset, field.name) for field in dataclasses.fields(preset)}


def _value(held: Any) -> str:
    if dataclasses.is_dataclass(held) and type(held).__str__ is object.__str__:
        held = _fields(held)
    if isinstance(held, Mapping):
        return ", ".join(f"{key} {_value(inner)}" for key, inner in held.items()) or show.NOTHING
    if isinstance(held, list | tuple):
        return ", ".join(map(_value, held)) or show.NOTHING
    if isinstance(held, bool):
        return "yes" if held else "no"
    return f"{held:g}" if isinstance(held, float) else str(held)


def _with_confidence(value: str, word: str) -> Text:
    text = Text(printable(value))
    if word:
        text.append(f"  ({word})", style="dim")
    return text


def _source(source: Any) -> Text:
    text = Text(printable(f"{', '.join(source.keys)}: {source.what}"))
    if source.url:
        text.append(f" {printable(source.url)}", style="underline")
    return text
