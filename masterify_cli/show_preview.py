"""A preview in the terminal: its variants, what each does to the tone and the peaks, and where the page is (Rich)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from masterify_cli import show
from masterify_cli.printing import printable

if TYPE_CHECKING:
    from masterify_core.preview.making import PreviewResult

COLUMNS = ("", "LUFS", "PLR", "bass", "low mids", "mids", "treble", "limiter")
REGIONS = ("bass", "low_mids", "mids", "treble")


def page(name: str, result: PreviewResult) -> None:
    """Draw what was made."""
    values = result.values
    excerpt = values["excerpt"]
    rows, seen = [], dict[int, str]()
    for each in values["variants"]:
        called = f"{each['title']} {each['intensity']:g}"
        same = f"as {seen[each['sound']]}" if each["sound"] in seen else ""
        seen.setdefault(each["sound"], called)
        numbers = [show.number(each["integrated_lufs"]), show.number(each["plr_lu"])]
        numbers += [show.number(each["tone_db"][region], sign=True) for region in REGIONS]
        numbers.append(show.number(-each["peak_reduction_db"], sign=True))
        short = Text(
            same or ("" if each["target_met"] else "stopped short"), style="dim" if same else "yellow"
        )
        rows.append([Text(called, style="bold"), *map(Text, numbers), short])
    with show.page() as screen:
        about = f"{round(excerpt['seconds'], 1):g} s from {show.clock(excerpt['start_s'])}, for {values['platform']['title']}"
        screen.print()
        show.heading(screen, name, about)
        with_remarks = any(str(row[-1]) for row in rows)
        columns = (*COLUMNS, "remark") if with_remarks else COLUMNS
        screen.print(show.table(columns, [row[: len(columns)] for row in rows]))
        screen.print(Text(f"  {printable(result.page_path)}"), soft_wrap=True)
        for note in _notes(values):
            screen.print(show.facts([("note", note)]))
        screen.print(Text("  Open the page, choose by ear, and type the command that it shows.", style="dim"))
        screen.print()


def _notes(values: dict[str, Any]) -> list[str]:
    """Notes on all variants, then those on some, with their names."""
    some: dict[str, list[str]] = {}
    for each in values["variants"]:
        for note in each["notes"]:
            if note not in values["notes"]:
                some.setdefault(note, []).append(f"{each['title']} {each['intensity']:g}")
    return [*values["notes"], *(f"{', '.join(names)}: {note}" for note, names in some.items())]
