"""Plots as an SVG file."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from masterify_core.plotting.panels import (
    BAND_COLOUR,
    BOTTOM,
    COLOURS,
    GRID_COLOUR,
    HIGH,
    INK,
    LEFT,
    PAPER,
    RIGHT,
    SOFT,
    TOP,
    WIDE,
    WIDTHS,
    Band,
    Panel,
)

LETTER = 6.6  # pixels that a letter takes in the legend, about


def as_svg(panels: Sequence[Panel]) -> str:
    """Draw panels one below the other, 1200 pixels wide."""
    high = HIGH * len(panels)
    drawn = "".join(
        f'<g transform="translate(0 {HIGH * place})">{_panel(panel)}</g>'
        for place, panel in enumerate(panels)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {high}" width="{WIDE}" height="{high}"'
        f' font-family="system-ui, sans-serif" font-size="12"><rect width="{WIDE}" height="{high}"'
        f' fill="{_hex(PAPER)}"/>{drawn}</svg>\n'
    )


def _panel(panel: Panel) -> str:
    parts, bottom, right = [], HIGH - BOTTOM, WIDE - RIGHT
    parts += [_area(panel, band) for band in panel.bands if band.kind is None]
    for value, said in panel.y.ticks:
        y = panel.place(panel.x.low, value)[1]
        parts.append(_line([(LEFT, y), (right, y)], 1.0, GRID_COLOUR))
        parts.append(_text(said, LEFT - 8, y + 4, SOFT, "end"))
    for value, said in panel.x.ticks:
        x = panel.place(value, panel.y.low)[0]
        parts.append(_line([(x, TOP), (x, bottom)], 1.0, GRID_COLOUR))
        parts.append(_text(said, x, bottom + 20, SOFT, "middle"))
    parts += [_area(panel, band) for band in panel.bands if band.kind is not None]
    for curve in panel.curves:
        dash = ' stroke-dasharray="7 5"' if curve.kind == "target" else ""
        parts += [_line(line, WIDTHS[curve.kind], COLOURS[curve.kind], dash) for line in panel.lines(curve)]
    parts.append(_text(panel.title, LEFT, 28, INK, "start", ' font-size="15" font-weight="600"'))
    x = float(right)
    for name, colour in reversed(panel.legend()):
        parts.append(_text(name, x, 28, SOFT, "end"))
        x -= LETTER * len(name) + 8
        parts.append(_line([(x - 20, 24), (x, 24)], 4.0, colour))
        x -= 36
    return "".join(parts)


def _area(panel: Panel, band: Band) -> str:
    over = [panel.place(x, y) for x, y in zip(band.xs, band.highs, strict=True)]
    back = [panel.place(x, y) for x, y in zip(band.xs, band.lows, strict=True)][::-1]
    colour = BAND_COLOUR if band.kind is None else COLOURS[band.kind]
    return f'<path fill="{_hex(colour)}" d="{_path([*over, *back])}Z"/>'


def _line(
    points: Sequence[tuple[float, float]], wide: float, colour: tuple[int, int, int], more: str = ""
) -> str:
    drawn = f'stroke="{_hex(colour)}" stroke-width="{wide:g}" stroke-linejoin="round"{more}'
    return f'<path fill="none" {drawn} d="{_path(points)}"/>'


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def _text(said: str, x: float, y: float, colour: tuple[int, int, int], anchor: str, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{_hex(colour)}" text-anchor="{anchor}"{more}>{escape(said)}</text>'


def _hex(colour: tuple[int, int, int]) -> str:
    return "#" + bytes(colour).hex()
