"""Foresees what tone, side gains and band dynamics make of a song, from its powers and without a sample."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from masterify_core.metering.movement import band_levels_db, level_quantiles_db
from masterify_core.metering.spectrum import THIRD_OCTAVES_HZ
from masterify_core.profile import NO_SIDE_DB, Profiled
from masterify_core.short_time import BANDS_HZ, between_centres
from masterify_core.stages.match import Match

Floats = NDArray[np.float64]

HZ = np.array(THIRD_OCTAVES_HZ)
THIRD_EDGE = 2.0 ** (1.0 / 6.0)
HIGHEST_HZ = 30_000.0
NOTHING = 1e-20


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Foreseen:
    """The song as it will be.

    Attributes
    ----------
    third_octaves_db
        ``(31,)``: mean power of mid and side, dB.
    side_mid_db
        ``(9,)``: side over mid in the nine bands, dB.
    quantiles_db
        ``(19, 9)``: how the levels of the nine bands are spread, dB.
    """

    third_octaves_db: Floats
    side_mid_db: Floats
    quantiles_db: Floats

    @property
    def shape_db(self) -> Floats:
        """Quantiles around their mean."""
        return np.asarray(self.quantiles_db - self.quantiles_db.mean(axis=0))


def foresee(song: Profiled, tone_db: Floats, side_db: Floats, match: Match | None) -> Foreseen:
    """Answer what becomes of a song.

    Parameters
    ----------
    song
        As measured.
    tone_db
        ``(31,)``: gain in `THIRD_OCTAVES_HZ`, dB.
    side_db
        ``(9,)``: gain of the side at `short_time.CENTRES_HZ`, dB.
    match
        Band dynamics that follow.
    """
    movement = song.movement
    gain_db = np.stack([tone_db, tone_db + side_db @ between_centres(HZ)])
    thirds = song.thirds * 10.0 ** (gain_db / 10.0)
    risen_db = _db(thirds.sum(axis=0)) - _db(song.thirds.sum(axis=0))
    power = movement.power * 10.0 ** (np.interp(np.log(movement.hz), np.log(HZ), risen_db) / 10.0)
    levels_db, active = band_levels_db(movement, power), movement.active()
    if match is not None and active.any():
        gains_db = match.gains_db(levels_db, movement.rate) @ between_centres(movement.hz)
        moved = power * 10.0 ** (gains_db / 10.0)
        grown_db = _db(moved[active].mean(axis=0)) - _db(power[active].mean(axis=0))
        thirds = thirds * 10.0 ** (np.interp(np.log(HZ), np.log(movement.hz), grown_db) / 10.0)
        levels_db = band_levels_db(movement, moved)
    change_db = _side_mid_db(thirds) - _side_mid_db(song.thirds)
    return Foreseen(
        third_octaves_db=_db(thirds.sum(axis=0)),
        side_mid_db=np.maximum(song.profile.side_mid_db + change_db, NO_SIDE_DB),
        quantiles_db=level_quantiles_db(levels_db, active),
    )


def shares_of_nine() -> Floats:
    """How much of each third octave lies in each of the nine bands, ``(31, 9)``, by log frequency."""
    low, high = np.log(HZ / THIRD_EDGE), np.log(HZ * THIRD_EDGE)
    edges = np.log([1.0, *BANDS_HZ[1:], HIGHEST_HZ])
    inside = np.minimum(high[:, None], edges[None, 1:]) - np.maximum(low[:, None], edges[None, :-1])
    return np.asarray(np.maximum(inside, 0.0) / (high - low)[:, None])


def _side_mid_db(thirds: Floats) -> Floats:
    mid, side = thirds @ shares_of_nine()
    return _db(side) - _db(mid)


def _db(power: Floats) -> Floats:
    return np.asarray(10.0 * np.log10(power + NOTHING))
