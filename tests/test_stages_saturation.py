"""Saturation against tones whose answer is known."""

import numpy as np
import pytest

from masterify_core.audio import Audio
from masterify_core.stages.saturation import Saturation
from tests.signals import noise, tone

RATE = 44_100


def lines_db(samples, hz, rate=RATE):
    """Levels of the harmonics of ``hz``, and the loudest of all else, under the fundamental, dB."""
    power = np.abs(np.fft.rfft(samples * np.blackman(len(samples)))) ** 2
    at = np.fft.rfftfreq(len(samples), 1.0 / rate)
    levels = [power[np.abs(at - k * hz) < 8.0].max() for k in range(1, int(rate / 2 / hz) + 1)]
    own = np.any([np.abs(at - k * hz) < 8.0 for k in range(int(rate / 2 / hz) + 1)], axis=0)
    return 10 * np.log10(np.array(levels[1:]) / levels[0]), 10 * np.log10(power[~own].max() / levels[0])


@pytest.mark.parametrize(("over_db", "mix"), [(0.0, 0.3), (-6.0, 0.3), (-6.0, 0.1)])
def test_the_third_harmonic_is_the_curves_own(over_db, mix):
    song = tone(RATE, [(-12.0 + over_db, 2.0)], 997.0, channels=1)
    harmonics, _ = lines_db(Saturation(full_dbfs=-12.0, mix=mix)(song).samples[0], 997.0)
    a = 10.0 ** (over_db / 20.0)  # a - 2/3 a^3 sin^3 + 1/5 a^5 sin^5, by multiple angles
    third = mix * abs(2.0 / 3.0 * a**3 / 4.0 - a**5 / 5.0 * 5.0 / 16.0)
    first = 1.0 * a + mix * (-2.0 / 3.0 * a**3 * 0.75 + a**5 / 5.0 * 10.0 / 16.0)
    assert harmonics[1] == pytest.approx(20.0 * np.log10(third / first), abs=0.1)
    assert harmonics[0] < -100.0


@pytest.mark.parametrize(
    ("hz", "over_db", "most_db"), [(997.0, 6.0, -100.0), (5000.0, 0.0, -90.0), (5000.0, 6.0, -70.0)]
)
def test_little_folds_back(hz, over_db, most_db):
    """Over the flat level the curve is no polynomial any more; at 5 kHz music is far under it."""
    song = tone(RATE, [(-12.0 + over_db, 2.0)], hz, channels=1)
    assert lines_db(Saturation(full_dbfs=-12.0, mix=0.3)(song).samples[0], hz)[1] < most_db


@pytest.mark.parametrize("rate", [8_000, 48_000])
def test_the_song_keeps_its_energy_and_loses_its_peaks(rate):
    song = noise(rate, 3.0)
    full_dbfs = 10.0 * np.log10(np.mean(np.square(song.samples))) + 6.0
    answer = Saturation(full_dbfs=full_dbfs, drive_db=2.0, mix=0.3)(song)
    ratio = np.mean(np.square(answer.samples, dtype=np.float64)) / np.mean(
        np.square(song.samples, dtype=np.float64)
    )
    assert ratio == pytest.approx(1.0, abs=1e-4)
    assert np.abs(answer.samples).max() < 0.95 * np.abs(song.samples).max()


def test_what_is_quiet_stays_as_it_is():
    song = Audio(noise(RATE, 0.5).samples * np.float32(1e-3), RATE)
    answer = Saturation(full_dbfs=0.0, mix=0.3)(song)
    np.testing.assert_allclose(answer.samples, song.samples, rtol=1e-4, atol=1e-9)


def test_it_neither_delays_nor_turns_the_phase():
    song = tone(RATE, [(-12.0, 1.0)], 5000.0, channels=1)
    answer = Saturation(full_dbfs=-12.0, mix=0.3)(song)
    n = np.arange(song.frames)
    turn = [np.angle(x.samples[0] @ np.exp(-2j * np.pi * 5000.0 * n / RATE)) for x in (song, answer)]
    assert turn[1] - turn[0] == pytest.approx(0.0, abs=1e-3)
