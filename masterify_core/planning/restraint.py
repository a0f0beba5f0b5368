"""Decides how far a song is left alone: finished masters, ambient and solo instruments are no mixes to be brought to a genre."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from masterify_core.balance import balance_db
from masterify_core.metering.report import Measurement
from masterify_core.presets import THIRD_OCTAVES_HZ, Genre

# A song counts as finished the more it is loud and near full scale at once: 0 at the first, 1 at the second.
# The strictest ceiling, -2 dBTP, must be past the second: masters land some hundredths under it.
FINISHED_LUFS, FINISHED_DBTP = (-18.5, -16.5), (-4.5, -2.5)
HOTTEST_MASTER_DBTP = (
    6.0  # lossy masters decode up to 4 dB over full scale; hotter is a mix in floating point
)
FORCE_INTENSITY = 75.0  # from here on nothing is held back
LEAST_SHARE = 0.25  # of the processing, for songs that are held back for what they are
# Mean distance of the third octaves from the genre's curve, its level and tilt aside, in standard deviations: 0 at the
# first, 1 at the second. Of 47 songs, full mixes are under 1.8; solo guitars, a voice, a synthesiser, a music box 1.8 to 3.3.
UNLIKE_SIGMAS = (1.6, 2.3)
UNLIKE_FROM_HZ, UNLIKE_TO_HZ = 63.0, 12_500.0
EMPTY_DB = -60.0
# Rise within 50 ms. Of 25 songs, the two without any attack have 0.8 and 1.1 dB; held distorted guitars 1.8 and more; songs
# with drums 4 and more. 1 at the first, 0 at the second.
STILL_DB = (1.0, 1.8)
LOW_FIDELITY_HZ = 12_000.0  # a top end that stops below this is part of the sound


@dataclass(frozen=True, slots=True)
class Restraint:
    """The share of processing that is left because the song is finished, and because it is no mix, and what the recipe says."""

    holds_back: float
    mixture: float
    notes: tuple[str, ...]


def restraint(m: Measurement, genre: Genre, intensity: float) -> Restraint:
    """Judge what kind of song it is. High intensity overrules it, and says so."""
    finished, mixture, notes = _finished(m), 1.0, []
    if finished > 0.5:
        at = f"{m.integrated_lufs:.1f} LUFS, {m.true_peak_dbtp:.1f} dBTP"
        notes.append((f"The song is finished already ({at})", 1.0 - finished))
    kinds = (
        (
            _unlike(m, genre),
            f"Its spectrum is that of a solo instrument rather than of a full mix of {genre.title}",
        ),
        (_still(m), "It has no attacks, as ambient music"),
    )
    for share, what in kinds:
        if share > 0.0:
            mixture = min(mixture, 1.0 - (1.0 - LEAST_SHARE) * share)
            notes.append((what, mixture))
    forced = intensity >= FORCE_INTENSITY
    said = [f"{what}: {_done(left, forced=forced)}" for what, left in notes]
    if m.band_limit_hz is not None and m.band_limit_hz < LOW_FIDELITY_HZ:
        said.append(f"Its top end stops at {m.band_limit_hz / 1000.0:.1f} kHz: nothing is raised above")
    if forced:
        return Restraint(1.0, 1.0, tuple(said))
    return Restraint(1.0 - finished, mixture, tuple(said))


def _done(left: float, *, forced: bool) -> str:
    if forced:
        return "processed all the same, as intensity is high"
    return "processing is held back" + (f" to {100.0 * left:.0f} %" if left > 0.0 else "")


def _finished(m: Measurement) -> float:
    """How much the song looks like a finished master, 0 to 1."""
    if m.true_peak_dbtp > HOTTEST_MASTER_DBTP:
        return 0.0
    loud = (m.integrated_lufs - FINISHED_LUFS[0]) / (FINISHED_LUFS[1] - FINISHED_LUFS[0])
    full = (m.true_peak_dbtp - FINISHED_DBTP[0]) / (FINISHED_DBTP[1] - FINISHED_DBTP[0])
    return min(max(min(loud, full), 0.0), 1.0)


def _unlike(m: Measurement, genre: Genre) -> float:
    """How much the spectrum's shape is not that of a full mix, 0 to 1; level and tilt do not count, they can be mended."""
    over = balance_db(m, genre)
    if over is None:
        return 1.0
    hz, spread = np.array(THIRD_OCTAVES_HZ), np.array(genre.spread_db)
    inside = (hz >= UNLIKE_FROM_HZ) & (hz <= min(UNLIKE_TO_HZ, m.band_limit_hz or m.rate / 2.0))
    octaves, over, spread = np.log2(hz[inside]), np.nan_to_num(over[inside], nan=EMPTY_DB), spread[inside]
    tilt = np.polyfit(octaves, over, 1, w=1.0 / spread)
    sigmas = float((np.abs(over - np.polyval(tilt, octaves)) / spread).mean())
    return _between(sigmas, *UNLIKE_SIGMAS)


def _still(m: Measurement) -> float:
    """How much the song only swells, 0 to 1."""
    return 1.0 - _between(m.attack_db, *STILL_DB)


def _between(value: float, none: float, full: float) -> float:
    return min(max((value - none) / (full - none), 0.0), 1.0)
