"""Sounds that coders find hard, and their files."""

import numpy as np
import soundfile

RATE = 44_100


def noise_after_tone(seconds=4.0, channels=2):
    """Make VBR coders give the first half few bits and the second many, which fools guesses of length."""
    frames = int(seconds * RATE)
    tone = 0.1 * np.sin(np.arange(frames // 2) * 0.06)
    noise = np.random.default_rng(3).uniform(-0.5, 0.5, frames - frames // 2)
    return np.stack([np.concatenate([tone, noise])] * channels, axis=1)


def encoded(path, sound, container, subtype=None, **settings):
    soundfile.write(path, sound, RATE, subtype, format=container, **settings)
    return path
