"""Decides on the image: octaves in which left and right cancel each other most of the time."""

from __future__ import annotations

from collections.abc import Sequence

from masterify_core.metering.phase import PhaseBand
from masterify_core.planning.aim import NOT_LOOKED_FOR, NOTHING_ASKED, Aim, Decision
from masterify_core.stages.image import Image, SideBand

LEAST_SHARE, LEAST_SIDE_DB = 0.6, 3.0  # 46 undamaged songs: no octave has both
REDUCTION_DB = 6.0
# Coherence of 11 damaged songs: 0.34 to 0.49 in an octave with a foreign side;
# 0.52 to 0.93 in a turned bass that passes the two above.
TURNED = 0.5


def decide(aim: Aim) -> Decision:
    """Halve the side where it is far stronger than the mid: mono playback loses it, and it has no place.

    Where both channels hold the same sound, turned in phase, less side would only be less of that sound.
    """
    m = aim.measurement
    if aim.strength <= 0.0:
        return Decision(None, NOTHING_ASKED)
    if aim.findings is None:
        return Decision(None, NOT_LOOKED_FOR)
    if not aim.findings.phase:
        return Decision(None, "the song is mono")
    if m.antiphase:
        return Decision(None, "one channel is the other upside down: turn its polarity in the mix")
    against = [
        band for band in aim.findings.phase
        if band.against_share >= LEAST_SHARE * aim.prior.finding_scale
        and band.side_mid_db >= LEAST_SIDE_DB * aim.prior.finding_scale
    ]  # fmt: skip
    if not against:
        return Decision(None, "no octave in which left and right work against each other")
    if aim.holds_back <= 0.5:
        return Decision(None, "left and right work against each other, but the song is finished already")
    foreign = [band for band in against if band.coherence < TURNED]
    if not foreign:
        return Decision(
            None,
            f"left and right are turned against each other in phase: {_said(against)}; only the mix can turn them back",
        )
    reduction_db = round(REDUCTION_DB * min(aim.strength, 1.0), 2)
    bands = tuple(SideBand(low_hz=b.low_hz, high_hz=b.high_hz, reduction_db=reduction_db) for b in foreign)
    return Decision(
        Image(bands=bands),
        f"left and right work against each other: {_said(foreign)}; side lowered by {reduction_db:g} dB",
    )


def _said(bands: Sequence[PhaseBand]) -> str:
    return ", ".join(
        f"{b.low_hz:g} to {b.high_hz:g} Hz ({100.0 * b.against_share:.0f} % of the time)" for b in bands
    )
