"""Slow, obvious twins of `masterify_core.kernels.masking`."""

import numpy as np


def threshold(spectrum, first, upper, spread):
    """What a frame masks at each bin: powers gathered in bands, spread, weighed, spread out again."""
    rise, fall, weight = spread.astype(np.float64)
    bands = np.zeros(len(weight))
    for k, value in enumerate(spectrum):
        power = 4.0 * abs(value) ** 2
        bands[first[k]] += (1.0 - upper[k]) * power
        bands[first[k] + 1] += upper[k] * power
    for b in range(1, len(bands)):
        bands[b] += rise[b] * bands[b - 1]
    for b in reversed(range(len(bands) - 1)):
        bands[b] += fall[b + 1] * bands[b + 1]
    bands *= weight
    return np.array([(1.0 - u) * bands[f] + u * bands[f + 1] for f, u in zip(first, upper, strict=True)])


def change_of(frame, bound, rounds, ease, first, upper, spread):
    """Douglas-Rachford splitting for the least masked error of one windowed frame under a bound."""
    masks = threshold(np.fft.rfft(frame), first, upper, spread)
    gains = masks / (masks + ease * masks.mean() + 1e-20)
    s = np.zeros(len(frame))
    for _ in range(rounds):
        z = np.clip(frame + s, -bound, bound) - frame
        change = np.fft.irfft(gains * np.fft.rfft(2.0 * z - s), len(frame))
        s += change - z
    return np.clip(frame + change, -bound, bound) - frame


def clip_masked(x, peaks, group, level, window, rounds, ease, first, upper, spread):
    size = len(window)
    hop, done = size // 2, 0
    padded = np.pad(x.astype(np.float64), size)
    total = np.zeros(len(padded))
    for start in range(-hop, len(x), hop):
        frames = range(max(0, start), min(len(x), start + size))
        near = padded[start + size : start + 2 * size]
        if max((abs(x[n]) for n in frames), default=0.0) > level and any(
            peaks[n // group] > level for n in frames
        ):
            total[start + size : start + 2 * size] += window * change_of(
                near * window, level * window, rounds, ease, first, upper, spread
            )
            done += 1
    x += total[size : size + len(x)]
    return done
