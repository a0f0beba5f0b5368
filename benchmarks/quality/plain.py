"""The two simplest ways to make a song loud, as yardsticks: a 4x oversampled hard clip, a look-ahead limiter with one release."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import maximum_filter1d, uniform_filter1d
from scipy.signal import resample_poly

OVERSAMPLING = 4
LOOKAHEAD_MS, RELEASE_MS = 4.0, 80.0
GROUP = 8  # frames a control point


def hard_clip(samples: np.ndarray, _rate: int, gain_db: float, ceiling_db: float) -> np.ndarray:
    """Clip ``(frames, channels)`` at four times the rate, whatever that is."""
    ceiling = 10.0 ** (ceiling_db / 20.0)
    up = resample_poly(samples * 10.0 ** (gain_db / 20.0), OVERSAMPLING, 1, axis=0, window=("kaiser", 8.0))
    return resample_poly(np.clip(up, -ceiling, ceiling), 1, OVERSAMPLING, axis=0, window=("kaiser", 8.0))


def one_release(samples: np.ndarray, rate: int, gain_db: float, ceiling_db: float) -> np.ndarray:
    """Limit ``(frames, channels)``: peaks held over the look-ahead, one exponential release, smoothed."""
    x = samples * 10.0 ** (gain_db / 20.0)
    ceiling = 10.0 ** (ceiling_db / 20.0)
    up = np.abs(resample_poly(x, OVERSAMPLING, 1, axis=0, window=("kaiser", 8.0))).max(axis=1)
    whole = -(-len(x) // GROUP)
    peaks = np.pad(up[: len(x) * OVERSAMPLING], (0, whole * GROUP * OVERSAMPLING - len(x) * OVERSAMPLING))
    need = 1.0 - np.minimum(1.0, ceiling / np.maximum(peaks.reshape(whole, -1).max(axis=1), 1e-9))
    width = 2 * max(1, round(LOOKAHEAD_MS / 1000.0 * rate / GROUP / 2)) + 1
    held = maximum_filter1d(need, 2 * width + 1)
    keep = float(np.exp(-1000.0 * GROUP / (RELEASE_MS * rate)))
    released, now = np.empty_like(held), 0.0
    for k, value in enumerate(held):
        now = max(value, now * keep)
        released[k] = now
    smooth = uniform_filter1d(released, width)
    gain = 1.0 - np.interp(np.arange(len(x)), (np.arange(whole) + 0.5) * GROUP, smooth)
    return x * gain[:, None]
