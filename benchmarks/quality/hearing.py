"""Models of hearing that say how far a master is from the song: Zimtohrli, ViSQOL, and a noise-to-mask ratio of our own."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import soxr

from benchmarks.quality.programs import loudness

RATE, LISTEN_LUFS = 48_000, -20.0
VISQOL_S = 6.0
# Noise-to-mask ratio after ITU-R BS.1387 (PEAQ), simplified: an FFT, bands half a Bark wide, slopes of 27 and 15 dB
# a Bark, and an offset of 16 dB, less at the top where noise is masked by little.
BLOCK, BANDS, OFFSET_DB = 2048, 48, (16.0, 20.0, 16.0, 10.0, 0.0)
SLOPES_DB = (27.0, 15.0)
FLOOR = 1e-10  # mean square of what nobody hears at a listening level


@dataclass(frozen=True, slots=True)
class Heard:
    """Zimtohrli's distance (0 is no difference), ViSQOL's score (at most about 4.73), noise to mask in dB."""

    zimtohrli: float | None
    visqol: float | None
    nmr_db: float


def compare(song: np.ndarray, rate: int, master: np.ndarray, master_rate: int, *, with_visqol: bool) -> Heard:
    """Compare ``(frames, channels)`` at the same loudness, 48 kHz, and aligned to the frame."""
    one, other = (_leveled(each) for each in _aligned(_at_48(song, rate), _at_48(master, master_rate)))
    return Heard(_zimtohrli(one, other), _visqol(one, other) if with_visqol else None, nmr_db(one, other))


def _aligned(song: np.ndarray, master: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Take a program's delay out."""
    size = 1 << (len(song) + len(master)).bit_length()
    spectra = (np.fft.rfft(each.sum(axis=1), size) for each in (song, master))
    first, second = spectra
    at = int(np.argmax(np.fft.irfft(np.conj(first) * second, size)))
    delay = at if at < size // 2 else at - size
    master = master[max(0, delay) :]
    song = song[max(0, -delay) :]
    frames = min(len(song), len(master))
    return song[:frames], master[:frames]


def _at_48(samples: np.ndarray, rate: int) -> np.ndarray:
    """Some programs answer at another rate than they were given."""
    return samples if rate == RATE else soxr.resample(samples, rate, RATE)


def _leveled(samples: np.ndarray) -> np.ndarray:
    return samples * 10.0 ** ((LISTEN_LUFS - loudness(samples, RATE)) / 20.0)


def _zimtohrli(one: np.ndarray, other: np.ndarray) -> float | None:
    model = _zimtohrli_model()
    if model is None:
        return None
    pairs = zip(one.T, other.T, strict=True)
    return float(
        np.mean([model.distance(*(np.ascontiguousarray(x, np.float32) for x in pair)) for pair in pairs])
    )


def zimtohrli_score(distance: float | None) -> float | None:
    """The model's own translation of its distance into an opinion score: 5 is no difference."""
    if distance is None:
        return None
    import zimtohrli

    return float(zimtohrli.mos_from_zimtohrli(distance))


@functools.cache
def _zimtohrli_model():
    try:
        import zimtohrli
    except ImportError:
        return None
    return zimtohrli.Pyohrli()


def _visqol(one: np.ndarray, other: np.ndarray) -> float | None:
    """Score of the middle of the excerpt, in mono as the model wants it."""
    api = _visqol_model()
    if api is None:
        return None
    half = round(VISQOL_S * RATE / 2)
    part = slice(max(0, len(one) // 2 - half), len(one) // 2 + half)
    return float(api.measure_from_arrays(one[part].mean(axis=1), other[part].mean(axis=1), RATE).moslqo)


@functools.cache
def _visqol_model():
    try:
        from visqol import VisqolApi
    except ImportError:
        return None
    api = VisqolApi()
    api.create(mode="audio")
    return api


def nmr_db(one: np.ndarray, other: np.ndarray) -> float:
    """Mean of noise over mask, in every band and block with sound, dB; the worse channel. Below 0 little is heard."""
    return max(_channel_nmr_db(a, b) for a, b in zip(one.T, other.T, strict=True))


def _channel_nmr_db(song: np.ndarray, master: np.ndarray) -> float:
    bands, spread, offset = _bands()
    window = np.sqrt(8.0 / 3.0) * np.hanning(BLOCK + 1)[:BLOCK]
    starts = np.arange(0, len(song) - BLOCK + 1, BLOCK // 2)
    rows = starts[:, None] + np.arange(BLOCK)
    scale = 2.0 / BLOCK**2
    power, noise = (
        scale * np.abs(np.fft.rfft(window * each[rows], axis=1)) ** 2 @ bands.T
        for each in (song, master - song)
    )
    mask = (power @ spread.T) * offset + FLOOR
    loud = power.sum(axis=1) > 1e-7
    return float(10.0 * np.log10(np.mean((noise / mask)[loud]) + 1e-12)) if loud.any() else -120.0


@functools.cache
def _bands() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    hz = np.fft.rfftfreq(BLOCK, 1.0 / RATE)
    bark = 13.0 * np.arctan(0.00076 * hz) + 3.5 * np.arctan((hz / 7500.0) ** 2)
    number = np.minimum((bark * 2.0).astype(int), BANDS - 1)
    bands = (number == np.arange(BANDS)[:, None]).astype(float)
    centre = (np.arange(BANDS) + 0.5) / 2.0
    apart = centre[:, None] - centre[None, :]  # masked band less masker
    spread = 10.0 ** (-np.where(apart < 0.0, -apart * SLOPES_DB[0], apart * SLOPES_DB[1]) / 10.0)
    return bands, spread, 10.0 ** (-np.interp(centre, (0.0, 8.0, 16.0, 20.0, 24.0), OFFSET_DB) / 10.0)
