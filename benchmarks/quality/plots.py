"""Plots of distances as SVG: a row a program, a dot a song, the mean as a bar; square roots, to tell the best apart."""

from __future__ import annotations

from collections.abc import Collection
from html import escape

WIDTH, LEFT, RIGHT, ROW, TOP = 760, 190, 80, 26, 46
OWN, OTHER, YARDSTICK = "#0a7f6f", "#6a7690", "#b9bfcc"


def rows_plot(
    title: str,
    rows: dict[str, list[float]],
    bar: float | None,
    yardsticks: Collection[str],
) -> str:
    """Draw each program's values; ``bar`` is the limit to be kept, drawn as a dashed line."""
    height = TOP + ROW * len(rows) + 30
    values = [value for row in rows.values() for value in row] + ([bar] if bar is not None else [])
    most = max(values) or 1.0

    def x(value: float) -> float:
        return LEFT + (value / most) ** 0.5 * (WIDTH - LEFT - RIGHT)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{height}" rx="6" fill="#fff"/>',
        f'<text x="16" y="24" font-size="15" font-weight="600" fill="#1c2330">{escape(title)}</text>',
        f'<text x="{WIDTH - 16}" y="24" text-anchor="end" fill="#566074">lower is better, square-root scale</text>',
    ]
    for number, (name, row) in enumerate(rows.items()):
        y = TOP + ROW * number
        mean = sum(row) / len(row)
        colour = OWN if name.startswith("masterify") else YARDSTICK if name in yardsticks else OTHER
        weight = "600" if name.startswith("masterify") else "400"
        parts.append(
            f'<text x="{LEFT - 10}" y="{y + 17}" text-anchor="end" font-weight="{weight}" fill="#1c2330">{escape(name)}</text>'
        )
        size = f'width="{max(x(mean) - LEFT, 1.5):.1f}" height="{ROW - 10}" rx="2"'
        parts.append(f'<rect x="{LEFT}" y="{y + 5}" {size} fill="{colour}" opacity="0.75"/>')
        parts += [
            f'<circle cx="{x(value):.1f}" cy="{y + ROW / 2}" r="2.6" fill="#1c2330" opacity="0.7"/>'
            for value in row
        ]
        parts.append(
            f'<text x="{WIDTH - 16}" y="{y + 17}" text-anchor="end" fill="#1c2330">{mean:.2f}</text>'
        )
    if bar is not None:
        line = f"M{x(bar):.1f} {TOP - 4}V{TOP + ROW * len(rows)}"
        parts.append(f'<path d="{line}" stroke="#c2412d" stroke-dasharray="4 3" stroke-width="1.5"/>')
        parts.append(
            f'<text x="{x(bar):.1f}" y="{height - 12}" text-anchor="middle" fill="#c2412d">to be kept: {bar:g}</text>'
        )
    return "\n".join([*parts, "</svg>\n"])
