"""Decides on edges: short fades where a file starts or ends in mid-sound."""

from __future__ import annotations

from masterify_core.planning.aim import NOT_LOOKED_FOR, NOTHING_ASKED, Aim, Decision
from masterify_core.stages.edges import Edges

STEP_FROM_DBFS = -40.0
FADE_IN_MS, FADE_OUT_MS = 1.0, 10.0  # short enough to leave the attack of a tightly cut first note


def decide(aim: Aim) -> Decision:
    """Fade what would click. Nothing is trimmed."""
    found = aim.findings
    if aim.strength <= 0.0:
        return Decision(None, NOTHING_ASKED)
    if found is None:
        return Decision(None, NOT_LOOKED_FOR)
    head, tail = found.head_step_dbfs >= STEP_FROM_DBFS, found.tail_step_dbfs >= STEP_FROM_DBFS
    if not head and not tail:
        return Decision(None, "starts and ends softly enough")
    said = [f"starts at {found.head_step_dbfs:.0f} dBFS: faded in over {FADE_IN_MS:g} ms"] * head
    said += [f"ends at {found.tail_step_dbfs:.0f} dBFS: faded out over {FADE_OUT_MS:g} ms"] * tail
    return Decision(Edges(fade_in_ms=FADE_IN_MS * head, fade_out_ms=FADE_OUT_MS * tail), "; ".join(said))
