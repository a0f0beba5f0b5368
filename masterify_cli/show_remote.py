"""What a server's masters measure (Rich)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.text import Text

from masterify_cli import show
from masterify_cli.batch import Outcome
from masterify_cli.printing import printable

COLUMNS = ("", "target", "LUFS", "dBTP", "LRA", "PLR", "gain", "")


def song(result: dict[str, Any]) -> None:
    """Draw one song: the proof and the files."""
    with show.page() as screen:
        if result["deliveries"]:
            source = result["source"] or {}
            loudness = f"came at {show.number(source.get('integrated_lufs'), unit='LUFS')}"
            show.heading(screen, result["input"], loudness, f"job {result['job_id']}")
            screen.print(show.table(COLUMNS, [_row(each) for each in result["deliveries"]]))
        for each in result["deliveries"]:
            screen.print(Text(f"  {printable(each['path'])}"), soft_wrap=True)
            for note in each["notes"]:
                screen.print(show.facts([("note", note)]))
        for path in result["skipped"]:
            screen.print(Text(f"  {printable(path)} was there already"), soft_wrap=True, style="dim")
        screen.print()


def summary(outcomes: Sequence[Outcome[dict[str, Any]]]) -> None:
    """Draw the last lines of several songs: how many were mastered, and which were not."""
    failed = [outcome for outcome in outcomes if outcome.error is not None]
    with show.page() as screen:
        screen.print(Text(f"{len(outcomes) - len(failed)} of {len(outcomes)} songs mastered.", style="bold"))
        for outcome in failed:
            screen.print(Text(f"Not mastered: {printable(outcome.message)}", style="red"), soft_wrap=True)


def _row(each: dict[str, Any]) -> list[Text]:
    met = Text("met", style="green") if each["target_met"] else Text("stopped short", style="yellow")
    numbers = (
        show.number(each["target_lufs"]), show.number(each["integrated_lufs"], 2), show.number(each["true_peak_dbtp"], 2),
        show.number(each["loudness_range_lu"]), show.number(each["plr_lu"]), show.number(each["gain_db"], sign=True),
    )  # fmt: skip
    return [Text(printable(each["title"]), style="bold"), *map(Text, numbers), met]
