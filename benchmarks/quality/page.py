"""The page: results to Markdown, each beside what it was the last time."""

from __future__ import annotations

from dataclasses import dataclass

Values = dict[str, dict[str, float | None]]


@dataclass(frozen=True, slots=True)
class Column:
    """A measure: its head, digits, which way is better (0: neither), and how much worse is a regression."""

    key: str
    title: str
    digits: int
    better: int
    noise: float


MUSIC = (
    Column("zimtohrli_e4", "Zimtohrli, 1e-4", 2, -1, 0.15),
    Column("visqol", "ViSQOL", 3, 1, 0.005),
    Column("nmr_db", "NMR, dB", 1, -1, 0.3),
    Column("missed_lu", "loudness missed, LU", 2, -1, 0.02),
    Column("over_db", "true peak over, dB", 2, -1, 0.02),
    Column("cpu_s", "CPU s", 2, 0, 0.0),
)


def table(columns: tuple[Column, ...], now: Values, before: Values) -> str:
    """A row a program; a value that got worse is bold, with what it was."""
    head = ["program", *(column.title for column in columns)]
    lines = [head, ["---", *["--:"] * len(columns)]]
    for name, values in now.items():
        lines.append(
            [
                name,
                *(
                    _cell(column, values.get(column.key), before.get(name, {}).get(column.key))
                    for column in columns
                ),
            ]
        )
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def worse(columns: tuple[Column, ...], now: Values, before: Values) -> list[str]:
    """Sentences about what got worse; of masterify only, others are as they are."""
    found = []
    for name, values in now.items():
        for column in columns:
            new, old = values.get(column.key), before.get(name, {}).get(column.key)
            if name.startswith("masterify") and _is_worse(column, new, old):
                found.append(f"{name}: {column.title} {new:.{column.digits}f}, was {old:.{column.digits}f}")
    return found


def _is_worse(column: Column, new: float | None, old: float | None) -> bool:
    if new is None or old is None or column.better == 0:
        return False
    return column.better * (new - old) < -column.noise


def _cell(column: Column, new: float | None, old: float | None) -> str:
    if new is None:
        return "–"
    said = f"{new:.{column.digits}f}"
    if _is_worse(column, new, old):
        return f"**{said}** (was {old:.{column.digits}f})"
    if old is not None and column.better * (new - old) > column.noise:
        return f"{said} (was {old:.{column.digits}f})"
    return said
