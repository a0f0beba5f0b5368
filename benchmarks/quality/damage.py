"""Damage: what is wrong with a song is done to a clean one, so that a repair can be held against the truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

Samples = np.ndarray
SEED = 20
CLICKS_PER_MINUTE, CLICK_S, CLICK_DBFS = 30.0, (0.00003, 0.0004), (-22.0, -8.0)
HISS_UNDER_DB = 42.0
PHASEY_HZ, PHASEY_SIDE_DB = (480.0, 960.0), 6.0
TURNED_HZ, TURNED_RAD = (60.0, 120.0), np.radians(160.0)
SIBILANT_HZ, SIBILANT_DB, SIBILANT_S, SIBILANT_EVERY_S = (5500.0, 9000.0), 12.0, 0.12, 0.35
DC = 0.02
# Of a voice: its moments of 20 ms with more from 5.5 to 9.5 kHz than from 0.8 to 4, unless they are faint, lifted in that band.
VOICED_HZ, HISSED_HZ, LIFT_DB, MOMENT_S, FAINT_SHARE = (800.0, 4000.0), (5500.0, 9500.0), 6.0, 0.02, 0.02


def clicks(samples: Samples, rate: int) -> Samples:
    """Short steps at random places of either channel, as a bad cut or a lost sample leaves them."""
    rng, damaged = np.random.default_rng(SEED), samples.copy()
    for _ in range(round(len(samples) / rate / 60.0 * CLICKS_PER_MINUTE)):
        at, channel = rng.integers(0, len(samples)), rng.integers(0, samples.shape[1])
        length = max(1, round(rng.uniform(*CLICK_S) * rate))
        damaged[at : at + length, channel] += rng.choice((-1, 1)) * 10.0 ** (rng.uniform(*CLICK_DBFS) / 20.0)
    return damaged


def hiss(samples: Samples, _rate: int) -> Samples:
    """White Gaussian noise, of its own in each channel."""
    rms = float(np.sqrt(np.mean(samples**2)))
    noise = np.random.default_rng(SEED).standard_normal(samples.shape)
    return samples + noise * rms * 10.0 ** (-HISS_UNDER_DB / 20.0)


def phasey(samples: Samples, rate: int) -> Samples:
    """An octave whose side is stronger than its mid and has nothing to do with it."""
    mid = samples.mean(axis=1)
    spectrum, inside = _band(mid, rate, PHASEY_HZ)
    turns = np.exp(2j * np.pi * np.random.default_rng(SEED).random(len(spectrum)))
    side = np.fft.irfft(np.where(inside, spectrum * turns, 0.0), len(mid)) * 10.0 ** (PHASEY_SIDE_DB / 20.0)
    return samples + np.stack([side, -side], axis=1)


def turned_bass(samples: Samples, rate: int) -> Samples:
    """The right channel's bass turned in phase, as by one microphone too far away."""
    damaged = samples.copy()
    spectrum, inside = _band(samples[:, 1], rate, TURNED_HZ)
    damaged[:, 1] = np.fft.irfft(np.where(inside, spectrum * np.exp(1j * TURNED_RAD), spectrum), len(samples))
    return damaged


def sibilance(samples: Samples, rate: int) -> Samples:
    """Bursts of too much from 5.5 to 9 kHz, about three a second, as of a singer too close to the microphone."""
    gain = np.zeros(len(samples))
    length = round(SIBILANT_S * rate)
    for start in range(0, len(samples) - length, round(SIBILANT_EVERY_S * rate)):
        gain[start : start + length] = np.hanning(length)
    damaged = samples.copy()
    for channel, row in enumerate(samples.T):
        damaged[:, channel] += _only(row, rate, SIBILANT_HZ) * gain * (10.0 ** (SIBILANT_DB / 20.0) - 1.0)
    return damaged


def sibilant_voice(mix: Samples, voice: Samples, rate: int) -> Samples:
    """A mix in which the voice's own sibilants are too loud, and nothing else is changed."""
    hissed = np.stack([_only(row, rate, HISSED_HZ) for row in voice.T], axis=1)
    voiced = np.stack([_only(row, rate, VOICED_HZ) for row in voice.T], axis=1)
    window = np.hanning(round(MOMENT_S * rate))
    window /= window.sum()
    high, low = (np.convolve((band**2).mean(axis=1), window, "same") for band in (hissed, voiced))
    sibilant = (high > low) & (high > FAINT_SHARE * np.percentile(high, 99.0))
    gain = np.convolve(sibilant.astype(float), window, "same") * (10.0 ** (LIFT_DB / 20.0) - 1.0)
    return mix + hissed * gain[:, None]


def offset(samples: Samples, _rate: int) -> Samples:
    """DC."""
    return samples + DC


DAMAGES: Mapping[str, Callable[[Samples, int], Samples]] = {
    "clicks": clicks,
    "hiss": hiss,
    "phasey octave": phasey,
    "turned bass": turned_bass,
    "sibilance": sibilance,
    "DC": offset,
}


def _only(row: Samples, rate: int, edges_hz: tuple[float, float]) -> Samples:
    """What lies between two frequencies."""
    spectrum, inside = _band(row, rate, edges_hz)
    return np.fft.irfft(np.where(inside, spectrum, 0.0), len(row))


def _band(row: Samples, rate: int, edges_hz: tuple[float, float]) -> tuple[Samples, Samples]:
    """A row's spectrum, and which of its bins lie between two frequencies."""
    hz = np.fft.rfftfreq(len(row), 1.0 / rate)
    return np.fft.rfft(row), (hz >= edges_hz[0]) & (hz < edges_hz[1])
