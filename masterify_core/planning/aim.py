"""What a plan aims at: the song as measured, the sound wanted, and how strongly; and what a decision is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from masterify_core.metering.findings import Findings
from masterify_core.metering.report import Measurement
from masterify_core.presets import AiService, Genre, Tier

NOTHING_ASKED = "intensity is 0, or the song too short to judge"
NOT_LOOKED_FOR = "not looked for"
EDGE_SIGMAS, EDGE_SLOPE = 0.75, 0.45  # the normal spread at usual intensity, and how much less at twice that


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """All that a decision may look at.

    Attributes
    ----------
    measurement
        Of the song.
    genre, prior, tier
        The sound aimed at, what to expect of the song's source, and how much effort to make.
    findings
        What may be damaged in the song; None if it was not looked for.
    strength
        0 does nothing, 1 is the usual, 2 as far as the bounds allow.
    holds_back
        1 for a mix, 0 for a finished master that is not to be processed.
    mixture
        1 for a mix, less for what is not to be brought to a genre, finished or not: ambient, a solo instrument.
    """

    measurement: Measurement
    genre: Genre
    prior: AiService
    tier: Tier
    strength: float
    holds_back: float
    mixture: float = 1.0
    findings: Findings | None = None

    @property
    def share(self) -> float:
        """How much the stages that shape a sound may do, 0 to 1; repairs go by ``holds_back`` alone."""
        return min(self.holds_back, self.mixture)


@dataclass(frozen=True, slots=True)
class Decision:
    """A stage to use, or None, and the reason either way."""

    stage: Any
    reason: str


def edge(strength: float) -> float:
    """How many standard deviations a song may lie off a genre's middle before it is moved."""
    return min(max(EDGE_SIGMAS - EDGE_SLOPE * (strength - 1.0), 0.3), 1.2)
