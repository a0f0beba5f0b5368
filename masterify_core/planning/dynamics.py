"""Decides on dynamics: bands that move more than they usually do are compressed."""

from __future__ import annotations

import math

import numpy as np

from masterify_core.planning.aim import NOTHING_ASKED, Aim, Decision
from masterify_core.stages.dynamics import Band, Dynamics

LEAST_RATIO, MOST_RATIO = 1.3, 2.5
LEAST_CAP_DB, MOST_STRENGTH = 0.5, 1.5
ALIKE = 0.5  # ratios closer than this are one band's
# What each of three or five bands holds of the five whose levels are measured, and of the nine whose movement is.
PARTS = {3: ((0, 1), (1, 3), (3, 5)), 5: ((0, 1), (1, 2), (2, 3), (3, 4), (4, 5))}
FIRST_OF_NINE = (0, 1, 3, 5, 7, 9)
CROSSOVERS_HZ = {3: (148.0, 2550.0), 5: (148.0, 795.0, 2550.0, 7314.0)}
NAMES = {3: ("bass", "middle", "treble"), 5: ("bass", "low middle", "middle", "presence", "treble")}
# Five bands follow the crest factor and begin lower: on seven mixes that evened out twice the movement and left
# the peaks where they were over the loudness, where fixed times raised them by 0.3 dB.
LONGEST_ATTACK_MS, LONGEST_RELEASE_MS, CREST_MS = 80.0, 1000.0, 200.0


def decide(aim: Aim) -> Decision:
    """Compress bands that move more than they usually do; in the standard tier one band where all do alike."""
    m, genre, strength = aim.measurement, aim.genre, aim.strength * aim.share
    if strength <= 0.0:
        return Decision(None, f"the song is finished already, or {NOTHING_ASKED}")
    count = aim.tier.dynamics_bands
    moves, usual = np.array(m.band_sigma_db), np.array(genre.band_sigma_db)
    ratios = []
    for first, last in PARTS[count]:
        part = slice(FIRST_OF_NINE[first], FIRST_OF_NINE[last])
        ratio = 1.0 + (float(moves[part].mean() / usual[part].mean()) - 1.0) * min(strength, MOST_STRENGTH)
        ratios.append(min(max(ratio, 1.0), MOST_RATIO))
    cap = min(genre.compression_cap_db, aim.tier.dynamics_cap_db) * min(strength, MOST_STRENGTH)
    if max(ratios) < LEAST_RATIO or cap < LEAST_CAP_DB:
        return Decision(None, "no band moves more than it usually does")
    why = f"moves more than {genre.title} usually does"
    levels = [_sum_db(m.band_threshold_db[first:last]) for first, last in PARTS[count]]
    if count == 3 and min(ratios) >= LEAST_RATIO and max(ratios) - min(ratios) < ALIKE:
        ratio = min(float(np.mean(ratios)), genre.glue_ratio)
        stage = Dynamics(bands=(_band(_sum_db(levels), ratio, cap, follows=False),))
        return Decision(stage, f"{why}: {ratio:.2f}:1, at most {cap:.1f} dB")
    bands = [
        _band(level, ratio, cap if ratio >= LEAST_RATIO else 0.0, follows=count == 5)
        for level, ratio in zip(levels, ratios, strict=True)
    ]
    said = ", ".join(
        f"{name} {r:.2f}:1" for name, r in zip(NAMES[count], ratios, strict=True) if r >= LEAST_RATIO
    )
    stage = Dynamics(crossovers_hz=CROSSOVERS_HZ[count], bands=tuple(bands))
    return Decision(stage, f"{why}: {said}, at most {cap:.1f} dB")


def _band(level_db: float, ratio: float, cap_db: float, *, follows: bool) -> Band:
    """Compress from the level that 30 % of the song exceed, or what it may take below that if times follow the crest."""
    level_db = min(max(level_db - (cap_db if follows else 0.0), -120.0), 120.0)
    band = {
        "threshold_dbfs": round(level_db, 2),
        "ratio": round(ratio, 2),
        "cap_db": round(min(cap_db, 6.0), 2),
    }
    if follows:
        band |= {"attack_ms": LONGEST_ATTACK_MS, "release_ms": LONGEST_RELEASE_MS, "crest_ms": CREST_MS}
    return Band(**band)


def _sum_db(levels_db: tuple[float, ...] | list[float]) -> float:
    return 10.0 * math.log10(sum(10.0 ** (db / 10.0) for db in levels_db))
