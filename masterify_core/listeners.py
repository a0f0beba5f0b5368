"""Listeners: which of a platform's codecs a master is sent through, and what is told of those that cannot be used."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import numpy as np

from masterify_core.codecs import LOSSY, CodecCheck, missing
from masterify_core.preset_platform import Codec

Check = Literal["off", "hot", "full"]
ALLOWED_OVER_DB, ALLOWED_DBTP = 0.2, 0.0  # decoded peaks: over the master's ceiling, and at all
# Seconds of hot spans: about a quarter of a second of CPU time a codec, whose encoders differ that much.
HOT_S = {"aac": 6.0, "mp3": 3.5, "opus": 4.0, "vorbis": 10.0}
HOT_CODECS = 2
# Mean rise of true peaks on four masters of -9.5 LUFS, dB at kbit/s: who is looked at first.
RISE_DB = {
    "aac": ((128.0, 256.0), (1.44, 0.44)),
    "mp3": ((128.0, 192.0, 320.0), (0.52, 0.28, 0.21)),
    "opus": ((74.0, 102.0, 160.0), (1.43, 1.33, 1.10)),
    "vorbis": ((98.0, 130.0, 320.0), (1.00, 0.64, 0.21)),
}


def allowed_dbtp(ceiling_dbtp: float) -> float:
    """How high decoded peaks may be, dBTP.

    >>> allowed_dbtp(-1.0), allowed_dbtp(-0.1)
    (-0.8, 0.0)
    """
    return min(ceiling_dbtp + ALLOWED_OVER_DB, ALLOWED_DBTP)


def chosen(
    codecs: Iterable[Codec], check: Check, most_dbtp: float
) -> tuple[list[Codec], tuple[CodecCheck, ...]]:
    """Find who is looked at, the riskiest first, and what is told of those who cannot be; lossless ones need nothing."""
    lossy = {codec for codec in codecs if codec.name in LOSSY and codec.kbps is not None}
    used, told = list[Codec](), list[CodecCheck]()
    for codec in sorted(lossy, key=_harmlessness) if check != "off" else ():
        if check == "hot" and (len(used) == HOT_CODECS or any(c.name == codec.name for c in used)):
            continue
        if why := missing(codec.name):
            kbps, note = codec.kbps or 0.0, f"not checked: {why}"
            told.append(CodecCheck(codec=codec.name, kbps=kbps, allowed_dbtp=most_dbtp, note=note))
        else:
            used.append(codec)
    return used, tuple(told)


def _harmlessness(codec: Codec) -> tuple[float, str, float]:
    kbps, rise_db = RISE_DB[codec.name]
    return -float(np.interp(codec.kbps or 0.0, kbps, rise_db)), codec.name, codec.kbps or 0.0
