"""The budget of a delivery: how much limiting, distortion and loss of attack its loudness may cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from masterify_core.schema import Checked, Range


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget(Checked):
    """What loudness may cost. The first is kept: loudness stops short of it; the others are told where they are exceeded.

    Attributes
    ----------
    most_extra_db
        Gain that the limiter may swallow: beyond what would meet the loudness if nothing were limited, dB.
    most_clipped_share
        Share of the sound, in time, that is clipped: an estimate of distortion.
    most_momentary_db
        Deepest reduction of a moment: what an attack may lose, dB.
    """

    most_extra_db: Annotated[float, Range(0.0, 20.0, "dB")] = 9.0
    most_clipped_share: Annotated[float, Range(0.0, 1.0)] = 0.05
    most_momentary_db: Annotated[float, Range(0.0, 40.0, "dB")] = 12.0

    def exceeded(self, clipped_share: float, momentary_db: float) -> tuple[str, ...]:
        """Say what a delivery cost beyond the budget."""
        said = []
        if clipped_share > self.most_clipped_share:
            said.append(
                f"{100 * clipped_share:.1f} % of the sound is clipped, {100 * self.most_clipped_share:g} % are allowed for"
            )
        if momentary_db > self.most_momentary_db:
            said.append(
                f"attacks are turned down by up to {momentary_db:.1f} dB, {self.most_momentary_db:g} dB are allowed for"
            )
        return tuple(
            f"loudness costs more than it should: {each}; a target nearer to the song's own would cost less"
            for each in said
        )


USUAL_BUDGET = Budget()
