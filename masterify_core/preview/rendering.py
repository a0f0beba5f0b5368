"""Renders one variant of a preview: the gain is found on the miniature, and only the excerpt is mastered by it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from masterify_core import chain
from masterify_core.audio import Audio
from masterify_core.metering.report import Measurement, measure
from masterify_core.preview.miniature import Miniature
from masterify_core.proofing import proof
from masterify_core.recipe import Recipe
from masterify_core.rehearsing import eased
from masterify_core.rendering import prepare, render, render_at, require_sound
from masterify_core.report.document import REDUCTION_STEP_S
from masterify_core.units import gain_to_db

BEFORE_S, AFTER_S = (
    4.0,
    1.0,
)  # heard by compressors and limiter around the excerpt; releases take about a second


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Excerpt:
    """The excerpt as a master has it.

    Attributes
    ----------
    audio
        At the master's loudness.
    measured
        Of the excerpt alone.
    gain_db
        From the processed song to the master, dB.
    peak_reduction_db, mean_reduction_db
        What the limiter takes in the excerpt: at most, and the mean of each 100 ms's deepest, dB.
    stopped
        Why the loudness would stop short of its target; None where it is met.
    """

    audio: Audio
    measured: Measurement
    gain_db: float
    peak_reduction_db: float
    mean_reduction_db: float
    stopped: str | None


def render_excerpt(
    song: Audio, small: Miniature, recipe: Recipe, start_s: float, seconds: float, *, path: str
) -> Excerpt:
    """Do to a part of a song what a recipe does to the whole of it, for the recipe's first platform.

    Raises
    ------
    UnusableAudioError
        The recipe leaves no sound; ``path`` says of what.
    """
    (order, *_) = recipe.deliveries
    rate = order.sample_rate or song.rate
    before_s = min(BEFORE_S, start_s)
    sampled, part_audio = _processed(song, small, recipe, start_s - before_s, before_s + seconds + AFTER_S)
    sample, part = prepare(sampled, rate), prepare(part_audio, rate)
    require_sound(sample, path)
    wanted_lufs = order.loudness_lufs + small.louder_lu
    limiter = eased(sample, order.limiter, wanted_lufs, order.codecs, order.codec_check)
    found = render(sample, limiter, wanted_lufs, most_extra_db=order.budget.most_extra_db)

    out = np.empty_like(part.audio.samples)
    rendered = render_at(part, limiter, found.gain_db, found.trim, out)
    rendered = proof(rendered, out, order.limiter.ceiling_dbtp, order.codecs, order.codec_check)

    audio = cut(rendered.audio, before_s, seconds)
    audio = audio.with_samples(audio.samples * np.float32(rendered.trim))
    steps = slice(round(before_s / REDUCTION_STEP_S), round((before_s + seconds) / REDUCTION_STEP_S))
    taken = rendered.limited.reduction_db[steps] or (0.0,)
    return Excerpt(
        audio=audio, measured=measure(audio), gain_db=rendered.gain_db + gain_to_db(rendered.trim),
        peak_reduction_db=max(taken), mean_reduction_db=sum(taken) / len(taken), stopped=found.stopped,
    )  # fmt: skip


def _processed(
    song: Audio, small: Miniature, recipe: Recipe, start_s: float, seconds: float
) -> tuple[Audio, Audio]:
    """Process the miniature and a part of the song in one: some stages give back the loudness that they took of all of it."""
    if small.whole:
        processed = chain.run(song, recipe.stages())
        return processed, cut(processed, start_s, seconds)
    both = np.concatenate((small.audio.samples, cut(song, start_s, seconds).samples), axis=1)
    processed = chain.run(Audio(both, song.rate), recipe.stages())
    frames = small.audio.frames
    return processed.with_samples(processed.samples[:, :frames]), processed.with_samples(
        processed.samples[:, frames:]
    )


def cut(audio: Audio, start_s: float, seconds: float) -> Audio:
    """Cut a part out."""
    first = round(start_s * audio.rate)
    return Audio(audio.samples[:, first : first + round(seconds * audio.rate)].copy(), audio.rate)
