"""Lossy codecs: round trips stay where they were, whatever the codec, rate, length and number of channels."""

import numpy as np
import pytest

from masterify_core import codecs
from masterify_core.codecs import CodecCheck, missing, round_trip

RATE = 44_100
TRANSPARENT_DB = -20.0  # of error on two gated tones; a shift of a single frame at 997 Hz is -17 dB


@pytest.fixture(params=codecs.LOSSY)
def codec(request):
    if missing(request.param):
        pytest.skip(missing(request.param))
    return request.param


def gated_tones(rate, seconds=1.0, channels=2):
    """Tones that come and go at different times, so that a shift by whole periods shows, too."""
    t = np.arange(round(rate * seconds)) / rate
    tones = (
        0.4 * np.sin(2 * np.pi * 997 * t) * (t % 0.5 < 0.3),
        0.3 * np.sin(2 * np.pi * 440 * t) * (t % 0.37 < 0.2),
    )
    return np.stack(tones[:channels]).astype(np.float32)


def delay_frames(x, y):
    size = 4 * len(x)
    correlation = np.fft.irfft(np.conj(np.fft.rfft(x, size)) * np.fft.rfft(y, size))
    at = int(np.argmax(correlation))
    return at if at < size // 2 else at - size


@pytest.mark.parametrize("rate", [8_000, 44_100, 48_000, 96_000])
def test_decoded_sound_lies_on_the_input(codec, rate):
    x = gated_tones(rate)
    y = round_trip(x, rate, codec, 192.0)
    assert y.shape == x.shape
    assert y.dtype == np.float32
    assert [delay_frames(x[c], y[c]) for c in range(2)] == [0, 0]
    error = y[:, rate // 10 :] - x[:, rate // 10 :]
    assert 10 * np.log10(np.mean(error**2) / np.mean(x**2)) < TRANSPARENT_DB


@pytest.mark.parametrize("rate", [RATE, 192_000])
@pytest.mark.parametrize("frames", [0, 1, 10, 1025])
@pytest.mark.parametrize("channels", [1, 2])
def test_short_and_mono_sound_keeps_its_shape(codec, frames, channels, rate):
    y = round_trip(np.full((channels, frames), 0.25, np.float32), rate, codec, 128.0)
    assert y.shape == (channels, frames)
    assert np.isfinite(y).all()


def test_a_lower_bit_rate_adds_more_noise(codec):
    x = gated_tones(RATE) + np.random.default_rng(5).normal(scale=0.02, size=(2, RATE)).astype(np.float32)
    low, high = (float(np.mean((round_trip(x, RATE, codec, kbps) - x) ** 2)) for kbps in (96.0, 256.0))
    assert low > 1.5 * high


def test_the_same_sound_comes_back_the_same(codec):
    x = gated_tones(RATE, 0.3)
    np.testing.assert_array_equal(round_trip(x, RATE, codec, 128.0), round_trip(x, RATE, codec, 128.0))


def test_decoded_peaks_are_not_clipped():
    square = (0.98 * np.sign(gated_tones(RATE, 0.5) + 1e-6)).astype(np.float32)
    assert np.abs(round_trip(square, RATE, "vorbis", 128.0)).max() > 1.0


def test_without_pyav_aac_says_what_it_needs(monkeypatch):
    monkeypatch.setattr(codecs.importlib.util, "find_spec", lambda name: None)
    assert "aac extra" in missing("aac")
    assert not missing("mp3")
    with pytest.raises(ValueError, match="aac extra"):
        round_trip(gated_tones(RATE, 0.1), RATE, "aac", 128.0)


def test_sound_far_above_full_scale_comes_back_in_time_and_as_loud(codec):
    x = gated_tones(RATE)
    y = round_trip(x * np.float32(1e9), RATE, codec, 128.0)
    assert np.std(y[:, 5000:]) == pytest.approx(1e9 * np.std(x[:, 5000:]), rel=0.1)


def test_an_unknown_codec_is_missing():
    assert "no lossy codec 'flac'" in missing("flac")


def test_a_check_is_plain_values():
    check = CodecCheck(codec="vorbis", kbps=160.0, true_peak_dbtp=-1.234567, allowed_dbtp=-0.8)
    assert check.title == "Vorbis 160"
    assert check.to_dict()["true_peak_dbtp"] == -1.2346
