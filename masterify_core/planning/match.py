"""Decides on band dynamics: without a reference there is nothing to match."""

from __future__ import annotations

from masterify_core.planning.aim import Aim, Decision


def decide(aim: Aim) -> Decision:  # noqa: ARG001 (a decision like the others; `following` answers where there is a reference)
    """Leave them alone."""
    return Decision(None, "no reference was given")
