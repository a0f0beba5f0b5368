"""Planning: a song's measurements, a genre and a tier in, a recipe with reasons out. All mastering decisions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from masterify_core.balance import balance_db
from masterify_core.metering.report import Measurement
from masterify_core.presets import THIRD_OCTAVES_HZ, AiService, Genre, Library, Platform, Tier
from masterify_core.recipe import Order, Recipe, Skipped, Step
from masterify_core.schema import to_table
from masterify_core.stages.dynamics import Band, Dynamics
from masterify_core.stages.limiter import Limiter
from masterify_core.stages.repair import Repair
from masterify_core.stages.stereo import Stereo
from masterify_core.stages.tone import Tone

Floats = NDArray[np.float64]

USUAL_INTENSITY = 50.0
NOTHING_ASKED = "intensity is 0, or the song too short to judge"
# Repair.
DC_FROM = 0.001  # -60 dBFS; under that an offset costs no headroom
SUBSONIC_FROM_DB, HIGH_PASS_HZ = -20.0, 20.0
# A song counts as finished the more it is loud and near full scale at once: 0 at the first, 1 at the second.
# The strictest ceiling, -2 dBTP, must be past the second: masters land some hundredths under it.
FINISHED_LUFS, FINISHED_DBTP = (-18.5, -16.5), (-4.5, -2.5)
HOTTEST_MASTER_DBTP = (
    6.0  # lossy masters decode up to 4 dB over full scale; hotter is a mix in floating point
)
FINISHED_FORCE_INTENSITY = 75.0  # from here on even a finished song is corrected
EDGE_SIGMAS, EDGE_SLOPE = 0.75, 0.45  # the normal spread at usual intensity, and how much less at twice that
# Tone (dB, Hz).
HARSH_HZ = (5000.0, 12_000.0)
SMOOTH_OCTAVES = 0.5  # standard deviation of the Gaussian over the difference
MOST_TONE_DB, MOST_TREBLE_DB, MOST_AIR_DB = 4.0, 3.0, 2.0
TREBLE_FROM_HZ, AIR_FROM_HZ, NO_BOOST_BELOW_HZ = 8000.0, 14_000.0, 40.0
STEEPEST_DB_PER_OCTAVE = 4.0
LEAST_TONE_DB = 0.3
# Stereo.
LEAST_WIDTH_DB, MOST_WIDENING_DB, MOST_NARROWING_DB = 0.3, 2.0, -4.0
MOST_MONO_LOSS_DB = 2.5
MONO_SIDE_MID_DB = -40.0
# Dynamics.
LEAST_RATIO, MOST_RATIO = 1.3, 2.5
CROSSOVERS_HZ = (150.0, 2500.0)
BAND_PARTS = ((0, 1), (1, 5), (5, 9))  # of the nine bands
BAND_NAMES = ("bass", "middle", "treble")
EXPECTED_SHARE = 0.35  # of the cap that a band's reduction reaches on average, for make-up


@dataclass(frozen=True, slots=True)
class _Decision:
    """A stage to use, or None, and the reason either way."""

    stage: Any
    reason: str


def plan(
    measurement: Measurement, library: Library, *, platforms: Sequence[str], genre: str, ai_service: str, tier: str,
    intensity: float, loudness_lufs: float | None = None, ceiling_dbtp: float | None = None,
    bit_depth: Literal["16", "24", "32f"] | None = None, sample_rate: int | None = None,
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

    Raises
    ------
    UnknownNameError
        A preset does not exist.
    """
    sound, effort, prior = library.genre(genre), library.tier(tier), library.ai_service(ai_service)
    strength = intensity / USUAL_INTENSITY if math.isfinite(measurement.integrated_lufs) else 0.0
    finished = _finished(measurement)
    holds_back = 1.0 - finished if intensity < FINISHED_FORCE_INTENSITY else 1.0
    decisions = {
        "repair": _repair(measurement, strength, holds_back),
        "tone": _tone(measurement, sound, prior, strength, holds_back),
        "dynamics": _dynamics(measurement, sound, effort, strength * holds_back),
        "stereo": _stereo(measurement, sound, strength, holds_back),
    }
    steps, skipped = [], []
    for name in effort.stages:
        decision = decisions[name]
        if decision.stage is None:
            skipped.append(Skipped(stage=name, reason=decision.reason))
        else:
            steps.append(Step(stage=name, settings=to_table(decision.stage), reason=decision.reason))
    orders = [
        _order(
            name, library.platform(name), genre, sound, loudness_lufs, ceiling_dbtp, bit_depth, sample_rate
        )
        for name in platforms
    ]
    notes = []
    if finished > 0.5 and intensity > 0.0:
        done = (
            "processing is held back" if holds_back < 1.0 else "processed all the same, as intensity is high"
        )
        at = f"{measurement.integrated_lufs:.1f} LUFS, {measurement.true_peak_dbtp:.1f} dBTP"
        notes.append(f"The song is finished already ({at}): {done}")
    if not math.isfinite(measurement.integrated_lufs):
        notes.append(
            "The song is shorter than 0.4 s: its loudness is that of all of it, and nothing else is judged"
        )
    return Recipe(
        genre=genre, ai_service=ai_service, tier=tier, intensity=intensity, steps=tuple(steps),
        skipped=tuple(skipped), deliveries=tuple(orders), notes=tuple(notes),
    )  # fmt: skip


