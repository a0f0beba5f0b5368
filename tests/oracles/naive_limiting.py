"""Slow, obvious twins of `masterify_core.kernels.limiting`."""

import math

import numpy as np


def at(x, n):
    """Frame ``n`` of every channel; silence outside the song."""
    return x[:, n].astype(np.float64) if 0 <= n < x.shape[1] else np.zeros(len(x))


def point(x, weights, n):
    """The point after frame ``n`` that one phase of an interpolator reads."""
    first = n - len(weights) // 2 + 1
    return sum(weight * at(x, first + t) for t, weight in enumerate(weights))


def group_peaks(x, phases, group, out):
    for k in range(len(out)):
        frames = range(k * group - 1, (k + 1) * group)
        points = [at(x, n) for n in frames] + [point(x, phase, n) for n in frames for phase in phases]
        out[k] = np.abs(points).max()


def group_maxima(x, group, out):
    for k in range(len(out)):
        out[k] = max(x[k * group : (k + 1) * group])


def sliding_quantiles(x, reach, shares, out):
    for k in range(len(x)):
        window = sorted(x[max(0, k - reach) : k + reach + 1])
        out[:, k] = [window[math.floor(share * (len(window) - 1) + 0.5)] for share in shares]


def reduction(need, ahead, boxes, attack, slow, fast, out):
    held = [max(need[max(0, k - 1) : k + ahead + 1]) for k in range(len(need))]
    s = f = 0.0
    released = []
    for h in held:
        s += (attack if h > s else slow) * (h - s)
        f = max(h, s + (f - s) * (1.0 - fast))
        released.append(f)
    for width in boxes:
        before = [released[0]] * (width - 1) + released
        released = [sum(before[k : k + width]) / width for k in range(len(need))]
    out[:] = released


def line(r, position):
    """Straight lines between the values of ``r``; the last one stays."""
    return np.interp(position, np.arange(len(r)), r.astype(np.float64))


def apply_reduction(x, r, gain, group, out):
    out[:] = gain * x * (1.0 - line(r, np.arange(x.shape[1]) / group))


def draw_line(r, hop, out):
    out[:] = line(r, np.arange(len(out)) / hop)


def clip(x, peaks, phases, back, level, group, safely_below):
    """Answer the number of clipped points.

    Only groups whose peak is over the level are looked at, and there only channels that come near it.
    """
    before, clipped = x.copy(), 0
    factor, taps = phases.shape
    for k in np.flatnonzero(peaks > level):
        frames = range(k * group, (k + 1) * group)
        near = np.max([np.abs(at(before, n)) for n in frames], axis=0) * safely_below >= level
        for n in frames:
            for phase, down in zip(phases, back, strict=True):
                value = point(before, phase, n)
                excess = np.where(near, np.clip(value, -level, level) - value, 0.0)
                clipped += np.count_nonzero(excess)
                for t in range(taps):
                    if 0 <= (i := n - taps // 2 + 1 + t) < x.shape[1]:
                        x[:, i] += excess * down[t] / factor
    return clipped
