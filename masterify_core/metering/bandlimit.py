"""Where the top end stops, if it stops as no instrument does: the trace of a lossy codec or a lower rate."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from masterify_core.audio import Audio
from masterify_core.metering.loudness import MOMENTARY_HOPS, STEP_HOPS, Hops
from masterify_core.metering.statistics import median

SIZE = 4096  # up to 50 kHz: bins of about 11 Hz
LARGE_RATE_HZ = 50_000
MOST_BLOCKS = 96
SMOOTH_BINS = 9
FROM_HZ, TO_HZ = 3000.0, 20_600.0  # above, the filters of any converter fall as steeply
WITHIN_HZ, DROP_DB = 400.0, 25.0
PLATEAU = 3  # times 400 Hz before the drop that must be filled
STAYS_DB = 20.0  # under the level before the drop, all the way up
LEAST_DB = -110.0  # of a full-scale sine: under that there is only dither to drop
LOSSY_HZ = (15_000.0, 20_600.0)  # MP3 and AAC encoders cut here, by bit rate
LOSSY_RATES_HZ = 44_100


def band_limit_hz(audio: Audio, hops: Hops) -> float | None:
    """Find the frequency above which there is nothing, Hz; None if the top end fades as it should.

    The steepest fall of the mean spectrum of the louder parts: at least 25 dB within 400 Hz, with nothing
    above that comes back. Checked from 3 to 20.6 kHz; None for silence and for songs under 0.1 s.
    """
    size = SIZE
    while audio.rate > LARGE_RATE_HZ * size // SIZE:
        size *= 2
    starts = _loud_starts(audio, hops, size)
    if not len(starts):
        return None
    window = np.hanning(size + 1)[:-1].astype(np.float32)
    power = np.zeros(size // 2 + 1)
    for k, start in enumerate(starts):  # the channels take turns
        spectrum = np.fft.rfft(audio.samples[k % audio.channels, start : start + size] * window)
        power += spectrum.real**2 + spectrum.imag**2
    level = _smoothed_db(power * (4.0 / float(window.sum()) ** 2 / len(starts)))
    hz = np.arange(len(level)) * audio.rate / size
    width = max(1, round(WITHIN_HZ * size / audio.rate))
    drop = level[:-width] - level[width:]
    inside = (
        (hz[:-width] >= FROM_HZ) & (hz[width:] <= min(TO_HZ, 0.47 * audio.rate)) & (level[:-width] > LEAST_DB)
    )
    if not inside.any():
        return None
    at = int(np.argmax(np.where(inside, drop, -np.inf)))
    plateau = float(level[max(0, at - PLATEAU * width) : at + 1].mean())  # not a lone tone: it has no plateau
    if drop[at] < DROP_DB or level[at + width :].max() > min(level[at], plateau) - STAYS_DB:
        return None
    below = level[at : at + width + 1] < level[at] - 6.0  # the edge itself: where it has lost 6 dB
    return float(hz[at + int(np.argmax(below))])


def is_lossy(limit_hz: float | None, rate: int) -> bool:
    """Whether a band limit is where lossy encoders put it; a hint, no proof."""
    return limit_hz is not None and rate >= LOSSY_RATES_HZ and LOSSY_HZ[0] <= limit_hz <= LOSSY_HZ[1]


def _loud_starts(audio: Audio, hops: Hops, size: int) -> NDArray[np.int64]:
    """Where blocks begin, spread over the louder half of the song."""
    last = audio.frames - size
    power = hops.powers(MOMENTARY_HOPS, STEP_HOPS)
    if last < 0 or not len(power) or not power.max() > 0.0:
        return np.empty(0, np.int64)
    loud = np.flatnonzero(power >= median(power))
    chosen = loud[np.linspace(0, len(loud) - 1, min(len(loud), MOST_BLOCKS)).astype(int)]
    return np.asarray(np.minimum(chosen * (audio.rate // 10), last))


def _smoothed_db(
    power: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Level of each bin, dB, averaged over nine."""
    level = 10.0 * np.log10(power + 1e-20)
    padded = np.pad(level, SMOOTH_BINS // 2, mode="edge")
    return np.convolve(padded, np.full(SMOOTH_BINS, 1.0 / SMOOTH_BINS), mode="valid")
