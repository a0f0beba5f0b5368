"""Rendering: the gain and the limiting that bring finished sound to a loudness under a ceiling."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from masterify_core.audio import Audio
from masterify_core.codecs import CodecCheck
from masterify_core.errors import UnusableAudioError
from masterify_core.metering.loudness import MOMENTARY_HOPS, OFFSET_DB, Hops, energies, integrated_lufs
from masterify_core.metering.peaks import PRINTED_MARGIN_DB, PRINTED_UP_TO_HZ, overs
from masterify_core.peak_reduction import GROUP, Envelope, dip, envelope
from masterify_core.stages.limiter import Limited, Limiter, Moments, estimated, limit, moments
from masterify_core.stages.resampler import resample
from masterify_core.units import db_to_gain, gain_to_db, power_to_db

Rows = NDArray[np.float32]
QUIETEST_LUFS = -70.0  # BS.1770's absolute gate: below it nothing is measured, so nothing can be met
TOLERANCE_LU = 0.01  # under the target; over it is mended by plain gain
AIM_LU = 0.045  # over the target while limiting: too loud is mended by plain gain, too quiet is not
SPARE_LU = 0.10  # more than this over the target is limited anew instead of turned down
ROUNDS = 8
# Where loudness stops: past this much gain beyond the plain difference, or when the next dB of gain
# brings less than this, the limiter only flattens the song.
MOST_EXTRA_DB, LEAST_SLOPE = 9.0, 0.15
SHORT_EXTRA_DB = 6.0
LIKELY_SLOPE = 0.6
LEAST_STEP_DB = 0.005
NEAR_LU, MOST_STEP_DB, SECANTS = 0.01, 4.0, 20  # of the estimated loudness
GUARD_DB = 0.002  # under the ceiling, for the rounding of the file's words
GUARD_ROUNDS = 4
DEEP_DIP_DB = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Finished sound at a delivery rate, with what every platform needs of it, computed once."""

    audio: Audio
    env: Envelope
    hops: Hops
    moments: Moments


@dataclass(frozen=True, slots=True, eq=False)
class Rendered:
    """Sound at its final loudness (after ``trim``) and under its ceiling.

    ``codecs`` is what its copies by lossy codecs measure, if that was looked at; ``mended`` says that it
    was changed for their sake.
    """

    audio: Audio
    gain_db: float
    trim: float
    limited: Limited
    lufs: float
    stopped: str | None
    codecs: tuple[CodecCheck, ...] = ()
    mended: bool = False


def prepare(audio: Audio, rate: int) -> Prepared:
    """Resample if asked, and measure what is the same for all platforms of that rate."""
    audio = resample(audio, rate)
    hops = energies(audio.samples, audio.rate)
    env = envelope(audio)
    return Prepared(audio, env, hops, moments(env, hops.energy))


def require_sound(prepared: Prepared, path: str) -> None:
    """Refuse a song of which the stages have left nothing.

    Raises
    ------
    UnusableAudioError
        e.g. ``song.wav: holds little but an offset (DC) or rumble: without it no sound is left to master``.
    """
    if not programme_lufs(prepared.hops) > QUIETEST_LUFS:
        raise UnusableAudioError(
            path, "holds little but an offset (DC) or rumble: without it no sound is left to master"
        )


