"""Proofing: short dips where what lossy codecs make of a master would exceed its ceiling, and the proof."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from masterify_core.codecs import LOSSY, CodecCheck, missing
from masterify_core.kernels.limiting import GROUP
from masterify_core.listening import Heard, Span, all_spans, hot_spans, listen
from masterify_core.metering.loudness import energies
from masterify_core.preset_platform import Codec
from masterify_core.rendering import Rendered, close_overs, programme_lufs
from masterify_core.stages.limiter import apply, dips_at
from masterify_core.units import db_to_gain, gain_to_db

Check = Literal["off", "hot", "full"]
Rows = NDArray[np.float32]
Row = NDArray[np.float32]
Known = dict[Codec, dict[Span, Heard]]

ALLOWED_OVER_DB, ALLOWED_DBTP = 0.2, 0.0  # decoded peaks: over the master's ceiling, and at all
GUARD_DB = 0.02  # under that: encoders answer the rounding of a file's words with a little noise
# Seconds of hot spans: about half a second of CPU time a codec, whose encoders differ that much.
HOT_S = {"aac": 12.0, "mp3": 7.0, "opus": 9.0, "vorbis": 14.0}
HOT_CODECS = 2
# Mean rise of true peaks on four masters of -9.5 LUFS, dB at kbit/s: who is looked at first.
RISE_DB = {
    "aac": ((128.0, 256.0), (1.44, 0.44)),
    "mp3": ((128.0, 192.0, 320.0), (0.52, 0.28, 0.21)),
    "opus": ((74.0, 102.0, 160.0), (1.43, 1.33, 1.10)),
    "vorbis": ((98.0, 130.0, 320.0), (1.00, 0.64, 0.21)),
}
DIP_MS = 4.0
DIP_POWER = 1.15  # the codec gives a part of each dip back
ROUND_DB = 0.03  # further down each round: the encoder decides anew and misses by that much
ROUNDS = {"hot": 4, "full": 9}
LAST_WHOLE = 3  # rounds at the end of a full check that look at the whole song
ENOUGH_LU, MADE_UP_ROUNDS = 0.01, 3
NOTHING = 1e-5  # mean reduction that no loudness meter sees


def proof(
    rendered: Rendered, out: Rows, ceiling_dbtp: float, codecs: Iterable[Codec], check: Check
) -> Rendered:
    """Encode and decode a rendering, dip what comes back over the ceiling, and look again.

    Decoded peaks are over at 0 dBTP, or 0.2 dB over the master's own ceiling, whichever is lower. What the dips
    take from the loudness is given back by gain under the ceiling, so what was promised still holds.

    Parameters
    ----------
    rendered, out
        The rendering, and the memory that it is in, which is changed.
    ceiling_dbtp
        The master's.
    codecs
        What listeners get; lossless ones are left out.
    check
        ``hot`` looks where peaks are nearest to the ceiling, at the two codecs that raise peaks most; ``full`` at
        all of the song and at all codecs.
    """
    allowed_dbtp = min(ceiling_dbtp + ALLOWED_OVER_DB, ALLOWED_DBTP)
    used, told = _chosen(codecs, check, allowed_dbtp)
    if not used:
        return replace(rendered, codecs=told)
    rate, frames = rendered.audio.rate, rendered.audio.frames
    limit = db_to_gain(allowed_dbtp - GUARD_DB)
    every = {
        c: all_spans(frames, rate) if check == "full" else hot_spans(out, rate, HOT_S[c.name]) for c in used
    }
    pending: Mapping[Codec, Sequence[Span]] = every
    first, known, mended = dict[Codec, dict[Span, Heard]](), Known(), False
    for number in range(ROUNDS[check]):
        heard = {
            codec: listen(out, rate, codec.name, codec.kbps or 0.0, spans, limit, rendered.trim)
            for codec, spans in pending.items()
        }
        first = first or heard
        known = {codec: known.get(codec, {}) | heard.get(codec, {}) for codec in used}
        failing = _failing(heard)
        if not failing:
            if check == "hot" or pending is every:
                break
            pending = every  # a song is encoded otherwise than its pieces
            continue
        left = ROUNDS[check] - 1 - number
        if left == 0:
            break
        points = _points(heard, frames)
        _dip(rendered, out, points, limit * db_to_gain(-ROUND_DB * number), ceiling_dbtp)
        mended = True
        pending = every if (number == 0 if check == "hot" else left <= LAST_WHOLE) else failing
    checks = tuple(_check(c, first[c], known[c], frames, allowed_dbtp) for c in used)
    return replace(rendered, codecs=(*checks, *told), mended=mended)


def _chosen(
    codecs: Iterable[Codec], check: Check, allowed_dbtp: float
) -> tuple[list[Codec], tuple[CodecCheck, ...]]:
    """Find who is looked at, the riskiest first, and what is told of those who cannot be."""
    lossy = {codec for codec in codecs if codec.name in LOSSY and codec.kbps is not None}
    used, told = list[Codec](), list[CodecCheck]()
    for codec in sorted(lossy, key=_harmlessness) if check != "off" else ():
        if check == "hot" and (len(used) == HOT_CODECS or any(c.name == codec.name for c in used)):
            continue
        if why := missing(codec.name):
            told.append(
                CodecCheck(
                    codec=codec.name,
                    kbps=codec.kbps or 0.0,
                    allowed_dbtp=allowed_dbtp,
                    note=f"not checked: {why}",
                )
            )
        else:
            used.append(codec)
    return used, tuple(told)


def _harmlessness(codec: Codec) -> tuple[float, str, float]:
    kbps, rise_db = RISE_DB[codec.name]
    return -float(np.interp(codec.kbps or 0.0, kbps, rise_db)), codec.name, codec.kbps or 0.0


def _failing(heard: Known) -> dict[Codec, list[Span]]:
    """Find who made which spans go over."""
    found = {c: [span for span, each in spans.items() if each.places] for c, spans in heard.items()}
    return {codec: spans for codec, spans in found.items() if spans}


def _points(heard: Known, frames: int) -> Row:
    """Decoded peaks over the limit per control point of the song: the highest of all codecs."""
    points = np.zeros(-(-frames // GROUP), np.float32)
    for spans in heard.values():
        for (begin, _), each in spans.items():
            part = points[begin // GROUP : begin // GROUP + len(each.points)]
            np.maximum(part, each.points, out=part)
    return points


def _dip(rendered: Rendered, out: Rows, points: Row, aim: float, ceiling_dbtp: float) -> None:
    """Turn the rendering down around each point over the aim, and give back what that took from its loudness."""
    rate = rendered.audio.rate
    over = np.maximum(points / np.float32(aim), np.float32(1.0)) ** np.float32(DIP_POWER)
    reduction = dips_at(over, 1.0, rate, DIP_MS)
    apply(out, reduction)
    if float(reduction.mean()) < NOTHING:
        return
    trim_db = gain_to_db(rendered.trim)
    for _ in range(MADE_UP_ROUNDS):
        short_lu = rendered.lufs - programme_lufs(energies(out, rate), trim_db)
        if short_lu <= ENOUGH_LU:
            break
        out *= np.float32(db_to_gain(short_lu))
        close_overs(out, rate, db_to_gain(ceiling_dbtp) / rendered.trim)


def _check(
    codec: Codec, first: dict[Span, Heard], last: dict[Span, Heard], frames: int, allowed_dbtp: float
) -> CodecCheck:
    """Tell what was found and what is left."""
    return CodecCheck(
        codec=codec.name, kbps=codec.kbps or 0.0, checked=sum(end - begin for begin, end in last) / frames,
        true_peak_before_dbtp=_peak_dbtp(first), true_peak_dbtp=_peak_dbtp(last), allowed_dbtp=allowed_dbtp,
        overs_before=sum(each.places for each in first.values()), overs=sum(each.places for each in last.values()),
    )  # fmt: skip


def _peak_dbtp(spans: dict[Span, Heard]) -> float:
    return gain_to_db(max(each.peak for each in spans.values()))
