"""Decides on declicking: where clicks are more often than music makes them by itself."""

from __future__ import annotations

from masterify_core.planning.aim import NOT_LOOKED_FOR, NOTHING_ASKED, Aim, Decision
from masterify_core.stages.declick import Declick

# Middle minutes of 64 undamaged songs: 12 in one, 9 in one, at most 6 in all others; with 30 clicks put in, more than
# this are found in 51 of them (more than 12 in 53).
LEAST_CLICKS, LEAST_PER_MINUTE = 3, 15.0


def decide(aim: Aim) -> Decision:
    """Mend clicks once they are no coincidence; single ones may be part of the music."""
    found = aim.findings
    if aim.strength <= 0.0:
        return Decision(None, NOTHING_ASKED)
    if found is None:
        return Decision(None, NOT_LOOKED_FOR)
    said = f"{found.clicks} click{'s' * (found.clicks != 1)}, {found.clicks_per_minute:.1f} a minute"
    if found.clicks < LEAST_CLICKS or found.clicks_per_minute < LEAST_PER_MINUTE * aim.prior.finding_scale:
        return Decision(
            None, f"{said}: too few to tell from the music" if found.clicks else "no clicks found"
        )
    return Decision(Declick(), f"{said}: interpolated")
