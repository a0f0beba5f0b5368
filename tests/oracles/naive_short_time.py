"""Slow, obvious twins of `masterify_core.kernels.short_time`."""

import numpy as np


def spectrum(x, frame, window):
    """Transform of one frame; the first channel is the real part, the second the imaginary part."""
    size = len(window)
    start = (frame - 1) * (size // 2)
    row = np.zeros(size, complex)
    for n in range(size):
        if 0 <= start + n < x.shape[1]:
            row[n] = x[0, start + n] + (1j * x[1, start + n] if len(x) > 1 else 0.0)
    return np.fft.fft(row * window)


def band_powers(x, first, window, edges, count):
    found = np.zeros((count, len(edges) - 1))
    for f in range(count):
        z = spectrum(x, first + f, window)
        for b in range(len(edges) - 1):
            for k in range(edges[b], edges[b + 1]):
                found[f, b] += abs(z[k]) ** 2 + abs(z[-k]) ** 2
    return found


def change(x, gains, place, share, window):
    size = len(window)
    hop = size // 2
    out = np.zeros((2, x.shape[1] + 4 * hop))
    for f, gain in enumerate(gains.astype(float)):
        z = spectrum(x, f, window)
        for k in range(hop + 1):
            factor = np.exp((1 - share[k]) * gain[place[k]] + share[k] * gain[place[k] + 1])
            z[k] *= factor
            if 0 < k < hop:
                z[-k] *= factor
        row = np.fft.ifft(z) * window
        out[0, (f + 1) * hop : (f + 3) * hop] += row.real
        out[1, (f + 1) * hop : (f + 3) * hop] += row.imag
    return out[: len(x), 2 * hop : 2 * hop + x.shape[1]]
