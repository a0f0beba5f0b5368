"""Planning: all mastering decisions, one file a stage, and the plan made of them."""

from masterify_core.planning.following import Follow
from masterify_core.planning.planner import plan
from masterify_core.planning.universal import singles

__all__ = ["Follow", "plan", "singles"]
