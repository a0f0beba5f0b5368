"""Decides on the dynamic equaliser: zones whose loud moments stand too far over their neighbours."""

from __future__ import annotations

import math

import numpy as np

from masterify_core import zones
from masterify_core.planning import tone
from masterify_core.planning.aim import NOTHING_ASKED, Aim, Decision
from masterify_core.presets import THIRD_OCTAVES_HZ
from masterify_core.schema import build
from masterify_core.stages.dynamic_eq import Cut, DynamicEq

# How far the loudest tenth of a zone's moments may stand over what the genre's mean spectrum gives, dB: three quarters of
# 47 freely licensed songs stay under it.
ALLOWED_DB = {"mud": 7.0, "harsh": 5.0, "sibilance": 7.0}
LEAST_OVER_DB = 1.0
MOST_DB = {"mud": 3.0, "harsh": 3.0, "sibilance": 5.0}
TIMES_MS = {"mud": (10.0, 120.0, 20.0), "harsh": (10.0, 120.0, 20.0), "sibilance": (2.0, 60.0, 5.0)}
SAID = {
    "mud": "mud (200 to 500 Hz)",
    "harsh": "harshness (2.5 to 5 kHz)",
    "sibilance": "sibilance (6 to 10 kHz)",
}
MOST_STRENGTH = 1.5


def decide(aim: Aim) -> Decision:
    """Cut the moments that stand out of a zone after the tone stage has brought its mean to rights."""
    genre, strength = aim.genre, aim.strength * aim.share
    if strength <= 0.0:
        return Decision(None, f"the song is finished already, or {NOTHING_ASKED}")
    power = zones.power(np.array(THIRD_OCTAVES_HZ))
    curve_db = np.array(genre.curve_db)
    usual = zones.excess_db(power @ 10.0 ** (curve_db[:, None] / 10.0))[:, 0]
    after_db = curve_db + tone.move_db(aim)
    moved = zones.excess_db(power @ 10.0 ** (after_db[:, None] / 10.0))[:, 0] - usual
    cuts, said = [], []
    for name, high, normal, change in zip(
        zones.NAMES, aim.measurement.zone_high_db, usual, moved, strict=True
    ):
        over = high + change - normal - ALLOWED_DB[name] if math.isfinite(high) else -math.inf
        if over < LEAST_OVER_DB:
            continue
        attack, release, window = TIMES_MS[name]
        most = min(MOST_DB[name], over) * min(strength, MOST_STRENGTH)
        settings = {
            "zone": name,
            "over_db": round(float(normal + ALLOWED_DB[name]), 2),
            "most_db": round(min(most, MOST_DB[name]), 2),
        }
        cuts.append(build(Cut, {**settings, "attack_ms": attack, "release_ms": release, "window_ms": window}))
        said.append(
            f"{SAID[name]} stands out by {over:.1f} dB at times: at most {cuts[-1].most_db:.1f} dB less"
        )
    if not cuts:
        return Decision(None, "neither mud, harshness nor sibilance stands out")
    return Decision(DynamicEq(cuts=tuple(cuts)), "; ".join(said))
