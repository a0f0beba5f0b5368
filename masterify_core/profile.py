"""The profile of a song: what of it another song can be matched to, free of its key, tempo and length."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from masterify_core.audio import Audio
from masterify_core.metering.bandlimit import band_limit_hz
from masterify_core.metering.loudness import Hops, hop_energies, integrated_lufs
from masterify_core.metering.movement import (
    Movement,
    band_levels_db,
    level_quantiles_db,
    measure_movement,
)  # fmt: skip
from masterify_core.metering.spectrum import THIRD_OCTAVES_HZ, Spectra, measure_spectra, side_mid_db

Floats = NDArray[np.float64]

INDEPENDENT_S = 2.0  # spectra so far apart in time say something new
LEAST_ERROR_DB = 0.2
NO_SIDE_DB = -45.0  # a side so far under mid is none
HIGHEST_SHARE = 0.46  # of the rate: above, converters filter
SILENT_POWER = 1e-20
THIRD_EDGE = 2.0 ** (1.0 / 6.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Profile:
    """What of a song can be matched.

    Attributes
    ----------
    seconds
        How much of it is heard: pauses do not count.
    integrated_lufs
        Loudness.
    third_octaves_db
        ``(31,)``: mean power of the louder parts in `THIRD_OCTAVES_HZ`, dB over the integrated loudness; a
        third octave in which the song's band ends, as if it were full.
    third_octave_error_db
        ``(31,)``: standard error of each, dB, by how much it changes over the song.
    side_mid_db
        ``(9,)``: side over mid in the nine bands, dB; -45 for none.
    quantiles_db
        ``(19, 9)``: how the levels of each band are spread, dB around their mean.
    highest_hz
        What lies above is not to be believed: a band limit, or near half the rate.
    has_side
        False for mono, in one channel or in two.
    """

    seconds: float
    integrated_lufs: float
    third_octaves_db: Floats
    third_octave_error_db: Floats
    side_mid_db: Floats
    quantiles_db: Floats
    highest_hz: float
    has_side: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Profiled:
    """A profile, and the powers it was made of: enough to foresee what any treatment makes of the song.

    Attributes
    ----------
    profile
        See there.
    thirds, nines
        ``(2, 31)`` and ``(2, 9)``: mean power of mid and of side in third octaves and in nine bands.
    movement
        Powers from frame to frame.
    band_limit_hz
        Where the top end stops abruptly, Hz, or None.
    """

    profile: Profile
    thirds: Floats
    nines: Floats
    movement: Movement
    band_limit_hz: float | None


def profiled(audio: Audio, hops: Hops | None = None, spectra: Spectra | None = None) -> Profiled:
    """Measure a profile; loudness and what is relative to it are ``-inf`` and ``inf`` for silence.

    ``hops`` and ``spectra`` are the song's, if they are known already.
    """
    hops = hops or hop_energies(audio)
    lufs = integrated_lufs(hops)
    spectra, movement = spectra or measure_spectra(audio), measure_movement(audio)
    active = movement.active()
    seconds = audio.seconds * float(active.mean())
    quantiles_db = level_quantiles_db(band_levels_db(movement, movement.power), active)
    sides_db = np.maximum(side_mid_db(spectra), NO_SIDE_DB)
    limit_hz = band_limit_hz(audio, hops)
    thirds, nines = _mean(spectra, spectra.thirds), _mean(spectra, spectra.bands)
    profile = Profile(
        seconds=seconds, integrated_lufs=lufs,
        third_octaves_db=_filled_db(thirds.sum(axis=0), limit_hz) - lufs,
        third_octave_error_db=_error_db(spectra, seconds), side_mid_db=sides_db,
        quantiles_db=quantiles_db - quantiles_db.mean(axis=0),
        highest_hz=min(limit_hz or math.inf, HIGHEST_SHARE * audio.rate),
        has_side=audio.channels > 1 and bool(sides_db.max() > NO_SIDE_DB),
    )  # fmt: skip
    return Profiled(profile=profile, thirds=thirds, nines=nines, movement=movement, band_limit_hz=limit_hz)


def _mean(spectra: Spectra, powers: Floats) -> Floats:
    """Mean power of the louder blocks, ``(2, bands)``."""
    heard = powers[spectra.heard()]
    return np.asarray(heard.mean(axis=0)) if len(heard) else np.zeros(powers.shape[1:])


def _filled_db(powers: Floats, limit_hz: float | None) -> Floats:
    """Levels of third octaves, dB, the one in which the band ends raised by the share that is missing."""
    level = 10.0 * np.log10(powers + SILENT_POWER)
    if limit_hz is None:
        return np.asarray(level)
    low, high = np.array(THIRD_OCTAVES_HZ) / THIRD_EDGE, np.array(THIRD_OCTAVES_HZ) * THIRD_EDGE
    share = (limit_hz - low) / (high - low)
    cut = (share > 0.0) & (share < 1.0)
    return np.asarray(level - 10.0 * np.log10(np.where(cut, np.maximum(share, 0.1), 1.0)))


def _error_db(spectra: Spectra, seconds: float) -> Floats:
    """Standard error of the third octaves' levels, dB."""
    heard = spectra.thirds[spectra.heard()].sum(axis=1)
    if not len(heard):
        return np.full(spectra.thirds.shape[2], math.inf)
    independent = max(1.0, min(float(len(heard)), seconds / INDEPENDENT_S))
    relative = heard.std(axis=0) / (heard.mean(axis=0) + SILENT_POWER)
    return np.asarray(np.maximum(10.0 / math.log(10.0) * relative / math.sqrt(independent), LEAST_ERROR_DB))
