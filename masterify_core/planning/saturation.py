"""Decides on saturation: a mix whose peaks stand further over its loudness than the genre's usually do."""

from __future__ import annotations

import math

from masterify_core.planning.aim import NOTHING_ASKED, Aim, Decision
from masterify_core.stages.saturation import Saturation

LEAST_LACK_LU, FULL_LACK_LU = 1.0, 5.0
LEAST_MIX, MOST_MIX, MOST_DRIVE_DB = 0.1, 0.3, 2.0
FULL_OVER_RMS_DB = 12.0  # a tone at the song's mean power then gets a third harmonic of -44 dB at most
MOST_STRENGTH = 1.5


def decide(aim: Aim) -> Decision:
    """Judge density by PSR: the median over the song of true peak over short-term loudness."""
    m, genre, strength = aim.measurement, aim.genre, aim.strength * aim.share
    if strength <= 0.0:
        return Decision(None, f"the song is finished already, or {NOTHING_ASKED}")
    if not math.isfinite(m.psr_lu) or not math.isfinite(m.rms_dbfs):
        return Decision(None, "the song is too short to tell its density")
    lack = m.psr_lu - genre.psr_lu
    if lack < LEAST_LACK_LU:
        return Decision(
            None, f"dense enough: peaks {m.psr_lu:.1f} LU over loudness, {genre.psr_lu:g} are usual"
        )
    share = min(lack / FULL_LACK_LU, 1.0) * min(strength, MOST_STRENGTH)
    mix = min(max(MOST_MIX * share, LEAST_MIX * min(strength, 1.0)), MOST_MIX)
    stage = Saturation(
        full_dbfs=round(min(max(m.rms_dbfs + FULL_OVER_RMS_DB, -120.0), 120.0), 2),
        drive_db=round(min(MOST_DRIVE_DB * share, MOST_DRIVE_DB), 2), mix=round(mix, 3),
    )  # fmt: skip
    said = f"peaks stand {m.psr_lu:.1f} LU over loudness, {genre.psr_lu:g} are usual in {genre.title}"
    return Decision(stage, f"{said}: {100.0 * mix:.0f} % of a softly bent copy")
