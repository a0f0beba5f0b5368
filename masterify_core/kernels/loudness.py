"""The K-weighting loop of the loudness meter: samples in, one energy per 10 ms hop out."""

from __future__ import annotations

import math
from typing import Any

from masterify_core.kernels._hops import HOPS_PER_SECOND, hop_start
from masterify_core.kernels._jit import kernel

__all__ = ["HOPS_PER_SECOND", "STATES", "hop_start", "k_energies"]

Array = Any
STATES = 8  # two per biquad, two biquads, two channels
QUIET = 1e-30  # far under 24 bits squared; a state below it is made 0 before it becomes denormal and slow


@kernel("void(f4[:,::1], i8, i8, f8, f8, i8, i8, i8, f8[::1], f8[::1], f8[::1])")
def k_energies(
    samples: Array,
    row: int,
    other: int,
    weight: float,
    other_weight: float,
    rate: int,
    first_hop: int,
    stop_hop: int,
    coefficients: Array,
    state: Array,
    energy: Array,
) -> None:
    """``energy[h] += weight * sum(K(samples[row])**2) + ...`` of two channels at once, O(frames).

    Both biquads in transposed form II with the direct path taken out (``y = x + s1``), so that one
    multiply-add is all that each sample waits for. ``coefficients`` are those of
    `metering.weighting.k_coefficients`; ``state`` (8 numbers, 0 at the start) carries on from call to
    call, so a song may be measured in parts. A hop that holds NaN or infinity counts as silence and
    the filters start anew after it.
    """
    g1, g2, a1, a2 = coefficients[0], coefficients[1], coefficients[2], coefficients[3]
    h1, h2, c1, c2 = coefficients[4], coefficients[5], coefficients[6], coefficients[7]
    s1, s2, t1, t2 = state[0], state[1], state[2], state[3]
    p1, p2, q1, q2 = state[4], state[5], state[6], state[7]
    frames = samples.shape[1]
    for hop in range(first_hop, stop_hop):
        e = 0.0
        f = 0.0
        for n in range(hop_start(hop, rate), min(frames, hop_start(hop + 1, rate))):
            x = samples[row, n] + 0.0
            u = samples[other, n] + 0.0
            y = x + s1
            v = u + p1
            z = y + t1
            w = v + q1
            s = (s2 + g1 * x) - a1 * s1
            p = (p2 + g1 * u) - a1 * p1
            s2 = g2 * x - a2 * s1
            p2 = g2 * u - a2 * p1
            s1 = s
            p1 = p
            t = (t2 + h1 * y) - c1 * t1
            q = (q2 + h1 * v) - c1 * q1
            t2 = h2 * y - c2 * t1
            q2 = h2 * v - c2 * q1
            t1 = t
            q1 = q
            e += z * z
            f += w * w
        both = e + f
        if not both < math.inf:
            e = f = s1 = s2 = t1 = t2 = p1 = p2 = q1 = q2 = 0.0
        energy[hop] += (weight * e + other_weight * f) * coefficients[8]
        if abs(s1) + abs(s2) < QUIET:
            s1 = s2 = 0.0
        if abs(t1) + abs(t2) < QUIET:
            t1 = t2 = 0.0
        if abs(p1) + abs(p2) < QUIET:
            p1 = p2 = 0.0
        if abs(q1) + abs(q2) < QUIET:
            q1 = q2 = 0.0
    state[0], state[1], state[2], state[3] = s1, s2, t1, t2
    state[4], state[5], state[6], state[7] = p1, p2, q1, q2