def _finished(m: Measurement) -> float:
    """How much the song looks like a finished master, 0 to 1."""
    if m.true_peak_dbtp > HOTTEST_MASTER_DBTP:
        return 0.0
    loud = (m.integrated_lufs - FINISHED_LUFS[0]) / (FINISHED_LUFS[1] - FINISHED_LUFS[0])
    full = (m.true_peak_dbtp - FINISHED_DBTP[0]) / (FINISHED_DBTP[1] - FINISHED_DBTP[0])
    return min(max(min(loud, full), 0.0), 1.0)


def _repair(m: Measurement, strength: float, holds_back: float) -> _Decision:
    """DC and subsonics, only where they were measured; what rumbles in a finished song is left to it."""
    if strength <= 0.0:
        return _Decision(None, NOTHING_ASKED)
    dc = tuple(m.dc) if max(map(abs, m.dc)) >= DC_FROM else ()
    corner = HIGH_PASS_HZ if m.subsonic_db > SUBSONIC_FROM_DB and holds_back > 0.5 else 0.0
    if not dc and not corner:
        return _Decision(None, "no DC found, and no rumble to take out")
    said = []
    if dc:
        said.append(f"DC of {max(map(abs, dc)):.4f}")
    if corner:
        said.append(f"rumble below 18 Hz {-m.subsonic_db:.0f} dB under the bass")
    return _Decision(Repair(dc=dc, high_pass_hz=corner), " and ".join(said))


def _tone(m: Measurement, genre: Genre, prior: AiService, strength: float, holds_back: float) -> _Decision:
    """Move what is outside the genre's normal spread to its edge.

    To the edge and not a share of the way to the middle, so that the result needs no more of it when it
    is mastered again.
    """
    if strength <= 0.0:
        return _Decision(None, NOTHING_ASKED)
    if holds_back <= 0.0:
        return _Decision(None, "the song is finished already")
    hz, spread = np.array(THIRD_OCTAVES_HZ), np.array(genre.spread_db)
    gap = balance_db(m, genre)
    if gap is None:
        return _Decision(None, "too little of the spectrum is there to compare")
    holds = np.isfinite(gap)
    gap = np.where(holds, -gap, 0.0)
    edge = spread * _edge(strength)
    harsh = (hz >= HARSH_HZ[0]) & (hz <= HARSH_HZ[1]) & (gap < 0.0)
    edge = np.where(harsh, edge * prior.harsh_spread_scale, edge)
    gap = _smooth(gap, hz)
    move = np.sign(gap) * np.maximum(np.abs(gap) - edge, 0.0) * holds_back
    most = np.where(
        hz >= AIR_FROM_HZ, MOST_AIR_DB, np.where(hz >= TREBLE_FROM_HZ, MOST_TREBLE_DB, MOST_TONE_DB)
    )
    least = np.where(hz >= TREBLE_FROM_HZ, -MOST_TREBLE_DB, -MOST_TONE_DB)
    move = np.clip(move, least, np.where((hz < NO_BOOST_BELOW_HZ) | ~holds, 0.0, most))
    move = _gentle(_smooth(move, hz), hz)
    if np.abs(move).max() < LEAST_TONE_DB:
        return _Decision(None, f"balance is within the normal spread of {genre.title}")
    stage = Tone(hz=THIRD_OCTAVES_HZ, db=tuple(np.round(move, 2).tolist()))
    return _Decision(stage, f"towards the edge of the normal spread of {genre.title}: {_in_words(move, hz)}")


def _stereo(m: Measurement, genre: Genre, strength: float, holds_back: float) -> _Decision:
    """Mono bass where the side is unusually strong there; width towards the edge of the normal spread."""
    if m.channels == 1:
        return _Decision(None, "the song is mono")
    if m.dead_channel is not None:
        return _Decision(None, f"the {m.dead_channel} channel is silent")
    if strength <= 0.0:
        return _Decision(None, NOTHING_ASKED)
    if holds_back <= 0.0:
        return _Decision(None, "the song is finished already")
    measured, usual = np.array(m.side_mid_db), np.array(genre.side_mid_db)
    spread = np.array(genre.side_mid_spread_db)
    if measured[2:].max() < MONO_SIDE_MID_DB:
        return _Decision(None, "both channels are the same: there is no side to widen")
    mono = genre.mono_below_hz if measured[0] > usual[0] + spread[0] and holds_back > 0.5 else 0.0
    gap = float(np.mean(usual[2:] + genre.width_db - np.maximum(measured[2:], -60.0)))
    edge = float(spread[2:].mean()) * _edge(strength)
    width = math.copysign(max(abs(gap) - edge, 0.0), gap) * holds_back
    width = min(
        max(width, MOST_NARROWING_DB), MOST_WIDENING_DB if m.mono_loss_db < MOST_MONO_LOSS_DB else 0.0
    )
    if abs(width) < LEAST_WIDTH_DB:
        width = 0.0
    if not mono and not width:
        return _Decision(None, "bass is centred and width is within the normal spread")
    said = [f"side in the bass {measured[0]:.0f} dB under mid: made mono below {mono:g} Hz"] * bool(mono)
    said += [f"side {'raised' if width > 0 else 'lowered'} by {abs(width):.1f} dB above 300 Hz"] * bool(width)
    return _Decision(Stereo(mono_below_hz=mono, width_db=round(width, 2)), "; ".join(said))


