"""Tonal balance per third octave and band: tones land where they belong, white noise is flat."""

import math

import numpy as np
import pytest

from masterify_core.audio import Audio
from masterify_core.metering import spectrum
from masterify_core.metering.spectrum import BANDS_HZ, THIRD_OCTAVES_HZ, measure_spectra
from tests.signals import noise, tone

RATES = [44_100, 48_000, 96_000]


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("hz", [31.5, 100.0, 1000.0, 10_000.0, 16_000.0])
def test_a_tone_lies_in_its_third_octave(hz, rate):
    levels = spectrum.third_octaves_db(measure_spectra(tone(rate, [(-20, 4)], hz=hz)))
    at = THIRD_OCTAVES_HZ.index(hz)
    assert int(np.argmax(levels)) == at
    assert levels[at] == pytest.approx(-23.01, abs=0.2)
    others = np.delete(levels, [at - 1, at, at + 1])
    assert others.max() < levels[at] - 40


@pytest.mark.parametrize("rate", RATES)
def test_white_noise_rises_by_3_db_an_octave(rate):
    levels = spectrum.third_octaves_db(measure_spectra(noise(rate, 20.0, channels=1)))
    hz = np.array(THIRD_OCTAVES_HZ)
    inside = (hz >= 100) & (hz <= 16_000)
    slope = np.polyfit(np.log2(hz[inside]), levels[inside], 1)[0]
    assert slope == pytest.approx(3.01, abs=0.1)


def test_side_over_mid_per_band():
    mid, side = noise(44_100, 10.0).samples
    audio = Audio(np.array([mid + 0.1 * side, mid - 0.1 * side]), 44_100)
    assert spectrum.side_mid_db(measure_spectra(audio)) == pytest.approx(np.full(9, -20.0), abs=0.6)


@pytest.mark.parametrize("channels", [1, 2])
def test_mono_has_no_side(channels):
    audio = Audio(np.tile(noise(44_100, 2.0, channels=1).samples, (channels, 1)), 44_100)
    assert (spectrum.side_mid_db(measure_spectra(audio)) < -80).all()


def test_dc_is_not_bass():
    audio = noise(48_000, 5.0)
    moved = Audio(audio.samples + np.float32(0.3), 48_000)
    before, after = measure_spectra(audio), measure_spectra(moved)
    assert spectrum.subsonic_db(after) == pytest.approx(spectrum.subsonic_db(before), abs=0.01)
    np.testing.assert_allclose(spectrum.side_mid_db(after), spectrum.side_mid_db(before), atol=0.01)


def test_movement_is_the_standard_deviation_of_the_level():
    steady = measure_spectra(noise(44_100, 20.0))
    assert (spectrum.band_sigma_db(steady) < 1.0).all()
    gain = np.repeat(10 ** (np.tile([0.0, -6.0], 10) / 20), 44_100)
    moving = measure_spectra(Audio((noise(44_100, 20.0).samples * gain).astype(np.float32), 44_100))
    assert spectrum.band_sigma_db(moving)[2:] == pytest.approx(np.full(7, 2.9), abs=0.6)


def test_rumble_is_told_from_bass():
    rumble, bass = (tone(48_000, [(-20, 6)], hz=hz) for hz in (11.0, 60.0))
    found = spectrum.subsonic_db(measure_spectra(Audio(rumble.samples + bass.samples, 48_000)))
    assert found == pytest.approx(0.0, abs=0.5)
    assert spectrum.subsonic_db(measure_spectra(bass)) < -40


def test_quiet_parts_do_not_count():
    loud = tone(44_100, [(-20, 5), (None, 5)], hz=1000)
    soft = tone(44_100, [(None, 5), (-50, 5)], hz=5000)
    levels = spectrum.third_octaves_db(measure_spectra(Audio(loud.samples + soft.samples, 44_100)))
    assert levels[THIRD_OCTAVES_HZ.index(5000.0)] < levels[THIRD_OCTAVES_HZ.index(1000.0)] - 40


@pytest.mark.parametrize("rate", [8000, 44_100, 192_000])
@pytest.mark.parametrize("frames", [0, 1, 700, 20_000])
def test_silence_gives_numbers_without_nan(frames, rate):
    found = measure_spectra(Audio(np.zeros((2, frames), np.float32), rate))
    assert (spectrum.third_octaves_db(found) == -math.inf).all()
    for values in (
        spectrum.side_mid_db(found),
        spectrum.band_sigma_db(found),
        spectrum.band_thresholds_db(found),
    ):
        assert not np.isnan(values).any()
    assert spectrum.subsonic_db(found) == -math.inf
    assert len(BANDS_HZ) == 9
