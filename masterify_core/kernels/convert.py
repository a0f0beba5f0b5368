"""Layout changes between files (interleaved, packed) and the engine (channels first, float32)."""

from __future__ import annotations

from typing import Any

import numpy as np

from masterify_core.kernels._jit import kernel
from masterify_core.kernels._marks import apart, inlined

Array = Any
FROM_32_BITS = 2.0**-31


@kernel("i8(u4[:,::1], u4[:,::1], i8)")
def deinterleave(block: Array, out: Array, start: int) -> Array:
    """``out[c, start + n] = block[n, c]`` of one or two channels; answers the largest magnitude bits.

    Both arrays are float32 seen as uint32: the order of magnitudes is that of their bits without the
    sign, so those of infinity, 0x7F800000, or more mean that the block holds infinity or NaN. O(samples).
    """
    magnitude = np.uint32(0x7FFF_FFFF)
    largest = np.uint32(0)
    if block.shape[1] == 2:
        for n in range(block.shape[0]):
            left = block[n, 0]
            right = block[n, 1]
            out[0, start + n] = left
            out[1, start + n] = right
            largest = max(largest, max(left & magnitude, right & magnitude))
    else:
        for n in range(block.shape[0]):
            sample = block[n, 0]
            out[0, start + n] = sample
            largest = max(largest, sample & magnitude)
    return np.int64(largest)


@inlined
def sample_24(words: Array, index: int) -> Array:
    """Sample ``index`` of packed 24-bit samples as a number below 1; looks at the next word too."""
    at = 3 * index // 4
    both = np.uint64(words[at]) | (np.uint64(words[at + 1]) << np.uint64(32))
    bits = np.uint32(both >> np.uint64(3 * index % 4 * 8)) << np.uint32(8)
    return np.float32(np.int32(bits)) * np.float32(FROM_32_BITS)


@apart
def _unpack_pairs(words: Array, left: Array, right: Array) -> None:
    """Unpack stereo frames two by two: they fill three words."""
    scale = np.float32(FROM_32_BITS)
    top = np.uint32(0xFFFF_FF00)
    for q in range(left.shape[0] // 2):
        a = words[3 * q]
        b = words[3 * q + 1]
        c = words[3 * q + 2]
        left[2 * q] = np.float32(np.int32(a << np.uint32(8))) * scale
        left[2 * q + 1] = np.float32(np.int32(((b >> np.uint32(8)) & top) | (c << np.uint32(24)))) * scale
        bits = ((a >> np.uint32(16)) & np.uint32(0xFF00)) | (b << np.uint32(16))
        right[2 * q] = np.float32(np.int32(bits)) * scale
        right[2 * q + 1] = np.float32(np.int32(c & top)) * scale


@kernel("void(u4[::1], i8, f4[:,::1], i8)")
def unpack_24(words: Array, frames: int, out: Array, start: int) -> None:
    """``out[c, start + n] = sample / 2**23`` of packed little-endian 24-bit samples, O(samples).

    The bytes come as 32-bit words, four samples in three of them, which is twice as fast as byte by
    byte; one word more than the samples fill must be there.
    """
    whole = 0
    if out.shape[0] == 2:
        whole = frames // 2 * 2
        _unpack_pairs(words, out[0, start : start + whole], out[1, start : start + whole])
    for n in range(whole, frames):
        for channel in range(out.shape[0]):
            out[channel, start + n] = sample_24(words, n * out.shape[0] + channel)


@kernel("void(u4[::1], u4[::1])")
def pack_24(samples: Array, words: Array) -> None:
    """Pack samples whose 24 bits stand at the top of 32 into little-endian bytes, seen as words. O(samples).

    Four samples fill three words; the last group is filled up with zeros.
    """
    count = samples.shape[0]
    for q in range(count // 4):
        a = samples[4 * q] >> np.uint32(8)
        b = samples[4 * q + 1] >> np.uint32(8)
        c = samples[4 * q + 2] >> np.uint32(8)
        d = samples[4 * q + 3] >> np.uint32(8)
        words[3 * q] = a | (b << np.uint32(24))
        words[3 * q + 1] = (b >> np.uint32(8)) | (c << np.uint32(16))
        words[3 * q + 2] = (c >> np.uint32(16)) | (d << np.uint32(8))
    rest = count // 4 * 4
    last = rest // 4 * 3
    for word in range(last, words.shape[0]):
        words[word] = np.uint32(0)
    for n in range(rest, count):
        at = 3 * n // 4
        bits = np.uint64(samples[n] >> np.uint32(8)) << np.uint64(3 * n % 4 * 8)
        words[at] |= np.uint32(bits & np.uint64(0xFFFF_FFFF))
        if bits >> np.uint64(32):
            words[at + 1] |= np.uint32(bits >> np.uint64(32))
