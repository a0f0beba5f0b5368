"""Plots as PNG, drawn here: a plot needs lines, areas and a few letters, and no library for it."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

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
from masterify_core.plotting.strokes import strokes, width

Picture = NDArray[np.float32]
Lines = Sequence[Sequence[tuple[float, float]]]
Colour = tuple[int, int, int]
UNIT, TITLE_UNIT = 1.7, 2.1  # pixels of a unit of a letter
DASH = (7.0, 5.0)


def as_png(panels: Sequence[Panel]) -> bytes:
    """Draw panels one below the other, 1200 pixels wide; the same panels give the same bytes."""
    picture = np.empty((HIGH * len(panels), WIDE, 3), np.float32)
    picture[:] = PAPER
    for place, panel in enumerate(panels):
        _draw(picture[HIGH * place : HIGH * (place + 1)], panel)
    return _encoded(np.rint(picture).astype(np.uint8))


def _draw(picture: Picture, panel: Panel) -> None:
    bottom, right = HIGH - BOTTOM, WIDE - RIGHT
    for band in (each for each in panel.bands if each.kind is None):
        _fill(picture, panel, band)
    for value, said in panel.y.ticks:
        y = panel.place(panel.x.low, value)[1]
        _stroke(picture, [[(LEFT, y), (right, y)]], 1.0, GRID_COLOUR)
        _stroke(picture, strokes(said, LEFT - 10, y + 3.0 * UNIT, UNIT, 1.0), 1.2, SOFT)
    for value, said in panel.x.ticks:
        x = panel.place(value, panel.y.low)[0]
        _stroke(picture, [[(x, TOP), (x, bottom)]], 1.0, GRID_COLOUR)
        _stroke(picture, strokes(said, x, bottom + 20, UNIT, 0.5), 1.2, SOFT)
    for band in (each for each in panel.bands if each.kind is not None):
        _fill(picture, panel, band)
    for curve in panel.curves:
        lines = panel.lines(curve)
        if curve.kind == "target":
            lines = [part for line in lines for part in _dashed(line)]
        _stroke(picture, lines, WIDTHS[curve.kind], COLOURS[curve.kind])
    _stroke(picture, strokes(panel.title, LEFT, 26, TITLE_UNIT), 1.6, INK)
    x = float(right)
    for name, colour in reversed(panel.legend()):
        _stroke(picture, strokes(name, x, 26, UNIT, 1.0), 1.2, SOFT)
        x -= width(name, UNIT) + 10
        _stroke(picture, [[(x - 20, 21), (x, 21)]], 4.0, colour)
        x -= 40


def _stroke(picture: Picture, lines: Lines, wide: float, colour: Colour) -> None:
    """Draw lines with soft edges: a pixel is covered by how near its middle is to a line."""
    high, across = picture.shape[:2]
    cover = np.zeros((high, across), np.float32)
    reach = wide / 2.0 + 1.0
    for line in lines:
        for (x0, y0), (x1, y1) in zip(line, [*line[1:], line[-1]][: max(1, len(line) - 1)], strict=False):
            left, right = max(0, int(min(x0, x1) - reach)), min(across, int(max(x0, x1) + reach) + 2)
            top, bottom = max(0, int(min(y0, y1) - reach)), min(high, int(max(y0, y1) + reach) + 2)
            if left >= right or top >= bottom:
                continue
            xs = np.arange(left, right, dtype=np.float32) + np.float32(0.5) - np.float32(x0)
            ys = (np.arange(top, bottom, dtype=np.float32) + np.float32(0.5) - np.float32(y0))[:, None]
            dx, dy = x1 - x0, y1 - y0
            along = np.clip((xs * dx + ys * dy) / max(dx * dx + dy * dy, 1e-9), 0.0, 1.0)
            away = np.hypot(xs - along * dx, ys - along * dy)
            near = np.clip(wide / 2.0 + 0.5 - away, 0.0, 1.0)
            np.maximum(cover[top:bottom, left:right], near, out=cover[top:bottom, left:right])
    _blend(picture, cover, colour)


def _fill(picture: Picture, panel: Panel, band: Band) -> None:
    """Fill between two lines, column by column."""
    places = [panel.place(x, y) for x, y in zip(band.xs, band.highs, strict=True)]
    xs, tops = np.array([x for x, _ in places]), np.array([y for _, y in places])
    floors = np.array([panel.place(x, y)[1] for x, y in zip(band.xs, band.lows, strict=True)])
    if not len(xs):
        return
    columns = np.arange(picture.shape[1]) + 0.5
    inside = (columns >= xs[0]) & (columns <= xs[-1])
    top, floor = np.interp(columns, xs, tops), np.interp(columns, xs, floors)
    rows = np.arange(picture.shape[0])[:, None]
    cover = np.clip(np.minimum(rows + 1.0, floor) - np.maximum(rows, top), 0.0, 1.0) * inside
    _blend(picture, cover.astype(np.float32), BAND_COLOUR if band.kind is None else COLOURS[band.kind])


def _blend(picture: Picture, cover: NDArray[np.float32], colour: Colour) -> None:
    picture += cover[:, :, None] * (np.array(colour, np.float32) - picture)


def _dashed(line: Sequence[tuple[float, float]]) -> list[list[tuple[float, float]]]:
    """Cut a line into dashes."""
    points = np.array(line)
    if len(points) < 2:
        return [list(line)]
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    found = []
    for start in np.arange(0.0, along[-1], sum(DASH)):
        end = min(start + DASH[0], along[-1])
        at = [start, *along[(along > start) & (along < end)], end]
        found.append(
            list(zip(np.interp(at, along, points[:, 0]), np.interp(at, along, points[:, 1]), strict=True))
        )
    return found


def _encoded(pixels: NDArray[np.uint8]) -> bytes:
    """PNG (ISO/IEC 15948) of 8-bit RGB: every row unfiltered, deflated."""
    high, across, _ = pixels.shape
    rows = np.zeros((high, 1 + 3 * across), np.uint8)
    rows[:, 1:] = pixels.reshape(high, -1)

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", across, high, 8, 2, 0, 0, 0)
    image = zlib.compress(rows.tobytes(), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", image) + chunk(b"IEND", b"")
