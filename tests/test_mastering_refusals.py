"""The one door: what it refuses, with one clear error and nothing half-written."""

import os

import numpy as np
import pytest

from masterify_core.errors import (
    DamagedAudioError,
    FileError,
    MasterifyError,
    NotAudioError,
    NotFoundError,
    OutputError,
    SettingError,
    UnknownNameError,
    UnusableAudioError,
)
from tests import songs
from tests.songs import files, run


@pytest.fixture(scope="module")
def mix():
    return songs.mix(44_100, 5.0)


@pytest.fixture
def song(tmp_path, mix):
    return songs.write(tmp_path / "노래.wav", mix)


def test_what_is_there_is_refused_before_the_song_is_read(song, tmp_path):
    run(song, platforms=("cd",))
    before = files(tmp_path)
    with pytest.raises(OutputError, match="exists already"):
        run(
            tmp_path / "no song.wav",
            out_dir=str(tmp_path / "masters"),
            name="노래 (Master - {platform})",
            platforms=("spotify", "cd"),
        )
    with pytest.raises(OutputError, match="exists already"):
        run(song, platforms=("spotify", "cd"))
    assert files(tmp_path) == before


@pytest.mark.parametrize("existing", ["refuse", "skip", "overwrite"])
def test_a_song_is_never_replaced_by_its_master(song, tmp_path, existing):
    before = files(tmp_path)
    wishes = {"out_dir": str(tmp_path), "name": "{stem}", "existing": existing}
    if existing == "skip":
        assert run(song, **wishes).deliveries == ()
    else:
        with pytest.raises(OutputError):
            run(song, **wishes)
    assert files(tmp_path) == before


def test_a_link_to_the_song_is_never_replaced_by_its_master(song, tmp_path):
    (tmp_path / "out").mkdir()
    os.link(song, tmp_path / "out" / "노래.wav")
    before = files(tmp_path)
    with pytest.raises(OutputError):
        run(song, out_dir=str(tmp_path / "out"), name="{stem}", existing="overwrite")
    assert files(tmp_path) == before


@pytest.mark.parametrize(
    "pattern", ["{album}", "{0}", "{", "{stem.upper}", " ", "", "{stem:>9999999999999}", "{stem!r}", "}"]
)
def test_a_pattern_that_makes_no_sense_is_refused(song, pattern):
    with pytest.raises(SettingError, match="name"):
        run(song, name=pattern)


@pytest.mark.parametrize("pattern", ["../{stem}", "a/{stem}", "..", ".", "/tmp/{stem}"])
def test_a_pattern_never_leaves_the_folder(song, tmp_path, pattern):
    before = files(tmp_path)
    with pytest.raises(SettingError, match="must make a file name"):
        run(song, name=pattern)
    assert files(tmp_path) == before


def test_two_masters_of_one_name_are_refused(song):
    with pytest.raises(SettingError, match="gives two masters the same file"):
        run(song, name="{stem}", platforms=("spotify", "cd"))


@pytest.mark.parametrize(
    ("wishes", "error", "message"),
    [
        ({"platforms": ("spotfy",)}, UnknownNameError, "did you mean spotify"),
        ({"genre": "polka"}, UnknownNameError, "polka"),
        ({"tier": "gold"}, UnknownNameError, "gold"),
        ({"ai_service": "nobody"}, UnknownNameError, "nobody"),
        ({"loudness_lufs": -3.0}, SettingError, "loudness_lufs must be -40 to -5 LUFS, got -3"),
        ({"ceiling_dbtp": 1.0}, SettingError, "ceiling_dbtp must be -12 to 0 dBTP, got 1"),
        ({"intensity": 101.0}, SettingError, "intensity must be 0 to 100"),
        ({"sample_rate": 1}, SettingError, "sample_rate must be 8000 to 192000 Hz"),
        ({"recipe": "none.json"}, NotFoundError, "none.json"),
    ],
)
def test_a_wrong_wish_is_refused_before_the_song_is_looked_for(tmp_path, wishes, error, message):
    with pytest.raises(error, match=message):
        run(tmp_path / "no song.wav", **wishes)


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda mix: 0.0 * mix, UnusableAudioError),
        (lambda mix: 1e-6 * mix, UnusableAudioError),
        (lambda mix: mix[:0], FileError),
        (lambda mix: np.where(np.arange(len(mix))[:, None] == 99, np.nan, mix), DamagedAudioError),
        (lambda mix: np.where(np.arange(len(mix))[:, None] == 99, np.inf, mix), DamagedAudioError),
        (lambda mix: np.tile(mix[:, :1], (1, 6)), UnusableAudioError),
        (lambda mix: np.full_like(mix, 0.5), UnusableAudioError),
    ],
    ids=["silence", "far too quiet", "empty", "nan", "infinity", "six channels", "nothing but an offset"],
)
def test_a_song_that_cannot_be_mastered_is_one_clear_error_and_no_file(tmp_path, mix, make, error):
    source = songs.write(tmp_path / "odd.wav", make(mix), subtype="FLOAT")
    with pytest.raises(error, match=r"odd\.wav: "):
        run(source)
    assert [path.name for path in tmp_path.iterdir()] == ["odd.wav"]


def test_what_is_no_song_is_one_clear_error(tmp_path):
    (tmp_path / "text.wav").write_text("la la la")
    with pytest.raises(NotAudioError):
        run(tmp_path / "text.wav")
    with pytest.raises(NotFoundError):
        run(tmp_path / "none.wav")
    with pytest.raises(MasterifyError):
        run(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["text.wav"]


@pytest.mark.parametrize("frames", [1, 2, 100, 4000, 17_640, 30_000])
def test_very_short_songs_are_mastered_or_refused_clearly(tmp_path, mix, frames):
    source = songs.write(tmp_path / "short.wav", mix[30_000 : 30_000 + frames])
    try:
        (delivery,) = run(source).deliveries
    except UnusableAudioError:
        return
    x, _ = songs.read(delivery.path)
    assert len(x) == frames
    assert songs.true_peak_dbtp(x) <= delivery.ceiling_dbtp + 0.02


@pytest.mark.parametrize("moment", ["measuring", "processing", "rendering"])
@pytest.mark.parametrize("kind", [KeyboardInterrupt, MemoryError])
def test_what_is_interrupted_leaves_nothing_half_written(song, tmp_path, moment, kind):
    def stop(step, share):
        if step == moment:
            raise kind

    with pytest.raises(kind):
        run(song, stop)
    assert list(files(tmp_path)) == ["노래.wav"]


def test_a_folder_that_cannot_be_made_is_one_clear_error(song, tmp_path):
    (tmp_path / "masters").write_text("in the way")
    with pytest.raises(FileError, match="masters"):
        run(song)
