"""A preview as values: one JSON document that both ``--json`` and the page are written from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from masterify_core.audio import Audio
from masterify_core.metering.report import Measurement, measure
from masterify_core.presets import Library
from masterify_core.preview.rendering import Excerpt
from masterify_core.preview.request import PreviewRequest
from masterify_core.recipe import Recipe

FORMAT = 1
Values = dict[str, Any]
# Third octaves of the meter, 20 Hz to 20 kHz, in the four regions that ears name.
REGIONS = {"bass": slice(2, 9), "low_mids": slice(9, 15), "mids": slice(15, 23), "treble": slice(23, 30)}
KEPT = ("integrated_lufs", "true_peak_dbtp", "plr_lu", "psr_lu", "crest_db", "correlation")


def document(
    *, request: PreviewRequest, library: Library, measurement: Measurement, original: Audio, start_s: float,
    seconds: float, variants: Sequence[Values], notes: Sequence[str], kbps: int,
) -> Values:  # fmt: skip
    """Everything that a preview says; files are named without their folders."""
    platform = library.platform(request.platform)
    return {
        "format": FORMAT,
        "kind": "preview",
        "song": {
            "file": Path(request.given or request.source).name,
            **{key: measurement.to_dict()[key] for key in ("seconds", "rate", "channels", "integrated_lufs", "true_peak_dbtp")},
        },
        "excerpt": {"start_s": start_s, "seconds": seconds, "kbps": kbps, **_kept(measure(original))},
        "platform": {"name": request.platform, "title": platform.title},
        "ai_service": request.ai_service,
        "tier": request.tier,
        "genres": list(dict.fromkeys(each["genre"] for each in variants)),
        "intensities": list(dict.fromkeys(each["intensity"] for each in variants)),
        "variants": list(variants),
        "notes": list(notes),
    }  # fmt: skip


def variant(
    *, genre: str, title: str, intensity: float, recipe: Recipe, sound: int, excerpt: Excerpt, original: Audio,
    command: str,
) -> Values:  # fmt: skip
    """One genre at one intensity: what is done, and what it makes of the excerpt."""
    (order, *_) = recipe.deliveries
    return {
        "genre": genre,
        "title": title,
        "intensity": intensity,
        "sound": sound,
        "command": command,
        "steps": [{"stage": step.stage, "reason": step.reason} for step in recipe.steps],
        "skipped": [{"stage": each.stage, "reason": each.reason} for each in recipe.skipped],
        "notes": list(recipe.notes),
        "target_lufs": order.loudness_lufs,
        "ceiling_dbtp": order.limiter.ceiling_dbtp,
        "target_met": excerpt.stopped is None,
        "gain_db": round(excerpt.gain_db, 2),
        "peak_reduction_db": round(excerpt.peak_reduction_db, 2),
        "mean_reduction_db": round(excerpt.mean_reduction_db, 2),
        **_kept(excerpt.measured),
        "tone_db": _tone_db(measure(original), excerpt.measured),
    }


def _kept(measured: Measurement) -> Values:
    return {key: measured.to_dict()[key] for key in KEPT}


def _tone_db(before: Measurement, after: Measurement) -> Values:
    """How much louder each region became beside the whole, dB."""
    powers = [10.0 ** (np.array(each.third_octaves_db) / 10.0) for each in (before, after)]
    louder = after.integrated_lufs - before.integrated_lufs
    found = {}
    for name, region in REGIONS.items():
        was, became = (float(power[region].sum()) for power in powers)
        known = was > 0.0 and became > 0.0 and np.isfinite(louder)
        found[name] = round(10.0 * np.log10(became / was) - louder, 1) + 0.0 if known else None
    return found
