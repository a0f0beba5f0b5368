"""How a song moves: its power in narrow bands from frame to frame, and how its levels are spread."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from masterify_core import short_time
from masterify_core.audio import Audio
from masterify_core.metering.spectrum import THIRD_OCTAVES_HZ, rising
from masterify_core.metering.statistics import quantiles
from masterify_core.short_time import BANDS_HZ

Floats = NDArray[np.float64]

QUANTILES = tuple(round(0.05 * k, 2) for k in range(1, 20))
MOST_SEGMENTS, SEGMENT_FRAMES = 128, 32  # of longer songs only so much is looked at: 95 s in 128 places
ACTIVE_DB = -40.0  # under the mean power: pauses and fades have no movement to speak of
DEEPEST_DB = -50.0  # under a band's mean power: further down lies what a band does not hold at all


@dataclass(frozen=True, slots=True, eq=False)
class Movement:
    """Power of mid and side together in bands of a third of an octave, where bins are fine enough.

    Attributes
    ----------
    power
        ``(segments, frames, bands)``; a full-scale sine in both channels has power 0.5. One segment if the
        song is short, otherwise parts spread evenly.
    hz
        Centre of each band.
    wide
        Which of the nine `BANDS_HZ` it belongs to.
    rate
        Of the song, Hz.
    """

    power: Floats
    hz: Floats
    wide: NDArray[np.int64]
    rate: int

    def active(self) -> NDArray[np.bool_]:
        """Which frames count, ``(segments, frames)``: those above 40 dB under the mean power."""
        total = self.power.sum(axis=2)
        return np.asarray(total > max(float(total.mean()), 1e-14) * 10 ** (ACTIVE_DB / 10))


def measure_movement(audio: Audio) -> Movement:
    """Look at up to 4096 frames of about 46 ms, half overlapping (see `short_time`)."""
    size, total = short_time.frame_size(audio.rate), short_time.frame_count(audio.frames, audio.rate)
    hz = np.arange(size // 2 + 1) * audio.rate / size
    thirds = np.array(THIRD_OCTAVES_HZ) * 2.0 ** (-1.0 / 6.0)
    edges = np.searchsorted(hz, np.concatenate([thirds, BANDS_HZ]))
    edges = rising(np.clip(np.append(edges, size // 2), 1, size // 2))
    if total <= MOST_SEGMENTS * SEGMENT_FRAMES:
        starts, length = np.zeros(1, int), total
    else:
        starts = np.linspace(0, total - SEGMENT_FRAMES, MOST_SEGMENTS).astype(int)
        length = SEGMENT_FRAMES
    power = np.stack(
        [short_time.band_powers(audio.samples, audio.rate, edges, int(start), length) for start in starts]
    )
    centre = np.sqrt(hz[edges[:-1]] * hz[edges[1:] - 1])
    return Movement(power, centre, np.searchsorted(BANDS_HZ, centre, side="right") - 1, audio.rate)


def band_levels_db(movement: Movement, power: Floats) -> Floats:
    """Level of each of the nine bands, ``(segments, frames, 9)``, dB; nothing at all reads -200 dB."""
    wide = [power[:, :, movement.wide == band].sum(axis=2) for band in range(len(BANDS_HZ))]
    return np.asarray(10.0 * np.log10(np.stack(wide, axis=2) + 1e-20))


def level_quantiles_db(levels_db: Floats, active: NDArray[np.bool_]) -> Floats:
    """Levels that a band stays under for 5, 10, ... 95 % of the active frames, ``(19, 9)``, dB.

    What lies more than 50 dB under a band's mean power counts as being there.
    """
    if not active.any():
        return np.full((len(QUANTILES), levels_db.shape[2]), -200.0)
    level = levels_db[active]
    mean_db = 10.0 * np.log10(np.mean(10.0 ** (level / 10.0), axis=0))
    return quantiles(np.maximum(level, mean_db + DEEPEST_DB), QUANTILES)
