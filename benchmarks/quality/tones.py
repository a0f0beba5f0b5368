"""Tones and a kick drum pushed into a limiter: distortion, intermodulation, aliases and pumping, where music hides them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

RATE, SECONDS, SETTLED_S = 48_000, 5.0, 2.0
CEILING_DB = -1.0


@dataclass(frozen=True, slots=True)
class Tone:
    """A sound, how far it is pushed over the ceiling, and what is measured of what comes out."""

    title: str
    unit: str
    push_db: float
    sound: Callable[[], np.ndarray]
    measure: Callable[[np.ndarray], float]


def tried(tone: Tone, limit: Callable[[Path, Path, float, float], object], room: Path) -> float | None:
    """Push the sound into a limiter and measure; None if it fails."""
    x = tone.sound()
    x = x / np.abs(x).max() * 10.0 ** (CEILING_DB / 20.0)
    song, out = room / "tone.wav", room / "limited.wav"
    out.unlink(missing_ok=True)
    soundfile.write(song, np.stack([x, x], axis=1), RATE, "FLOAT")
    limit(song, out, tone.push_db, CEILING_DB)
    if not out.exists():
        return None
    made, _ = soundfile.read(out, always_2d=True)
    return tone.measure(made[round(SETTLED_S * RATE) : round((SECONDS - 0.5) * RATE), 0])


def _sine(hz: float, amplitude: float = 1.0) -> np.ndarray:
    return amplitude * np.sin(2.0 * np.pi * hz * np.arange(round(SECONDS * RATE)) / RATE)


def _kick() -> np.ndarray:
    """A kick each half second, over a steady high tone 12 dB lower, whose level tells what the kick does to it."""
    beat = np.arange(round(SECONDS * RATE)) % (RATE // 2) / RATE
    kick = np.sin(2.0 * np.pi * 55.0 * beat) * np.exp(-beat / 0.1)
    return kick + _sine(3000.0, 0.25)


def _lines(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Amplitude spectrum under a window whose sidelobes are 92 dB down."""
    n = np.arange(len(x)) / len(x)
    window = sum(
        a * np.cos(2.0 * np.pi * k * n) for k, a in enumerate((0.35875, -0.48829, 0.14128, -0.01168))
    )
    return np.fft.rfftfreq(len(x), 1.0 / RATE), np.abs(np.fft.rfft(x * window))


def _near(hz: np.ndarray, *where_hz: float) -> np.ndarray:
    return np.any([np.abs(hz - each) < 4.5 for each in where_hz], axis=0)


def thd_n_db(x: np.ndarray, tone_hz: float) -> float:
    """Everything but the tone, over the tone, dB."""
    hz, spectrum = _lines(x)
    own = _near(hz, tone_hz)
    rest = spectrum[~own & (hz > 10.0)]
    return float(10.0 * np.log10(np.sum(rest**2) / np.sum(spectrum[own] ** 2)))


def imd_db(x: np.ndarray, low_hz: float, high_hz: float) -> float:
    """Sidebands of the high tone over the tone, dB (SMPTE RP 120 in kind)."""
    hz, spectrum = _lines(x)
    sides = [high_hz + k * low_hz for k in (-4, -3, -2, -1, 1, 2, 3, 4)]
    power = np.sum(spectrum[_near(hz, *sides)] ** 2)
    return float(10.0 * np.log10(power / np.sum(spectrum[_near(hz, high_hz)] ** 2)))


def alias_db(x: np.ndarray, tone_hz: float) -> float:
    """Worst line that is no harmonic, over the tone, dB."""
    hz, spectrum = _lines(x)
    harmonics = np.arange(1, int(RATE / 2 / tone_hz) + 1) * tone_hz
    rest = np.where(_near(hz, *harmonics) | (hz < 20.0), 0.0, spectrum)
    return float(20.0 * np.log10(rest.max() / spectrum.max()))


def pumping_db(x: np.ndarray, tone_hz: float) -> float:
    """How far the level of the high tone moves: 5 % to 95 % of 5 ms steps, dB."""
    n = np.arange(len(x))
    carrier = x * np.exp(-2.0j * np.pi * tone_hz / RATE * n)
    step = RATE // 200
    level = np.abs(carrier[: len(x) // step * step].reshape(-1, step).mean(axis=1))
    low, high = np.quantile(20.0 * np.log10(level + 1e-9), [0.05, 0.95])
    return float(high - low)


TONES = (
    Tone("60 Hz, +3 dB: THD+N", "dB", 3.0, lambda: _sine(60.0), lambda x: thd_n_db(x, 60.0)),
    Tone("50 Hz, +6 dB: THD+N", "dB", 6.0, lambda: _sine(50.0), lambda x: thd_n_db(x, 50.0)),
    Tone("1 kHz, +3 dB: THD+N", "dB", 3.0, lambda: _sine(1000.0), lambda x: thd_n_db(x, 1000.0)),
    Tone(
        "60 Hz + 7 kHz (4:1), +3 dB: IMD", "dB", 3.0,
        lambda: _sine(60.0, 0.8) + _sine(7000.0, 0.2), lambda x: imd_db(x, 60.0, 7000.0),
    ),
    Tone("5 kHz, +6 dB: alias", "dB", 6.0, lambda: _sine(5003.0), lambda x: alias_db(x, 5003.0)),
    Tone("kick, +6 dB: pumping", "dB", 6.0, _kick, lambda x: pumping_db(x, 3000.0)),
)  # fmt: skip
