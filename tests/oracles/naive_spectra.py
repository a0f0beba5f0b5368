"""Slow, obvious twin of `masterify_core.kernels.spectra`."""

import numpy as np


def block_powers(x, starts, mid_side, window, edges, out):
    for i, start in enumerate(starts):
        block = np.zeros((2, len(window)))
        there = x[[0, -1], start : start + len(window)].astype(np.float64)
        block[:, : there.shape[1]] = there
        if mid_side:
            block = np.stack([block[0] + block[1], block[0] - block[1]]) / 2.0
        for row, signal in enumerate(block):
            power = np.abs(np.fft.fft(window * signal)) ** 2
            for band in range(len(edges) - 1):
                out[i, row, band] = sum(power[k] for k in range(edges[band], edges[band + 1]))
