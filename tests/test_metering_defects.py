"""Clipping, DC, band limit, noise floor and silent ends: found where they are, and only there."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masterify_core.audio import Audio
from masterify_core.kernels import statistics as kernels
from masterify_core.metering import bandlimit, defects
from masterify_core.metering.loudness import hop_energies
from masterify_core.metering.statistics import measure_statistics
from tests.oracles import naive_statistics
from tests.signals import noise, tone

BAND_HZ = 60.0  # a few bins beside the edge


def clipping(samples, rate=44_100):
    audio = Audio(np.atleast_2d(samples).astype(np.float32), rate)
    return defects.clipping(audio, measure_statistics(audio))


def music_like(seconds=3.0, rate=44_100, seed=0, slope=4.0):
    """Noise that falls by 4 dB an octave, peak 1.0."""
    rng = np.random.default_rng(seed)
    spectrum = np.fft.rfft(rng.standard_normal((2, int(seconds * rate))))
    spectrum[:, 1:] *= np.arange(1, spectrum.shape[1]) ** (-slope / 6.02)
    x = np.fft.irfft(spectrum, int(seconds * rate))
    return x / np.abs(x).max()


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 1200), st.sampled_from([1.0, -1.0]), st.integers(2, 4), st.integers(0, 2**32 - 1))
def test_clipped_runs_equal_their_definition(frames, sign, least, seed):
    rng = np.random.default_rng(seed)
    x = np.clip(np.cumsum(rng.normal(size=(1, frames)), axis=1), -2.0, 2.0).astype(np.float32)
    statistics = measure_statistics(Audio(x, 8000))
    peaks = np.ascontiguousarray(statistics.extremes[:, 0 if sign > 0 else 1])
    found, expected = np.zeros(3, np.int64), np.zeros(3, np.int64)
    kernels.clipped_runs(x, 0, sign, 8000, peaks, 1.999, 0.002, least, found)
    naive_statistics.clipped_runs(x, 0, sign, 1.999, 0.002, least, expected)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("level_db", [0.0, -1.0, -9.0])
@pytest.mark.parametrize("bits", [16, 24, None])
def test_clipping_is_found_below_full_scale_too(level_db, bits):
    level = 10 ** (level_db / 20)
    x = np.clip(music_like() * 2.0 * level, -level, level)
    if bits:
        x = np.round(x * 2 ** (bits - 1)) / 2 ** (bits - 1)
    found = clipping(x)
    assert found.runs > 20
    assert found.samples >= 3 * found.runs
    assert found.longest >= 3
    assert found.level_dbfs == pytest.approx(level_db, abs=0.01)


@pytest.mark.parametrize("hz", [20, 50, 441, 1000, 11_025])
@pytest.mark.parametrize("bits", [16, None])
def test_the_round_top_of_a_tone_is_no_clipping(hz, bits):
    x = tone(44_100, [(-0.1, 1.0)], hz=hz, degrees=7).samples.astype(float)
    if bits:
        x = np.round(x * 2 ** (bits - 1)) / 2 ** (bits - 1)
    assert clipping(x).runs == 0


def test_music_and_silence_are_not_clipped():
    assert clipping(music_like()).runs == 0
    assert clipping(np.zeros((2, 5000))) == defects.Clipping(0, 0, 0, None)
    assert clipping(np.zeros((2, 0))).runs == 0


def test_one_side_may_be_clipped_alone():
    x = music_like()
    x[1] = np.maximum(x[1], -0.3)
    found = clipping(x)
    assert found.runs > 5
    assert found.level_dbfs == pytest.approx(20 * math.log10(0.3), abs=0.01)


@pytest.mark.parametrize("offsets", [(0.0, 0.0), (0.02, -0.001), (-0.3,)])
def test_dc_is_the_mean_of_each_channel(offsets):
    audio = noise(48_000, 2.0, channels=len(offsets))
    moved = Audio(audio.samples + np.array(offsets, np.float32)[:, None], 48_000)
    expected = moved.samples.mean(axis=1, dtype=float)
    assert defects.dc(moved, measure_statistics(moved)) == pytest.approx(tuple(expected), abs=1e-6)


def low_passed(x, rate, hz):
    """A brick wall, as steep as a codec's."""
    spectrum = np.fft.rfft(x)
    spectrum[:, np.fft.rfftfreq(x.shape[1], 1 / rate) > hz] *= 1e-4
    return np.fft.irfft(spectrum, x.shape[1])


