"""Slow, obvious twins of `masterify_core.kernels.dynamics`."""

import math

import numpy as np


def reduction_db(level_db, threshold_db, ratio, knee_db):
    over, slope = level_db - threshold_db, 1.0 - 1.0 / ratio
    if over <= -knee_db / 2.0:
        return 0.0
    if over < knee_db / 2.0:
        return slope * (over + knee_db / 2.0) ** 2 / (2.0 * knee_db)
    return slope * over


def smoothed(x, pole):
    y, state = np.empty(x.shape), np.zeros(len(x))
    for n in range(x.shape[1]):
        state = state + pole * (x[:, n] - state)
        y[:, n] = state
    return y


def split(x, poles, count):
    """Bands ``(count, channels, frames)``, which add up to x."""
    x = x.astype(np.float64)
    if count == 1:
        return x[None]
    low, lower = smoothed(x, poles[0]), smoothed(x, poles[1])
    return np.stack([low, lower - low, x - lower])


def compress(x, poles, settings, step, totals, out):
    out[:] = 0.0
    frames = x.shape[1]
    for b, band in enumerate(split(x, poles, len(settings))):
        threshold, ratio, knee, cap, attack, release, window, makeup = settings[b]
        mean_square, reduction, gain = 0.0, 0.0, 1.0
        for start in range(0, frames, step):
            here = band[:, start : start + step]
            mean_square += window * ((here**2).mean() - mean_square)
            wanted = min(reduction_db(10.0 * math.log10(mean_square + 1e-20), threshold, ratio, knee), cap)
            reduction += (attack if wanted > reduction else release) * (wanted - reduction)
            next_gain = 10.0 ** (-reduction / 20.0)
            line = gain + (next_gain - gain) * np.arange(here.shape[1]) / step
            out[:, start : start + step] += makeup * line * here
            totals[b] += [
                (here**2).sum(),
                (here**2).sum() * ((gain + next_gain) / 2.0) ** 2,
                here.shape[1],
                here.shape[1] * reduction,
            ]
            gain = next_gain
