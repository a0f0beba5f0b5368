"""Presets as rows of text, for the command line and the README: what there is, in words."""

from __future__ import annotations

from itertools import groupby

from masterify_core.preset_platform import Codec, Platform
from masterify_core.presets import Library

Table = list[list[str]]
"""Rows of equal length; the first names the columns."""


def platform_table(library: Library) -> Table:
    """Every platform: what a master must measure, what listeners get, and how sure that is."""
    rows = [["platform", "title", "loudness", "ceiling", "listeners get", "loudness is"]]
    for name in library.platforms():
        platform = library.platform(name)
        source = platform.source_of("loudness_lufs")
        sure = source.confidence if source else ""
        texts = [_loudness(platform), _ceiling(platform), codecs_in_words(platform.codecs), sure]
        rows.append([name, platform.title, *texts])
    return rows


def genre_table(library: Library) -> Table:
    """Every genre: usual loudness, and how far a master may go."""
    rows = [["genre", "title", "loudness", "compression", "width", "note"]]
    for name in library.genres():
        genre = library.genre(name)
        loudness = f"{genre.loudness_lufs:g} LUFS"
        limits = [f"at most {genre.compression_cap_db:g} dB", f"{genre.width_db:+g} dB"]
        rows.append([name, genre.title, loudness, *limits, genre.note])
    return rows


def ai_service_table(library: Library) -> Table:
    """Every AI source."""
    rows = [["AI source", "title", "note"]]
    values = ((name, library.ai_service(name)) for name in library.ai_services())
    return rows + [[name, value.title, value.note] for name, value in values]


def tier_table(library: Library) -> Table:
    """Every tier."""
    rows = [["tier", "title", "formats", "summary"]]
    values = ((name, library.tier(name)) for name in library.tiers())
    return rows + [[name, value.title, ", ".join(value.formats), value.summary] for name, value in values]


def markdown(table: Table) -> str:
    """Render a table for a README.

    >>> print(markdown([["platform", "loudness"], ["spotify", "-14 LUFS"]]))
    | platform | loudness |
    |---|---|
    | spotify | -14 LUFS |
    """
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in table]
    return "\n".join([lines[0], "|" + "---|" * len(table[0]), *lines[1:]])


def codecs_in_words(codecs: tuple[Codec, ...]) -> str:
    """Codecs with their bit rates together.

    >>> codecs_in_words((Codec(name="aac", kbps=128), Codec(name="aac", kbps=256), Codec(name="flac")))
    'AAC 128/256, FLAC'
    """
    words = []
    for _, same in groupby(codecs, lambda codec: codec.name):
        first, *others = same
        words.append(
            "/".join([str(first), *(f"{codec.kbps:g}" for codec in others if codec.kbps is not None)])
        )
    return ", ".join(words)


def _loudness(platform: Platform) -> str:
    values = [*platform.loudness_by_genre.values(), platform.loudness_lufs]
    low, high = min(values), max(values)
    return f"{low:g} LUFS" if low == high else f"{low:g} to {high:g} LUFS, by genre"


def _ceiling(platform: Platform) -> str:
    text = f"{platform.ceiling_dbtp:g} dBTP"
    if platform.ceiling_loud_dbtp is None:
        return text
    return f"{text} ({platform.ceiling_loud_dbtp:g} when louder than {platform.loud_above_lufs:g} LUFS)"
