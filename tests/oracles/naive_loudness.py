"""Slow, obvious twin of `masterify_core.kernels.loudness`, and BS.1770 written straight from its text."""

import math

import numpy as np

from masterify_core.metering.weighting import k_weighting


def k_energies(samples, row, other, weight, other_weight, rate, first_hop, stop_hop, energy):
    """From rest: the kernel with its filters in the textbook's direct form."""
    for channel, share in ((row, weight), (other, other_weight)):
        power = k_weighted(samples[channel], rate) ** 2
        for hop in range(first_hop, stop_hop):
            energy[hop] += share * power[hop_frame(hop, rate) : hop_frame(hop + 1, rate)].sum()


def k_weighted(channel, rate):
    x = [float(sample) for sample in channel]
    for b0, b1, b2, a1, a2 in k_weighting(rate):
        y = []
        for n in range(len(x)):
            past = [(x[n - k] if n >= k else 0.0, y[n - k] if n >= k else 0.0) for k in (1, 2)]
            y.append(b0 * x[n] + b1 * past[0][0] + b2 * past[1][0] - a1 * past[0][1] - a2 * past[1][1])
        x = y
    return np.array(x)


def hop_frame(hop, rate):
    return math.floor(hop * rate / 100 + 0.5)


def block_powers(energy, seconds, step_s, rate, frames):
    """Mean power of windows built of whole hops."""
    width, step = round(seconds * 100), round(step_s * 100)
    whole = [k for k in range(len(energy)) if hop_frame(k + 1, rate) <= frames]
    return [
        sum(energy[k : k + width]) / (hop_frame(k + width, rate) - hop_frame(k, rate))
        for k in range(0, len(whole) - width + 1, step)
    ]


def lufs(power):
    return -0.691 + 10 * math.log10(power) if power > 0 else -math.inf


def integrated(powers):
    loud = [p for p in powers if lufs(p) > -70]
    if not loud:
        return -math.inf
    gate = lufs(sum(loud) / len(loud)) - 10
    loud = [p for p in loud if lufs(p) > gate]
    return lufs(sum(loud) / len(loud))


def loudness_range(powers):
    levels = [lufs(p) for p in powers if lufs(p) > -70]
    if not levels:
        return 0.0
    gate = lufs(sum(10 ** ((level + 0.691) / 10) for level in levels) / len(levels)) - 20
    levels = sorted(level for level in levels if level > gate)
    low, high = (levels[math.floor((len(levels) - 1) * share + 0.5)] for share in (0.10, 0.95))
    return high - low
