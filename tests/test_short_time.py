"""Short-time spectra: nothing changes where no gain does, levels are right, gains arrive in their bands."""

import numpy as np
import pytest

from masterify_core import short_time
from masterify_core.stages.match import Curve, Match
from tests.signals import noise, tone

ROUNDING = 4e-7
FLAT = Curve(level_dbfs=(-60.0,), gain_db=(0.0,))
GAIN_TOLERANCE_DB = 0.25  # a tone is as wide as the window, and gains fall away from a centre


def matched(audio, bands):
    samples = audio.samples.copy()
    Match(bands=tuple(bands)).apply(samples, audio.rate)
    return samples


@pytest.mark.parametrize("rate", [8_000, 44_100, 192_000])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("frames", [1, 1023, 1024, 1025, 131_072, 150_001])
def test_without_gains_the_sound_comes_back(rate, channels, frames):
    song = noise(rate, frames / rate, channels)
    samples = song.samples.copy()
    short_time.change(samples, rate, np.zeros((short_time.frame_count(frames, rate), 9)))
    assert np.abs(samples - song.samples).max() <= ROUNDING


@pytest.mark.parametrize("rate", [22_050, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_full_scale_sine_reads_minus_three_in_its_band(rate, channels):
    song = tone(rate, [(0.0, 1.0)], hz=1000.0, channels=channels)
    power = short_time.band_powers(song.samples, rate, short_time.band_edges(rate), 4, 8)
    np.testing.assert_allclose(10 * np.log10(power[:, 3]), -3.01, atol=0.02)
    assert (power.argmax(axis=1) == 3).all()


def test_bands_past_half_the_rate_hold_nothing():
    song = noise(8_000, 0.5)
    power = short_time.band_powers(song.samples, 8_000, short_time.band_edges(8_000))
    assert (power[:, 6:] == 0.0).all()
    assert (power[1:, :6] > 0.0).all()


@pytest.mark.parametrize("hz", short_time.CENTRES_HZ[:-1])
def test_a_tone_at_the_centre_of_a_band_takes_that_band_s_gain(hz):
    song = tone(44_100, [(-20.0, 2.0)], hz=hz)
    band = short_time.CENTRES_HZ.index(hz)
    louder = [Curve(level_dbfs=(-60.0,), gain_db=(6.0,)) if k == band else FLAT for k in range(9)]
    out = matched(song, louder)[:, 20_000:-20_000]
    gain_db = 20 * np.log10(np.abs(out).max() / np.abs(song.samples).max())
    assert gain_db == pytest.approx(6.0, abs=GAIN_TOLERANCE_DB)


def test_gains_follow_the_level_and_are_smooth():
    song = tone(44_100, [(-40.0, 2.0), (-10.0, 2.0)], hz=1077.0)
    curve = Curve(level_dbfs=(-43.0, -13.0), gain_db=(6.0, -6.0))
    out = matched(song, [curve if k == 3 else FLAT for k in range(9)])
    for seconds, level_db in ((1.0, -34.0), (3.0, -16.0)):
        part = out[0, round(44_100 * (seconds - 0.5)) : round(44_100 * (seconds + 0.5))]
        assert 20 * np.log10(np.abs(part).max()) == pytest.approx(level_db, abs=GAIN_TOLERANCE_DB)
    step_db = np.diff(20 * np.log10(np.abs(out[0]).reshape(-1, 441).max(axis=1)))
    assert np.abs(np.delete(step_db, range(198, 203))).max() < 1.5  # 12 dB over about 200 ms, not at once


def test_left_and_right_keep_apart():
    song = noise(44_100, 1.0)
    samples = song.samples.copy()
    samples[1] = 0.0
    Match(bands=(Curve(level_dbfs=(-60.0,), gain_db=(3.0,)),) * 9).apply(samples, 44_100)
    assert np.abs(samples[1]).max() < ROUNDING
    np.testing.assert_allclose(samples[0], song.samples[0] * 10 ** (3 / 20), atol=1e-5)
