"""Slow, obvious twins of `masterify_core.kernels.filtering`."""

import numpy as np


def section(x, coefficients, offsets):
    b0, b1, b2, a1, a2 = coefficients
    for c in range(len(x)):
        v = [0.0, 0.0, *(x[c].astype(np.float64) - offsets[c])]  # two of silence before the start
        y = [0.0, 0.0]
        for n in range(2, len(v)):
            y.append(b0 * v[n] + b1 * v[n - 1] + b2 * v[n - 2] - a1 * y[n - 1] - a2 * y[n - 2])
        x[c] = y[2:]
