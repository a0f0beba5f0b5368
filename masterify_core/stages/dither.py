"""The last step: floats to the words of a file, with dither."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from masterify_core.audio import Audio
from masterify_core.kernels import noise as kernels

BitDepth = Literal["16", "24", "32f"]
BLOCK_FRAMES = 1 << 15
SEED = 1770
# Error-feedback coefficients of the modified E-weighted filter (Wannamaker, JAES 40(7/8), 1992): noise falls
# where hearing is keenest, for 7.6 dB more in all. Designed for 44.1 kHz; near enough at 48 kHz.
SHAPE_44K = np.array([1.662, -1.263, 0.4827, -0.2913, 0.1268, -0.1124, 0.03252, -0.01265, -0.03524])
SHAPED_RATES = (44_100, 48_000)


def blocks(audio: Audio, bit_depth: BitDepth, gain: float, *, dither: bool) -> Iterator[NDArray[np.generic]]:
    """Interleaved blocks ready for a file: left-justified int32 for 16 and 24 bit, float32 for 32f.

    Parameters
    ----------
    gain
        Factor applied on the way.
    dither
        Whether to add dither: triangular, two steps wide; shaped for 16 bit at 44.1 and 48 kHz. Long digital
        silence stays silent. The noise is a function of the position: the same song gives the same bytes.
    """
    if bit_depth == "32f":
        for start in range(0, audio.frames, BLOCK_FRAMES):
            floats = np.empty((min(BLOCK_FRAMES, audio.frames - start), audio.channels), np.float32)
            kernels.interleave(audio.samples, start, gain, floats)
            yield floats
        return
    shaped = dither and bit_depth == "16" and audio.rate in SHAPED_RATES
    shape = SHAPE_44K if shaped else np.zeros(0)
    errors = np.zeros((audio.channels, len(shape) + kernels.STRETCH))
    scratch = np.empty((audio.channels, kernels.STRETCH))
    for start in range(0, audio.frames, BLOCK_FRAMES):
        words = np.empty((min(BLOCK_FRAMES, audio.frames - start), audio.channels), np.int32)
        kernels.quantise(
            audio.samples,
            start,
            gain,
            int(bit_depth),
            1.0 if dither else 0.0,
            SEED,
            shape,
            errors,
            scratch,
            words,
        )
        yield words
