"""Decides on repair: DC and what lies below hearing."""

from __future__ import annotations

from masterify_core.planning.aim import NOTHING_ASKED, Aim, Decision
from masterify_core.stages.repair import Repair

DC_FROM = 0.001  # -60 dBFS; under that an offset costs no headroom
SUBSONIC_FROM_DB, HIGH_PASS_HZ = -20.0, 20.0


def decide(aim: Aim) -> Decision:
    """DC and subsonics, only where they were measured; what rumbles in a finished song is left to it."""
    m = aim.measurement
    if aim.strength <= 0.0:
        return Decision(None, NOTHING_ASKED)
    dc = tuple(m.dc) if max(map(abs, m.dc)) >= DC_FROM else ()
    corner = HIGH_PASS_HZ if m.subsonic_db > SUBSONIC_FROM_DB and aim.holds_back > 0.5 else 0.0
    if not dc and not corner:
        return Decision(None, "no DC found, and no rumble to take out")
    said = []
    if dc:
        said.append(f"DC of {max(map(abs, dc)):.4f}")
    if corner:
        said.append(f"rumble below 18 Hz {-m.subsonic_db:.0f} dB under the bass")
    return Decision(Repair(dc=dc, high_pass_hz=corner), " and ".join(said))
