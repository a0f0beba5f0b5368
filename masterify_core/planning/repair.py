"""Decides on repair: DC and what lies below hearing."""

from __future__ import annotations

import math

from masterify_core.planning.aim import NOTHING_ASKED, Aim, Decision
from masterify_core.stages.repair import Repair
from masterify_core.units import db_to_gain

DC_FROM = 0.001  # -60 dBFS; under that an offset costs no headroom,
LOUDEST_LUFS = -7.5  # at the loudness of the loudest masters: what is quiet in a mix is not so in its master
SUBSONIC_FROM_DB, HIGH_PASS_HZ = -20.0, 20.0


def decide(aim: Aim) -> Decision:
    """DC and subsonics, only where they were measured; what rumbles in a finished song is left to it."""
    m = aim.measurement
    if aim.strength <= 0.0:
        return Decision(None, NOTHING_ASKED)
    gain = db_to_gain(max(0.0, LOUDEST_LUFS - m.integrated_lufs)) if math.isfinite(m.integrated_lufs) else 1.0
    dc = tuple(m.dc) if max(map(abs, m.dc)) * gain >= DC_FROM else ()
    corner = HIGH_PASS_HZ if m.subsonic_db > SUBSONIC_FROM_DB and aim.holds_back > 0.5 else 0.0
    if not dc and not corner:
        return Decision(None, "no DC found, and no rumble to take out")
    said = []
    if dc:
        said.append(f"DC of {max(map(abs, dc)):.4f}")
    if corner:
        said.append(f"rumble below 18 Hz {-m.subsonic_db:.0f} dB under the bass")
    return Decision(Repair(dc=dc, high_pass_hz=corner), " and ".join(said))
