"""Slow, obvious twins of `masterify_core.kernels.noise`."""

import math


def triangular(counter):
    """Both halves of lowbias32, a 32-bit hash, as one number between -1 and 1."""
    z = counter % 2**32
    z = (z ^ (z >> 16)) * 0x7FEB352D % 2**32
    z = (z ^ (z >> 15)) * 0x846CA68B % 2**32
    z ^= z >> 16
    return ((z & 0xFFFF) + (z >> 16) - 65535) / 65536


def quantise(x, start, gain, bits, dither, seed, shape, errors, stretch, out):
    channels = x.shape[0]
    for c in range(channels):
        past = list(errors[c, : len(shape)])
        for n in range(len(out)):
            first = n // stretch * stretch
            if not x[c, start + first : start + min(first + stretch, len(out))].any():
                out[n, c] = 0
                past = [0.0] * len(shape)
                continue
            w = gain * 2 ** (bits - 1) * float(x[c, start + n])
            w -= sum(weight * error for weight, error in zip(shape, past, strict=True))
            word = math.floor(w + dither * triangular(seed + (start + n) * channels + c) + 0.5)
            past = [word - w, *past][: len(shape)]
            out[n, c] = min(max(word, -(2 ** (bits - 1))), 2 ** (bits - 1) - 1) * 2 ** (32 - bits)
        errors[c, : len(shape)] = past


def interleave(x, start, gain, out):
    for n in range(len(out)):
        for c in range(x.shape[0]):
            out[n, c] = gain * x[c, start + n]
