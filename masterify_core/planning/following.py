"""Decides what follows a reference: tone, width and band dynamics instead of the genre's, and loudness if asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from masterify_core.metering.spectrum import THIRD_OCTAVES_HZ
from masterify_core.planning.aim import Aim, Decision
from masterify_core.planning.matching import Matched, matched
from masterify_core.presets import Platform
from masterify_core.profile import Profiled
from masterify_core.recipe import Order
from masterify_core.reference import Amounts, Reference
from masterify_core.short_time import CENTRES_HZ
from masterify_core.stages.stereo import Stereo
from masterify_core.stages.tone import Tone

LEAST_MOVE_DB = 0.3
QUIETEST_LUFS, LOUDEST_LUFS = -30.0, -6.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Follow:
    """A reference to follow.

    Attributes
    ----------
    song
        The song, profiled.
    reference, amounts
        What to follow, and how far.
    """

    song: Profiled
    reference: Reference
    amounts: Amounts


def decisions_after(follow: Follow, aim: Aim) -> Mapping[str, Callable[[Aim], Decision]]:
    """Answer the decisions that follow the reference, by stage; what has amount 0 is left to the genre.

    Dynamics are matched where the tier has the stage ``match``. Then nothing else may compress or colour the
    song, or it would leave the reference again.
    """
    moves = "match" in aim.tier.stages
    asked = {
        "tone": follow.amounts.tone,
        "dynamics": follow.amounts.dynamics if moves else 0.0,
        "width": follow.amounts.width,
    }
    amounts = Amounts(**{side: min(1.0, amount * aim.strength) for side, amount in asked.items()})
    found, name = matched(follow.song, follow.reference, amounts), follow.reference.name
    decided: dict[str, Decision] = {}
    if amounts.tone > 0.0:
        decided["tone"] = _tone(found, name)
    if amounts.width > 0.0:
        decided["stereo"] = _stereo(found, follow)
    if amounts.dynamics > 0.0:
        decided["match"] = _match(found, name)
        for stage in ("dynamic_eq", "dynamics", "saturation"):
            decided[stage] = Decision(None, f"dynamics follow {name}")
    return {stage: _always(decision) for stage, decision in decided.items()}


def louder(made: Order, platform: Platform, follow: Follow) -> Order:
    """Take an order's loudness towards the reference's, as far as asked; its ceiling goes with it."""
    amount = follow.amounts.loudness
    if amount <= 0.0:
        return made
    there = min(max(follow.reference.profile.integrated_lufs, QUIETEST_LUFS), LOUDEST_LUFS)
    target = round(made.loudness_lufs + amount * (there - made.loudness_lufs), 2)
    ceiling = min(made.limiter.ceiling_dbtp, platform.ceiling_for(target))
    return replace(
        made, loudness_lufs=target, limiter=replace(made.limiter, ceiling_dbtp=ceiling),
        reason=f"{made.reason}; taken to {target:g} LUFS after {follow.reference.name}",
    )  # fmt: skip


def notes_of(follow: Follow) -> list[str]:
    """Tell what is followed, and what is odd about it."""
    there = follow.reference
    heard = (
        f"Follows {there.name}: {there.profile.seconds:.0f} s of sound, {there.profile.integrated_lufs:.1f} LUFS,"
        f" loudness range {there.loudness_range_lu:.1f} LU, PLR {there.plr_lu:.1f} LU"
    )
    return [heard, *there.notes]


def _always(decision: Decision) -> Callable[[Aim], Decision]:
    return lambda _: decision


def _tone(found: Matched, name: str) -> Decision:
    move = np.round(found.tone_db, 2) + 0.0
    if np.abs(move).max() < LEAST_MOVE_DB:
        return Decision(None, f"tone is that of {name} already")
    at = sorted({int(np.argmax(move)), int(np.argmin(move))})
    largest = ", ".join(f"{move[k]:+.1f} dB around {THIRD_OCTAVES_HZ[k]:g} Hz" for k in at)
    change = _change("off in third octaves", found.before.tone_db, found.after.tone_db)
    stage = Tone(hz=THIRD_OCTAVES_HZ, db=tuple(move.tolist()))
    return Decision(stage, f"towards {name}: {change}; most {largest}")


def _stereo(found: Matched, follow: Follow) -> Decision:
    name = follow.reference.name
    if not follow.song.profile.has_side:
        return Decision(None, "the song has no side to widen")
    if not follow.reference.profile.has_side:
        return Decision(None, f"{name} is mono: width is left alone")
    gains = np.round(found.side_db, 2) + 0.0
    if np.abs(gains).max() < LEAST_MOVE_DB:
        return Decision(None, f"width is that of {name} already")
    change = _change("off in side over mid", found.before.width_db, found.after.width_db)
    stage = Stereo(side_hz=CENTRES_HZ, side_db=tuple(gains.tolist()))
    return Decision(stage, f"towards {name}: {change}; side {gains.min():+.1f} to {gains.max():+.1f} dB")


def _match(found: Matched, name: str) -> Decision:
    largest = (
        max((abs(db) for curve in found.match.bands for db in curve.gain_db), default=0.0)
        if found.match
        else 0.0
    )
    if largest < LEAST_MOVE_DB:
        return Decision(None, f"bands move as those of {name} already")
    change = _change("off in the spread of levels", found.before.dynamics_db, found.after.dynamics_db)
    return Decision(found.match, f"towards {name}: {change}; at most {largest:.1f} dB")


def _change(what: str, before_db: float, after_db: float) -> str:
    return f"{before_db:.1f} dB {what}, {after_db:.1f} dB foreseen"
