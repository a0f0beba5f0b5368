"""What became of an album (Rich)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from rich.text import Text

from masterify_cli import show
from masterify_cli.printing import printable

if TYPE_CHECKING:
    from masterify_cli.album_command import Made
    from masterify_cli.batch import Outcome

COLUMNS = ("", "under the loudest", "mastered", "LUFS", "dBTP", "gain", "")


def page(made: Made, failed: Sequence[Outcome[Any]]) -> None:
    """Draw the songs with their distances, what listeners get, and where the files are."""
    with show.page() as screen:
        for verdict in made.verdicts:
            screen.print(Text(verdict.title, style="bold"))
            screen.print(show.table(COLUMNS, _rows(made, verdict.platform)))
            screen.print(show.facts([("album", verdict.says[0]), ("shuffle", verdict.says[1])]))
            screen.print()
        for outcome in made.outcomes:
            for delivery in outcome.result.deliveries if outcome.result else ():
                if delivery.path is not None:
                    screen.print(Text(f"  {printable(delivery.path)}"), soft_wrap=True)
        for song in made.album.songs:
            tone = next((step.reason for step in song.recipe.steps if step.stage == "tone"), None)
            if tone:
                screen.print(show.facts([(printable(PurePath(song.source).stem), f"tone {tone}")]))
        if made.signature_path:
            screen.print(Text(f"Signature: {printable(made.signature_path)}"), soft_wrap=True)
        count = sum(each.result is not None for each in made.outcomes)
        screen.print(Text(f"{count} song{'s' * (count != 1)} mastered as one album.", style="bold"))
        for outcome in [*failed, *(each for each in made.outcomes if each.error is not None)]:
            screen.print(Text(f"Not mastered: {printable(outcome.message)}", style="red"), soft_wrap=True)


def _rows(made: Made, platform: str) -> list[list[Text]]:
    rows = []
    for placed, outcome in zip(made.album.songs, made.outcomes, strict=True):
        for each in outcome.result.deliveries if outcome.result else ():
            if each.platform != platform:
                continue
            levels = each.levels
            met = Text("met", style="green") if each.target_met else Text("stopped short", style="yellow")
            rows.append([
                Text(printable(PurePath(placed.source).stem), style="bold"),
                Text(show.number(placed.mixed_lu, unit="LU")), Text(show.number(placed.offset_lu, unit="LU")),
                Text(show.number(levels.integrated_lufs, 2)), Text(show.number(levels.true_peak_dbtp, 2)),
                Text(show.number(each.gain_db, sign=True)), met,
            ])  # fmt: skip
    return rows
