"""Masters of noise, written block by block."""

import numpy as np

from masterify_core.files import create

KINDS = [("wav", "16"), ("wav", "24"), ("wav", "32f"), ("flac", "16"), ("flac", "24"), ("mp3", "24")]


def blocks(container, depth, frames=5_000, channels=2, seed=1):
    """Left-justified integers or floats, in uneven blocks."""
    random = np.random.default_rng(seed)
    if depth == "32f" or container == "mp3":
        sound = random.uniform(-0.5, 0.5, (frames, channels)).astype(np.float32)
    else:
        bits = int(depth)
        top = 2 ** (bits - 1)
        sound = (random.integers(-top, top, (frames, channels)) << (32 - bits)).astype(np.int32)
    return sound, np.split(sound, [1, 4, 1000, 1001])


def write(path, container, depth, rate=44_100, channels=2, frames=5_000, **more):
    sound, parts = blocks(container, depth, frames, channels)
    with create(path, rate=rate, channels=channels, container=container, bit_depth=depth, **more) as writer:
        for part in parts:
            writer.append(part)
    return sound