def limit_of(x, rate):
    audio = Audio((0.5 * np.asarray(x)).astype(np.float32), rate)
    return bandlimit.band_limit_hz(audio, hop_energies(audio))


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
@pytest.mark.parametrize("hz", [4000.0, 11_025.0, 16_000.0, 19_000.0])
def test_the_band_limit_is_found(hz, rate):
    found = limit_of(low_passed(music_like(rate=rate), rate, hz), rate)
    assert found == pytest.approx(hz, abs=BAND_HZ)
    assert bandlimit.is_lossy(found, rate) == (hz in (16_000.0, 19_000.0))


@pytest.mark.parametrize("slope", [0.0, 4.0, 12.0])
@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
def test_a_top_end_that_fades_has_no_limit(slope, rate):
    assert limit_of(music_like(rate=rate, slope=slope), rate) is None


def test_a_tone_over_hiss_is_no_band_limit():
    hiss = 1e-4 * noise(44_100, 2.0, level=1.0).samples
    assert limit_of(tone(44_100, [(-6, 2)], hz=8000).samples + hiss, 44_100) is None


@pytest.mark.parametrize("frames", [0, 1, 4000, 20_000])
@pytest.mark.parametrize("rate", [8000, 192_000])
def test_silence_and_short_songs_have_no_band_limit(frames, rate):
    assert limit_of(np.zeros((2, frames)), rate) is None
    assert not bandlimit.is_lossy(None, rate)


def test_the_noise_floor_is_what_remains_in_the_pauses():
    hiss = tone(48_000, [(-70, 10)])
    music = tone(48_000, [(None, 1), (-20, 7), (None, 2)])
    hops = hop_energies(Audio(hiss.samples + music.samples, 48_000))
    floor, quiet = defects.noise_floor_lufs(hops)
    assert floor == pytest.approx(-70.0, abs=0.1)
    assert quiet == pytest.approx(-70.0, abs=0.1)


def test_digital_silence_is_no_noise():
    hops = hop_energies(tone(48_000, [(None, 2), (-20, 3), (None, 2)]))
    assert defects.noise_floor_lufs(hops)[1] > -80
    assert defects.noise_floor_lufs(hop_energies(tone(48_000, [(None, 2)]))) == (-math.inf, -math.inf)


@pytest.mark.parametrize("rate", [8000, 44_100, 192_000])
@pytest.mark.parametrize(("head_s", "tail_s"), [(0.0, 0.0), (0.5, 1.25), (0.003, 2.0)])
def test_silent_ends_are_found_to_the_frame(head_s, tail_s, rate):
    audio = tone(rate, [(None, head_s), (-3, 0.5), (None, tail_s)], hz=rate / 8, degrees=30)
    head, tail = (round(seconds * rate) for seconds in (head_s, tail_s))
    found = defects.silent_ends_s(audio, measure_statistics(audio))
    assert found == pytest.approx((head / rate, tail / rate), abs=1.5 / rate)


def test_hiss_at_the_ends_is_silence_and_a_quiet_song_is_not():
    hiss = 1e-4 * noise(48_000, 3.0, level=0.1).samples
    loud = tone(48_000, [(None, 1), (-1, 1), (None, 1)])
    audio = Audio(loud.samples + hiss, 48_000)
    assert defects.silent_ends_s(audio, measure_statistics(audio)) == pytest.approx((1.0, 1.0), abs=0.001)
    quiet = tone(48_000, [(-75, 1)])
    assert defects.silent_ends_s(quiet, measure_statistics(quiet))[0] < 0.001


def test_a_song_without_sound_is_silent_from_its_beginning():
    audio = Audio(np.zeros((2, 4800), np.float32), 48_000)
    assert defects.silent_ends_s(audio, measure_statistics(audio)) == (0.1, 0.0)
