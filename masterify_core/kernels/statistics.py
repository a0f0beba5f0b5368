"""Sums and extremes of every 10 ms hop, and the search for clipped runs."""

from __future__ import annotations

from typing import Any

import numpy as np

from masterify_core.kernels._hops import hop_start
from masterify_core.kernels._jit import kernel

Array = Any
SUMS = 5  # of L^2, R^2, (L - R)^2, L, R
EXTREMES = 4  # highest L, lowest L, highest R, lowest R, all as magnitudes
SIGN = np.int32(-0x80000000)
ZERO, NONE = np.float32(0.0), np.int32(0)


@kernel("void(f4[:,::1], i4[:,::1], i8, f8[:,::1], i4[:,::1])")
def hop_statistics(x: Array, bits: Array, rate: int, sums: Array, extremes: Array) -> None:
    """Fill ``sums[hop]`` and ``extremes[hop]`` of the first and the last channel, O(frames).

    ``bits`` is ``x`` seen as int32, ``extremes`` are the bit patterns of magnitudes, 0 where nothing is on
    that side: positive floats and integers sort alike, and integers have a vectorised maximum. The
    sums of one hop are float32, in as many partial sums as the processor has lanes.
    """
    last = x.shape[0] - 1
    for hop in range(sums.shape[0]):
        begin, end = hop_start(hop, rate), min(x.shape[1], hop_start(hop + 1, rate))
        left, right = x[0, begin:end], x[last, begin:end]
        raw_left, raw_right = bits[0, begin:end], bits[last, begin:end]
        ll = rr = dd = l = r = ZERO
        l_high = l_low = r_high = r_low = NONE
        for n in range(end - begin):
            a, b = left[n], right[n]
            ll += a * a
            rr += b * b
            dd += (a - b) * (a - b)
            l += a
            r += b
            l_high = max(l_high, raw_left[n])
            l_low = max(l_low, raw_left[n] ^ SIGN)
            r_high = max(r_high, raw_right[n])
            r_low = max(r_low, raw_right[n] ^ SIGN)
        sums[hop, 0], sums[hop, 1], sums[hop, 2], sums[hop, 3], sums[hop, 4] = ll, rr, dd, l, r
        extremes[hop, 0], extremes[hop, 1], extremes[hop, 2], extremes[hop, 3] = l_high, l_low, r_high, r_low


@kernel("void(f4[:,::1], i8, f8, i8, f4[::1], f8, f8, i8, i8[::1])")
def clipped_runs(
    x: Array,
    row: int,
    sign: float,
    rate: int,
    peaks: Array,
    floor: float,
    step: float,
    least: int,
    found: Array,
) -> None:
    """Add to ``found`` = (runs, samples, longest) the flat tops of ``sign * x[row]``.

    A flat top is a run of at least ``least`` samples at or above ``floor`` that the signal enters or
    leaves in a step larger than ``step``. Only hops whose entry in ``peaks`` reaches ``floor`` are looked at.
    """
    frames = x.shape[1]
    n = 0
    for hop in range(peaks.shape[0]):
        if peaks[hop] < floor:
            continue
        end = min(frames, hop_start(hop + 1, rate))
        n = max(n, hop_start(hop, rate))
        while n < end:
            if sign * x[row, n] < floor:
                n += 1
                continue
            first = n
            while n < frames and sign * x[row, n] >= floor:
                n += 1
            run = n - first
            if run >= least:
                enters = sign * (x[row, first] - x[row, first - 1]) if first > 0 else 0.0
                leaves = sign * (x[row, n - 1] - x[row, n]) if n < frames else 0.0
                if max(enters, leaves) > step:
                    found[0] += 1
                    found[1] += run
                    found[2] = max(found[2], run)
