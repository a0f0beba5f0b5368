"""What is no readable file is refused in one clear sentence."""

import hashlib
import os

import numpy as np
import pytest
import soundfile

from masterify_core.errors import NoPermissionError, NotAudioError, NotFoundError, UnusableAudioError
from masterify_core.files import memory, opening, planar, read, sha256_of
from masterify_core.files.planar import Planar


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(NotFoundError, match=r"노래\.wav: does not exist"):
        read(tmp_path / "노래.wav")
    with pytest.raises(NotFoundError, match="does not exist"):
        read("zero\0byte.wav")
    (tmp_path / "file").touch()
    with pytest.raises(NotFoundError, match="does not exist"):
        read(tmp_path / "file" / "song.wav")


def test_folders_devices_and_pipes_are_no_songs(tmp_path):
    with pytest.raises(NotFoundError, match="is a folder, not a file"):
        read(tmp_path)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        for path in (tmp_path / "pipe", "/dev/null", "/dev/zero"):
            with pytest.raises(NotFoundError, match="is a device or a pipe, not a file"):
                read(path)


def test_a_file_without_permission_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "song.wav"
    path.write_bytes(b"x")

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(opening.io, "FileIO", refuse)
    with pytest.raises(NoPermissionError, match=r"song\.wav: may not be read by this user"):
        read(path)


def test_an_empty_file_and_a_text_are_refused(tmp_path):
    path = tmp_path / "song.wav"
    path.touch()
    with pytest.raises(UnusableAudioError, match=r"song\.wav: is empty \(0 bytes\)"):
        read(path)
    path.write_text("la la la\n" * 1000)
    with pytest.raises(NotAudioError, match="is not an audio file that can be read"):
        read(path)


@pytest.mark.parametrize(
    "name",
    [
        "한국어 노래.wav",
        "日本語 'quoted'.wav",
        "spaces  and\nlines.wav",
        "ünïcødé.wav",
        "%s {0} $HOME.wav",
        "-dash.wav",
    ],
)
def test_names_of_any_language_are_read(tmp_path, name):
    path = tmp_path / name
    for container in ("WAV", "FLAC", "MP3", "OGG"):
        soundfile.write(str(path), np.zeros((500, 2)), 44_100, format=container)
        assert read(path).path == str(path)
        assert read(str(path)).audio.channels == 2


def test_progress_rises_to_one(tmp_path):
    path = tmp_path / "song.wav"
    for container in ("WAV", "FLAC", "MP3", "OGG"):
        soundfile.write(path, np.zeros((200_000, 2)), 44_100, format=container)
        shares = []
        read(path, on_progress=shares.append)
        assert shares == sorted(shares)
        assert shares[-1] == 1.0
        assert 0.0 < shares[0] < 1.0


def test_what_the_listener_of_progress_raises_gets_out(tmp_path):
    path = tmp_path / "song.flac"
    soundfile.write(path, np.zeros((200_000, 2)), 44_100)

    def stop(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read(path, on_progress=stop)


def test_the_samples_cannot_be_changed(tmp_path):
    path = tmp_path / "song.wav"
    soundfile.write(path, np.zeros((10, 2)), 44_100)
    assert not read(path).audio.samples.flags.writeable


def test_sha256_is_that_of_the_bytes(tmp_path):
    path = tmp_path / "song"
    path.write_bytes(b"abc" * 100_000)
    assert sha256_of(path) == hashlib.sha256(b"abc" * 100_000).hexdigest()
    with pytest.raises(NotFoundError):
        sha256_of(tmp_path)


@pytest.mark.parametrize("likely", [0, 7, 1_000, 5_000])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("chunk_frames", [16, 999, 100_000])
def test_blocks_are_gathered_whatever_was_expected(monkeypatch, likely, channels, chunk_frames):
    monkeypatch.setattr(planar, "CHUNK_BYTES", 4 * channels * chunk_frames)
    sound = np.random.default_rng(1).normal(size=(1_000, channels)).astype(np.float32)
    gathered = Planar("song", channels, 44_100, likely, file_bytes=10**9)
    for block in np.array_split(sound, 7):
        gathered.add(np.ascontiguousarray(block))
    samples = gathered.finish()
    np.testing.assert_array_equal(samples.T, sound)
    assert samples.flags.c_contiguous


def test_memory_that_can_be_had_is_known_here():
    assert 0 < memory.available_bytes() <= memory.NO_LIMIT


def test_a_limit_on_the_address_space_counts(monkeypatch):
    resource = pytest.importorskip("resource")
    monkeypatch.setattr(resource, "getrlimit", lambda _: (10**15, 10**15))
    assert memory._process() < 10**15
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1, 1))
    assert memory._process() == 0
