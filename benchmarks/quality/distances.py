"""How far apart two songs are in tone, dynamics and width: a judge that shares no line with the engine."""

from __future__ import annotations

import itertools
import warnings
from dataclasses import dataclass

import numpy as np
import pyloudnorm
import scipy.fft
import scipy.signal
import soundfile

THIRDS_HZ = 1000.0 * 2.0 ** (
    np.arange(-14, 12) / 3.0
)  # 40 Hz to 12.5 kHz: above, some lossy references hold nothing
NINE_HZ = np.array([20.0, 148.0, 392.0, 795.0, 1458.0, 2550.0, 4349.0, 7314.0, 12199.0, 20_000.0])
LONG, SHORT = 8192, 2048
DEEPEST_DB, ACTIVE_DB, LEAST_SIDE_DB = -50.0, -40.0, -40.0
QUANTILES = np.linspace(0.005, 0.995, 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Song:
    """What is compared: third octaves over loudness, level quantiles of nine bands, side over mid of nine; dB."""

    lufs: float
    true_peak_dbtp: float
    thirds_db: np.ndarray
    quantiles_db: np.ndarray
    side_mid_db: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class Distance:
    """Between a master and its reference, dB; PLR in LU."""

    tone: float
    dynamics: float
    width: float
    plr: float


def song(path) -> Song:
    """Measure a file."""
    x, rate = soundfile.read(path, always_2d=True)
    mid, side = (x[:, 0] + x[:, -1]) / 2.0, (x[:, 0] - x[:, -1]) / 2.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        lufs = pyloudnorm.Meter(rate, filter_class="DeMan").integrated_loudness(x)
    hz, power = np.fft.rfftfreq(LONG, 1 / rate), [powers(row, LONG).mean(axis=0) for row in (mid, side)]
    thirds = [within(power[0] + power[1], hz, c * 2 ** (-1 / 6), c * 2 ** (1 / 6)) for c in THIRDS_HZ]
    nine = [[within(row, hz, a, b) for a, b in itertools.pairwise(NINE_HZ)] for row in power]
    hz, frames = np.fft.rfftfreq(SHORT, 1 / rate), powers(mid, SHORT) + powers(side, SHORT)
    bands = np.stack([within(frames, hz, a, b) for a, b in itertools.pairwise(NINE_HZ)], axis=1)
    bands = bands[bands.sum(axis=1) > bands.sum(axis=1).mean() * 10 ** (ACTIVE_DB / 10)]
    level = db(np.maximum(bands, bands.mean(axis=0) * 10 ** (DEEPEST_DB / 10)))
    return Song(
        lufs=lufs,
        true_peak_dbtp=20.0 * np.log10(max(np.abs(scipy.signal.resample_poly(c, 8, 1)).max() for c in x.T)),
        thirds_db=db(np.array(thirds)) - lufs,
        quantiles_db=np.quantile(level, QUANTILES, axis=0),
        side_mid_db=np.maximum(db(np.array(nine[1])) - db(np.array(nine[0])), LEAST_SIDE_DB),
    )


def distance(made: Song, reference: Song) -> Distance:
    """RMS over third octaves at equal loudness; earth mover's distance of band levels around their mean; RMS of side over mid."""
    shapes = [each.quantiles_db - each.quantiles_db.mean(axis=0) for each in (made, reference)]
    return Distance(
        tone=rms(made.thirds_db - reference.thirds_db),
        dynamics=float(np.abs(shapes[0] - shapes[1]).mean()),
        width=rms(made.side_mid_db - reference.side_mid_db),
        plr=abs((made.true_peak_dbtp - made.lufs) - (reference.true_peak_dbtp - reference.lufs)),
    )


def powers(row: np.ndarray, size: int) -> np.ndarray:
    """Powers of half overlapping Hann windows, ``(frames, bins)``."""
    window = scipy.signal.get_window("hann", size).astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(row.astype(np.float32), size)[:: size // 2]
    parts = [np.abs(scipy.fft.rfft(frames[i : i + 256] * window)) ** 2 for i in range(0, len(frames), 256)]
    return np.concatenate(parts) / (window.sum() ** 2 / 4.0)


def within(power: np.ndarray, hz: np.ndarray, low: float, high: float) -> np.ndarray:
    """Power of the bins between two frequencies."""
    return power[..., (hz >= low) & (hz < high)].sum(axis=-1)


def db(power: np.ndarray) -> np.ndarray:
    """Level of a power."""
    return 10.0 * np.log10(power + 1e-20)


def rms(values: np.ndarray) -> float:
    """Root of the mean square."""
    return float(np.sqrt(np.mean(values**2)))
