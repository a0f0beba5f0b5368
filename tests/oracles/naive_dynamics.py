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


def split(x, widths):
    """Bands ``(count, channels, frames)``, which add up to x."""
    x = x.astype(np.float64)
    lows = [np.zeros_like(x)]
    for boxes in widths:
        impulse = np.ones(1)
        for width in boxes:
            impulse = np.convolve(impulse, np.ones(width) / width)
        reach = len(impulse) // 2
        lows.append(np.array([np.convolve(row, impulse)[reach : reach + len(row)] for row in x]))
    return np.diff([*lows, x], axis=0)


def band_energies(x, widths, step, energy):
    for b, band in enumerate(split(x, widths)):
        for k in range(energy.shape[1]):
            energy[b, k] = (band[:, k * step : (k + 1) * step] ** 2).sum()


def gain_curve(energy, size, settings, totals, gains):
    threshold, ratio, knee, cap, attack, release, window, crest_window = settings
    mean_square = reduction = peak = long_mean = 0.0
    for k, here in enumerate(energy / size):
        mean_square += (here - mean_square) / (1.0 + window)
        wanted = min(reduction_db(10.0 * math.log10(mean_square + 1e-20), threshold, ratio, knee), cap)
        rise, fall = attack, release
        if crest_window > 0.0:
            long_mean += (here - long_mean) / (1.0 + crest_window)
            peak = max(here, peak + (here - peak) / (1.0 + crest_window))
            crest = max(peak / max(long_mean, 1e-20), 1.0)
            rise, fall = attack / crest, max(release - attack, 0.0) / crest
        reduction += (wanted - reduction) / (1.0 + (rise if wanted > reduction else fall))
        gain = 10.0 ** (-reduction / 20.0)
        totals += [energy[k], energy[k] * gain**2, reduction]
        gains[k + 1] = gain


def apply_gains(x, widths, gains, step, out):
    lines = np.array(
        [np.interp(np.arange(x.shape[1]) / step, np.arange(gains.shape[1]), row) for row in gains]
    )
    out[:] = (split(x, widths) * lines[:, None]).sum(axis=0)
