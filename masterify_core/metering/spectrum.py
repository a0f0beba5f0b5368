"""Tonal balance, width and movement per band, from one sparse pass of spectra."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from masterify_core import zones
from masterify_core.audio import Audio
from masterify_core.filters import Fourier, fourier
from masterify_core.kernels import spectra as kernels
from masterify_core.metering.statistics import quantiles

Floats = NDArray[np.float64]

THIRD_OCTAVES_HZ = (
    20.0, 25.0, 31.5, 40.0, 50.0, 63.0, 80.0, 100.0, 125.0, 160.0, 200.0, 250.0, 315.0, 400.0, 500.0, 630.0,
    800.0, 1000.0, 1250.0, 1600.0, 2000.0, 2500.0, 3150.0, 4000.0, 5000.0, 6300.0, 8000.0, 10000.0,
    12500.0, 16000.0, 20000.0,
)  # fmt: skip
"""Nominal centres (IEC 61260-1)."""

BANDS_HZ = (0.0, 148.0, 392.0, 795.0, 1458.0, 2550.0, 4349.0, 7314.0, 12199.0)
"""Lower edges of nine bands of equal ERB steps; the last ends at half the rate."""

PARTS = ((0, 1), (1, 3), (3, 5), (5, 7), (7, 9))
"""Of the nine bands, whose levels a compressor's thresholds stand on."""

MOST_BLOCKS = 240  # of about 0.37 s: enough for a mean spectrum to settle within 0.2 dB
GATE_DB = -20.0  # under the mean power of the blocks, as EBU Tech 3342 gates loudness range
SUBSONIC_BELOW_HZ = 18.0
FIRST_BIN = 2  # a Hann window spreads DC to bin 1 and no further


@dataclass(frozen=True, slots=True, eq=False)
class Spectra:
    """Powers of mid and side over time.

    A full-scale sine in both channels has power 0.5 in mid. Mono is all mid.

    Attributes
    ----------
    thirds
        ``(blocks, 2, 31)``: mid and side power in `THIRD_OCTAVES_HZ`.
    bands
        ``(blocks, 2, 9)``: the same in `BANDS_HZ`.
    subsonic
        ``(blocks,)``: power below 18 Hz, without DC.
    highest_hz
        Half the rate: bands above hold nothing.
    """

    thirds: Floats
    bands: Floats
    subsonic: Floats
    highest_hz: float

    def heard(self) -> NDArray[np.bool_]:
        """Which blocks count: those above 20 dB under the mean power."""
        power = self.bands.sum(axis=(1, 2))
        return np.asarray(power > max(1e-12, float(power.mean())) * 10 ** (GATE_DB / 10))


