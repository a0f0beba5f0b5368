"""Slow, obvious twins of `masterify_core.kernels.truepeak`: interpolate everything, everywhere."""

import numpy as np

from masterify_core.metering import interpolation

BESIDE = interpolation.TAPS // 2 - 1  # frames before an interval that its taps reach


def intervals(x):
    """(true, printed): largest magnitude from ``n`` to ``n + 1`` for each interval whose taps lie inside ``x``."""
    windows = np.lib.stride_tricks.sliding_window_view(np.asarray(x, float), interpolation.TAPS, axis=1)
    exact = np.abs(windows @ interpolation.EXACT.T).max(axis=(0, 2))
    exact = np.maximum(exact, np.abs(windows[..., BESIDE + 1]).max(axis=0))
    phases = np.concatenate([interpolation.PRINTED[:, ::-1], interpolation.PRINTED])
    printed = np.abs(windows[..., BESIDE - 5 : BESIDE + 7] @ phases.T).max(axis=(0, 2))
    return exact, printed


def search(x, found):
    """The whole of ``x``, whatever the step."""
    exact, printed = intervals(x)
    found[0] = max(found[0], np.abs(x).max(initial=0.0))
    if exact.max(initial=0.0) > found[1]:
        found[1], found[3] = exact.max(), BESIDE + exact.argmax()
    found[2] = max(found[2], printed.max(initial=0.0))


def mark_overs(x, limit, printed_limit, out):
    exact, printed = intervals(x)
    count = 0
    for i, peak in enumerate(np.maximum(exact, printed * (limit / printed_limit))):
        if peak > limit:
            for n in (BESIDE + i, BESIDE + i + 1):
                out[n] = max(out[n], peak)
            count += 1
    return count


def oversampled_peak(x, oversampling, taps, beta):
    """Another interpolator over the whole of ``x`` with silence around, ungated."""
    table = interpolation.phases(oversampling, taps, beta)
    padded = np.pad(np.asarray(x, float), ((0, 0), (taps, taps)))
    best = 0.0
    for channel in padded:
        windows = np.lib.stride_tricks.sliding_window_view(channel, taps)
        for start in range(0, len(windows), 1 << 15):
            best = max(best, float(np.abs(windows[start : start + (1 << 15)] @ table.T).max()))
    return best
