"""The README's tables, made from presets and code. Refresh them with ``python -m tests.readme_tables``."""

import re
import sys
from pathlib import Path
from unittest import mock

from masterify_cli import exits
from masterify_core import presets

README = Path(__file__).parents[1] / "README.md"
BLOCK = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- /table -->)", re.S)


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines)


def platforms(library):
    rows = []
    for name in library.platforms():
        known = library.platform(name)
        ceiling = f"{known.ceiling_dbtp:g}"
        if known.ceiling_loud_dbtp is not None:
            ceiling += f" ({known.ceiling_loud_dbtp:g} above {known.loud_above_lufs:g} LUFS)"
        by_genre = sorted(known.loudness_by_genre.values())
        loudness = f"{known.loudness_lufs:g}"
        if by_genre:
            loudness += f" ({by_genre[0]:g} to {by_genre[-1]:g} by genre)"
        source = known.source_of("loudness_lufs")
        rows.append([f"`{name}`", known.title, loudness, ceiling, source.confidence if source else "none"])
    return table(["name", "platform", "LUFS", "ceiling, dBTP", "the loudness is"], rows)


def genres(library):
    rows = []
    for name in library.genres():
        known = library.genre(name)
        rows.append([f"`{name}`", known.title, known.note])
    return table(["name", "genre", "about"], rows)


def ai_services(library):
    return table(
        ["name", "made by"], [[f"`{n}`", library.ai_service(n).title] for n in library.ai_services()]
    )


def tiers(library):
    return table(["name", "does"], [[f"`{n}`", library.tier(n).summary] for n in library.tiers()])


def exit_codes(library):
    return table(["exit code", "means"], exits.MEANING.items())


TABLES = {f.__name__: f for f in (platforms, genres, ai_services, tiers, exit_codes)}


def refreshed(text):
    """The README with every table made anew."""
    with mock.patch.object(presets, "user_presets_dir", return_value=Path("nowhere")):
        library = presets.Library.load()
    return BLOCK.sub(lambda found: f"{found[1]}{TABLES[found[2]](library)}{found[3]}", text)


if __name__ == "__main__":
    README.write_text(refreshed(README.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write(f"refreshed {README.name}\n")