def render(
    prepared: Prepared, limiter: Limiter, wanted: float, out: Rows | None = None, most_extra_db: float = MOST_EXTRA_DB
) -> Rendered:  # fmt: skip
    """Find the gain that meets the loudness ``wanted`` (LUFS), limit, and close every inter-sample over.

    The loudness as a function of gain is estimated from peaks per 128 frames; each true rendering
    corrects the estimate by what it missed, so one or two renderings are enough. ``out`` is memory for
    the samples, overwritten by the next rendering into it; ``most_extra_db`` is the gain that limiting may
    swallow before it stops short.
    """
    out = np.empty_like(prepared.audio.samples) if out is None else out
    plain_db = _plain_gain_db(prepared.hops, wanted)
    ceiling = db_to_gain(limiter.ceiling_dbtp)
    if db_to_gain(plain_db) * prepared.env.peak <= ceiling:
        limited = limit(limiter, prepared.audio, prepared.env, db_to_gain(plain_db), out)
        rendered = Rendered(_audio(prepared, limited), plain_db, 1.0, limited, wanted, None)
        return _guarded(prepared, rendered, ceiling, out)

    def estimate(gain_db: float) -> float:
        energy = estimated(limiter, prepared.moments, db_to_gain(gain_db))
        return programme_lufs(replace(prepared.hops, energy=energy))

    most_db = plain_db + most_extra_db
    gain_db, tried = _solve(estimate, wanted + AIM_LU, plain_db, most_db), list[tuple[float, float]]()
    while True:
        limited = limit(limiter, prepared.audio, prepared.env, db_to_gain(gain_db), out)
        lufs = programme_lufs(energies(out, prepared.audio.rate))
        tried.append((gain_db, lufs))
        if -TOLERANCE_LU <= lufs - wanted <= SPARE_LU:
            stopped = None
            break
        slope = _slope(tried) if len(tried) > 1 else LIKELY_SLOPE
        stopped = _why_stop(lufs - wanted, slope, most_extra_db if gain_db >= most_db else None, len(tried))
        if stopped is not None:
            break
        if len(tried) == 1:  # the estimate's error changes little with gain, so it is taken out first
            missed_lu = lufs - estimate(gain_db)
            following = _solve(estimate, wanted + AIM_LU - missed_lu, plain_db, most_db)
        else:
            following = gain_db + (wanted + AIM_LU - lufs) / min(max(slope, LEAST_SLOPE), 1.0)
        gain_db = min(
            following if abs(following - gain_db) > LEAST_STEP_DB else gain_db + wanted + AIM_LU - lufs,
            most_db,
        )
    if stopped is not None and gain_db > plain_db + SHORT_EXTRA_DB:
        # What cannot be reached is not worth the last decibels: they cost more than they bring.
        gain_db = plain_db + SHORT_EXTRA_DB
        limited = limit(limiter, prepared.audio, prepared.env, db_to_gain(gain_db), out)
        lufs = programme_lufs(energies(out, prepared.audio.rate))
    trim = db_to_gain(min(0.0, wanted - lufs))
    rendered = Rendered(_audio(prepared, limited), gain_db, trim, limited, min(lufs, wanted), stopped)
    return _guarded(prepared, rendered, ceiling, out)


def render_at(
    prepared: Prepared, limiter: Limiter, gain_db: float, trim: float, out: Rows
) -> Rendered:  # fmt: skip
    """Limit after a gain that was found elsewhere, e.g. on more of the song, and close every inter-sample over."""
    limited = limit(limiter, prepared.audio, prepared.env, db_to_gain(gain_db), out)
    close_overs(out, prepared.audio.rate, db_to_gain(limiter.ceiling_dbtp) / trim)
    lufs = programme_lufs(energies(out, prepared.audio.rate), gain_to_db(trim))
    return Rendered(_audio(prepared, limited), gain_db, trim, limited, lufs, None)


def foreseen(
    prepared: Prepared, limiter: Limiter, wanted: float, most_extra_db: float
) -> tuple[float, NDArray[np.float64]]:
    """Gain (dB) that `render` would find and energies of the hops that it would make, from the envelope alone.

    At music's rates within about 0.1 LU, and a hundred times faster.
    """
    plain_db = _plain_gain_db(prepared.hops, wanted)
    if db_to_gain(plain_db) * prepared.env.peak <= db_to_gain(limiter.ceiling_dbtp):
        return plain_db, prepared.hops.energy * db_to_gain(plain_db) ** 2

    @cache
    def energy(gain_db: float) -> NDArray[np.float64]:
        return estimated(limiter, prepared.moments, db_to_gain(gain_db))

    def estimate(gain_db: float) -> float:
        return programme_lufs(replace(prepared.hops, energy=energy(gain_db)))

    gain_db = _solve(estimate, wanted, plain_db, plain_db + min(most_extra_db, SHORT_EXTRA_DB))
    return gain_db, energy(gain_db)


