"""The console that tables are drawn on, and the parts all of them share (Rich)."""

from __future__ import annotations

import contextlib
import math
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from masterify_cli.printing import printable

if TYPE_CHECKING:
    from masterify_cli.checkup import Finding

_BLANKS_AT_END = re.compile(" +$", re.MULTILINE)

WIDEST = 110
"""Columns that text is spread over at most; longer lines are hard to read."""

NOTHING = "-"


@contextlib.contextmanager
def page() -> Iterator[Console]:
    """Draw on standard output as it is now: its width, its colours (``NO_COLOR``), its encoding.

    What is drawn appears in one piece at the end, so that nothing else gets between its lines.
    """
    screen = Console(highlight=False, markup=False, emoji=False)
    screen.width = min(screen.width, WIDEST)
    with screen.capture() as drawn:
        yield screen
    sys.stdout.write(_BLANKS_AT_END.sub("", drawn.get()))
    sys.stdout.flush()


def heading(screen: Console, title: object, *facts: str) -> None:
    """Draw a name in bold, never wrapped so that it can be copied, and what goes with it."""
    name, rest = Text(printable(title), style="bold"), Text("  ".join(facts), style="dim")
    if name.cell_len + 2 + rest.cell_len <= screen.width:
        screen.print(Text("  ").join((name, rest)) if facts else name)
    else:
        screen.print(name, soft_wrap=True)
        screen.print(Padding(rest, (0, 0, 0, 2)))


def table(columns: Sequence[str], rows: Iterable[Sequence[str | Text]], left: int = 1) -> Padding:
    """Aligned columns without lines; the first ``left`` hold words, the others numbers."""
    made = Table(
        box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="dim", padding=(0, 1, 0, 0)
    )
    for number, name in enumerate(columns):
        made.add_column(Text(name), justify="left" if number < left else "right", overflow="fold")
    for row in rows:
        made.add_row(*(cell if isinstance(cell, Text) else Text(cell) for cell in row))
    return Padding(made, (0, 0, 0, 2), expand=False)


def facts(rows: Iterable[tuple[str, str | Text]], indent: int = 2) -> Padding:
    """Names on the left and what they are on the right, wrapped beneath itself."""
    made = Table.grid(padding=(0, 2))
    made.add_column(style="dim", no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in rows:
        made.add_row(Text(name), value if isinstance(value, Text) else Text(printable(value)))
    return Padding(made, (0, 0, 0, indent), expand=False)


def number(value: Any, digits: int = 1, unit: str = "", sign: bool = False) -> str:
    """Write a number for people; ``-`` where there is none or it is not finite.

    >>> number(-14.004, 2), number(2.5, unit="dB", sign=True), number(None)
    ('-14.00', '+2.5 dB', '-')
    """
    if not isinstance(value, int | float) or not math.isfinite(value):
        return NOTHING
    text = f"{value:+.{digits}f}" if sign else f"{value:.{digits}f}"
    if not float(text):
        text = text.lstrip("+-")  # neither up nor down
    return f"{text} {unit}".rstrip()


def clock(seconds: float) -> str:
    """Minutes and seconds.

    >>> clock(222.4), clock(0.25), clock(7325)
    ('3:42', '0.25 s', '2:02:05')
    """
    if seconds < 10:
        return f"{seconds:.3g} s"
    minutes, left = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def checkup(findings: Sequence[Finding], works: bool) -> None:
    """Draw what ``doctor`` found."""
    rows = []
    for finding in findings:
        word, style = (
            ("ok", "green") if finding.ok else ("FAULT", "bold red") if finding.needed else ("note", "yellow")
        )
        rows.append((finding.name, Text.assemble((f"{word:5}  ", style), printable(finding.detail))))
    with page() as screen:
        screen.print(facts(rows, indent=0))
        screen.print()
        if works:
            screen.print(Text("Songs can be mastered here.", style="bold"))
        else:
            screen.print(
                Text("Songs cannot be mastered here until the faults above are gone.", style="bold red")
            )
