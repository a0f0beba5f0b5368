"""Loops of the perceptual clipper: what clipping adds is kept where the song hides it.

Frames of a song are transformed together, one a lane: two frames that share a lane travel as real and
imaginary part.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from masterify_core.kernels._fft import restore_columns, transform_columns
from masterify_core.kernels._jit import kernel
from masterify_core.kernels._marks import apart, inlined

ON_DEMAND = True
Array = Any
FAINT = 1e-20  # of full scale squared: no power is smaller, so that nothing is divided by 0


@inlined
def _peak(x: Array, start: int, count: int) -> float:
    """Largest magnitude of ``x[start : start + count]``, 0 outside the song."""
    part = x[max(0, start) : min(x.shape[0], start + count)]
    top = np.float32(0.0)
    for i in range(part.shape[0]):
        top = max(top, abs(part[i]))
    return float(top)


@apart
def _load(x: Array, start: int, window: Array, lane: int, out: Array) -> None:
    """``out[i, lane] = window[i] * x[start + i]``, 0 outside the song."""
    for i in range(window.shape[0]):
        n = start + i
        out[i, lane] = window[i] * x[n] if 0 <= n < x.shape[0] else 0.0


@apart
def _powers(re: Array, im: Array, mirrored_re: Array, mirrored_im: Array, one: Array, other: Array) -> None:
    """Powers at a frequency, times 4, of the two real signals whose transform this row and its mirror image hold."""
    for c in range(re.shape[0]):
        a, b = re[c] + mirrored_re[c], im[c] - mirrored_im[c]
        one[c] = a * a + b * b
        a, b = im[c] + mirrored_im[c], mirrored_re[c] - re[c]
        other[c] = a * a + b * b


@apart
def _add(share: float, source: Array, target: Array) -> None:
    for c in range(target.shape[0]):
        target[c] += share * source[c]


@apart
def _between(share: float, low: Array, high: Array, out: Array) -> None:
    for c in range(out.shape[0]):
        out[c] = (np.float32(1.0) - share) * low[c] + share * high[c]


@inlined
def _mask(
    powers: Array, first: Array, upper: Array, rise: Array, fall: Array, weight: Array, bands: Array
) -> None:
    """Overwrite powers with what they mask: gather in bands, spread upwards and downwards, weigh, spread out again.

    Bin k belongs to the bands ``first[k]`` and ``first[k] + 1`` in the shares ``1 - upper[k]`` and ``upper[k]``.
    """
    last = bands.shape[0] - 1
    for b in range(last + 1):
        for c in range(bands.shape[1]):
            bands[b, c] = 0.0
    for k in range(powers.shape[0]):
        _add(1.0 - upper[k], powers[k], bands[first[k]])
        _add(upper[k], powers[k], bands[first[k] + 1])
    for b in range(1, last + 1):
        _add(rise[b], bands[b - 1], bands[b])
    for b in range(last - 1, -1, -1):
        _add(fall[b + 1], bands[b + 1], bands[b])
    for b in range(last + 1):
        for c in range(bands.shape[1]):
            bands[b, c] *= weight[b]
    for k in range(powers.shape[0]):
        _between(upper[k], bands[first[k]], bands[first[k] + 1], powers[k])


@apart
def _over_sum(scale: float, other: Array, row: Array) -> None:
    """``row = scale row / (row + other)``."""
    for c in range(row.shape[0]):
        row[c] = scale * row[c] / (row[c] + other[c])


@inlined
def _ease(masks: Array, ease: float, scale: float, sums: Array) -> None:
    """``m = scale m / (m + ease mean(m))`` in each lane; ``sums`` is scratch for a row."""
    for c in range(sums.shape[0]):
        sums[c] = FAINT
    for k in range(masks.shape[0]):
        _add(ease / masks.shape[0], masks[k], sums)
    for k in range(masks.shape[0]):
        _over_sum(scale, sums, masks[k])


@inlined
def _weigh(re: Array, im: Array, mirrored_re: Array, mirrored_im: Array, one: Array, other: Array) -> None:
    """Multiply the two real signals whose transform these rows hold by a gain each."""
    half = np.float32(0.5)
    for c in range(re.shape[0]):
        a, b = half * one[c] * (re[c] + mirrored_re[c]), half * one[c] * (im[c] - mirrored_im[c])
        d, e = half * other[c] * (im[c] + mirrored_im[c]), half * other[c] * (mirrored_re[c] - re[c])
        re[c], im[c] = a - e, b + d
        mirrored_re[c], mirrored_im[c] = a + e, d - b


@apart
def _reflect(song: Array, level: float, change: Array, rest: Array) -> None:
    """One step of Douglas and Rachford before the filter: ``s = change + rest``, ``z = clip(song + s) - song``.

    Then ``rest = s - z`` is what clipping objects to, ``change = 2 z - s`` is filtered next.
    """
    for c in range(song.shape[0]):
        s = change[c] + rest[c]
        z = min(max(song[c] + s, -level), level) - song[c]
        rest[c] = s - z
        change[c] = z - rest[c]


@apart
def _clip(song: Array, bound: float, change: Array) -> None:
    """Shorten the change so far that ``|song + change| <= bound``."""
    for c in range(song.shape[0]):
        change[c] = min(max(song[c] + change[c], -bound), bound) - song[c]


@inlined
def _solve(song: Array, masks: Array, window: Array, level: float, rounds: int, row_of: Array, roots: Array,
           change: Array, rest: Array) -> None:  # fmt: skip
    """Find the change of every frame; see `clip_masked`."""
    size = window.shape[0]
    for h in range(2):
        for i in range(size):
            for c in range(change.shape[2]):
                change[h, i, c] = 0.0
                rest[h, i, c] = 0.0
    for _ in range(rounds):
        for h in range(2):
            for i in range(size):
                _reflect(song[h, i], level * window[i], change[h, i], rest[h, i])
        transform_columns(change[0], change[1], roots[0], roots[1])
        for k in range(size // 2 + 1):
            a, b = row_of[k], row_of[(size - k) % size]
            _weigh(change[0, a], change[1, a], change[0, b], change[1, b], masks[0, k], masks[1, k])
        restore_columns(change[0], change[1], roots[0], roots[1])
    for h in range(2):
        for i in range(size):
            _clip(song[h, i], level * window[i], change[h, i])


@apart
def _give(change: Array, lane: int, window: Array, begin: int, end: int, at: int, out: Array) -> None:
    """``out[at + i] += window[i] change[i, lane]`` for i from ``begin`` up to ``end``, inside of ``out``."""
    for i in range(max(begin, -at), min(end, out.shape[0] - at)):
        out[at + i] += window[i] * change[i, lane]


@kernel(
    "i8(f4[::1], f4[::1], i8, f4, f4[::1], i8, f4, i8[::1], f4[:,::1], i8[::1], f4[::1], f4[:,::1],"
    " f4[:,:,:,::1], f4[:,:,::1], f4[:,::1], i8[::1], f4[::1])"
)
def clip_masked(x: Array, peaks: Array, group: int, level: float, window: Array, rounds: int, ease: float, row_of: Array,
                roots: Array, first: Array, upper: Array, spread: Array, work: Array, masks: Array, bands: Array,
                starts: Array, pending: Array) -> int:  # fmt: skip
    """Clip a channel in place at ``level`` with the least error that can be heard, frame by frame: O(frames clipped).

    In each windowed frame X the change D is sought that minimises ``sum |D[k]|^2 / M[k]`` while
    ``|song + change| <= level window``, M being the frame's own masking threshold: a quadratic programme, which
    Douglas-Rachford splitting solves in few rounds by clipping and multiplying by ``M / (M + ease mean(M))`` in turn.
    The last step clips, so that the bound holds. Frames of ``window.shape[0]`` overlap by half.
    Frames without a group (of ``group`` frames) whose peak is over the level, or without a sample over it, are passed over.

    ``spread`` has rows rise, fall, weight (a band each), see `_mask`. ``row_of`` is where `transform_columns` leaves a
    frequency, ``roots`` its twiddles. Scratch: ``work`` (3, 2, size, lanes), ``masks`` (2, size / 2 + 1, lanes),
    ``bands`` (bands + 1, lanes), ``starts`` (2 lanes), ``pending`` (size / 2). Answers the number of frames clipped.
    """
    size, lanes = window.shape[0], bands.shape[1]
    hop = size // 2
    song, change, rest = work[0], work[1], work[2]
    held = -1  # where the second half of a frame waits until the next frame, which overlaps it, has been read
    done = 0
    start = -hop
    while start < x.shape[0]:
        count = 0
        while start < x.shape[0] and count < 2 * lanes:
            busy = False
            for k in range(max(0, start) // group, min(peaks.shape[0], -(-(start + size) // group))):
                busy = busy or peaks[k] > level
            if busy and _peak(x, start, size) > level:
                _load(x, start, window, count % lanes, song[count // lanes])
                starts[count] = start
                count += 1
            start += hop
        if held >= 0:
            for i in range(min(hop, x.shape[0] - held)):
                x[held + i] += pending[i]
            held = -1
        if count == 0:
            continue
        done += count
        for lane in range(count, 2 * lanes):
            for i in range(size):
                song[lane // lanes, i, lane % lanes] = 0.0
        for h in range(2):
            for i in range(size):
                for c in range(lanes):
                    change[h, i, c] = song[h, i, c]
        transform_columns(change[0], change[1], roots[0], roots[1])
        for k in range(hop + 1):
            a, b = row_of[k], row_of[(size - k) % size]
            _powers(change[0, a], change[1, a], change[0, b], change[1, b], masks[0, k], masks[1, k])
        for h in range(2):
            _mask(masks[h], first, upper, spread[0], spread[1], spread[2], bands[: bands.shape[0] - 1])
            _ease(masks[h], ease, 1.0 / size, bands[bands.shape[0] - 1])
        _solve(song, masks, window, level, rounds, row_of, roots, change, rest)
        for each in range(count):
            source, lane = change[each // lanes], each % lanes
            _give(source, lane, window, 0, hop if each == count - 1 else size, starts[each], x)
        held = starts[count - 1] + hop
        for i in range(hop):
            pending[i] = window[hop + i] * change[(count - 1) // lanes, hop + i, (count - 1) % lanes]
    if held >= 0:
        for i in range(min(hop, x.shape[0] - held)):
            x[held + i] += pending[i]
    return done