def _slope(tried: list[tuple[float, float]]) -> float:
    """How much louder the last change of gain made the song, LU per dB."""
    (gain_before, lufs_before), (gain_now, lufs_now) = tried[-2:]
    return (lufs_now - lufs_before) / (gain_now - gain_before) if gain_now != gain_before else LIKELY_SLOPE


def _why_stop(miss_lu: float, slope: float, at_most_db: float | None, count: int) -> str | None:
    """Say why loudness stops short of its target, if it does."""
    if miss_lu < 0.0 and slope < LEAST_SLOPE:
        return "more gain would only flatten the song, not make it louder"
    if miss_lu < 0.0 and at_most_db is not None:
        return f"the limiter would have to take {at_most_db:g} dB more than is gained"
    return "no gain was found that meets it" if count >= ROUNDS else None


def programme_lufs(hops: Hops, gain_db: float = 0.0) -> float:
    """Integrated loudness, LUFS; for a song shorter than one gating block (0.4 s) the loudness of all of it, ungated."""
    if hops.whole >= MOMENTARY_HOPS:
        return integrated_lufs(hops, gain_db)
    return OFFSET_DB + power_to_db(float(hops.energy.sum()) / max(hops.frames, 1)) + gain_db


def _audio(prepared: Prepared, limited: Limited) -> Audio:
    return prepared.audio.with_samples(limited.samples)


def _plain_gain_db(hops: Hops, wanted_lufs: float) -> float:
    """Gain that meets a loudness without a limiter; the absolute gate makes it not quite the difference."""
    gain_db = wanted_lufs - programme_lufs(hops)
    for _ in range(4):
        gain_db += wanted_lufs - programme_lufs(hops, gain_db)
    return gain_db


def _solve(estimate: Callable[[float], float], wanted: float, plain_db: float, most_db: float) -> float:
    """Gain from ``plain_db`` to ``most_db`` where a rising, flattening curve comes near ``wanted`` (secant steps)."""
    gain_db, slope = plain_db, 1.0
    here = estimate(gain_db)
    for _ in range(SECANTS):
        if abs(wanted - here) <= NEAR_LU:
            break
        following = gain_db + min((wanted - here) / slope, MOST_STEP_DB)
        if following >= most_db:
            if estimate(most_db) <= wanted:
                return most_db
            following = (gain_db + most_db) / 2.0  # the step was too long
        there = estimate(following)
        slope = min(max((there - here) / (following - gain_db), LIKELY_SLOPE / 2.0), 1.1)
        gain_db, here = following, there
    return gain_db


def _guarded(prepared: Prepared, rendered: Rendered, ceiling: float, out: Rows) -> Rendered:
    """Close every over that is still there, in ``out``, the rendering's memory."""
    close_overs(out, prepared.audio.rate, ceiling / rendered.trim)
    return rendered


def close_overs(out: Rows, rate: int, ceiling: float) -> None:
    """Dip, in place, every over of a ceiling (a gain) that 16x interpolation or the filter printed in BS.1770 finds."""
    allowed = ceiling * db_to_gain(-GUARD_DB)
    margin_db = PRINTED_MARGIN_DB if rate <= PRINTED_UP_TO_HZ else None
    for _ in range(GUARD_ROUNDS):
        found = overs(out, allowed, margin_db, GROUP)
        if found is None:
            break
        dip(out, found, allowed * db_to_gain(-GUARD_DB), rate)
        if found.max() < allowed * db_to_gain(DEEP_DIP_DB):
            break  # a shallow dip leaves less than 0.002 dB, and the written file is measured again anyway
