"""What mastering did to a song, and what the masters measure (Rich)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from masterify_cli import show, show_analysis
from masterify_cli.batch import Outcome
from masterify_cli.printing import printable
from masterify_core.serving import AUDIBLE_LU, AUDIBLE_SHARE, Served

if TYPE_CHECKING:
    from masterify_core.delivery import Delivery
    from masterify_core.mastering import MasterResult

TABLE_WIDTH = 72
"""Columns that the table needs; in a narrower terminal each master is a list of numbers."""

COLUMNS = ("", "target", "LUFS", "dBTP", "LRA", "PLR", "gain", "limiter", "")


def song(name: str, result: MasterResult) -> None:
    """Draw one song: the proof, the files, what was done and why."""
    came = result.measurement.to_dict()
    loudness = f"came at {show.number(came['integrated_lufs'], unit='LUFS')}"
    peak = show.number(came["true_peak_dbtp"], unit="dBTP")
    several = len({delivery.container for delivery in result.deliveries}) > 1
    rows = [_row(delivery, several) for delivery in result.deliveries]
    with show.page() as screen:
        show.heading(screen, name, *show_analysis.about(came), f"{loudness}, {peak}")
        if rows:
            wide = screen.width >= TABLE_WIDTH
            screen.print(show.table(COLUMNS, rows) if wide else show.facts(map(_line, rows)))
        if codecs := list(_codecs(result)):
            screen.print(Text("  What listeners' copies measure", style="dim"))
            screen.print(show.facts(codecs, indent=4))
        for delivery in {each.platform: each for each in result.deliveries if each.served}.values():
            screen.print(
                Text(f"  {delivery.title} beside a master made for each platform alone", style="dim")
            )
            screen.print(show.facts(_served(delivery.served), indent=4))
        for path in _paths(result):
            screen.print(Text(f"  {printable(path)}"), soft_wrap=True)  # whole, so that it can be copied
        for path in result.skipped:
            screen.print(Text(f"  {printable(path)} was there already"), soft_wrap=True, style="dim")
        _reasons(screen, "What was done", result.recipe.steps)
        _reasons(screen, "What was left alone", result.recipe.skipped)
        for note in _notes(result):
            screen.print(show.facts([("note", note)]))
        screen.print()


def summary(outcomes: Sequence[Outcome[MasterResult]]) -> None:
    """Draw the last lines of several songs: how many were mastered, and which were not."""
    failed = [outcome for outcome in outcomes if outcome.error is not None]
    done = [outcome.result for outcome in outcomes if outcome.result is not None]
    short = sum(not delivery.target_met for result in done for delivery in result.deliveries)
    with show.page() as screen:
        screen.print(Text(f"{len(done)} of {len(outcomes)} songs mastered.", style="bold"))
        if short:
            screen.print(Text(f"{short} masters stopped short of their target; the notes say why."))
        for outcome in failed:
            screen.print(Text(f"Not mastered: {printable(outcome.message)}", style="red"), soft_wrap=True)


def _reasons(screen: Console, title: str, decisions: Iterable[Any]) -> None:
    rows = [(decision.stage, decision.reason) for decision in decisions]
    if rows:
        screen.print(Text(f"  {title}", style="dim"))
        screen.print(show.facts(rows, indent=4))


def _row(delivery: Delivery, several: bool) -> list[Text]:
    levels: dict[str, Any] = delivery.levels.to_dict()
    title = f"{delivery.title} {delivery.container.upper()}" if several else delivery.title
    met = Text("met", style="green") if delivery.target_met else Text("stopped short", style="yellow")
    numbers = (
        show.number(delivery.target_lufs),
        show.number(levels["integrated_lufs"], 2),
        show.number(levels["true_peak_dbtp"], 2),
        show.number(levels["loudness_range_lu"]),
        show.number(levels["plr_lu"]),
        show.number(delivery.gain_db, sign=True),
        show.number(-delivery.mean_reduction_db, sign=True),
    )
    return [Text(printable(title), style="bold"), *map(Text, numbers), met]


def _line(row: Sequence[Text]) -> tuple[str, Text]:
    """Answer a row of the table as one cell: the numbers with their names."""
    parts = [f"{name} {value}".strip() for name, value in zip(COLUMNS[1:], row[1:], strict=True)]
    return str(row[0]), Text(", ".join(parts))


def _codecs(result: MasterResult) -> Iterable[tuple[str, Text]]:
    """Answer a line for each codec of each platform."""
    for delivery in {each.platform: each for each in result.deliveries}.values():
        for check in delivery.codecs:
            name = f"{delivery.title}, {check.title}" if len(result.deliveries) > 1 else check.title
            if check.true_peak_dbtp is None:
                yield name, Text(check.note, style="yellow")
                continue
            came = show.number(check.true_peak_before_dbtp, 2)
            peak = show.number(check.true_peak_dbtp, 2, unit="dBTP")
            seen = f"{show.number(100.0 * check.checked, 0)} % of it heard"
            overs = f"{check.overs_before} to {check.overs} places over {check.allowed_dbtp:g} dBTP"
            yield name, Text(f"{came} to {peak}, {overs}, {seen}", style="yellow" if check.overs else "")


def _served(served: Iterable[Served]) -> Iterable[tuple[str, Text]]:
    """Answer one line for the platforms where nothing would be heard of it, and one for each where something would."""
    same = [each.title for each in served if not each.audible]
    if same:
        yield "no difference", Text(", ".join(same))
    for each in served:
        if each.audible:
            yield each.title, Text(_difference(each), style="yellow")


def _difference(each: Served) -> str:
    found = []
    if abs(each.louder_lu) >= AUDIBLE_LU:
        found.append(f"played {abs(each.louder_lu):.1f} LU {'louder' if each.louder_lu > 0 else 'quieter'}")
    if each.differing_share > AUDIBLE_SHARE:
        taken = f"gives {abs(each.reduction_db):.1f} dB {'more' if each.reduction_db > 0 else 'less'} to the limiter"
        found.append(f"{taken}, heard in {100.0 * each.differing_share:.0f} % of the moments")
    known = "" if each.gain_db is not None else " (if it plays files as they are: undocumented)"
    return "; ".join(found) + known


def _paths(result: MasterResult) -> Iterable[str]:
    yield from (delivery.path for delivery in result.deliveries if delivery.path is not None)
    if result.recipe_path is not None:
        yield result.recipe_path
    yield from result.report_paths


def _notes(result: MasterResult) -> list[str]:
    notes = [*result.notes]
    for delivery in result.deliveries:
        notes += [f"{delivery.title}: {note}" for note in delivery.notes]
    if result.deliveries and all(delivery.path is None for delivery in result.deliveries):
        notes.append("dry run: nothing was written")
    return list(dict.fromkeys(notes))
