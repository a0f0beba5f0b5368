"""What a server's masters measure (Rich)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.text import Text

from masterify_cli import show
from masterify_cli.printing import printable

COLUMNS = ("", "target", "LUFS", "dBTP", "LRA", "PLR", "gain", "")


def songs(results: Sequence[dict[str, Any]]) -> None:
    """Draw each song: the proof and the files."""
    with show.page() as screen:
        for result in results:
            source = result["source"] or {}
            loudness = f"came at {show.number(source.get('integrated_lufs'), unit='LUFS')}"
            show.heading(screen, result["input"], loudness, f"job {result['job_id']}")
            screen.print(show.table(COLUMNS, [_row(each) for each in result["deliveries"]]))
            for each in result["deliveries"]:
                screen.print(Text(f"  {printable(each['path'])}"), soft_wrap=True)
                for note in each["notes"]:
                    screen.print(show.facts([("note", note)]))
            screen.print()


def _row(each: dict[str, Any]) -> list[Text]:
    met = Text("met", style="green") if each["target_met"] else Text("stopped short", style="yellow")
    numbers = (
        show.number(each["target_lufs"]), show.number(each["integrated_lufs"], 2), show.number(each["true_peak_dbtp"], 2),
        show.number(each["loudness_range_lu"]), show.number(each["plr_lu"]), show.number(each["gain_db"], sign=True),
    )  # fmt: skip
    return [Text(printable(each["title"]), style="bold"), *map(Text, numbers), met]
