"""Works out what brings a song to a reference: tone, side gains and band curves, set against each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from masterify_core.planning.foreseeing import HZ, Foreseen, foresee
from masterify_core.profile import Profiled
from masterify_core.reference import Amounts, Reference
from masterify_core.short_time import BANDS_HZ
from masterify_core.stages.match import Curve, Match

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

ROUNDS = 3
LOWEST_HZ, NO_RAISE_BELOW_HZ = 30.0, 35.0
LEVELLED = (HZ >= 100.0) & (HZ <= 10_000.0)  # where song and reference are brought to one level
LEAST_BANDS = 6
EMPTY_BELOW_DB = -60.0  # a band this far under the loudest holds nothing to raise
SMOOTH_OCTAVES = 0.18  # standard deviation: near half an octave wide, so that no single note is chased
# Bounds at full amount; they shrink with it. What a reference lacks is followed further than what it has more of.
MOST_RAISE_DB, MOST_CUT_DB, MOST_UNKNOWN_RAISE_DB = 16.0, -24.0, 2.0
MOST_WIDENING_DB, MOST_NARROWING_DB, LEAST_SIDE_DB = 15.0, -24.0, -40.0
MOST_MOVEMENT_DB = 8.0
SLOPES = (0.5, 1.2)  # of a band's level after over before: 2:1 compression, gentle expansion
UNMOVED = Curve(level_dbfs=(-100.0,), gain_db=(0.0,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Distances:
    """How far a song is from a reference: rms over third octaves, mean over quantiles, rms over nine bands; dB."""

    tone_db: float
    dynamics_db: float
    width_db: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Matched:
    """What brings a song to a reference.

    Attributes
    ----------
    tone_db
        ``(31,)``: gain in `THIRD_OCTAVES_HZ`, dB.
    side_db
        ``(9,)``: gain of the side at `short_time.CENTRES_HZ`, dB.
    match
        Band dynamics, or None if they are not to be changed.
    before, after
        Distances to the reference; after, as foreseen.
    """

    tone_db: Floats
    side_db: Floats
    match: Match | None
    before: Distances
    after: Distances


def matched(song: Profiled, reference: Reference, amounts: Amounts) -> Matched:
    """Answer tone, side gains and band curves; what has amount 0 is left as it is.

    Each changes what the others meet, so they are set in turn, a few times over.
    """
    to = _Way.between(song, reference, amounts)
    tone_db, side_db, match = np.zeros(len(HZ)), np.zeros(len(BANDS_HZ)), None
    before = to.distances(foresee(song, tone_db, side_db, None))
    asked = to.shape_db
    for _ in range(ROUNDS):
        if amounts.dynamics > 0.0:
            match = to.band_curves(foresee(song, tone_db, side_db, None), asked)
        seen = foresee(song, tone_db, side_db, match)
        # Gains are smoothed over time, which takes some of them away: what is missing is asked for again.
        asked = asked + to.shape_db - seen.shape_db
        side_db, tone_db = to.side_gains(side_db, seen), to.tone_gains(tone_db, seen)
    after = to.distances(foresee(song, tone_db, side_db, match))
    return Matched(tone_db=tone_db, side_db=side_db, match=match, before=before, after=after)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Way:
    """Where the song is to go, and what of it can be told.

    Attributes
    ----------
    amounts
        How far.
    third_octaves_db, shape_db, side_mid_db
        Where to: spectrum, spread of the levels in nine bands, side over mid.
    reference
        Where the reference is.
    known, held
        Which third octaves both hold; which hold anything to raise.
    moving, sided
        Which of the nine bands have levels, and sides, to compare.
    """

    amounts: Amounts
    third_octaves_db: Floats
    shape_db: Floats
    side_mid_db: Floats
    reference: Reference
    known: Flags
    held: Flags
    moving: Flags
    sided: Flags

    @classmethod
    def between(cls, song: Profiled, reference: Reference, amounts: Amounts) -> _Way:
        """Go so far from the song to the reference, less far where the reference is not sure."""
        here, there = song.profile, reference.profile
        highest_hz = min(here.highest_hz, there.highest_hz)
        held = here.third_octaves_db > here.third_octaves_db.max() + EMPTY_BELOW_DB
        known = held & (HZ > LOWEST_HZ) & (highest_hz > HZ)
        gap = _levelled(there.third_octaves_db - here.third_octaves_db, known)
        sure = gap**2 / (gap**2 + there.third_octave_error_db**2)
        nines_db = 10.0 * np.log10(song.nines.sum(axis=0) + 1e-20)
        moving = (nines_db > nines_db.max() + EMPTY_BELOW_DB) & (np.array(BANDS_HZ) < 0.85 * highest_hz)
        sided = moving & (here.side_mid_db > LEAST_SIDE_DB) & (reference.width_trust > 0.0)
        wide = amounts.width * reference.width_trust * (there.side_mid_db - here.side_mid_db)
        moved = amounts.dynamics * reference.dynamics_trust * (there.quantiles_db - here.quantiles_db)
        return cls(
            amounts=amounts, reference=reference, known=known, held=held, moving=moving, sided=sided,
            third_octaves_db=here.third_octaves_db + amounts.tone * sure * gap,
            shape_db=here.quantiles_db + moved, side_mid_db=here.side_mid_db + np.where(sided, wide, 0.0),
        )  # fmt: skip

    def distances(self, seen: Foreseen) -> Distances:
        """How far a song that looks like this is from the reference, where they can be compared."""
        there = self.reference.profile
        tone = _levelled(there.third_octaves_db - seen.third_octaves_db, self.known)
        moves = np.abs(there.quantiles_db - seen.shape_db).mean(axis=0)
        wide = there.side_mid_db - seen.side_mid_db
        return Distances(
            tone_db=_rms(tone[self.known]),
            dynamics_db=float(moves[self.moving].mean()) if self.moving.any() else 0.0,
            width_db=_rms(wide[self.sided]),
        )

    def tone_gains(self, tone_db: Floats, seen: Foreseen) -> Floats:
        """Answer the gains instead of ``tone_db``, given what it and all else make of the song."""
        if self.known.sum() < LEAST_BANDS:
            return np.zeros(len(HZ))
        gap = _levelled(self.third_octaves_db - (seen.third_octaves_db - tone_db), self.known)
        at = np.flatnonzero(self.known)
        nearest = gap[np.clip(np.arange(len(HZ)), at[0], at[-1])]  # beyond what is known, as at its end
        unknown = np.minimum(nearest, MOST_UNKNOWN_RAISE_DB)
        gap = _smooth(np.where(self.known, gap, np.where(self.held, unknown, np.minimum(unknown, 0.0))))
        most = np.where(HZ < NO_RAISE_BELOW_HZ, 0.0, MOST_RAISE_DB * self.amounts.tone**2)
        return np.clip(gap, MOST_CUT_DB * self.amounts.tone, most)

    def side_gains(self, side_db: Floats, seen: Foreseen) -> Floats:
        """Answer the gains instead of ``side_db``."""
        wanted = side_db + self.side_mid_db - seen.side_mid_db
        bound = self.amounts.width**3  # 0.7 of the way: -8 to +5 dB
        return np.where(self.sided, np.clip(wanted, MOST_NARROWING_DB * bound, MOST_WIDENING_DB * bound), 0.0)

    def band_curves(self, seen: Foreseen, shape_db: Floats) -> Match:
        """Give every band gains by level that bring the spread of its levels towards ``shape_db``."""
        most_db = MOST_MOVEMENT_DB * self.amounts.dynamics
        return Match(
            bands=tuple(
                _curve(seen.quantiles_db[:, band], shape_db[:, band], most_db) if moving else UNMOVED
                for band, moving in enumerate(self.moving)
            )
        )


def _curve(level_db: Floats, wanted_db: Floats, most_db: float) -> Curve:
    """Map quantiles to quantiles, no steeper than `SLOPES`; the band's mean power stays as it is."""
    apart = np.diff(level_db)
    slope = np.clip(np.diff(wanted_db) / np.maximum(apart, 1e-6), *SLOPES)
    gain = np.concatenate([[0.0], np.cumsum((slope - 1.0) * apart)])
    power = 10.0 ** (level_db / 10.0)
    gain -= 10.0 * np.log10(np.sum(power * 10.0 ** (gain / 10.0)) / np.sum(power))
    gain = np.clip(gain, -most_db, most_db)
    if gain[0] > 0.0:  # what is quieter still, noise perhaps, is raised less and less
        level_db = np.concatenate([[level_db[0] - gain[0] / (SLOPES[1] - 1.0)], level_db])
        gain = np.concatenate([[0.0], gain])
    level = np.round(level_db, 2) + 0.0
    for k in range(1, len(level)):
        level[k] = max(level[k], round(level[k - 1] + 0.01, 2))
    return Curve(level_dbfs=tuple(level.tolist()), gain_db=tuple(np.round(gain, 2).tolist()))


def _levelled(gap: Floats, known: Flags) -> Floats:
    """Take out the difference in level."""
    body = known & LEVELLED
    return gap - gap[body].mean() if body.any() else gap


def _smooth(values: Floats) -> Floats:
    """Gaussian mean over log frequency."""
    octaves = np.log2(HZ)
    weights = np.exp(-0.5 * ((octaves[:, None] - octaves[None, :]) / SMOOTH_OCTAVES) ** 2)
    return np.asarray(weights @ values / weights.sum(axis=1))


def _rms(values: Floats) -> float:
    return float(np.sqrt(np.mean(values**2))) if len(values) else 0.0
