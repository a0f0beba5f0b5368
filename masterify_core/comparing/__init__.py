"""Comparing two sounds: where they lie, and what differs at equal loudness."""

from masterify_core.comparing.alignment import Alignment, align
from masterify_core.comparing.comparison import Comparison, compare

__all__ = ["Alignment", "Comparison", "align", "compare"]