def _dynamics(m: Measurement, genre: Genre, tier: Tier, strength: float) -> _Decision:
    """Compress bands that move more than they usually do; one band where all do alike."""
    if strength <= 0.0:
        return _Decision(None, f"the song is finished already, or {NOTHING_ASKED}")
    ratios = [
        float(np.mean(np.array(m.band_sigma_db)[a:b]) / np.mean(np.array(genre.band_sigma_db)[a:b]))
        for a, b in BAND_PARTS
    ]
    ratios = [min(max(1.0 + (ratio - 1.0) * min(strength, 1.5), 1.0), MOST_RATIO) for ratio in ratios]
    cap = min(genre.compression_cap_db, tier.dynamics_cap_db) * min(strength, 1.5)
    if max(ratios) < LEAST_RATIO or cap < 0.5:
        return _Decision(None, "no band moves more than it usually does")
    if min(ratios) >= LEAST_RATIO and max(ratios) - min(ratios) < 0.5:
        ratio = min(float(np.mean(ratios)), genre.glue_ratio)
        total = 10.0 * math.log10(sum(10.0 ** (db / 10.0) for db in m.band_threshold_db))
        band = Band(
            threshold_dbfs=round(total, 2), ratio=round(ratio, 2), cap_db=round(cap, 2),
            makeup_db=round(cap * EXPECTED_SHARE * (1.0 - 1.0 / ratio), 2),
        )  # fmt: skip
        return _Decision(
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
    return _Decision(stage, f"moves more than {genre.title} usually does: {said}, at most {cap:.1f} dB")


def _order(
    name: str, platform: Platform, genre: str, sound: Genre, loudness_lufs: float | None, ceiling_dbtp: float | None,
    bit_depth: Literal["16", "24", "32f"] | None, sample_rate: int | None,
) -> Order:  # fmt: skip
    """Turn a platform's numbers, or the caller's, into an order."""
    target = platform.target_lufs(genre) if loudness_lufs is None else loudness_lufs
    ceiling = platform.ceiling_for(target) if ceiling_dbtp is None else ceiling_dbtp
    told = [
        "loudness as asked" if loudness_lufs is not None else f"{platform.title}: {target:g} LUFS",
        "ceiling as asked" if ceiling_dbtp is not None else f"{ceiling:g} dBTP",
    ]
    return Order(
        platform=name, title=platform.title, loudness_lufs=target,
        limiter=Limiter(ceiling_dbtp=ceiling, clip_depth_db=sound.clip_db),
        bit_depth=bit_depth or platform.bit_depth or "24", sample_rate=sample_rate or platform.sample_rate_hz,
        reason=", ".join(told),
    )  # fmt: skip


def _edge(strength: float) -> float:
    """How many standard deviations a song may lie off a genre's middle before it is moved."""
    return min(max(EDGE_SIGMAS - EDGE_SLOPE * (strength - 1.0), 0.3), 1.2)


def _smooth(values: Floats, hz: Floats) -> Floats:
    """Gaussian mean over log frequency."""
    octaves = np.log2(hz)
    weights = np.exp(-0.5 * ((octaves[:, None] - octaves[None, :]) / SMOOTH_OCTAVES) ** 2)
    return np.asarray(weights @ values / weights.sum(axis=1))


def _gentle(move: Floats, hz: Floats) -> Floats:
    """Scale down what is steeper than 4 dB an octave."""
    steepest = float(np.abs(np.diff(move) / np.diff(np.log2(hz))).max())
    return move * min(1.0, STEEPEST_DB_PER_OCTAVE / steepest) if steepest > 0.0 else move


def _in_words(move: Floats, hz: Floats) -> str:
    """Say the largest raise and the largest cut."""
    said = []
    for sign, at in ((1.0, int(np.argmax(move))), (-1.0, int(np.argmin(move)))):
        if sign * move[at] >= LEAST_TONE_DB:
            said.append(f"{move[at]:+.1f} dB around {hz[at]:g} Hz")
    return ", ".join(said)
