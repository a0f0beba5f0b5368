"""Sample-rate conversion."""

from __future__ import annotations

import numpy as np

from masterify_core.audio import Audio


def resample(audio: Audio, rate: int) -> Audio:
    """Convert to another rate with soxr's very high quality (pass band to 0.95 of half the lower rate, linear phase).

    The answer has ``round(frames * rate / audio.rate)`` frames and is not delayed.
    """
    if rate == audio.rate:
        return audio
    import soxr

    frames = round(audio.frames * rate / audio.rate)
    out = np.zeros((audio.channels, frames), np.float32)
    for source, target in zip(audio.samples, out, strict=True):
        converted = soxr.resample(source, audio.rate, rate, quality="VHQ")[:frames]
        target[: len(converted)] = converted
    return Audio(out, rate)
