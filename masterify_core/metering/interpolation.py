"""The interpolators of the true-peak meter: windowed sinc, and the filter that BS.1770 prints."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

OVERSAMPLING, TAPS, KAISER_BETA = 16, 32, 9.0
# BS.1770-5, annex 2: phases 0 and 1 of four; 3 and 2 are their mirror images.
# fmt: off
PRINTED = np.array([
    [0.0017089843750, 0.0109863281250, -0.0196533203125, 0.0332031250000, -0.0594482421875, 0.1373291015625,
     0.9721679687500, -0.1022949218750, 0.0476074218750, -0.0266113281250, 0.0148925781250, -0.0083007812500],
    [-0.0291748046875, 0.0292968750000, -0.0517578125000, 0.0891113281250, -0.1665039062500, 0.4650878906250,
     0.7797851562500, -0.2003173828125, 0.1015625000000, -0.0582275390625, 0.0330810546875, -0.0189208984375],
])
# fmt: on
ROUNDING = 1e-6  # of float32 arithmetic, added to the bounds


def phases(oversampling: int, taps: int, beta: float) -> NDArray[np.float64]:
    """Design an interpolator: row p holds the weights of ``x[n - taps/2 + 1 + k]`` at ``n + p/oversampling``.

    A sinc under a Kaiser window; every phase is scaled to unit gain at DC, so that a constant has no
    ripple. Row 0 is the sample itself. ``taps`` is even.
    """
    offsets = np.arange(oversampling)[:, None] / oversampling - (np.arange(taps) - taps // 2 + 1)
    window = np.i0(beta * np.sqrt(np.maximum(0.0, 1.0 - (offsets * 2.0 / taps) ** 2)))
    weights = np.sinc(offsets) * window
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def folded() -> NDArray[np.float32]:
    """Arrange both filters for `kernels.truepeak`: even and odd halves, the inner pair of samples first."""
    half = TAPS // 2
    printed = PRINTED[:, ::-1]
    rows = [row for phase in range(1, OVERSAMPLING // 2 + 1) for row in _halves(EXACT[phase])][:-1]
    rows += [np.pad(row, (0, half - len(row))) for phase in printed for row in _halves(phase)]
    return np.array(rows, np.float32)


def bounds() -> NDArray[np.float64]:
    """How far each filter can go: factors of the largest |x| and of the largest second difference.

    An interpolator's weights are those of a straight line through ``x[n]`` and ``x[n + 1]`` with the same
    sum and first moment, plus a filter whose sum and first moment are 0: that one is a filter on second
    differences, and the sum of its magnitudes is the second factor.
    """
    pairs = []
    for table in (EXACT[1:], np.concatenate([PRINTED, PRINTED[:, ::-1]])):
        lines, bends = zip(*(_bound(weights) for weights in table), strict=True)
        pairs += [max(*lines, 1.0) + ROUNDING, max(bends) + ROUNDING]
    return np.array(pairs)


def _halves(weights: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Split the weights around an interval into their even and odd halves."""
    half = len(weights) // 2
    before, after = weights[half - 1 :: -1], weights[half:]
    return (before + after) / 2.0, (before - after) / 2.0


def _bound(weights: NDArray[np.float64]) -> tuple[float, float]:
    """Bound one phase by the samples beside it and the second differences in its reach."""
    half = len(weights) // 2
    right = float(weights @ (np.arange(len(weights)) - half + 1))
    left = float(weights.sum()) - right
    rest = weights.copy()
    rest[half - 1] -= left
    rest[half] -= right
    return abs(left) + abs(right), float(np.abs(np.cumsum(np.cumsum(rest))).sum())


EXACT = phases(OVERSAMPLING, TAPS, KAISER_BETA)
PHASES = EXACT.astype(np.float32)
