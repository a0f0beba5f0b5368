"""Slow, obvious twins of `masterify_core.kernels.convert`."""

import numpy as np


def deinterleave(block, out, start):
    floats = block.view(np.float32)
    largest = 0
    for n, frame in enumerate(floats):
        for c, sample in enumerate(frame):
            out.view(np.float32)[c, start + n] = sample
            largest = max(largest, int(np.abs(sample).view(np.uint32)))
    return largest


def unpack_24(words, frames, out, start):
    raw = words.tobytes()
    for n in range(frames):
        for c in range(out.shape[0]):
            at = 3 * (n * out.shape[0] + c)
            out[c, start + n] = int.from_bytes(raw[at : at + 3], "little", signed=True) / 2**23


def pack_24(samples, words):
    raw = b"".join(int(sample).to_bytes(4, "little")[1:] for sample in samples)
    words[:] = np.frombuffer(raw.ljust(4 * len(words), b"\0"), "<u4")
