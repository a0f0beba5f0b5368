"""Masters appear whole or not at all, and never over something else."""

import errno
import os
import signal
import threading
from pathlib import Path

import numpy as np
import pytest

from masterify_core.errors import NoPermissionError, OutputError
from masterify_core.files import create, placing, read, sha256_of
from tests.written_masters import KINDS, blocks, write


@pytest.mark.parametrize("container", ["wav", "flac", "mp3"])
@pytest.mark.parametrize("accident", [KeyboardInterrupt, RuntimeError, SystemExit])
def test_an_accident_leaves_nothing_and_the_old_file_stays(tmp_path, container, accident):
    path = tmp_path / "a"
    path.write_bytes(b"before")

    def happen():
        with create(path, rate=44_100, channels=2, container=container, overwrite=True) as writer:
            writer.append(blocks(container, "24")[0])
            raise accident

    with pytest.raises(accident):
        happen()
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [b"before"]


def test_what_was_stopped_while_it_was_made_can_be_removed_later(tmp_path):
    lost = placing.placed(tmp_path / "a.wav", overwrite=False)
    lost.__enter__()
    assert len(list(tmp_path.iterdir())) == 1
    placing.remove_unfinished()
    assert list(tmp_path.iterdir()) == []
    with create(tmp_path / "b.wav", rate=44_100, channels=2) as writer:
        writer.append(np.zeros((10, 2), np.int32))
    placing.remove_unfinished()
    assert [path.name for path in tmp_path.iterdir()] == ["b.wav"]


def test_while_it_is_written_only_a_hidden_part_is_there(tmp_path):
    path = tmp_path / "노래 (Master - Spotify).wav"
    with create(path, rate=44_100, channels=2) as writer:
        writer.append(np.zeros((10, 2), np.int32))
        (part,) = tmp_path.iterdir()
        assert part.name.startswith(".노래 (Master - Spotify).wav.")
        assert part.name.endswith(".part")
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_a_master_has_the_permissions_of_any_new_file(tmp_path):
    write(tmp_path / "a.wav", "wav", "16")
    (tmp_path / "b").touch()
    assert (tmp_path / "a.wav").stat().st_mode == (tmp_path / "b").stat().st_mode


def test_an_existing_file_is_replaced_only_if_asked(tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(b"before")
    with pytest.raises(OutputError, match=r"a\.wav: exists already"):
        write(path, "wav", "16")
    assert path.read_bytes() == b"before"
    write(path, "wav", "16", overwrite=True)
    assert read(path).audio.frames == 5_000


def test_a_file_that_appears_meanwhile_is_not_overwritten(tmp_path):
    path = tmp_path / "a.wav"

    def lose_the_race():
        with create(path, rate=44_100, channels=2) as writer:
            writer.append(np.zeros((10, 2), np.int32))
            path.write_bytes(b"somebody else's")

    with pytest.raises(OutputError, match="exists already"):
        lose_the_race()
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [b"somebody else's"]


def test_where_links_are_unknown_renaming_does(tmp_path, monkeypatch):
    def no_links(*_):
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(placing.os, "link", no_links)
    write(tmp_path / "a.wav", "wav", "16")
    with (
        pytest.raises(OutputError, match="exists already"),
        create(tmp_path / "b.wav", rate=44_100, channels=2),
    ):
        (tmp_path / "b.wav").touch()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.wav", "b.wav"]


@pytest.mark.parametrize("way", ["same", "symlink", "hardlink", "dots"])
@pytest.mark.parametrize("overwrite", [False, True])
def test_the_song_itself_is_never_replaced(tmp_path, way, overwrite):
    song = tmp_path / "song.wav"
    write(song, "wav", "16")
    before = song.read_bytes()
    target = {"same": song, "dots": tmp_path / "." / ".." / tmp_path.name / "song.wav"}.get(
        way, tmp_path / "other.wav"
    )
    if way == "symlink":
        target.symlink_to(song)
    elif way == "hardlink":
        target.hardlink_to(song)
    with pytest.raises(OutputError, match="is the song itself, which is never replaced"):
        write(target, "wav", "16", tags_from=song, overwrite=overwrite)
    assert song.read_bytes() == before


def test_a_link_to_another_file_is_replaced_itself(tmp_path):
    other, link = tmp_path / "other", tmp_path / "a.wav"
    other.write_bytes(b"other")
    link.symlink_to(other)
    write(link, "wav", "16", overwrite=True)
    assert other.read_bytes() == b"other"
    assert not link.is_symlink()


def test_folders_that_cannot_take_a_file_are_named(tmp_path):
    with pytest.raises(OutputError, match=r"a\.wav: the folder .*nowhere does not exist"):
        write(tmp_path / "nowhere" / "a.wav", "wav", "16")
    with pytest.raises(OutputError, match="is a folder"):
        write(tmp_path, "wav", "16", overwrite=True)
    with pytest.raises(OutputError, match="the name is too long"):
        write(tmp_path / ("가" * 90 + ".wav"), "wav", "16")
    with pytest.raises(OutputError, match="zero byte"):
        write(tmp_path / "a\0b.wav", "wav", "16")
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="does not exist"):
        write(tmp_path / "file" / "a.wav", "wav", "16")


