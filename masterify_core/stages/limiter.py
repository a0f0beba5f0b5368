"""True-peak limiter: sustained reduction, bounded look-ahead reduction, sparse clipper, final reduction."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray

from masterify_core import masking
from masterify_core.audio import Audio
from masterify_core.filters import interpolator
from masterify_core.kernels import limiting as kernels
from masterify_core.peak_reduction import (
    CHUNK,
    HOP_FRAMES,
    HOP_GROUPS,
    Envelope,
    least,
    measure_peaks,
    over_time_db,
    smoothed,
    sustained_reduction,
)  # fmt: skip
from masterify_core.schema import Checked, Range
from masterify_core.units import db_to_gain, gain_to_db

Row = NDArray[np.float32]
Rows = NDArray[np.float32]
Energies = NDArray[np.float64]

CLIP_FACTOR = 8  # oversampling of the clipper: clipping 5 kHz by 6 dB aliases below -70 dB
DOWN_BETA, DOWN_CUTOFF = 6.0, 0.87
CLIPPED_ROOTS, LAST_SHARE = {"standard": 1, "high": 2}, {"standard": 0.6, "high": 0.5}
"""How hops of 3 ms feel the clipper and the last reduction, see `estimated`; fitted on 16 songs from -14 to -8 LUFS."""
Ms = Annotated[float, Range(0.1, 5000.0, "ms")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limiter(Checked):
    """Keeps true peaks under a ceiling.

    Sustained sound over the ceiling is turned down slowly (its level is a local quantile of the peak
    envelope, which short peaks do not move), so that the clipper only meets short peaks and steady tones
    stay clean. What is left over ``clip_from_db + clip_depth_db`` is limited with look-ahead, the rest clipped
    at ``clip_from_db``, and a last look-ahead limiter lands under the ceiling.

    Attributes
    ----------
    ceiling_dbtp
        True peak never to exceed, dBTP.
    sustained_over_db
        Level over the ceiling that sustained sound may keep, dB.
    clip_from_db, clip_depth_db
        The clipper works from this much over the ceiling, dB, and at most this deep; depth 0 is no clipper.
    quality
        How it is clipped: ``standard`` with oversampling, ``high`` so that what is added is masked (`masking`).
    lookahead_ms, fast_ms, slow_ms, attack_ms
        Dual release: reductions of a moment recover within ``fast_ms``, those that last ``attack_ms`` within
        ``slow_ms``.
    """

    ceiling_dbtp: Annotated[float, Range(-12.0, 0.0, "dBTP")]
    sustained_over_db: Annotated[float, Range(0.0, 12.0, "dB")] = 0.3
    clip_from_db: Annotated[float, Range(0.0, 6.0, "dB")] = 0.5
    clip_depth_db: Annotated[float, Range(0.0, 12.0, "dB")] = 6.0
    quality: Literal["standard", "high"] = "standard"
    lookahead_ms: Ms = 1.5
    fast_ms: Ms = 5.0
    slow_ms: Ms = 300.0
    attack_ms: Ms = 40.0


@dataclass(frozen=True, slots=True, eq=False)
class Limited:
    """Limited sound and what it took.

    Attributes
    ----------
    samples
        The sound, full scale = 1.
    sustained_db, peak_db, final_db
        Largest reduction by each part, dB.
    mean_db
        Reduction of the mean gain over all frames, dB.
    clipped
        Number of oversampled points that were clipped; in high quality of frames of the clipper.
    reduction_db
        Deepest reduction by all parts but the clipper in each 100 ms, dB; empty if nothing was limited.
    quality
        How it was limited, which says what ``clipped`` counts.
    """

    samples: Rows
    sustained_db: float = 0.0
    peak_db: float = 0.0
    final_db: float = 0.0
    mean_db: float = 0.0
    clipped: int = 0
    reduction_db: tuple[float, ...] = ()
    quality: Literal["standard", "high"] = "standard"

    @property
    def clipped_share(self) -> float:
        """Share of the sound that is clipped, in time; 0 in high quality, which clips only what the song masks."""
        return self.clipped / max(1, CLIP_FACTOR * self.samples.size) if self.quality == "standard" else 0.0


def limit(limiter: Limiter, audio: Audio, env: Envelope, gain: float, out: Rows | None = None) -> Limited:
    """Apply ``gain`` and limit, into ``out`` if given: memory used before is several times faster than new.

    The result stays under the ceiling as 4x interpolation reads it (within about 0.04 dB of the truth);
    delivery closes the rest.
    """
    ceiling = db_to_gain(limiter.ceiling_dbtp)
    if gain * env.peak <= ceiling:
        return Limited(np.multiply(audio.samples, np.float32(gain), out=out))
    held, sustained = _sustained(limiter, env, gain)
    r = np.zeros_like(env.peaks)
    if sustained > 0.0:
        kernels.draw_line(held, HOP_GROUPS, r)
    peaks = np.asarray(env.peaks * np.float32(gain) * (1.0 - least(r)), dtype=np.float32)
    clip_level = ceiling * db_to_gain(limiter.clip_from_db)
    deepest = clip_level * db_to_gain(limiter.clip_depth_db)
    lookahead = 0.0
    if peaks.max() > deepest:
        short = _lookahead_reduction(limiter, peaks, deepest, env.rate)
        lookahead = float(short.max())
        r += short - r * short
        peaks *= 1.0 - least(short)
    samples = np.empty_like(audio.samples) if out is None else out
    scratch = np.empty((2, CHUNK), np.float32)
    kernels.apply_reduction(audio.samples, r, gain, scratch, samples)
    mean_gain = 1.0 - float(r.mean())
    clipped = _clip(limiter, samples, peaks, clip_level, audio.rate) if limiter.clip_depth_db > 0.0 else 0
    final = 0.0
    if peaks.max() > ceiling:
        last = _lookahead_reduction(limiter, peaks, ceiling, env.rate)
        kernels.apply_reduction(samples, last, 1.0, scratch, samples)
        final = float(last.max())
        mean_gain *= 1.0 - float(last.mean())
        r += last - r * last
    return Limited(
        samples, sustained_db=_taken_db(1.0 - sustained), peak_db=_taken_db(1.0 - lookahead),
        final_db=_taken_db(1.0 - final), mean_db=_taken_db(mean_gain), clipped=clipped,
        reduction_db=over_time_db(r, audio.rate), quality=limiter.quality,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """A song in moments of 10 ms, as `estimated` wants it.

    Attributes
    ----------
    env
        Its envelope.
    energy
        Of each moment.
    of_hop, share
        The moment that each hop of the envelope (128 frames) lies in, and its share of that moment's sound.
    unseen
        Moments in which no hop has its centre, at very low rates.
    """

    env: Envelope
    energy: Energies
    of_hop: NDArray[np.int64]
    share: Energies
    unseen: NDArray[np.bool_]


def moments(env: Envelope, energy: Energies) -> Moments:
    """Share the energies of a song, per 10 ms, out among the hops of its envelope: by the squares of their peaks."""
    weight = env.hop_peaks.astype(np.float64) ** 2 + 1e-12
    centres = np.arange(len(weight)) * HOP_FRAMES + HOP_FRAMES // 2
    of_hop = np.minimum(centres * 100 // env.rate, len(energy) - 1)
    total = np.bincount(of_hop, weight, len(energy))
    return Moments(env, energy, of_hop, weight / total[of_hop], total == 0.0)


def estimated(limiter: Limiter, song: Moments, gain: float) -> Energies:
    """Energies per 10 ms after `limit`, from peaks per 128 frames alone: within about 0.05 LU, at a hundredth of its time.

    Clipping takes only the tips: of a hop's level the square root of what it takes of the peak, and in high quality, which
    takes more around them, that to the power of 3/4.
    """
    env = song.env
    held, _ = _sustained(limiter, env, gain)
    kept = np.float32(1.0) - held
    peaks = env.hop_peaks * np.float32(gain) * kept
    clip_level = np.float32(db_to_gain(limiter.ceiling_dbtp + limiter.clip_from_db))
    deepest = clip_level * np.float32(db_to_gain(limiter.clip_depth_db))
    if peaks.max() > deepest:  # what the first look-ahead takes is gone for about a hop
        kept *= deepest / np.maximum(peaks, deepest)
        np.minimum(peaks, deepest, out=peaks)
    clipped = np.minimum(peaks, clip_level)
    tips = root = np.sqrt(clip_level / np.maximum(peaks, clip_level))
    for _ in range(1, CLIPPED_ROOTS[limiter.quality]):
        root = np.sqrt(root)
        tips = tips * root
    kept *= tips
    ceiling, rate_hz = db_to_gain(limiter.ceiling_dbtp), env.rate / HOP_FRAMES
    last = smoothed(clipped, ceiling, rate_hz, 0.1, limiter.attack_ms, limiter.fast_ms, limiter.slow_ms)
    kept *= np.float32(1.0) - np.float32(LAST_SHARE[limiter.quality]) * last
    factor = np.bincount(song.of_hop, song.share * (kept * kept), len(song.energy))
    factor[song.unseen] = 1.0
    return song.energy * (gain * gain) * factor


def _taken_db(gain: float) -> float:
    return max(0.0, -gain_to_db(gain))


def _clip(limiter: Limiter, samples: Rows, peaks: Row, level: float, rate: int) -> int:
    """Clip in place and bring ``peaks`` up to date; how much was clipped."""
    if limiter.quality == "high":
        count = masking.clip(samples, peaks, level, rate)
        _spread_overs(peaks, level, masking.frame_size(rate) // (2 * kernels.GROUP))
    else:
        window = np.empty((len(samples), CHUNK + 4 * kernels.CLIP_TAPS), np.float32)
        points = np.empty(kernels.GROUP, np.float32)
        count = kernels.clip(samples, peaks, *_clip_filters(), level, window, points)
    measure_peaks(samples, level, peaks)
    return count


def _spread_overs(peaks: Row, level: float, reach: int) -> None:
    """Count as over the level what shares a clipped frame with an over: ``reach`` control points a half frame."""
    halves = np.empty(-(-len(peaks) // reach), np.float32)
    kernels.group_maxima(peaks, reach, halves)
    over = halves > level
    near = over.copy()
    near[1:] |= over[:-1]
    near[:-1] |= over[1:]
    peaks[np.repeat(near, reach)[: len(peaks)]] = np.inf


def _sustained(limiter: Limiter, env: Envelope, gain: float) -> tuple[Row, float]:
    """Reduction per hop of what is sustained over the ceiling, and its largest value."""
    return sustained_reduction(db_to_gain(limiter.ceiling_dbtp + limiter.sustained_over_db), env, gain)


def _lookahead_reduction(limiter: Limiter, peaks: Row, ceiling: float, rate: int) -> Row:
    """Reduction per control point that keeps ``peaks`` under ``ceiling``."""
    rate_hz = rate / kernels.GROUP
    return smoothed(
        peaks, ceiling, rate_hz, limiter.lookahead_ms, limiter.attack_ms, limiter.fast_ms, limiter.slow_ms
    )


@cache
def _clip_filters() -> tuple[Rows, Rows]:
    """Up, and down: what clipping adds above 0.52 of the rate is 60 dB down before it can fold back."""
    up = interpolator(CLIP_FACTOR, kernels.CLIP_TAPS, 8.5)
    return up, interpolator(CLIP_FACTOR, kernels.CLIP_TAPS, DOWN_BETA, DOWN_CUTOFF)
