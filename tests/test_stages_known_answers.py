"""Stages against tones, steps and noise whose answer is known."""

import numpy as np
import pytest

from masterify_core import chain
from masterify_core.audio import Audio
from masterify_core.errors import SettingError
from masterify_core.schema import build
from masterify_core.stages.repair import Repair
from masterify_core.stages.resampler import resample
from masterify_core.stages.stereo import Stereo
from masterify_core.stages.tone import Tone
from tests.signals import noise, tone

RATE = 48_000
GAIN_TOLERANCE_DB = 0.05
CURVE = Tone(hz=(50.0, 200.0, 1000.0, 5000.0, 12_000.0), db=(2.0, -1.0, 0.0, 3.0, -2.0))


def settled(audio):
    """The middle half, where neither end is felt."""
    return audio.samples[:, audio.frames // 4 : 3 * audio.frames // 4].astype(np.float64)


def level_db(x):
    return 10.0 * np.log10(np.mean(np.square(x, dtype=np.float64)))


def gain_db(stages, song):
    return level_db(settled(chain.run(song, stages))) - level_db(settled(song))


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
@pytest.mark.parametrize(
    ("hz", "expected_db"),
    [(30.0, 2.0), (100.0, 0.5), (200.0, -1.0), (1000.0, 0.0), (2236.0, 1.5), (5000.0, 3.0), (16_000.0, -2.0)],
)
def test_the_tone_curve_is_what_a_tone_gets(rate, hz, expected_db):
    assert gain_db([CURVE], tone(rate, [(-12.0, 1.0)], hz)) == pytest.approx(expected_db, abs=0.2)


def test_tone_does_not_delay():
    click = np.zeros((1, 9600), np.float32)
    click[0, 5000] = 1.0
    answer = chain.run(Audio(click, RATE), [CURVE]).samples[0]
    assert np.argmax(answer) == 5000
    np.testing.assert_allclose(answer[4000:5000], answer[6000:5000:-1], atol=1e-6)


@pytest.mark.parametrize(
    ("hz", "db", "message"),
    [
        ((), (), "db must have as many values as hz"),
        ((50.0,), (1.0, 2.0), r"db must have as many values as hz \(1\), got 2"),
        ((50.0, 50.0), (1.0, 2.0), "hz must rise"),
        ((50.0,), (17.0,), r"db\[0\] must be -24 to 16 dB, got 17"),
    ],
)
def test_a_curve_that_is_none_is_refused(hz, db, message):
    with pytest.raises(SettingError, match=message):
        build(Tone, {"hz": hz, "db": db})


def side_of(hz, rate=RATE):
    one = tone(rate, [(-12.0, 1.0)], hz, channels=1).samples[0]
    return Audio(np.stack([one, -one]), rate)


@pytest.mark.parametrize(
    ("hz", "expected_db"), [(120.0, -6.02), (70.0, -19.2), (240.0, -0.53), (5000.0, 0.0)]
)
def test_mono_bass_takes_the_side_down_by_24_db_an_octave(hz, expected_db):
    assert gain_db([Stereo(mono_below_hz=120.0)], side_of(hz)) == pytest.approx(expected_db, abs=0.5)


@pytest.mark.parametrize(
    ("hz", "expected_db"), [(100.0, 0.0), (283.0, -2.0), (800.0, -4.0), (10_000.0, -4.0)]
)
def test_width_is_eased_in_above_200_hz(hz, expected_db):
    assert gain_db([Stereo(width_db=-4.0)], side_of(hz)) == pytest.approx(expected_db, abs=GAIN_TOLERANCE_DB)


def test_the_mono_sum_stays_as_it_is():
    song = noise(RATE, 1.0)
    answer = chain.run(song, [Stereo(mono_below_hz=150.0, width_db=3.0)])
    np.testing.assert_allclose(answer.samples.sum(axis=0), song.samples.sum(axis=0), atol=2e-6)


def test_mono_has_no_side_to_change():
    song = noise(RATE, 0.5, channels=1)
    answer = chain.run(song, [Stereo(mono_below_hz=150.0, width_db=3.0)])
    np.testing.assert_allclose(answer.samples, song.samples, atol=1e-6)


def test_dc_is_taken_from_each_channel_exactly():
    song = noise(RATE, 0.5)
    offset = Audio(song.samples + np.array([[0.25], [-0.125]], np.float32), RATE)
    answer = Repair(dc=(0.25, -0.125))(offset)
    np.testing.assert_allclose(answer.samples, song.samples, atol=1e-7)


@pytest.mark.parametrize("channels", [1, 2])
def test_the_high_pass_does_not_thump_where_dc_is_taken(channels):
    level = np.full((channels, RATE), 0.5, np.float32)
    assert np.abs(Repair(dc=(0.5,) * channels, high_pass_hz=20.0)(Audio(level, RATE)).samples).max() < 1e-6


def test_offsets_for_missing_channels_are_ignored_and_others_stay():
    mono = Audio(np.full((1, 50), 0.5, np.float32), RATE)
    assert not Repair(dc=(0.5, 0.3))(mono).samples.any()
    stereo = Repair(dc=(0.5,))(Audio(np.full((2, 50), 0.5, np.float32), RATE))
    assert stereo.samples[1].tolist() == [0.5] * 50


@pytest.mark.parametrize(("hz", "expected_db"), [(20.0, -3.01), (10.0, -12.3), (1000.0, 0.0)])
def test_the_high_pass_is_second_order(hz, expected_db):
    song = tone(RATE, [(-12.0, 4.0)], hz)
    assert gain_db([Repair(high_pass_hz=20.0)], song) == pytest.approx(expected_db, abs=GAIN_TOLERANCE_DB)


@pytest.mark.parametrize(
    ("old", "new"), [(44_100, 48_000), (48_000, 44_100), (96_000, 44_100), (8_000, 192_000)]
)
@pytest.mark.parametrize("frames", [1, 7, 1000, 44_101])
def test_resampling_keeps_the_duration(old, new, frames):
    song = Audio(np.zeros((2, frames), np.float32), old)
    assert resample(song, new).samples.shape == (2, round(frames * new / old))


@pytest.mark.parametrize(
    ("old", "new"), [(44_100, 48_000), (48_000, 44_100), (96_000, 44_100), (44_100, 96_000)]
)
def test_resampling_neither_delays_nor_changes_a_tone(old, new):
    answer, expected = resample(tone(old, [(-6.0, 1.0)], 997.0), new), tone(new, [(-6.0, 1.0)], 997.0)
    error = settled(answer) - settled(expected)
    assert level_db(error) - level_db(settled(expected)) < -110.0


def test_the_same_rate_is_the_same_sound():
    song = noise(RATE, 0.1)
    assert resample(song, RATE) is song


def test_channels_are_resampled_alone():
    song = noise(RATE, 0.2)
    one = resample(Audio(song.samples[:1], RATE), 44_100)
    np.testing.assert_array_equal(resample(song, 44_100).samples[:1], one.samples)
