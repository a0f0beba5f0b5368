"""Slow, obvious twins of `masterify_core.kernels.convolve`."""

import numpy as np


def frequency_of(place, count):
    """Frequency that radix-4 decimation (radix 2 at the end) leaves at a place of ``count``."""
    if count <= 2:
        return place
    quarter, rest = divmod(place, count // 4)
    return 4 * frequency_of(rest, count // 4) + quarter


def spectrum(re, im, out_re, out_im):
    rows, columns = re.shape
    whole = np.fft.fft((re.astype(np.float64) + 1j * im).reshape(-1))
    for c in range(columns):
        for r in range(rows):
            value = whole[frequency_of(r, rows) + rows * frequency_of(c, columns)]
            out_re[c, r], out_im[c, r] = value.real, value.imag


def convolve(x, mid, side, taps, left, right, add, out):
    v = mid * x[0].astype(np.float64) + side * x[-1]
    centre = (len(taps) - 1) // 2
    frames = x.shape[1]
    for n in range(frames):
        reach = range(max(0, n + centre - frames + 1), min(len(taps), n + centre + 1))
        y = sum(taps[k] * v[n + centre - k] for k in reach)
        for channel, gain in zip(range(len(out)), (left, right), strict=False):
            if gain != 0.0:
                out[channel, n] = gain * y + (out[channel, n] if add else 0.0)
