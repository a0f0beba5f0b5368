"""Slow, obvious twins of `masterify_core.kernels.statistics`."""

import numpy as np

from tests.oracles.naive_loudness import hop_frame


def hop_statistics(x, rate, sums, extremes):
    for hop in range(len(sums)):
        part = slice(hop_frame(hop, rate), hop_frame(hop + 1, rate))
        left, right = x[0, part].astype(float), x[-1, part].astype(float)
        sums[hop] = (left**2).sum(), (right**2).sum(), ((left - right) ** 2).sum(), left.sum(), right.sum()
        for k, side in enumerate((left, -left, right, -right)):
            extremes[hop, k] = side.max(initial=0.0)


def clipped_runs(x, row, sign, floor, step, least, found):
    y = sign * x[row].astype(float)
    n = 0
    while n < len(y):
        end = n
        while end < len(y) and y[end] >= floor:
            end += 1
        if end - n >= least:
            enters = y[n] - y[n - 1] if n > 0 else 0.0
            leaves = y[end - 1] - y[end] if end < len(y) else 0.0
            if max(enters, leaves) > step:
                found += (1, end - n, max(0, end - n - found[2]))
        n = max(end, n + 1)


def correlation(x):
    """Of the first and last channel, DC left out."""
    return float(np.corrcoef(x[0].astype(float), x[-1].astype(float))[0, 1])
