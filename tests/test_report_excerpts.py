"""Excerpts: the loudest part of a song and of its masters, equally loud, with what makes them differ again."""

import io

import numpy as np
import pytest
import soundfile

from masterify_core.audio import Audio
from masterify_core.errors import FileError
from masterify_core.report.excerpts import COLUMNS, excerpts_of, outline_of
from tests import songs

RATE = 44_100
MATCHED_LU = 0.1  # dither and the edge of a hop


def heard(sound):
    return soundfile.read(io.BytesIO(sound.flac), always_2d=True)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A song whose end is the loudest, and two 'masters': turned up, and turned up more at 48 kHz."""
    folder = tmp_path_factory.mktemp("songs")
    x = songs.mix(RATE, 20.0)
    x[: 8 * RATE] *= 0.1
    song = songs.write(folder / "a.wav", x)
    loud = songs.write(folder / "b.wav", 2.0 * x)
    louder = songs.write(folder / "c.wav", np.repeat(2.5 * songs.mix(24_000, 20.0), 2, axis=0), 48_000)
    return x, excerpts_of({"original": song, "melon": loud, "spotify": louder})


def test_original_and_masters_are_cut_where_the_song_is_loudest(made):
    _, excerpts = made
    assert [sound.name for sound in excerpts.sounds] == ["original", "melon", "spotify"]
    assert (excerpts.song_s, excerpts.length_s) == (20.0, 20.0)
    for sound in excerpts.sounds:
        samples, rate = heard(sound)
        assert abs(len(samples) / rate - excerpts.length_s) < 0.001


def test_a_short_excerpt_begins_in_the_loud_part(tmp_path):
    x = songs.mix(RATE, 40.0)
    x[: 8 * RATE] *= 0.05
    path = songs.write(tmp_path / "a.wav", x)
    excerpts = excerpts_of({"original": path, "melon": path})
    assert excerpts.length_s == 30.0
    assert 8.0 <= excerpts.start_s <= 10.0
    first, last = round(excerpts.start_s * RATE), round((excerpts.start_s + 30.0) * RATE)
    samples, _ = heard(excerpts.sounds[0])
    gain = np.vdot(samples, x[first:last]) / np.vdot(x[first:last], x[first:last])
    assert np.abs(samples - gain * x[first:last]).max() < 1e-3  # the very same frames, turned up or down


def test_all_are_equally_loud_and_the_gain_gives_the_difference_back(made):
    _, excerpts = made
    lufs = [songs.loudness_lufs(*heard(sound)) for sound in excerpts.sounds]
    assert max(lufs) - min(lufs) < MATCHED_LU
    gains = [sound.own_gain_db for sound in excerpts.sounds]
    assert max(gains) == 0.0
    assert gains[1] - gains[0] == pytest.approx(20 * np.log10(2.0), abs=MATCHED_LU)


def test_nothing_comes_over_the_ceiling(made):
    assert all(songs.true_peak_dbtp(heard(sound)[0]) < -0.9 for sound in made[1].sounds)


def test_an_outline_is_the_highest_sample_of_each_part_of_the_whole_song(made):
    x, excerpts = made
    outline = excerpts.sounds[0].outline
    assert len(outline) == COLUMNS
    edges = np.arange(COLUMNS + 1) * len(x) // COLUMNS
    for column in (0, 1, 300, 599):
        assert outline[column] == round(1000 * np.abs(x[edges[column] : edges[column + 1]]).max())


def test_an_outline_of_few_frames_has_one_column_for_each():
    assert outline_of(Audio(np.array([[0.5, -1.25, 0.0]], np.float32), RATE)) == (500, 1250, 0)


def test_silence_cannot_be_matched(tmp_path):
    silent = songs.write(tmp_path / "silent.wav", np.zeros((RATE * 3, 2)))
    song = songs.write(tmp_path / "song.wav", songs.mix(RATE, 3.0))
    assert excerpts_of({"original": song, "melon": silent}) is None


def test_a_master_that_is_gone_is_an_error_that_names_it(tmp_path):
    song = songs.write(tmp_path / "song.wav", songs.mix(RATE, 3.0))
    with pytest.raises(FileError, match=r"gone\.wav"):
        excerpts_of({"original": song, "melon": tmp_path / "gone.wav"})
