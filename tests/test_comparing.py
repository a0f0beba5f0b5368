"""Two sounds side by side: where they lie, what is left when they cancel, what differs at one loudness."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masterify_core.audio import Audio
from masterify_core.comparing import align, compare
from masterify_core.stages.resampler import resample
from tests import songs
from tests.cli import masterify

RATE = 44_100
SONG = Audio(np.ascontiguousarray(songs.mix(RATE, 6.0).T, dtype=np.float32), RATE)


def later(audio, frames):
    """The same sound that many frames later (or without so many of its first)."""
    x = audio.samples
    moved = np.pad(x, ((0, 0), (frames, 0))) if frames >= 0 else x[:, -frames:]
    return Audio(np.ascontiguousarray(moved), audio.rate)


@settings(max_examples=12, deadline=None)
@given(lag=st.integers(-60_000, 60_000), sign=st.sampled_from([1.0, -0.3]), swapped=st.booleans())
def test_lag_polarity_and_channels_are_found_to_the_frame(lag, sign, swapped):
    x = later(SONG, lag).samples * np.float32(sign)
    found = align(SONG, Audio(np.ascontiguousarray(x[::-1] if swapped else x), RATE))
    assert (found.lag_frames, found.inverted, found.swapped) == (lag, sign < 0.0, swapped)
    assert found.likeness == pytest.approx(1.0, abs=1e-3)


@pytest.fixture(scope="module")
def long_song():
    """More frames than the coarse search has points: noise, its top taken off by a mean of 40 frames."""
    total = np.cumsum(np.random.default_rng(5).normal(size=1_300_000))
    return Audio((0.01 * (total[40:] - total[:-40]))[None].astype(np.float32), 48_000)


@pytest.mark.parametrize("lag", [0, 7, -12_345, 250_001])
def test_long_songs_are_aligned_to_the_frame_too(long_song, lag):
    assert align(long_song, later(long_song, lag)).lag_frames == lag


@pytest.mark.parametrize("swapped", [False, True], ids=["part second", "part first"])
def test_a_quiet_part_is_found_where_it_is_and_not_where_the_song_is_loudest(swapped):
    quiet = SONG.samples * np.linspace(0.02, 1.0, SONG.frames, dtype=np.float32) ** 2
    song, part = Audio(quiet, RATE), Audio(np.ascontiguousarray(quiet[:, 3000:7000]), RATE)
    found = align(part, song) if swapped else align(song, part)
    assert found.lag_frames == (3000 if swapped else -3000)
    assert found.likeness == pytest.approx(1.0, abs=1e-3)


def test_of_a_loops_repetitions_the_one_that_shares_most_is_found():
    bar = SONG.samples[:, : 2 * RATE]
    loop = Audio(np.tile(bar, 4), RATE)
    assert align(loop, loop).lag_frames == 0
    assert align(loop, later(loop, 700)).lag_frames == 700


def test_a_few_frames_are_like_nothing():
    assert not align(SONG, Audio(np.ascontiguousarray(SONG.samples[:, :1]), RATE)).found


def test_silence_and_mono_have_no_width_to_differ():
    for other in (np.zeros_like(SONG.samples), SONG.samples.mean(axis=0, keepdims=True)):
        made = compare(SONG, Audio(np.ascontiguousarray(other), RATE))
        assert all(math.isnan(each) for each in made.width_db)


def test_the_same_samples_leave_nothing():
    found = compare(SONG, SONG)
    assert found.null_db == -math.inf
    assert found.gain_db == 0.0
    assert np.nanmax(np.abs(found.tone_db)) == 0.0
    assert all(value == 0.0 for value in found.differences.values())


def test_a_louder_copy_is_the_same_once_it_is_matched():
    found = compare(SONG, Audio(SONG.samples * np.float32(0.25), RATE))
    assert found.gain_db == pytest.approx(12.04, abs=0.01)
    assert found.null_db < -120.0
    assert found.differences["true_peak_dbtp"] == pytest.approx(0.0, abs=0.01)


def test_what_is_left_has_the_level_of_what_was_added():
    rng = np.random.default_rng(1)
    noise = rng.normal(size=SONG.samples.shape)
    noise *= 0.01 * np.sqrt(np.square(SONG.samples).sum() / np.square(noise).sum())
    found = compare(SONG, Audio((SONG.samples + noise).astype(np.float32), RATE))
    assert found.null_db == pytest.approx(-40.0, abs=0.1)


def test_a_change_of_tone_is_told_where_it_is():
    spectrum = np.fft.rfft(SONG.samples, axis=1)
    hz = np.fft.rfftfreq(SONG.frames, 1 / RATE)
    spectrum[:, hz > 3600.0] *= 10 ** (3.0 / 20.0)
    found = compare(SONG, Audio(np.fft.irfft(spectrum, SONG.frames).astype(np.float32), RATE))
    tone = np.array(found.tone_db)
    assert tone[-6:-2].mean() - tone[10:20].mean() == pytest.approx(3.0, abs=0.1)


def test_another_rate_is_compared_at_that_of_the_first():
    found = compare(SONG, resample(SONG, 48_000))
    assert found.rate == RATE
    assert found.alignment.lag_frames == 0
    assert found.null_db < -20.0  # the resampler takes what is over 0.95 of half the lower rate


def test_other_songs_are_no_match():
    rng = np.random.default_rng(2)
    other = Audio((0.1 * rng.normal(size=(2, RATE * 4))).astype(np.float32), RATE)
    found = compare(SONG, other)
    assert found.alignment is None
    assert found.null_db is None
    assert found.to_dict()["null_db"] is None


@pytest.mark.parametrize("shape", [(1, 1), (2, 100), (2, 44_100), (1, 30_000)])
def test_silence_and_crumbs_are_compared_without_fuss(shape):
    quiet = Audio(np.zeros(shape, np.float32), RATE)
    for pair in ((quiet, SONG), (SONG, quiet), (quiet, quiet)):
        json.dumps(compare(*pair).to_dict(), allow_nan=False)


def test_mono_lies_beside_stereo():
    mono = Audio(np.ascontiguousarray(SONG.samples.mean(axis=0, keepdims=True)), RATE)
    found = compare(SONG, mono)
    assert found.alignment is not None
    assert found.alignment.lag_frames == 0


def test_the_command_tells_in_words_and_in_json(tmp_path):
    one = songs.write(tmp_path / "a.wav", songs.mix(RATE, 3.0))
    two = songs.write(tmp_path / "b.wav", -0.5 * np.pad(songs.mix(RATE, 3.0), ((441, 0), (0, 0))))
    said = masterify("compare", one, two, "-q")
    assert said.code == 0
    assert "B 441 frames later (10 ms), upside down" in said.out
    told = json.loads(masterify("compare", one, two, "--json").out)
    assert told["alignment"]["lag_frames"] == 441
    assert told["alignment"]["inverted"] is True
    assert told["null_db"] < -60.0
    assert len(told["tone_db"]) == len(told["third_octaves_hz"])
    assert masterify("compare", one, str(tmp_path / "none.wav"), "-q").code == 3
    assert masterify("compare", one, one, "-q").code == 2
