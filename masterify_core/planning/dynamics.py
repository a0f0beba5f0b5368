"""Decides on dynamics: bands that move more than they usually do are compressed."""

from __future__ import annotations

import math

import numpy as np

from masterify_core.planning.aim import NOTHING_ASKED, Aim, Decision
from masterify_core.stages.dynamics import Band, Dynamics

LEAST_RATIO, MOST_RATIO = 1.3, 2.5
CROSSOVERS_HZ = (150.0, 2500.0)
BAND_PARTS = ((0, 1), (1, 5), (5, 9))  # of the nine bands
BAND_NAMES = ("bass", "middle", "treble")
EXPECTED_SHARE = 0.35  # of the cap that a band's reduction reaches on average, for make-up


def decide(aim: Aim) -> Decision:
    """Compress bands that move more than they usually do; one band where all do alike."""
    m, genre, strength = aim.measurement, aim.genre, aim.strength * aim.holds_back
    if strength <= 0.0:
        return Decision(None, f"the song is finished already, or {NOTHING_ASKED}")
    ratios = [
        float(np.mean(np.array(m.band_sigma_db)[a:b]) / np.mean(np.array(genre.band_sigma_db)[a:b]))
        for a, b in BAND_PARTS
    ]
    ratios = [min(max(1.0 + (ratio - 1.0) * min(strength, 1.5), 1.0), MOST_RATIO) for ratio in ratios]
    cap = min(genre.compression_cap_db, aim.tier.dynamics_cap_db) * min(strength, 1.5)
    if max(ratios) < LEAST_RATIO or cap < 0.5:
        return Decision(None, "no band moves more than it usually does")
    if min(ratios) >= LEAST_RATIO and max(ratios) - min(ratios) < 0.5:
        ratio = min(float(np.mean(ratios)), genre.glue_ratio)
        total = 10.0 * math.log10(sum(10.0 ** (db / 10.0) for db in m.band_threshold_db))
        band = Band(
            threshold_dbfs=round(total, 2), ratio=round(ratio, 2), cap_db=round(cap, 2),
            makeup_db=round(cap * EXPECTED_SHARE * (1.0 - 1.0 / ratio), 2),
        )  # fmt: skip
        return Decision(
            Dynamics(bands=(band,)),
            f"moves more than {genre.title} usually does: {ratio:.2f}:1, at most {cap:.1f} dB",
        )
    bands = [
        Band(
            threshold_dbfs=round(max(-100.0, level), 2), ratio=round(ratio, 2),
            cap_db=round(cap, 2) if ratio >= LEAST_RATIO else 0.0,
            makeup_db=round(cap * EXPECTED_SHARE * (1.0 - 1.0 / ratio), 2) if ratio >= LEAST_RATIO else 0.0,
        )
        for level, ratio in zip(m.band_threshold_db, ratios, strict=True)
    ]  # fmt: skip
    said = ", ".join(
        f"{name} {ratio:.2f}:1"
        for name, ratio in zip(BAND_NAMES, ratios, strict=True)
        if ratio >= LEAST_RATIO
    )
    stage = Dynamics(crossovers_hz=CROSSOVERS_HZ, bands=tuple(bands))
    return Decision(stage, f"moves more than {genre.title} usually does: {said}, at most {cap:.1f} dB")
