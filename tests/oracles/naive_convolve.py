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


def centred(v, taps):
    centre = (len(taps) - 1) // 2
    y = np.zeros(len(v))
    for n in range(len(v)):
        reach = range(max(0, n + centre - len(v) + 1), min(len(taps), n + centre + 1))
        y[n] = sum(taps[k] * v[n + centre - k] for k in reach)
    return y


def convolve(x, mid_side, filters, out):
    x = x.astype(np.float64)
    if mid_side:
        mid, side = centred((x[0] + x[1]) / 2.0, filters[0]), centred((x[0] - x[1]) / 2.0, filters[1])
        out[:] = mid + side, mid - side
    else:
        for channel, v in enumerate(x):
            out[channel] = centred(v, filters[min(channel, len(filters) - 1)])
