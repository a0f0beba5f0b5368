"""Crest factor, mean power and PSR of signals whose values are known."""

import math

import numpy as np
import pytest

from masterify_core.audio import Audio
from masterify_core.metering import dynamics
from masterify_core.metering.loudness import hop_energies
from masterify_core.metering.peaks import true_peak
from masterify_core.metering.statistics import measure_statistics
from tests.signals import noise, tone


def psr_of(audio):
    return dynamics.psr_lu(audio, hop_energies(audio), measure_statistics(audio))


@pytest.mark.parametrize("channels", [1, 2])
def test_a_sine_has_a_crest_of_3_db(channels):
    found = measure_statistics(tone(48_000, [(-10, 2)], hz=997, channels=channels))
    assert dynamics.crest_db(found) == pytest.approx(3.01, abs=0.01)
    assert dynamics.rms_dbfs(found) == pytest.approx(-13.01, abs=0.01)


def test_a_square_wave_has_none():
    square = np.sign(np.sin(2 * np.pi * 441 * (np.arange(44_100) + 0.5) / 44_100))
    assert dynamics.crest_db(
        measure_statistics(Audio(np.array([square], np.float32), 44_100))
    ) == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize("frames", [0, 1, 48_000])
def test_silence_has_neither(frames):
    audio = Audio(np.zeros((2, frames), np.float32), 48_000)
    found = measure_statistics(audio)
    assert dynamics.crest_db(found) == math.inf
    assert dynamics.rms_dbfs(found) == -math.inf
    assert len(psr_of(audio)) == 0


def test_psr_of_a_tone_is_its_peak_over_its_loudness():
    assert psr_of(tone(48_000, [(-20, 6)], hz=997)) == pytest.approx(np.full(4, 0.0), abs=0.05)


def test_psr_takes_the_true_peak_of_the_same_window():
    audio = noise(44_100, 5.0)
    samples = audio.samples.copy()
    samples[0, 100_000:100_008] = np.array([1, 1, -1, -1, 1, 1, -1, -1], np.float32)  # peaks between samples
    audio = Audio(samples, 44_100)
    peak_db = 20 * math.log10(true_peak(samples))
    loudness = peak_db - psr_of(audio)
    assert loudness == pytest.approx(np.full(3, loudness.mean()), abs=0.2)


def test_fades_do_not_count():
    both = tone(48_000, [(-20, 4), (-60, 6)])
    assert len(psr_of(both)) < len(psr_of(tone(48_000, [(-20, 10)])))


def test_a_song_under_three_seconds_has_no_psr():
    assert len(psr_of(tone(48_000, [(-20, 2.9)]))) == 0
