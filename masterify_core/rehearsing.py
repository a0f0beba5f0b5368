"""Rehearsing: how far the limiter must stay under the ceiling so that lossy codecs' noise has room on its peaks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from masterify_core.listeners import Check, allowed_dbtp, chosen
from masterify_core.listening import all_spans, hot_spans, joined, listen
from masterify_core.preset_platform import Codec
from masterify_core.rendering import Prepared, prepare, programme_lufs, render
from masterify_core.stages.limiter import Limiter
from masterify_core.units import db_to_gain, gain_to_db

EXCERPT_S = 5.0
# Noise that must fit under full scale, and under what is allowed of decoded peaks; of the noisier spans.
FULL_SCALE_DEVIATIONS, ALLOWED_DEVIATIONS, QUANTILE = 3.0, 1.0, 0.9
# On three dense masters of -9 LUFS, half a decibel takes Zimtohrli from 1.3 to 2.3e-4; dips that keep the same decoded
# peaks under the ceiling take it to 8e-4.
MOST_EASED_DB = {"hot": 0.5, "full": 1.0}


def eased(
    prepared: Prepared, limiter: Limiter, wanted: float, codecs: Iterable[Codec], check: Check
) -> Limiter:
    """Render the hottest seconds of a song, listen to them through the riskiest codec, and answer a limiter for it.

    Where decoded peaks go over what is allowed, its ceiling is as much lower as the codec's noise asks for, within
    bounds; else it is the same. The loudness ``wanted``, LUFS, is met by either.
    """
    most_dbtp = allowed_dbtp(limiter.ceiling_dbtp)
    used, _ = chosen(codecs, check, most_dbtp)
    song, rate = prepared.audio, prepared.audio.rate
    if not used or not np.isfinite(programme_lufs(prepared.hops)):
        return limiter
    spans = hot_spans(song.samples, rate, EXCERPT_S)
    samples, _ = joined(song.samples, rate, spans, 1.0)
    excerpt = prepare(song.with_samples(samples), rate)
    louder_lu = programme_lufs(excerpt.hops) - programme_lufs(prepared.hops)
    rendered = render(excerpt, limiter, wanted + louder_lu)
    every = all_spans(samples.shape[1], rate)
    codec = used[0]
    heard = listen(
        rendered.audio.samples, rate, codec.name, codec.kbps or 0.0, every, db_to_gain(most_dbtp), rendered.trim,
        FULL_SCALE_DEVIATIONS,
    ).values()  # fmt: skip
    if not any(each.places for each in heard):
        return limiter
    noise = float(np.quantile([each.noise for each in heard], QUANTILE))
    room = min(1.0 - FULL_SCALE_DEVIATIONS * noise, db_to_gain(most_dbtp) - ALLOWED_DEVIATIONS * noise)
    wished_dbtp = gain_to_db(max(room, 1e-3))
    ceiling_dbtp = min(limiter.ceiling_dbtp, max(wished_dbtp, limiter.ceiling_dbtp - MOST_EASED_DB[check]))
    return replace(limiter, ceiling_dbtp=max(ceiling_dbtp, -12.0))
