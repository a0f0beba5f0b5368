"""Decides on tone: from outside the genre's normal spread to its edge."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from masterify_core.balance import balance_db
from masterify_core.planning.aim import NOTHING_ASKED, Aim, Decision, edge
from masterify_core.presets import THIRD_OCTAVES_HZ
from masterify_core.stages.tone import Tone

Floats = NDArray[np.float64]

HARSH_HZ = (5000.0, 12_000.0)
SMOOTH_OCTAVES = 0.5  # standard deviation of the Gaussian over the difference
MOST_TONE_DB, MOST_TREBLE_DB, MOST_AIR_DB = 4.0, 3.0, 2.0
TREBLE_FROM_HZ, AIR_FROM_HZ, NO_BOOST_BELOW_HZ = 8000.0, 14_000.0, 40.0
STEEPEST_DB_PER_OCTAVE = 4.0
LEAST_TONE_DB = 0.3


def decide(aim: Aim) -> Decision:
    """Move what is outside the genre's normal spread to its edge.

    To the edge and not a share of the way to the middle, so that the result needs no more of it when it
    is mastered again.
    """
    m, genre = aim.measurement, aim.genre
    if aim.strength <= 0.0:
        return Decision(None, NOTHING_ASKED)
    if aim.holds_back <= 0.0:
        return Decision(None, "the song is finished already")
    hz, spread = np.array(THIRD_OCTAVES_HZ), np.array(genre.spread_db)
    gap = balance_db(m, genre)
    if gap is None:
        return Decision(None, "too little of the spectrum is there to compare")
    holds = np.isfinite(gap)
    gap = np.where(holds, -gap, 0.0)
    limit = spread * edge(aim.strength)
    harsh = (hz >= HARSH_HZ[0]) & (hz <= HARSH_HZ[1]) & (gap < 0.0)
    limit = np.where(harsh, limit * aim.prior.harsh_spread_scale, limit)
    gap = _smooth(gap, hz)
    move = np.sign(gap) * np.maximum(np.abs(gap) - limit, 0.0) * aim.holds_back
    most = np.where(
        hz >= AIR_FROM_HZ, MOST_AIR_DB, np.where(hz >= TREBLE_FROM_HZ, MOST_TREBLE_DB, MOST_TONE_DB)
    )
    least = np.where(hz >= TREBLE_FROM_HZ, -MOST_TREBLE_DB, -MOST_TONE_DB)
    move = np.clip(move, least, np.where((hz < NO_BOOST_BELOW_HZ) | ~holds, 0.0, most))
    move = _gentle(_smooth(move, hz), hz)
    if np.abs(move).max() < LEAST_TONE_DB:
        return Decision(None, f"balance is within the normal spread of {genre.title}")
    stage = Tone(hz=THIRD_OCTAVES_HZ, db=tuple(np.round(move, 2).tolist()))
    return Decision(stage, f"towards the edge of the normal spread of {genre.title}: {_in_words(move, hz)}")


def _smooth(values: Floats, hz: Floats) -> Floats:
    """Gaussian mean over log frequency."""
    octaves = np.log2(hz)
    weights = np.exp(-0.5 * ((octaves[:, None] - octaves[None, :]) / SMOOTH_OCTAVES) ** 2)
    return np.asarray(weights @ values / weights.sum(axis=1))


def _gentle(move: Floats, hz: Floats) -> Floats:
    """Scale down what is steeper than 4 dB an octave."""
    steepest = float(np.abs(np.diff(move) / np.diff(np.log2(hz))).max())
    return move * min(1.0, STEEPEST_DB_PER_OCTAVE / steepest) if steepest > 0.0 else move


def _in_words(move: Floats, hz: Floats) -> str:
    """Say the largest raise and the largest cut."""
    said = []
    for sign, at in ((1.0, int(np.argmax(move))), (-1.0, int(np.argmin(move)))):
        if sign * move[at] >= LEAST_TONE_DB:
            said.append(f"{move[at]:+.1f} dB around {hz[at]:g} Hz")
    return ", ".join(said)
