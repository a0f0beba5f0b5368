"""Filter design, and the long linear-phase filter that carries every static correction in one pass."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from masterify_core.kernels import convolve as kernels

Floats = NDArray[np.float64]
Rows = NDArray[np.float32]
Magnitude = Callable[[Floats], Floats]

MID_AND_SIDE = 2
SPARE_ROWS = 4  # so that real and imaginary parts do not fall on the same lines of the first-level cache
# Rate up to (Hz) -> rows and columns of the FFT. The taps are a quarter of its size: 93 ms at 44.1 kHz,
# long enough for third-octave detail down to 40 Hz.
SIZES = ((50_000, 128, 128), (100_000, 256, 128), (math.inf, 256, 256))


@dataclass(frozen=True, slots=True, eq=False)
class Fourier:
    """Twiddle tables for one size; see the kernels for their layout.

    ``order[k]`` is the place of frequency k in a flattened spectrum.
    """

    turn: Rows
    rows: Rows
    columns: Rows
    order: NDArray[np.int64]

    @property
    def size(self) -> int:
        """Points of the transform."""
        return int(self.turn.shape[1] * self.turn.shape[2])


def fourier(rate: int) -> Fourier:
    """Answer the transform used at a rate: 16384 points up to 50 kHz, more above."""
    return fourier_of(*next((r, c) for limit, r, c in SIZES if rate <= limit))


@cache
def fourier_of(rows: int, columns: int) -> Fourier:
    """Answer the transform of so many rows and columns, powers of two from 8 on."""
    row_of, column_of = digit_reversed(rows), digit_reversed(columns)
    angle = -2.0 * math.pi * np.outer(row_of, np.arange(columns)) / (rows * columns)
    order = np.empty(rows * columns, np.int64)
    order[(row_of[None, :] + rows * column_of[:, None]).ravel()] = np.arange(rows * columns)
    return Fourier(_cosine_and_sine(angle), _roots(rows), _roots(columns), order)


def linear_phase(magnitude: Magnitude, rate: int) -> Floats:
    """Taps of a linear-phase filter by frequency sampling and a Blackman window.

    Parameters
    ----------
    magnitude
        Answers the wanted gain (not dB) at each frequency in Hz; what is narrower than about 20 Hz blurs.
    rate
        Hz.

    Returns
    -------
    Symmetric taps, odd count, centred.
    """
    size = fourier(rate).size
    count = size // 4 - 1
    wanted = magnitude(np.asarray(np.fft.rfftfreq(size, 1.0 / rate), dtype=np.float64))
    impulse = np.fft.fftshift(np.fft.irfft(wanted, size))
    start = size // 2 - count // 2
    return impulse[start : start + count] * np.blackman(count + 2)[1:-1]


def convolve(
    samples: Rows, rate: int, mid_taps: Floats, side_taps: Floats | None = None, gain: float = 1.0
) -> Rows:
    """Filter every channel with ``mid_taps``; or mid and side each with their own.

    Parameters
    ----------
    samples
        ``(channels, frames)``.
    mid_taps, side_taps
        As many, an odd count, as from `linear_phase` at ``rate``; the output is not delayed. Mono has no side.
    gain
        Factor on the result.

    Returns
    -------
    A new array of the same shape.
    """
    table = fourier(rate)
    rows, columns = table.turn.shape[1:]
    filters = [mid_taps] if side_taps is None or samples.shape[0] == 1 else [mid_taps, side_taps]
    if len(filters[-1]) != len(mid_taps):
        raise ValueError(f"mid and side need as many taps, got {len(mid_taps)} and {len(filters[-1])}")
    h = np.empty((len(filters), 2, columns, rows), np.float32)
    for taps, (re, im) in zip(filters, h, strict=True):
        block = np.zeros((2, rows, columns), np.float32)
        block[0].reshape(-1)[: len(taps)] = taps * (gain / table.size)
        kernels.spectrum(block[0], block[1], table.turn, table.rows, table.columns, re, im)
    out = np.empty_like(samples)
    kernels.convolve(
        samples, int(len(filters) == MID_AND_SIDE), h, len(mid_taps), table.turn, table.rows, table.columns,
        np.empty((2, rows + SPARE_ROWS, columns), np.float32), np.empty((2, columns + SPARE_ROWS, rows), np.float32), out,
    )  # fmt: skip
    return out


def high_pass(frequency_hz: float, rate: int, q: float = math.sqrt(0.5)) -> Floats:
    """Second-order high-pass section ``[b0, b1, b2, a1, a2]``; Butterworth at the default Q.

    References
    ----------
    R. Bristow-Johnson, *Cookbook formulae for audio EQ biquad filter coefficients* (bilinear transform).
    """
    w = 2.0 * math.pi * frequency_hz / rate
    alpha, cosine = math.sin(w) / (2.0 * q), math.cos(w)
    b = np.array([(1 + cosine) / 2, -(1 + cosine), (1 + cosine) / 2])
    return np.concatenate([b, [-2 * cosine, 1 - alpha]]) / (1 + alpha)


def interpolator(factor: int, taps: int, beta: float, cutoff: float = 1.0) -> Rows:
    """Polyphase windowed-sinc interpolator, every phase with unit gain at DC; ``cutoff`` is a share of half the rate.

    Returns
    -------
    float32 ``(factor, taps)``: phase p weighs ``x[n - taps/2 + 1 + t]`` for the point ``n + p / factor``.
    """
    phases = np.empty((factor, taps))
    for p in range(factor):
        t = np.arange(taps) - (taps // 2 - 1) - p / factor
        window = np.i0(beta * np.sqrt(np.clip(1.0 - (t / (taps / 2)) ** 2, 0.0, 1.0))) / np.i0(beta)
        phases[p] = np.sinc(cutoff * t) * window
        phases[p] /= phases[p].sum()
    return phases.astype(np.float32)


def _roots(count: int) -> Rows:
    return _cosine_and_sine(-2.0 * math.pi * np.arange(count) / count)


def _cosine_and_sine(angle: Floats) -> Rows:
    return np.stack([np.cos(angle), np.sin(angle)]).astype(np.float32)


def digit_reversed(count: int) -> NDArray[np.int64]:
    """Frequency that stands in each row after the kernels' radix-4 stages (and a last radix-2 one)."""
    if count <= 2:
        return np.arange(count)
    quarter = digit_reversed(count // 4)
    return np.concatenate([4 * quarter + m for m in range(4)])
