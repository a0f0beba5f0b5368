"""The K-weighting loop of the loudness meter: samples in, one energy per 10 ms hop out.

A recursive filter waits for itself at every sample, so four of them run side by side in one vector register: two channels, each
from its start and from its middle. What runs from the middle begins a little earlier, at rest: the filters forget.
"""

from __future__ import annotations

import math
from typing import Any

from masterify_core.kernels._hops import HOPS_PER_SECOND, hop_start
from masterify_core.kernels._jit import kernel
from masterify_core.kernels._marks import apart, inlined

__all__ = ["HOPS_PER_SECOND", "LANES", "STATES", "WARM_HOPS", "hop_start", "k_energies"]

Array = Any
STATES, LANES = 4, 4  # two a biquad, two biquads; two channels at two places
WARM_HOPS = 30  # the slowest pole, exp(-2 pi 38 Hz t), is at e^-72 after 0.3 s
QUIET = 1e-30  # far under 24 bits squared; a state below it is made 0 before it becomes denormal and slow


@inlined
def _step(
    u: float, c: Array, p: float, q: float, r: float, s: float
) -> tuple[float, float, float, float, float]:
    """Both biquads in transposed form II with the direct path taken out (``y = x + s1``): states, and the output.

    So one multiply-add is all that each sample waits for.
    """
    y = u + p
    z = y + r
    return (q + c[0] * u) - c[2] * p, c[1] * u - c[3] * p, (s + c[4] * y) - c[6] * r, c[5] * y - c[7] * r, z


@apart
def _two(x0: Array, x1: Array, begin: int, c: Array, state: Array, lane: int, energy: Array) -> None:
    """Filter two channels from frame ``begin`` on, in lanes ``lane`` and ``lane + 1``."""
    p0, q0, r0, s0, e0 = state[0, lane], state[1, lane], state[2, lane], state[3, lane], energy[lane]
    lane += 1
    p1, q1, r1, s1, e1 = state[0, lane], state[1, lane], state[2, lane], state[3, lane], energy[lane]
    for n in range(begin, x0.shape[0]):
        p0, q0, r0, s0, z0 = _step(x0[n] + 0.0, c, p0, q0, r0, s0)
        p1, q1, r1, s1, z1 = _step(x1[n] + 0.0, c, p1, q1, r1, s1)
        e0 += z0 * z0
        e1 += z1 * z1
    state[0, lane], state[1, lane], state[2, lane], state[3, lane], energy[lane] = p1, q1, r1, s1, e1
    lane -= 1
    state[0, lane], state[1, lane], state[2, lane], state[3, lane], energy[lane] = p0, q0, r0, s0, e0


@apart
def _four(x0: Array, x1: Array, x2: Array, x3: Array, c: Array, state: Array, energy: Array) -> None:
    """Filter two channels at two places side by side, as far as both go."""
    p0, q0, r0, s0, e0 = state[0, 0], state[1, 0], state[2, 0], state[3, 0], energy[0]
    p1, q1, r1, s1, e1 = state[0, 1], state[1, 1], state[2, 1], state[3, 1], energy[1]
    p2, q2, r2, s2, e2 = state[0, 2], state[1, 2], state[2, 2], state[3, 2], energy[2]
    p3, q3, r3, s3, e3 = state[0, 3], state[1, 3], state[2, 3], state[3, 3], energy[3]
    for n in range(min(x0.shape[0], x2.shape[0])):
        p0, q0, r0, s0, z0 = _step(x0[n] + 0.0, c, p0, q0, r0, s0)
        p1, q1, r1, s1, z1 = _step(x1[n] + 0.0, c, p1, q1, r1, s1)
        p2, q2, r2, s2, z2 = _step(x2[n] + 0.0, c, p2, q2, r2, s2)
        p3, q3, r3, s3, z3 = _step(x3[n] + 0.0, c, p3, q3, r3, s3)
        e0 += z0 * z0
        e1 += z1 * z1
        e2 += z2 * z2
        e3 += z3 * z3
    state[0, 0], state[0, 1], state[0, 2], state[0, 3] = p0, p1, p2, p3
    state[1, 0], state[1, 1], state[1, 2], state[1, 3] = q0, q1, q2, q3
    state[2, 0], state[2, 1], state[2, 2], state[2, 3] = r0, r1, r2, r3
    state[3, 0], state[3, 1], state[3, 2], state[3, 3] = s0, s1, s2, s3
    energy[0], energy[1], energy[2], energy[3] = e0, e1, e2, e3


@inlined
def _taken(energy: Array, state: Array, lane: int, weight: float, other_weight: float) -> float:
    """Energy of a hop in two lanes, which then start anew; NaN or infinity makes it silence and its filters rest."""
    both = weight * energy[lane] + other_weight * energy[lane + 1]
    finite = energy[lane] + energy[lane + 1] < math.inf
    for each in range(lane, lane + 2):
        energy[each] = 0.0
        for first in range(0, STATES, 2):
            if not finite or abs(state[first, each]) + abs(state[first + 1, each]) < QUIET:
                state[first, each] = state[first + 1, each] = 0.0
    return both if finite else 0.0


@kernel("void(f4[:,::1], i8, i8, f8, f8, i8, f8[::1], f8[:,::1], f8[::1], f8[::1])")
def k_energies(
    samples: Array,
    row: int,
    other: int,
    weight: float,
    other_weight: float,
    rate: int,
    coefficients: Array,
    state: Array,
    sums: Array,
    energy: Array,
) -> None:
    """``energy[h] += weight * sum(K(samples[row])**2) + ...`` of two channels at once, O(frames).

    ``coefficients`` are those of `metering.weighting.k_coefficients`; ``state`` (STATES, LANES) and ``sums`` (LANES) are
    scratch that begins as zeros. A hop that holds NaN or infinity counts as silence and the filters start anew after it.
    """
    frames, count = samples.shape[1], energy.shape[0]
    split = (count + WARM_HOPS + 1) // 2 if count > 4 * WARM_HOPS else count
    for k in range(split):
        begin, end = hop_start(k, rate), min(frames, hop_start(k + 1, rate))
        far = min(split - WARM_HOPS + k, count)
        far_begin, far_end = min(frames, hop_start(far, rate)), min(frames, hop_start(far + 1, rate))
        if split == count:
            far_end = far_begin
        x0, x1 = samples[row, begin:end], samples[other, begin:end]
        x2, x3 = samples[row, far_begin:far_end], samples[other, far_begin:far_end]
        _four(x0, x1, x2, x3, coefficients, state, sums)
        _two(x0, x1, x2.shape[0], coefficients, state, 0, sums)
        _two(x2, x3, x0.shape[0], coefficients, state, 2, sums)
        energy[k] += _taken(sums, state, 0, weight, other_weight) * coefficients[8]
        there = _taken(sums, state, 2, weight, other_weight) * coefficients[8]
        if split <= far < count:
            energy[far] += there
