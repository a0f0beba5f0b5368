"""The plan: a song's measurements, a genre and a tier in, a recipe with reasons out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from masterify_core.metering.findings import Findings
from masterify_core.metering.report import Measurement
from masterify_core.planning import (
    declick,
    denoise,
    dynamic_eq,
    dynamics,
    edges,
    following,
    image,
    match,
    repair,
    saturation,
    stereo,
    tone,
    universal,
)
from masterify_core.planning.aim import Aim, Decision
from masterify_core.planning.following import Follow
from masterify_core.planning.orders import order
from masterify_core.planning.restraint import restraint
from masterify_core.presets import Library
from masterify_core.recipe import Recipe, Skipped, Step
from masterify_core.schema import to_table

DECISIONS: Mapping[str, Callable[[Aim], Decision]] = {
    "repair": repair.decide,
    "declick": declick.decide,
    "denoise": denoise.decide,
    "image": image.decide,
    "edges": edges.decide,
    "tone": tone.decide,
    "stereo": stereo.decide,
    "dynamic_eq": dynamic_eq.decide,
    "match": match.decide,
    "dynamics": dynamics.decide,
    "saturation": saturation.decide,
}
USUAL_INTENSITY = 50.0


def plan(
    measurement: Measurement, library: Library, *, platforms: Sequence[str], genre: str, ai_service: str, tier: str,
    intensity: float, loudness_lufs: float | None = None, ceiling_dbtp: float | None = None,
    bit_depth: Literal["16", "24", "32f"] | None = None, sample_rate: int | None = None,
    follow: Follow | None = None, findings: Findings | None = None,
    codec_check: Literal["off", "hot", "full"] | None = None, quality: Literal["standard", "high"] | None = None,
    serves: Sequence[str] = (),
) -> Recipe:  # fmt: skip
    """Decide everything.

    Parameters
    ----------
    measurement
        Of the song.
    platforms, genre, ai_service, tier
        Names of presets.
    intensity
        0 to 100; scales every stage, 0 plans none.
    loudness_lufs, ceiling_dbtp, bit_depth, sample_rate
        Instead of the platforms' own.
    follow
        A reference that tone, width and dynamics follow instead of the genre, finished song or not.
    findings
        What may be damaged in the song, for the tiers that repair it.
    codec_check, quality
        Instead of the tier's own.
    serves
        The platforms that ``universal`` is to serve; without any it keeps its own numbers.

    Raises
    ------
    UnknownNameError
        A preset does not exist.
    """
    sound, effort, prior = library.genre(genre), library.tier(tier), library.ai_service(ai_service)
    strength = intensity / USUAL_INTENSITY if math.isfinite(measurement.integrated_lufs) else 0.0
    restrained = restraint(measurement, sound, intensity)
    aim = Aim(
        measurement=measurement, genre=sound, prior=prior, tier=effort, strength=strength,
        holds_back=restrained.holds_back, mixture=restrained.mixture, findings=findings,
    )  # fmt: skip
    decisions = DECISIONS
    if follow is not None and strength > 0.0:
        decisions = {**DECISIONS, **following.decisions_after(follow, aim)}
    steps, skipped = [], []
    for name in effort.stages:
        decision = decisions[name](aim)
        if decision.stage is None:
            skipped.append(Skipped(stage=name, reason=decision.reason))
        else:
            steps.append(Step(stage=name, settings=to_table(decision.stage), reason=decision.reason))
    orders = [
        order(
            name,
            library.platform(name),
            genre,
            sound,
            loudness_lufs,
            ceiling_dbtp,
            bit_depth,
            sample_rate,
            codec_check or effort.codec_check,
            quality or effort.limiter_quality,
            restrained.mixture,
        )
        for name in platforms
    ]
    asked = {"loudness_asked": loudness_lufs is not None, "ceiling_asked": ceiling_dbtp is not None}
    orders = [
        universal.serving(made, library, genre, serves, **asked) if made.platform == universal.NAME else made
        for made in orders
    ]
    notes: list[str] = []
    if follow is not None:
        if loudness_lufs is None:
            orders = [following.louder(made, library.platform(made.platform), follow) for made in orders]
        notes += following.notes_of(follow)
    if strength > 0.0:
        notes += restrained.notes
    if not math.isfinite(measurement.integrated_lufs):
        notes.append(
            "The song is shorter than 0.4 s: its loudness is that of all of it, and nothing else is judged"
        )
    return Recipe(
        genre=genre, ai_service=ai_service, tier=tier, intensity=intensity, steps=tuple(steps),
        skipped=tuple(skipped), deliveries=tuple(orders), notes=tuple(notes),
    )  # fmt: skip
