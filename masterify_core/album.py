"""Albums: several songs under one anchor. Relative loudness is kept, tone is brought together, within bounds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from masterify_core.album_signature import Signature
from masterify_core.balance import balance_db, smoothed
from masterify_core.metering.report import Measurement
from masterify_core.metering.statistics import median
from masterify_core.preset_sound import STAGE_ORDER
from masterify_core.presets import THIRD_OCTAVES_HZ, Library
from masterify_core.recipe import Order, Recipe, Skipped, Step
from masterify_core.schema import to_table
from masterify_core.stages.tone import Tone

Floats = NDArray[np.float64]

# A song's distance below the anchor: up to KEPT_LU it stays as mixed, from there half of what is more is taken
# back, and what lies lower than HALVED_TO_LU is meant to be quiet: it stays that much lower, down to LOWEST_LU.
KEPT_LU, HALVED_TO_LU, LOWEST_LU = 3.0, 6.0, 12.0
# Tone is moved half the way to the album's middle, at most so far, and only where that is worth a filter.
TONE_SHARE, MOST_TONE_DB, LEAST_TONE_DB = 0.5, 2.0, 0.3
USUAL_INTENSITY = 50.0
STRAY_LU = 3.0  # a bonus track mixed this far outside the album's range came at another level altogether


@dataclass(frozen=True, slots=True, kw_only=True)
class AlbumSong:
    """A song's place in an album.

    Attributes
    ----------
    source
        Path of the song.
    recipe
        How it is mastered: what its own plan says, with the album's loudness and tone.
    mixed_lu, offset_lu
        Loudness under the anchor's as mixed, and as mastered, LU; 0 or negative.
    """

    source: str
    recipe: Recipe
    mixed_lu: float
    offset_lu: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Album:
    """All songs of an album, planned together; ``signature`` lets a later song join."""

    songs: tuple[AlbumSong, ...]
    signature: Signature


@dataclass(frozen=True, slots=True)
class Planned:
    """A song measured and planned by itself."""

    source: str
    measurement: Measurement
    recipe: Recipe


def offset_lu(mixed_lu: float) -> float:
    """How far under the anchor a song is mastered that was mixed ``mixed_lu`` (0 or negative) under it, LU.

    >>> [offset_lu(x) for x in (0.0, -2.0, -4.0, -6.0, -9.0, -40.0)]
    [0.0, -2.0, -3.5, -4.5, -7.5, -12.0]
    """
    under = max(-mixed_lu, 0.0)
    taken_back = 0.5 * (min(max(under, KEPT_LU), HALVED_TO_LU) - KEPT_LU)
    return -min(under - taken_back, LOWEST_LU)


def plan_album(songs: Sequence[Planned], library: Library, like: Signature | None = None) -> Album:
    """Give each song its place: under one anchor, and nearer to the album's tone.

    Parameters
    ----------
    songs
        Planned one by one for the same platforms, genre, tier and intensity.
    library
        Where the genre's curve is.
    like
        Of an album that these songs join: its anchor and its tone are taken, not theirs.
    """
    loudness = [song.measurement.integrated_lufs for song in songs]
    heard = [lufs for lufs in loudness if math.isfinite(lufs)]
    anchor = like.anchor_lufs if like else max(heard, default=0.0)
    balances = [_finished_balance(song, library) for song in songs]
    middle = np.array(like.balance_db) if like else _middle(balances)
    placed = []
    for song, lufs, balance in zip(songs, loudness, balances, strict=True):
        mixed = _mixed_lu(lufs, anchor, like)
        recipe = _unfaded(_with_tone(song.recipe, balance, middle))
        offset = round(offset_lu(mixed), 2)
        orders = tuple(_under(order, offset) for order in recipe.deliveries)
        recipe = replace(recipe, deliveries=orders)
        placed.append(
            AlbumSong(source=song.source, recipe=recipe, mixed_lu=round(mixed, 2), offset_lu=offset)
        )
    signature = like or Signature(
        anchor_lufs=round(anchor, 2),
        quietest_lufs=round(min(heard, default=anchor), 2),
        median_offset_lu=round(median([song.offset_lu for song in placed]), 2) if placed else 0.0,
        balance_db=tuple(np.round(middle, 2).tolist()),
        genre=songs[0].recipe.genre if songs else "other",
        songs=len(songs),
    )
    return Album(songs=tuple(placed), signature=signature)


def _mixed_lu(lufs: float, anchor_lufs: float, like: Signature | None) -> float:
    """Loudness under the anchor as mixed; for a bonus track from another session that of the album's middle."""
    if not math.isfinite(lufs):
        return 0.0
    if like and not like.quietest_lufs - STRAY_LU <= lufs <= anchor_lufs + STRAY_LU:
        return like.median_offset_lu
    return min(lufs - anchor_lufs, 0.0)


