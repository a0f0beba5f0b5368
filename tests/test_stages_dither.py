"""Dither: level, spectrum, no bias, the same noise however the song is cut, silence."""

import numpy as np
import pytest

from masterify_core.audio import Audio
from masterify_core.stages import dither
from tests.signals import noise, tone

RATE = 44_100
TRIANGULAR_DB = 10 * np.log10(3.0 / 12.0)  # rounding plus triangular noise: three times rounding, re one step


def words(audio, bit_depth, gain=1.0, *, dithered=True):
    """The words of a file in steps of its bit depth, ``(frames, channels)``."""
    whole = np.concatenate(list(dither.blocks(audio, bit_depth, gain, dither=dithered)))
    return whole if bit_depth == "32f" else (whole >> (32 - int(bit_depth))).astype(np.int64)


def error_steps(audio, bit_depth, gain=1.0):
    return words(audio, bit_depth, gain) - gain * audio.samples.T.astype(np.float64) * 2 ** (
        int(bit_depth) - 1
    )


def steady(value_steps, bits, frames=60_000, channels=1):
    return Audio(np.full((channels, frames), value_steps / 2 ** (bits - 1), np.float32), 96_000)


@pytest.mark.parametrize("bit_depth", ["16", "24"])
def test_the_noise_is_triangular_and_two_steps_wide(bit_depth):
    x = noise(96_000, 1.0, level=0.01)
    error = error_steps(x, bit_depth)
    assert 10 * np.log10(np.mean(error**2)) == pytest.approx(TRIANGULAR_DB, abs=0.05)
    assert np.abs(error).max() <= 1.5 + 1e-6


@pytest.mark.parametrize("steps", [0.0, 0.25, 0.5, 0.75, -0.3])
def test_there_is_no_bias_and_the_noise_does_not_move_with_the_signal(steps):
    """First and second moment of the error are the same for every value: what triangular dither is for."""
    x = steady(100.0 + steps, 16)
    error = error_steps(x, "16")
    assert error.mean() == pytest.approx(0.0, abs=0.01)
    assert np.mean(error**2) == pytest.approx(0.25, rel=0.03)


def test_a_tone_smaller_than_a_step_survives_without_harmonics():
    song = tone(96_000, [(-96.3, 2.0)], 1000.0, channels=1)  # half a step
    power = np.abs(np.fft.rfft(words(song, "16")[:, 0] * np.hanning(song.frames))) ** 2
    bins = np.fft.rfftfreq(song.frames, 1.0 / song.rate)
    floor = np.median(power[bins > 500.0])

    def over_floor(hz):
        return power[np.abs(bins - hz) < 3.0].max() / floor

    assert over_floor(1000.0) > 1e3
    assert max(over_floor(k * 1000.0) for k in range(2, 8)) < 50.0


def test_the_noise_is_white_where_it_is_not_shaped():
    spectrum = band_powers(error_steps(noise(96_000, 2.0, level=0.01, channels=1), "16")[:, 0], 96_000)
    assert np.ptp(spectrum) < 0.5


def band_powers(x, rate):
    """In dB, of bands 2 kHz wide."""
    power = np.abs(np.fft.rfft(x)) ** 2
    edges = np.arange(0, len(power), round(2000.0 / (rate / len(x))))
    return 10 * np.log10([part.mean() for part in np.split(power, edges[1:-1])])


def test_shaped_noise_is_lower_where_hearing_is_keen():
    x = noise(RATE, 2.0, level=0.01, channels=1)
    shaped = band_powers(error_steps(x, "16")[:, 0], RATE)
    flat = 10 * np.log10(x.frames) + TRIANGULAR_DB
    assert shaped[1:3].max() < flat - 6.0  # 2 to 6 kHz
    assert shaped[-3:].min() > flat + 6.0  # its price, near half the rate
    assert np.abs(error_steps(x, "16").mean()) < 0.01


@pytest.mark.parametrize(("bit_depth", "rate"), [("16", 96_000), ("24", 44_100), ("16", 22_050)])
def test_only_16_bit_at_usual_rates_is_shaped(bit_depth, rate):
    x = noise(rate, 1.0, level=0.01)
    assert np.mean(error_steps(x, bit_depth) ** 2) == pytest.approx(0.25, rel=0.03)


def test_channels_and_neighbours_get_noise_of_their_own():
    error = error_steps(noise(96_000, 1.0, level=0.01), "24").T
    assert abs(np.corrcoef(error)[0, 1]) < 0.02
    for lag in (1, 2, 3, 64):
        assert abs(np.corrcoef(error[0, lag:], error[0, :-lag])[0, 1]) < 0.02


@pytest.mark.parametrize("bit_depth", ["16", "24", "32f"])
def test_the_same_song_gives_the_same_words_however_it_is_cut(bit_depth, monkeypatch):
    x = noise(RATE, 1.0)
    whole = words(x, bit_depth)
    monkeypatch.setattr(dither, "BLOCK_FRAMES", 4096)
    np.testing.assert_array_equal(words(x, bit_depth), whole)


@pytest.mark.parametrize("bit_depth", ["16", "24", "32f"])
@pytest.mark.parametrize("rate", [44_100, 96_000])
def test_digital_silence_stays_silent_and_a_last_frame_is_not_lost(bit_depth, rate):
    x = np.zeros((2, 40_001), np.float32)
    x[:, 5000:6000] = 0.25
    got = words(Audio(x, rate), bit_depth)
    assert got.shape == (40_001, 2)
    assert not got[:4096].any()
    assert not got[7168:].any()
    assert np.abs(got[5000:6000]).min() > 0


@pytest.mark.parametrize(("bit_depth", "steps"), [("16", 2**15), ("24", 2**23)])
def test_without_dither_words_come_back_exactly(bit_depth, steps):
    values = np.random.default_rng(3).integers(-steps, steps, (2, 5000))
    audio = Audio((values / steps).astype(np.float32), RATE)
    np.testing.assert_array_equal(words(audio, bit_depth, dithered=False), values.T)


def test_floats_are_only_multiplied():
    x = noise(RATE, 0.1)
    got = words(x, "32f", 0.5)
    assert got.dtype == np.float32
    np.testing.assert_array_equal(got, 0.5 * x.samples.T)


@pytest.mark.parametrize("bit_depth", ["16", "24"])
def test_what_is_over_full_scale_saturates(bit_depth):
    got = words(Audio(np.array([[2.0, -2.0]], np.float32), 96_000), bit_depth)
    assert got[:, 0].tolist() == [2 ** (int(bit_depth) - 1) - 1, -(2 ** (int(bit_depth) - 1))]