def test_a_name_as_long_as_the_system_allows_can_be_written(tmp_path):
    path = tmp_path / ("가" * 83 + ".wav")
    write(path, "wav", "16")
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("refusal", [errno.EACCES, errno.EPERM, errno.EROFS])
def test_a_folder_without_permission_is_refused(tmp_path, monkeypatch, refusal):
    def refuse(*_):
        raise OSError(refusal, os.strerror(refusal))

    monkeypatch.setattr(placing.os, "open", refuse)
    with pytest.raises(NoPermissionError, match="may not be written by this user"):
        write(tmp_path / "a.wav", "wav", "16")


@pytest.fixture
def small_disk():
    """Make every file end at 100 kB, as a full disk would."""
    resource = pytest.importorskip("resource")
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.getsignal(signal.SIGXFSZ)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize(("container", "depth"), KINDS)
def test_a_full_disk_is_one_clear_error_and_leaves_nothing(tmp_path, small_disk, container, depth):
    with pytest.raises(OutputError, match="a file may not grow that large there; nothing was left behind"):
        write(tmp_path / "a", container, depth, frames=150_000)
    assert list(tmp_path.iterdir()) == []


def test_what_the_system_takes_in_part_is_written_on_or_refused(tmp_path, small_disk):
    with (
        pytest.raises(OutputError, match="nothing was left behind"),
        placing.placed(tmp_path / "a", overwrite=False) as (file, _),
    ):
        file.write(bytes(100_001))
    assert list(tmp_path.iterdir()) == []
    with placing.placed(tmp_path / "b", overwrite=False) as (file, _):
        assert file.write(np.zeros(12_500)) == 100_000
    assert (tmp_path / "b").stat().st_size == 100_000


def test_a_disk_that_is_full_by_the_last_byte_is_noticed_in_mp3(tmp_path, small_disk):
    """libsndfile's MP3 encoder tells nobody that the end was not written."""
    with pytest.raises(OutputError, match="grow"):
        write(tmp_path / "a.mp3", "mp3", "24", frames=112_000)
    assert list(tmp_path.iterdir()) == []


def test_errors_of_the_system_are_told_in_plain_words(tmp_path):
    told = {
        errno.ENOSPC: "the disk is full",
        errno.EDQUOT: "the disk quota is used up",
        errno.EIO: "cannot be written",
    }
    for number, words in told.items():
        error = placing.writing_error("x/a.wav", OSError(number, os.strerror(number)))
        assert words in str(error)
        assert str(error).startswith(str(Path("x/a.wav")))


def test_two_at_once_do_not_meet(tmp_path):
    done = []

    def one(number):
        write(tmp_path / f"{number}.wav", "wav", "24")
        done.append(sha256_of(tmp_path / f"{number}.wav"))

    threads = [threading.Thread(target=one, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 4
    assert len(set(done)) == 1
