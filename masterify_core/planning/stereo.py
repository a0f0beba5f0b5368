"""Decides on the stereo image: mono bass, and width within the genre's normal spread."""

from __future__ import annotations

import math

import numpy as np

from masterify_core.planning.aim import NOTHING_ASKED, Aim, Decision, edge
from masterify_core.stages.stereo import Stereo

LEAST_WIDTH_DB, MOST_WIDENING_DB, MOST_NARROWING_DB = 0.3, 2.0, -4.0
WIDTH_LEAN = 2.0  # of the genre's width, that the spread is smaller by on the side that lacks it
MOST_MONO_LOSS_DB = 2.5
MONO_SIDE_MID_DB = -40.0


def decide(aim: Aim) -> Decision:
    """Mono bass where the side is unusually strong there; width towards the edge of the normal spread."""
    m, genre = aim.measurement, aim.genre
    if m.channels == 1:
        return Decision(None, "the song is mono")
    if m.dead_channel is not None:
        return Decision(None, f"the {m.dead_channel} channel is silent")
    if aim.strength <= 0.0:
        return Decision(None, NOTHING_ASKED)
    if aim.holds_back <= 0.0:
        return Decision(None, "the song is finished already")
    measured, usual = np.array(m.side_mid_db), np.array(genre.side_mid_db)
    spread = np.array(genre.side_mid_spread_db)
    if measured[2:].max() < MONO_SIDE_MID_DB:
        return Decision(None, "both channels are the same: there is no side to widen")
    mono = genre.mono_below_hz if measured[0] > usual[0] + spread[0] and aim.holds_back > 0.5 else 0.0
    gap = float(np.mean(usual[2:] + genre.width_db - np.maximum(measured[2:], -60.0)))
    limit = float(spread[2:].mean()) * edge(aim.strength)
    if gap * genre.width_db > 0.0:
        limit = max(limit - WIDTH_LEAN * abs(genre.width_db), 0.0)
    width = math.copysign(max(abs(gap) - limit, 0.0), gap) * aim.share
    width = min(
        max(width, MOST_NARROWING_DB), MOST_WIDENING_DB if m.mono_loss_db < MOST_MONO_LOSS_DB else 0.0
    )
    if abs(width) < LEAST_WIDTH_DB:
        width = 0.0
    if not mono and not width:
        return Decision(None, "bass is centred and width is within the normal spread")
    said = [f"side in the bass {measured[0]:.0f} dB under mid: made mono below {mono:g} Hz"] * bool(mono)
    said += [f"side {'raised' if width > 0 else 'lowered'} by {abs(width):.1f} dB above 300 Hz"] * bool(width)
    return Decision(Stereo(mono_below_hz=mono, width_db=round(width, 2)), "; ".join(said))
