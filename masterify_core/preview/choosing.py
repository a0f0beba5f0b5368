"""Chooses what is worth hearing: the genres whose plans differ most for a song, and variants that are one sound."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from masterify_core.audio import Audio
from masterify_core.chain import Linear
from masterify_core.recipe import Recipe
from masterify_core.schema import to_table

MOST_GENRES = 4
USUAL_GENRE = "other"
POINTS_HZ = np.geomspace(40.0, 16_000.0, 40)
SAME_DB = 0.15  # plans that differ by less, in tone and loudness, are heard as one
SAME_REST_DB = -60.0  # renderings whose difference is further down than this are heard as one
TINY = 1e-20


def telling_genres(names: Sequence[str], planned: Callable[[str], Recipe]) -> tuple[str, ...]:
    """Choose up to four genres whose plans lie furthest apart, in the order of ``names``.

    Each time the genre whose tone, width and loudness differ most from all that were chosen is added; the first is
    the one that lies furthest from the others. Where all plans are alike, the usual genre stands for them.
    """
    points = {name: _point(planned(name)) for name in names}
    if all(_apart_db(one, other) < SAME_DB for one in points.values() for other in points.values()):
        return (USUAL_GENRE,) if USUAL_GENRE in points else tuple(names[:1])
    chosen = [max(names, key=lambda name: sum(_apart_db(points[name], other) for other in points.values()))]
    while len(chosen) < min(MOST_GENRES, len(names)):
        nearest = {
            name: min(_apart_db(points[name], points[other]) for other in chosen)
            for name in names
            if name not in chosen
        }
        furthest = max(nearest, key=lambda name: nearest[name])
        if nearest[furthest] < SAME_DB:
            break
        chosen.append(furthest)
    return tuple(name for name in names if name in chosen)


def plan_of(recipe: Recipe) -> dict[str, Any]:
    """Everything of a recipe that is heard: two with the same are rendered once, whatever they are called."""
    table: dict[str, Any] = to_table(recipe)
    (order, *_) = table["deliveries"]
    return {
        "steps": [(step["stage"], step["settings"]) for step in table["steps"]],
        "order": {key: value for key, value in order.items() if key not in ("platform", "title", "reason")},
    }


def told_apart(excerpts: Sequence[Audio]) -> tuple[list[int], list[int]]:
    """Find which renderings nobody can tell apart: the number of each one's sound, and the first rendering of each sound."""
    first: list[int] = []
    sounds = []
    for number, excerpt in enumerate(excerpts):
        like = (k for k, which in enumerate(first) if _rest_db(excerpt, excerpts[which]) < SAME_REST_DB)
        sound = next(like, len(first))
        if sound == len(first):
            first.append(number)
        sounds.append(sound)
    return sounds, first


def _rest_db(one: Audio, other: Audio) -> float:
    """What is left of one sound when another is taken out at the level that leaves least, dB under it."""
    a, b = (each.samples.ravel().astype(np.float64) for each in (one, other))
    power, same = float(np.vdot(a, a)), float(np.vdot(a, b)) ** 2 / max(float(np.vdot(b, b)), TINY)
    return 10.0 * math.log10(max(power - same, TINY) / max(power, TINY))


def _point(recipe: Recipe) -> NDArray[np.float64]:
    """A plan as decibels: its tone, what it does to the sides, its loudness."""
    gains = np.zeros((2, len(POINTS_HZ)))
    for stage in recipe.stages():
        if isinstance(stage, Linear):
            gains += 20.0 * np.log10(np.maximum(np.array(stage.magnitude(POINTS_HZ)), 1e-3))
    return np.append(gains.ravel(), recipe.deliveries[0].loudness_lufs)


def _apart_db(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """How differently two plans sound: the mean difference of tone and sides, and that of loudness."""
    apart = np.abs(one - other)
    return float(np.sqrt(np.mean(apart[:-1] ** 2)) + apart[-1])
