"""Proofing: short dips where what lossy codecs make of a master would exceed its ceiling, and the proof."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from masterify_core.codecs import LOSSY, CodecCheck, missing
from masterify_core.kernels.limiting import GROUP, group_maxima
from masterify_core.listening import Heard, Span, all_spans, hot_spans, listen
from masterify_core.metering.loudness import energies
from masterify_core.metering.peaks import overs
from masterify_core.peak_reduction import apply, dips_at
from masterify_core.preset_platform import Codec
from masterify_core.rendering import Rendered, close_overs, programme_lufs
from masterify_core.units import db_to_gain, gain_to_db

Check = Literal["off", "hot", "full"]
Rows = NDArray[np.float32]
Row = NDArray[np.float32]
Known = dict[Codec, dict[Span, Heard]]

ALLOWED_OVER_DB, ALLOWED_DBTP = 0.2, 0.0  # decoded peaks: over the master's ceiling, and at all
GUARD_DB = 0.02  # under that: encoders answer the rounding of a file's words with a little noise
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
DIP_MS = 1.5  # to each side; 4 ms take half as much loudness again for as many overs
# What was not looked at is kept so many deviations of the codec's noise under full scale, but no lower than so
# many dB under the ceiling.
REST_DEVIATIONS, REST_QUANTILE, REST_MOST_DB = 3.0, 0.9, 0.75
# Noise left under the limit where codecs were listened to; at two deviations one peak in twenty still goes over. More
# each round, as what fails again is where the codec is noisier than it was before.
DEVIATIONS, MORE_DEVIATIONS = 2.0, 0.5
ROUNDS = {"hot": 3, "full": 9}
LAST_WHOLE = 3  # rounds at the end of a full check that look at the whole song
ENOUGH_LU, MADE_UP_ROUNDS = 0.015, 3
MOST_LOST_LU = {"hot": 0.2, "full": 0.5}  # that is given back: more would be another limiter
LATER_LOST_LU = 0.1  # in each later round, whatever was lost before
FACTOR_STEP_DB, LEAST_FACTOR = 0.15, 0.7


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
    first, known, mended, lost_lu = dict[Codec, dict[Span, Heard]](), Known(), False, 0.0
    for number in range(ROUNDS[check]):
        heard = {
            codec: listen(
                out,
                rate,
                codec.name,
                codec.kbps or 0.0,
                spans,
                limit,
                rendered.trim,
                DEVIATIONS + MORE_DEVIATIONS * number,
            )
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
        excess = _excess(
            heard if number == 0 else {c: {s: heard[c][s] for s in failing[c]} for c in failing}, frames
        )
        if check == "hot" and number == 0:
            np.maximum(excess, _rest(out, heard, ceiling_dbtp, rendered.trim), out=excess)
        lost_lu += _dip(
            rendered, out, excess, ceiling_dbtp, max(MOST_LOST_LU[check] - lost_lu, LATER_LOST_LU)
        )
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


def _excess(heard: Known, frames: int) -> Row:
    """How far each control point of the song is over what it may be, by the strictest codec; 0 where nobody looked."""
    excess = np.zeros(-(-frames // GROUP), np.float32)
    for spans in heard.values():
        for (begin, _), each in spans.items():
            part = excess[begin // GROUP : begin // GROUP + len(each.excess)]
            np.maximum(part, each.excess, out=part)
    return excess


def _rest(out: Rows, heard: Known, ceiling_dbtp: float, gain: float) -> Row:
    """How far what was not looked at is over 0 dBTP less noise of the size that was heard."""
    noise = [np.quantile([each.noise for each in spans.values()], REST_QUANTILE) for spans in heard.values()]
    level = max(1.0 - REST_DEVIATIONS * float(max(noise)), db_to_gain(ceiling_dbtp - REST_MOST_DB))
    excess = np.zeros(-(-out.shape[1] // GROUP), np.float32)
    marks = overs(out, level / gain, None) if level < db_to_gain(ceiling_dbtp) else None
    if marks is not None:
        group_maxima(marks, GROUP, excess)
        excess *= np.float32(gain / level)
    return excess


def _dip(rendered: Rendered, out: Rows, excess: Row, ceiling_dbtp: float, most_lost_lu: float) -> float:
    """Turn the rendering down by its excess, give back the loudness that this takes, and tell how much, LU.

    Where it would take more than ``most_lost_lu``, only the highest peaks are turned down.
    """
    rate = rendered.audio.rate
    trim_db = gain_to_db(rendered.trim)
    hops = energies(out, rate)

    def lost_lu(factor: float) -> float:
        """Estimate what is lost, from the mean reduction of each hop."""
        reduction = dips_at(excess * np.float32(factor), 1.0, rate, DIP_MS)
        begins = np.arange(len(hops.energy)) * len(reduction) // len(hops.energy)
        kept = 1.0 - np.add.reduceat(reduction, begins) / np.diff(begins, append=len(reduction)).clip(1)
        return rendered.lufs - programme_lufs(replace(hops, energy=hops.energy * kept**2), trim_db)

    factor, lost = 1.0, lost_lu(1.0)
    while lost > most_lost_lu and factor > LEAST_FACTOR:
        factor *= db_to_gain(-FACTOR_STEP_DB)
        lost = lost_lu(factor)
    gain = db_to_gain(max(0.0, lost))  # giving back lifts all peaks, so the dips go as much deeper
    apply(out, dips_at(excess * np.float32(factor * gain), 1.0, rate, DIP_MS), gain)
    for _ in range(MADE_UP_ROUNDS):
        close_overs(out, rate, db_to_gain(ceiling_dbtp) / rendered.trim)
        short_lu = rendered.lufs - programme_lufs(energies(out, rate), trim_db)
        if short_lu <= ENOUGH_LU:
            break
        out *= np.float32(db_to_gain(short_lu))
        lost += short_lu
    return max(0.0, lost)


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
