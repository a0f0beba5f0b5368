"""Slow, obvious twins of `masterify_core.kernels.spectra`."""

import numpy as np


def load_mid_side(x, window, start, re, im):
    for i, weight in enumerate(window):
        n = start + i
        left, right = (x[0, n], x[-1, n]) if n < x.shape[1] else (0.0, 0.0)
        re.flat[i] = weight * (left + right) / 2.0
        im.flat[i] = weight * (left - right) / 2.0


def band_powers(mid, side, edges, out):
    """Of the signals themselves: the power in their bins, by numpy's transform."""
    for row, signal in enumerate((mid, side)):
        power = np.abs(np.fft.fft(signal.astype(np.float64))) ** 2
        for band in range(len(edges) - 1):
            out[row, band] = sum(power[k] for k in range(edges[band], edges[band + 1]))
