"""The dynamic equaliser: energies of the zones, gain curves from their relation, and bells that follow them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from masterify_core.kernels._jit import kernel
from masterify_core.kernels._marks import inlined

Array = Any
ON_DEMAND = True
STEP = 32  # frames per decision
ZONES = 4
FAINT = 1e-30


@inlined
def _band_passes(v: float, filters: Array, state: Array, y: Array) -> None:
    """``y``: a sample through every zone's filter (transposed direct form II, ``b1`` = 0, ``b2`` = -``b0``)."""
    for z in range(ZONES):
        y[z] = filters[0, z] * v + state[0, z]
        state[0, z] = state[1, z] - filters[1, z] * y[z]
        state[1, z] = -filters[0, z] * v - filters[2, z] * y[z]


@inlined
def _flush(state: Array) -> None:
    """Let what has died away be nothing: subnormal numbers are slow."""
    for c in range(state.shape[0]):
        for r in range(2):
            for z in range(ZONES):
                if abs(state[c, r, z]) < FAINT:
                    state[c, r, z] = 0.0


@kernel("void(f4[:,::1], f8[:,::1], f8[:,:,::1], f8[::1], f8[:,::1])")
def zone_energies(x: Array, filters: Array, state: Array, y: Array, energy: Array) -> None:
    """``energy[k, z]``: sum of squares of zone z over the k-th STEP frames, all channels, O(frames).

    ``filters`` (3, ZONES) is ``b0, a1, a2``; ``state`` (channels, 2, ZONES) starts as zeros; ``y`` (ZONES) is scratch.
    """
    for k in range(energy.shape[0]):
        _flush(state)
        for z in range(ZONES):
            energy[k, z] = 0.0
        for n in range(k * STEP, min((k + 1) * STEP, x.shape[1])):
            for c in range(x.shape[0]):
                _band_passes(float(x[c, n]), filters, state[c], y)
                for z in range(ZONES):
                    energy[k, z] += y[z] * y[z]


@kernel("void(f8[::1], f8[::1], f8[::1], f4[:,::1], i8)")
def cut_curve(of: Array, reference: Array, settings: Array, gains: Array, row: int) -> None:
    """``gains[k + 1, row]``: gain at the end of step k where the energy ``of`` stands too far over its reference, O(steps).

    ``settings``: dB it may stand over, dB taken per dB more, most dB, attack, release, window and reference window
    (all in steps), energy a step under which nothing is cut.
    """
    over, slope, most = settings[0], settings[1], settings[2]
    rise, fall = 1.0 / (1.0 + settings[3]), 1.0 / (1.0 + settings[4])
    short, long = 1.0 / (1.0 + settings[5]), 1.0 / (1.0 + settings[6])
    here = beside = reduction = 0.0
    for k in range(of.shape[0]):
        here += short * (of[k] - here)
        beside += long * (reference[k] - beside)
        wanted = 0.0
        if here > settings[7]:
            ratio = 10.0 * math.log10(here / (beside + 1e-20))
            wanted = min(most, max(0.0, slope * (ratio - over)))
        reduction += (rise if wanted > reduction else fall) * (wanted - reduction)
        gains[k + 1, row] = math.exp(reduction * (-math.log(10.0) / 20.0))


@kernel("void(f4[:,::1], f8[:,::1], f8[:,:,::1], f4[:,::1], f8[::1], f4[:,::1])")
def follow(x: Array, filters: Array, state: Array, gains: Array, y: Array, out: Array) -> None:
    """``out = x + sum over z of (gain[z] - 1) zone[z]``, gains straight from step to step; ``out`` may be x, O(frames).

    A band-pass b of peak 1 makes ``1 + (g - 1) b`` a bell of gain g: minimum-phase, nothing at g = 1, and only a factor
    changes in time. ``gains`` is (steps + 1, ZONES); the others as for `zone_energies`.
    """
    for k in range(gains.shape[0] - 1):
        _flush(state)
        for n in range(k * STEP, min((k + 1) * STEP, x.shape[1])):
            way = np.float32(n - k * STEP) / np.float32(STEP)
            for c in range(x.shape[0]):
                v = float(x[c, n])
                _band_passes(v, filters, state[c], y)
                change = 0.0
                for z in range(ZONES):
                    change += (gains[k, z] + way * (gains[k + 1, z] - gains[k, z]) - 1.0) * y[z]
                out[c, n] = v + change
