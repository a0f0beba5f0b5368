"""Slow, obvious twin of `masterify_core.kernels.saturation`."""

import numpy as np


def taken(u):
    c = np.clip(u, -1.0, 1.0)
    return c - 2.0 * c**3 / 3.0 + c**5 / 5.0 - u


def saturate(x, between, scale, amount, totals, out):
    x, between = x.astype(np.float64), between.astype(np.float64)
    half = len(between) // 2
    for c, row in enumerate(x):
        padded = np.pad(row, 2 * half)
        mid = np.convolve(padded, between[::-1])  # the point after frame n stands at n + half
        here = taken(scale * row)
        beside = np.convolve(taken(scale * mid), between)
        out[c] = row + 0.5 * amount * (here + beside[4 * half - 1 :][: len(row)])
    totals += [(x**2).sum(), (out**2).sum()]