def _finished_balance(song: Planned, library: Library) -> Floats | None:
    """Tonal balance against the genre's curve as the song's own plan leaves it; NaN where the song holds nothing."""
    over = balance_db(song.measurement, library.genre(song.recipe.genre))
    if over is None:
        return None
    for step in song.recipe.steps:
        if step.stage == "tone":
            over = over + np.interp(
                np.log(THIRD_OCTAVES_HZ), np.log(step.settings["hz"]), step.settings["db"]
            )
    return over


def _middle(balances: Sequence[Floats | None]) -> Floats:
    """Middle of the songs in each third octave; level where none holds anything."""
    held = np.array([balance for balance in balances if balance is not None])
    middle = np.zeros(len(THIRD_OCTAVES_HZ))
    for band in range(len(middle)):
        values = held[:, band][np.isfinite(held[:, band])] if len(held) else np.array([])
        middle[band] = median(values) if len(values) else 0.0
    return middle


def _with_tone(recipe: Recipe, balance: Floats | None, middle: Floats) -> Recipe:
    """Add the album's pull to the tone of a recipe; a song that is left alone by its own plan is left alone here."""
    strength = recipe.intensity / USUAL_INTENSITY
    if balance is None or strength <= 0.0 or _is_held_back(recipe):
        return recipe
    away = np.where(np.isfinite(balance), middle - balance, 0.0)
    most = MOST_TONE_DB * min(strength, 1.5)
    pull: Floats = np.clip(TONE_SHARE * min(strength, 1.5) * smoothed(away), -most, most)
    pull = np.where(np.isfinite(balance), pull, 0.0).astype(np.float64)
    if np.abs(pull).max() < LEAST_TONE_DB:
        return recipe
    own = next((step for step in recipe.steps if step.stage == "tone"), None)
    db = (
        pull
        if own is None
        else pull + np.interp(np.log(THIRD_OCTAVES_HZ), np.log(own.settings["hz"]), own.settings["db"])
    )
    loudest = int(np.argmax(np.abs(pull)))
    reason = f"towards the album's tone: {pull[loudest]:+.1f} dB around {THIRD_OCTAVES_HZ[loudest]:g} Hz"
    step = Step(
        stage="tone", settings=to_table(Tone(hz=THIRD_OCTAVES_HZ, db=tuple(np.round(db, 2).tolist()))),
        reason=f"{own.reason}; {reason}" if own else reason,
    )  # fmt: skip
    others = [each for each in recipe.steps if each.stage != "tone"]
    steps = sorted([*others, step], key=lambda each: STAGE_ORDER.index(each.stage))
    return replace(
        recipe, steps=tuple(steps), skipped=tuple(each for each in recipe.skipped if each.stage != "tone")
    )


def _is_held_back(recipe: Recipe) -> bool:
    """Whether the song's own plan left its tone alone because it is finished."""
    return any(each.stage == "tone" and "finished" in each.reason for each in recipe.skipped)


def _unfaded(recipe: Recipe) -> Recipe:
    """Leave the ends of songs as they are: one may run into the next."""
    if not any(step.stage == "edges" for step in recipe.steps):
        return recipe
    left = Skipped(stage="edges", reason="songs of an album may run into each other")
    steps = tuple(step for step in recipe.steps if step.stage != "edges")
    return replace(recipe, steps=steps, skipped=(*recipe.skipped, left))


def _under(order: Order, offset: float) -> Order:
    """The order of a song that lies ``offset`` LU under the anchor; ceiling and limiter are the anchor's."""
    if offset == 0.0:
        return order
    return replace(
        order, loudness_lufs=max(round(order.loudness_lufs + offset, 2), -40.0),
        reason=f"{order.reason}; {-offset:g} LU under the album's loudest song",
    )  # fmt: skip