def measure_spectra(audio: Audio) -> Spectra:
    """Powers of mid and side in blocks of about 0.37 s spread evenly over the song (Hann window)."""
    table = fourier(audio.rate)
    size = table.size
    hz = np.fft.rfftfreq(size, 1.0 / audio.rate)
    third_edges = np.searchsorted(
        hz, np.append(THIRD_OCTAVES_HZ, 2.0 ** (1.0 / 3.0) * 20_000.0) * 2.0 ** (-1.0 / 6.0)
    )
    nine_edges = np.searchsorted(hz, BANDS_HZ)
    edges = rising([FIRST_BIN, *third_edges, *np.maximum(nine_edges, FIRST_BIN), len(hz)])
    starts = np.linspace(
        0, max(0, audio.frames - size), min(max(1, audio.frames // size), MOST_BLOCKS)
    ).astype(int)
    window = np.hanning(size + 1)[:-1]
    weights = (window * math.sqrt(2.0 / (size * float((window**2).sum())))).astype(np.float32)
    power = block_powers(audio, starts, weights, table, edges, mid_side=True)
    thirds, bands = (
        _gathered(power, edges, third_edges),
        _gathered(power, edges, np.append(nine_edges, len(hz))),
    )
    subsonic = power[:, :, edges[:-1] < third_edges[0]].sum(axis=(1, 2))
    return Spectra(thirds, bands, subsonic, audio.rate / 2.0)


def block_powers(
    audio: Audio, starts: NDArray[np.int64], window: NDArray[np.float32], table: Fourier, edges: NDArray[np.int64],
    *, mid_side: bool,
) -> Floats:  # fmt: skip
    """Powers of left and right, or of mid and side, ``(blocks, 2, bands)``: in the bins from each edge (1 or more) on."""
    block, turned = np.empty((2, 2, table.size), np.float32)
    power = np.empty((len(starts), 2, len(edges) - 1))
    rows, columns = table.turn.shape[1:]
    kernels.block_powers(
        audio.samples, starts, int(mid_side), window, table.turn, table.rows, table.columns, table.order, edges,
        block.reshape(2, rows, columns), turned.reshape(2, columns, rows), turned, power,
    )  # fmt: skip
    return power


def rising(values: ArrayLike) -> NDArray[np.int64]:
    """Whole numbers in order, each once; `numpy.unique` would import numpy's masked arrays."""
    return np.array(sorted(set(np.ravel(values).tolist())), np.int64)


def _gathered(power: Floats, edges: NDArray[np.int64], wanted: NDArray[np.int64]) -> Floats:
    """Add fine bands up to wider ones."""
    parts = [power[:, :, (edges[:-1] >= a) & (edges[:-1] < b)].sum(axis=2) for a, b in pairwise(wanted)]
    return np.stack(parts, axis=2)


def third_octaves_db(spectra_: Spectra) -> Floats:
    """Mean power of both channels in each third octave, dB; ``-inf`` where there is nothing."""
    heard = spectra_.thirds[spectra_.heard()]
    return _db(heard.sum(axis=1).mean(axis=0)) if len(heard) else np.full(len(THIRD_OCTAVES_HZ), -np.inf)


def side_mid_db(spectra_: Spectra) -> Floats:
    """Side over mid power in each of the nine bands, dB; ``-inf`` for mono, 0 where there is nothing."""
    mean = (
        spectra_.bands[spectra_.heard()].sum(axis=0)
        if spectra_.heard().any()
        else np.zeros((2, len(BANDS_HZ)))
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(mean.sum(axis=0) > 0.0, 10.0 * np.log10(mean[1] / mean[0]), 0.0)


def band_sigma_db(spectra_: Spectra) -> Floats:
    """Standard deviation over time of the mid level of each band, dB, over the blocks within 30 dB of its mean."""
    found = np.zeros(len(BANDS_HZ))
    for band in range(len(BANDS_HZ)):
        power = spectra_.bands[spectra_.heard(), 0, band]
        power = power[power > power.mean() * 1e-3] if len(power) else power
        found[band] = float(_db(power).std()) if len(power) > 1 else 0.0
    return found


def subsonic_db(spectra_: Spectra) -> float:
    """Power below 18 Hz over the power from 36 to 112 Hz, dB; ``-inf`` for none."""
    bass = float(spectra_.thirds[:, :, 3:8].sum())
    below = float(spectra_.subsonic.sum())
    return 10.0 * math.log10(below / bass) if below > 0.0 and bass > 0.0 else -math.inf


def _db(power: Floats) -> Floats:
    with np.errstate(divide="ignore"):
        return np.asarray(10.0 * np.log10(power))


def band_thresholds_db(spectra_: Spectra) -> tuple[float, ...]:
    """Level that each of five parts of the nine bands exceeds 30 % of the time: mean square of one channel, dB."""
    heard = spectra_.bands[spectra_.heard()].sum(axis=1)
    if not len(heard):
        return (-120.0,) * len(PARTS)
    levels = [quantiles(heard[:, a:b].sum(axis=1), 0.7) for a, b in PARTS]
    return tuple(_db(np.maximum(levels, 1e-12)).tolist())


def zone_high_db(spectra_: Spectra) -> tuple[float, ...]:
    """How far mud, harshness and sibilance stand over what they are judged by (see `zones`) when they are much, dB.

    What the highest tenth exceeds of the blocks in which the zone is over its own mean; ``-inf`` for silence.
    """
    heard = spectra_.thirds[spectra_.heard()].sum(axis=1)
    energy = zones.power(np.array(THIRD_OCTAVES_HZ)) @ heard.T
    if not energy.any():
        return (-math.inf,) * len(zones.NAMES)
    over, of = zones.excess_db(energy), energy[zones.rows()]
    return tuple(
        float(quantiles(row[level >= level.mean()], 0.9)) for row, level in zip(over, of, strict=True)
    )
