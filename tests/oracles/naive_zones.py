"""Slow, obvious twins of `masterify_core.kernels.zones`."""

import math

import numpy as np
from scipy.signal import lfilter


def split(x, filters):
    """Zones ``(zones, channels, frames)``."""
    return np.array(
        [lfilter([b0, 0.0, -b0], [1.0, a1, a2], x.astype(np.float64), axis=1) for b0, a1, a2 in filters.T]
    )


def zone_energies(x, filters, step, energy):
    for z, zone in enumerate(split(x, filters)):
        for k in range(len(energy)):
            energy[k, z] = (zone[:, k * step : (k + 1) * step] ** 2).sum()


def cut_curve(of, reference, settings, gains, row):
    over, slope, most, attack, release, window, long_window, least = settings
    here = beside = reduction = 0.0
    for k in range(len(of)):
        here += (of[k] - here) / (1.0 + window)
        beside += (reference[k] - beside) / (1.0 + long_window)
        wanted = 0.0
        if here > least:
            wanted = np.clip(slope * (10.0 * math.log10(here / (beside + 1e-20)) - over), 0.0, most)
        reduction += (wanted - reduction) / (1.0 + (attack if wanted > reduction else release))
        gains[k + 1, row] = 10.0 ** (-reduction / 20.0)


def follow(x, filters, gains, step, out):
    out[:] = x
    for z, zone in enumerate(split(x, filters)):
        line = np.interp(np.arange(x.shape[1]) / step, np.arange(len(gains)), gains[:, z])
        out += (line - 1.0) * zone
