"""Loudness after ITU-R BS.1770-5 and EBU R 128: hop energies, and every loudness made from them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from masterify_core.audio import Audio
from masterify_core.kernels import loudness as kernels
from masterify_core.metering.weighting import k_coefficients

OFFSET_DB = -0.691  # BS.1770: a 997 Hz tone then reads what its level says
HOPS_PER_SECOND = kernels.HOPS_PER_SECOND
MOMENTARY_HOPS, SHORT_TERM_HOPS = 40, 300  # 400 ms and 3 s, EBU Tech 3341
STEP_HOPS = 10  # 100 ms: gating blocks overlap by 75 %, BS.1770
ABSOLUTE_GATE_LUFS, RELATIVE_GATE_LU = -70.0, -10.0  # BS.1770
RANGE_GATE_LU, RANGE_LOW, RANGE_HIGH = -20.0, 0.10, 0.95  # EBU Tech 3342
# BS.1770 table 3: left, right, centre, (low-frequency effects,) left surround, right surround.
SURROUND_WEIGHTS = {5: (1.0, 1.0, 1.0, 1.41, 1.41), 6: (1.0, 1.0, 1.0, 0.0, 1.41, 1.41)}


@dataclass(frozen=True, slots=True, eq=False)
class Hops:
    """K-weighted energy of a song in 10 ms hops: all that any loudness needs.

    Attributes
    ----------
    energy
        float64 ``(hops,)``: sum over channels and frames of the weighted square. Hop k holds the frames
        from ``round(k * rate / 100)`` up to ``round((k + 1) * rate / 100)``. An incomplete last hop is
        kept, so that the total is exact; no window uses it.
    frames
        Length of the song, frames.
    rate
        Frames per second, Hz.
    """

    energy: NDArray[np.float64]
    frames: int
    rate: int

    @property
    def whole(self) -> int:
        """Number of complete hops."""
        count = len(self.energy)
        return count if count == 0 or kernels.hop_start(count, self.rate) <= self.frames else count - 1

    def powers(self, width: int, step: int = 1) -> NDArray[np.float64]:
        """Mean power of every window of ``width`` whole hops, one each ``step`` hops.

        Empty if the song is shorter than one window. The sums hold positive numbers only: nothing
        cancels, so a whisper after a shout keeps its precision.
        """
        count = self.whole - width + 1
        if count < 1:
            return np.empty(0)
        if width % step:
            return self.powers(width)[::step]
        whole = self.whole // step
        total = self.energy[: whole * step].reshape(whole, step).sum(axis=1)  # no window begins in between
        for distance, times in _parts(width // step):
            length = len(total) - distance * (times - 1)
            sums = total[:length].copy()
            for k in range(1, times):
                sums += total[k * distance : k * distance + length]
            total = sums
        edges = _starts(np.arange(0, whole * step + 1, step), self.rate)
        return np.asarray(total / np.maximum(edges[width // step :] - edges[: len(total)], 1))


def hop_energies(audio: Audio, weights: tuple[float, ...] | None = None) -> Hops:
    """K-weight a song and answer its energy per hop.

    ``weights`` are the channel weights; without them left, right and mono count 1.0 (a mono file is one
    channel: it reads 3.01 LU below the same sound in both channels of a stereo file), five and six
    channels count as 5.0 and 5.1.
    """
    return energies(audio.samples, audio.rate, weights)


def energies(samples: NDArray[np.float32], rate: int, weights: tuple[float, ...] | None = None) -> Hops:
    """Do what `hop_energies` does for a plain C-ordered float32 array ``(channels, frames)``.

    A hop that holds NaN or infinity counts as silence.
    """
    channels, frames = samples.shape
    if weights is None:
        weights = SURROUND_WEIGHTS.get(channels, (1.0,) * channels)
    if len(weights) != channels:
        raise ValueError(f"{channels} channels need as many weights, got {len(weights)}")
    count = len(hop_edges(frames, rate)) - 1
    energy = np.zeros(count)
    heard = [(row, weight) for row, weight in enumerate(weights) if weight > 0.0]
    for k in range(0, len(heard), 2):
        row, weight = heard[k]
        other, other_weight = heard[k + 1] if k + 1 < len(heard) else (row, 0.0)
        kernels.k_energies(
            samples, row, other, weight, other_weight, rate, k_coefficients(rate),
            np.zeros((kernels.STATES, kernels.LANES)), np.zeros(kernels.LANES), energy,
        )  # fmt: skip
    return Hops(energy, frames, rate)


def hop_edges(frames: int, rate: int) -> NDArray[np.int64]:
    """Answer the first frame of every 10 ms hop, and the end; an incomplete last hop counts."""
    whole = frames * HOPS_PER_SECOND // rate + 1
    edges = _starts(np.arange(whole + 1), rate)
    inside = edges[edges < frames]
    return np.append(inside, frames) if len(inside) else np.zeros(1, np.int64)


def _starts(hops: NDArray[np.int64], rate: int) -> NDArray[np.int64]:
    """First frame of each hop."""
    return np.asarray((2 * hops * rate + HOPS_PER_SECOND) // (2 * HOPS_PER_SECOND))


def integrated_lufs(hops: Hops, gain_db: float = 0.0) -> float:
    """Integrated loudness, LUFS, of the song played ``gain_db`` louder.

    Blocks of 400 ms every 100 ms; first those above -70 LUFS, then those above 10 LU under the mean of
    these. ``-inf`` for silence and for a song shorter than one block.

    References
    ----------
    ITU-R BS.1770-5, annex 1, equations 3 to 7.
    """
    power = hops.powers(MOMENTARY_HOPS, STEP_HOPS) * 10.0 ** (gain_db / 10.0)
    loud = _above(_above(power, ABSOLUTE_GATE_LUFS), RELATIVE_GATE_LU, relative=True)
    return _lufs(float(loud.mean())) if len(loud) else -math.inf


def momentary_lufs(hops: Hops) -> NDArray[np.float64]:
    """Loudness of every 400 ms window, one each 10 ms, LUFS; ``-inf`` where silent, empty if too short."""
    return _levels(hops.powers(MOMENTARY_HOPS))


def short_term_lufs(hops: Hops) -> NDArray[np.float64]:
    """Loudness of every 3 s window, one each 10 ms, LUFS; ``-inf`` where silent, empty if too short."""
    return _levels(hops.powers(SHORT_TERM_HOPS))


def momentary_max_lufs(hops: Hops) -> float:
    """Loudest whole 400 ms, LUFS; ``-inf`` for silence and for less than 400 ms."""
    return float(momentary_lufs(hops).max(initial=-math.inf))


def short_term_max_lufs(hops: Hops) -> float:
    """Loudest whole 3 s, LUFS; ``-inf`` for silence and for less than 3 s (EBU leaves it undefined)."""
    return float(short_term_lufs(hops).max(initial=-math.inf))


def loudness_range_lu(hops: Hops) -> float:
    """Loudness range, LU: from the 10th to the 95th percentile of short-term loudness, gated.

    0 where nothing is left to compare: silence, or less than 3 s.

    References
    ----------
    EBU Tech 3342: 3 s windows every 100 ms, gates at -70 LUFS and 20 LU under their mean, nearest rank.
    """
    power = hops.powers(SHORT_TERM_HOPS, STEP_HOPS)
    power = _above(_above(power, ABSOLUTE_GATE_LUFS), RANGE_GATE_LU, relative=True)
    if not len(power):
        return 0.0
    power = np.sort(power)
    low, high = (power[math.floor((len(power) - 1) * share + 0.5)] for share in (RANGE_LOW, RANGE_HIGH))
    return 10.0 * math.log10(high / low)


def _above(power: NDArray[np.float64], gate: float, *, relative: bool = False) -> NDArray[np.float64]:
    """Keep the powers above a gate, in LUFS or in LU from their mean."""
    if not len(power):
        return power
    floor = float(power.mean()) if relative else 10.0 ** (-OFFSET_DB / 10.0)
    return np.asarray(power[power > floor * 10.0 ** (gate / 10.0)])


def _lufs(power: float) -> float:
    return OFFSET_DB + 10.0 * math.log10(power) if power > 0.0 else -math.inf


def _levels(power: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(divide="ignore"):
        return np.asarray(OFFSET_DB + 10.0 * np.log10(power))


def _parts(width: int) -> list[tuple[int, int]]:
    """Plan how to add ``width`` neighbours up in few additions: ``(distance, how many)``.

    >>> _parts(300)
    [(1, 2), (2, 2), (4, 3), (12, 5), (60, 5)]
    """
    found, distance = [], 1
    for prime in (2, 3, 5, 7):
        while width % prime == 0:
            found.append((distance, prime))
            distance, width = distance * prime, width // prime
    return [*found, (distance, width)] if width > 1 else found
