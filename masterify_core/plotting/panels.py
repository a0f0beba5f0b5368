"""What a plot shows: panels with curves and bands, whatever it is drawn with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from masterify_core.plotting.axes import Axis

Kind = Literal["first", "second", "faint", "target"]
COLOURS: dict[Kind, tuple[int, int, int]] = {
    "first": (139, 147, 160),
    "second": (33, 88, 217),
    "faint": (185, 201, 242),
    "target": (180, 83, 9),
}
BAND_COLOUR, GRID_COLOUR, INK, SOFT, PAPER = (
    (246, 227, 200),
    (232, 234, 237),
    (28, 32, 36),
    (91, 100, 112),
    (255, 255, 255),
)
WIDTHS: dict[Kind, float] = {"first": 2.6, "second": 1.8, "faint": 1.0, "target": 1.4}
WIDE, HIGH = 1200, 320  # pixels of one panel
LEFT, RIGHT, TOP, BOTTOM = 64, 24, 46, 34
"""Pixels around the plot in a panel, for its labels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Line through points; None breaks it."""

    kind: Kind
    name: str
    xs: Sequence[float]
    ys: Sequence[float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Area between two lines; without a name it is not in the legend, without a kind it is pale."""

    name: str
    xs: Sequence[float]
    lows: Sequence[float]
    highs: Sequence[float]
    kind: Kind | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One chart: title, axes and what is in it, from back to front."""

    title: str
    x: Axis
    y: Axis
    bands: tuple[Band, ...] = ()
    curves: tuple[Curve, ...] = ()

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Pixels from the left and from the top of the panel."""
        return (
            LEFT + (WIDE - LEFT - RIGHT) * self.x.share(x),
            TOP + (HIGH - TOP - BOTTOM) * (1.0 - self.y.share(y)),
        )

    def lines(self, curve: Curve) -> list[list[tuple[float, float]]]:
        """Answer the unbroken parts of a curve, in pixels."""
        parts: list[list[tuple[float, float]]] = [[]]
        for x, y in zip(curve.xs, curve.ys, strict=True):
            if y is None:
                parts.append([])
            else:
                parts[-1].append(self.place(x, y))
        return [part for part in parts if part]

    def legend(self) -> list[tuple[str, tuple[int, int, int]]]:
        """Names with their colours, each once."""
        shown = {
            each.name: BAND_COLOUR if each.kind is None else COLOURS[each.kind]
            for each in self.bands
            if each.name
        }
        return list((shown | {each.name: COLOURS[each.kind] for each in self.curves}).items())
