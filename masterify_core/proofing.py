"""Proofing: short dips where what lossy codecs make of a master would exceed its ceiling, and the proof."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from masterify_core.codecs import CodecCheck
from masterify_core.kernels.limiting import GROUP
from masterify_core.listeners import HOT_S, Check, allowed_dbtp, chosen
from masterify_core.listening import Heard, Span, all_spans, hot_spans, listen
from masterify_core.metering.loudness import energies
from masterify_core.peak_reduction import apply, dips
from masterify_core.preset_platform import Codec
from masterify_core.rendering import Rendered, close_overs, programme_lufs
from masterify_core.units import db_to_gain, gain_to_db

Rows = NDArray[np.float32]
Row = NDArray[np.float32]
Known = dict[Codec, dict[Span, Heard]]

GUARD_DB = 0.02  # under what is allowed: encoders answer the rounding of a file's words with a little noise
DIP_MS = 1.5  # to each side; 4 ms take half as much loudness again for as many overs
# Noise left under the limit; of 0.5, 2, 2.5 and 3 deviations, 3 needs the fewest rounds and takes hardly more loudness.
# More each round, as what fails again is where the codec is noisier than it was before.
DEVIATIONS, MORE_DEVIATIONS = 3.0, 0.25
ROUNDS = {"hot": 10, "full": 9}  # from the third on a hot check looks only at what fails: cheap
LAST_WHOLE = 3  # rounds at the end of a full check that look at the whole song
ENOUGH_LU, MADE_UP_ROUNDS = 0.015, 3
# That is given back: more would be another limiter, and a worse one; the ceiling was eased before.
MOST_LOST_LU = {"hot": 0.05, "full": 0.3}
LATER_LOST_LU = {"hot": 0.02, "full": 0.1}  # in each later round, whatever was lost before
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
    most_dbtp = allowed_dbtp(ceiling_dbtp)
    used, told = chosen(codecs, check, most_dbtp)
    if not used:
        return replace(rendered, codecs=told)
    rate, frames = rendered.audio.rate, rendered.audio.frames
    limit = db_to_gain(most_dbtp - GUARD_DB)
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
        lost_lu += _dip(
            rendered, out, excess, ceiling_dbtp, max(MOST_LOST_LU[check] - lost_lu, LATER_LOST_LU[check])
        )
        mended = True
        pending = every if (number == 0 if check == "hot" else left <= LAST_WHOLE) else failing
    checks = tuple(_check(c, first[c], known[c], frames, most_dbtp) for c in used)
    return replace(rendered, codecs=(*checks, *told), mended=mended)


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


def _dip(rendered: Rendered, out: Rows, excess: Row, ceiling_dbtp: float, most_lost_lu: float) -> float:
    """Turn the rendering down by its excess, give back the loudness that this takes, and tell how much, LU.

    Where it would take more than ``most_lost_lu``, only the highest peaks are turned down.
    """
    rate = rendered.audio.rate
    trim_db = gain_to_db(rendered.trim)
    hops = energies(out, rate)

    def lost_lu(factor: float) -> float:
        """Estimate what is lost, from the mean reduction of each hop."""
        reduction = dips(excess * np.float32(factor), 1.0, rate, DIP_MS)
        begins = np.arange(len(hops.energy)) * len(reduction) // len(hops.energy)
        kept = 1.0 - np.add.reduceat(reduction, begins) / np.diff(begins, append=len(reduction)).clip(1)
        return rendered.lufs - programme_lufs(replace(hops, energy=hops.energy * kept**2), trim_db)

    factor, lost = 1.0, lost_lu(1.0)
    while lost > most_lost_lu and factor > LEAST_FACTOR:
        factor *= db_to_gain(-FACTOR_STEP_DB)
        lost = lost_lu(factor)
    gain = db_to_gain(max(0.0, lost))  # giving back lifts all peaks, so the dips go as much deeper
    apply(out, dips(excess * np.float32(factor * gain), 1.0, rate, DIP_MS), gain)
    for _ in range(MADE_UP_ROUNDS):
        close_overs(out, rate, db_to_gain(ceiling_dbtp) / rendered.trim)
        short_lu = rendered.lufs - programme_lufs(energies(out, rate), trim_db)
        if short_lu <= ENOUGH_LU:
            break
        out *= np.float32(db_to_gain(short_lu))
        lost += short_lu
    return max(0.0, lost)


def _check(
    codec: Codec, first: dict[Span, Heard], last: dict[Span, Heard], frames: int, most_dbtp: float
) -> CodecCheck:
    """Tell what was found and what is left."""
    return CodecCheck(
        codec=codec.name, kbps=codec.kbps or 0.0, checked=sum(end - begin for begin, end in last) / frames,
        true_peak_before_dbtp=_peak_dbtp(first), true_peak_dbtp=_peak_dbtp(last), allowed_dbtp=most_dbtp,
        overs_before=sum(each.places for each in first.values()), overs=sum(each.places for each in last.values()),
    )  # fmt: skip


def _peak_dbtp(spans: dict[Span, Heard]) -> float:
    return gain_to_db(max(each.peak for each in spans.values()))
