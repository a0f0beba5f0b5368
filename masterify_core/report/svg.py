"""Curves as inline SVG that stretches to any width while its letters keep their size."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from masterify_core.plotting.axes import SIZE, Axis

NARROW = 44  # pixels of the labels beside the plot

Numbers = Sequence[float | None]


def line(x: Axis, y: Axis, xs: Sequence[float], ys: Numbers, kind: str) -> str:
    """Curve through the points; it breaks where there is no value."""
    words, down = [], False
    for at, value in zip(xs, ys, strict=True):
        if value is None:
            down = False
            continue
        words.append(f"{'L' if down else 'M'}{x.at(at)} {SIZE - y.at(value)}")
        down = True
    return f'<path class="line {kind}" d="{"".join(words)}"/>' if words else ""


def area(x: Axis, y: Axis, xs: Sequence[float], lows: Numbers, highs: Numbers, kind: str) -> str:
    """Area between two curves; points without a value are left out."""
    points = [
        (x.at(at), y.at(low), y.at(high))
        for at, low, high in zip(xs, lows, highs, strict=True)
        if low is not None and high is not None
    ]
    if not points:
        return ""
    over = "L".join(f"{at} {SIZE - high}" for at, _, high in points)
    back = "L".join(f"{at} {SIZE - low}" for at, low, _ in reversed(points))
    return f'<path class="area {kind}" d="M{over}L{back}Z"/>'


def level(y: Axis, value: float, kind: str) -> str:
    """Straight line across the plot at a value."""
    at = SIZE - y.at(value)
    return f'<path class="line {kind}" d="M0 {at}H{SIZE}"/>'


def plot(x: Axis, y: Axis, marks: Sequence[str], *, labelled_by: str, small: bool = False) -> str:
    """Put marks into a frame with ticks; ``labelled_by`` is the id of the words that say what it shows."""
    high = 96 if small else 208
    lines = "".join(f"M0 {SIZE - y.at(value)}H{SIZE}" for value, _ in y.ticks)
    lines += "".join(f"M{x.at(value)} 0V{SIZE}" for value, _ in x.ticks)
    beside = "".join(
        f'<text x="{NARROW - 8}" y="{_inside(round(high * (1 - y.at(value) / SIZE)) + 4, high)}"'
        f' text-anchor="end">{escape(said)}</text>'
        for value, said in y.ticks
    )
    under = "".join(
        f'<text x="{x.at(value) / 10:g}%" y="12" text-anchor="{_anchor(x.at(value))}">{escape(said)}</text>'
        for value, said in x.ticks
    )
    size = "small" if small else "tall"
    return (
        f'<div class="plot {size}" role="img" aria-labelledby="{labelled_by}">'
        f'<svg class="beside" width="{NARROW}" height="{high}" aria-hidden="true">{beside}</svg>'
        f'<svg class="curves" height="{high}" viewBox="0 0 {SIZE} {SIZE}" preserveAspectRatio="none"'
        f' aria-hidden="true"><path class="grid" d="{lines}"/>{"".join(marks)}</svg>'
        f'<svg class="under" height="16" aria-hidden="true">{under}</svg></div>'
    )


def _inside(y: int, high: int) -> int:
    """Keep a label's letters inside its strip."""
    return min(max(y, 10), high - 1)


def _anchor(at: int) -> str:
    return "start" if at < 20 else "end" if at > SIZE - 20 else "middle"
