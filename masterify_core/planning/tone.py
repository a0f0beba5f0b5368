"""Decides on tone: from outside the genre's normal spread to its edge."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from masterify_core.balance import LEVEL_BETWEEN_HZ, balance_db
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
BELOW_LIMIT = 0.85  # of the frequency where the top end stops: above there is nothing to raise
MOST_STEPS, SETTLED_DB = 8, 0.02


def decide(aim: Aim) -> Decision:
    """Move what is outside the genre's normal spread to its edge.

    To the edge and not a share of the way to the middle, so that the result needs no more of it when it
    is mastered again.
    """
    if aim.strength <= 0.0:
        return Decision(None, NOTHING_ASKED)
    if aim.holds_back <= 0.0:
        return Decision(None, "the song is finished already")
    if balance_db(aim.measurement, aim.genre) is None:
        return Decision(None, "too little of the spectrum is there to compare")
    move = move_db(aim)
    title = aim.genre.title
    if not move.any():
        return Decision(None, f"balance is within the normal spread of {title}")
    stage = Tone(hz=THIRD_OCTAVES_HZ, db=tuple(np.round(move, 2).tolist()))
    return Decision(stage, f"towards the edge of the normal spread of {title}: {_in_words(move)}")


def move_db(aim: Aim) -> Floats:
    """Gain at each of `THIRD_OCTAVES_HZ`, dB; zeros where nothing is to be done.

    One step is smooth and so falls short of an edge in places; steps are added until the next would be
    nothing (or bounds hold the sum), which is what planning the finished song again would add.
    """
    hz, total = np.array(THIRD_OCTAVES_HZ), np.zeros(len(THIRD_OCTAVES_HZ))
    over = balance_db(aim.measurement, aim.genre)
    if over is None or aim.strength <= 0.0 or aim.holds_back <= 0.0:
        return total
    holds = np.isfinite(over)
    highest = np.where(
        hz >= AIR_FROM_HZ, MOST_AIR_DB, np.where(hz >= TREBLE_FROM_HZ, MOST_TREBLE_DB, MOST_TONE_DB)
    )
    top_hz = BELOW_LIMIT * (aim.measurement.band_limit_hz or np.inf)
    highest = np.where((hz < NO_BOOST_BELOW_HZ) | (hz > top_hz) | ~holds, 0.0, highest)
    lowest = np.where(hz >= TREBLE_FROM_HZ, -MOST_TREBLE_DB, -MOST_TONE_DB)
    highest, lowest = _smooth(highest, hz), _smooth(lowest, hz)
    for _ in range(MOST_STEPS):
        body = holds & (hz >= LEVEL_BETWEEN_HZ[0]) & (hz <= LEVEL_BETWEEN_HZ[1])
        gap = np.where(holds, -over - total + total[body].mean(), 0.0)
        step = _step(aim, gap, hz)
        before, total = total, _gentle(np.clip(total + step, lowest, highest), hz)
        if np.abs(total - before).max() < SETTLED_DB:
            break
    total *= aim.share
    return total if np.abs(total).max() >= LEAST_TONE_DB else np.zeros(len(hz))


def _step(aim: Aim, gap: Floats, hz: Floats) -> Floats:
    """From a gap to the normal spread's edge, dB, smoothed over log frequency."""
    lean = np.array(aim.genre.lean_db)
    lacks = lean * np.sign(gap)  # less than nothing where the song has more of it than the genre
    limit = np.maximum(np.array(aim.genre.spread_db) * edge(aim.strength) - lacks, 0.0)
    harsh = (hz >= HARSH_HZ[0]) & (hz <= HARSH_HZ[1]) & (gap < 0.0)
    limit = np.where(harsh, limit * aim.prior.harsh_spread_scale, limit)
    gap = _smooth(gap, hz)
    return _smooth(np.sign(gap) * np.maximum(np.abs(gap) - limit, 0.0), hz)


def _smooth(values: Floats, hz: Floats) -> Floats:
    """Gaussian mean over log frequency."""
    octaves = np.log2(hz)
    weights = np.exp(-0.5 * ((octaves[:, None] - octaves[None, :]) / SMOOTH_OCTAVES) ** 2)
    return np.asarray(weights @ values / weights.sum(axis=1))


def _gentle(move: Floats, hz: Floats) -> Floats:
    """Take from the heights what is steeper than 4 dB an octave; scale down what still is, where a cut meets a raise."""
    octaves = np.log2(hz)
    reach = STEEPEST_DB_PER_OCTAVE * np.abs(octaves[:, None] - octaves[None, :])
    move = (np.maximum(move, 0.0) + reach).min(axis=1) - (np.maximum(-move, 0.0) + reach).min(axis=1)
    steepest = float(np.abs(np.diff(move) / np.diff(octaves)).max())
    return np.asarray(move * min(1.0, STEEPEST_DB_PER_OCTAVE / steepest) if steepest > 0.0 else move)


def _in_words(move: Floats) -> str:
    """Say the largest raise and the largest cut."""
    hz = THIRD_OCTAVES_HZ
    said = []
    for sign, at in ((1.0, int(np.argmax(move))), (-1.0, int(np.argmin(move)))):
        if sign * move[at] >= LEAST_TONE_DB:
            said.append(f"{move[at]:+.1f} dB around {hz[at]:g} Hz")
    return ", ".join(said)
