"""Masters are written exactly, whole or not at all, and the same way every time."""

import errno
import os
import signal
import struct
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile
from mutagen.mp3 import MP3, BitrateMode

from masterify_core.errors import NoPermissionError, OutputError, SettingError
from masterify_core.files import create, encoding, placing, read, sha256_of, wav_writing

KINDS = [("wav", "16"), ("wav", "24"), ("wav", "32f"), ("flac", "16"), ("flac", "24"), ("mp3", "24")]
PCM = [kind for kind in KINDS if kind[0] != "mp3" and kind[1] != "32f"]


def blocks(container, depth, frames=5_000, channels=2, seed=1):
    """Left-justified integers or floats, in uneven blocks."""
    random = np.random.default_rng(seed)
    if depth == "32f" or container == "mp3":
        sound = random.uniform(-0.5, 0.5, (frames, channels)).astype(np.float32)
    else:
        bits = int(depth)
        top = 2 ** (bits - 1)
        sound = (random.integers(-top, top, (frames, channels)) << (32 - bits)).astype(np.int32)
    return sound, np.split(sound, [1, 4, 1000, 1001])


def write(path, container, depth, rate=44_100, channels=2, frames=5_000, **more):
    sound, parts = blocks(container, depth, frames, channels)
    with create(path, rate=rate, channels=channels, container=container, bit_depth=depth, **more) as writer:
        for part in parts:
            writer.append(part)
    return sound


def chunks(data):
    """Walk a RIFF file as a picky shop would."""
    assert data[:4] == b"RIFF"
    assert data[8:12] == b"WAVE"
    assert struct.unpack("<I", data[4:8])[0] + 8 == len(data)
    found, at = [], 12
    while at < len(data):
        id_, size = struct.unpack("<4sI", data[at : at + 8])
        found.append((id_, data[at + 8 : at + 8 + size]))
        at += 8 + size + size % 2
    assert at == len(data)
    return found


@pytest.mark.parametrize(("container", "depth"), PCM)
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("frames", [1, 3, 5_000])
def test_pcm_comes_back_bit_for_bit(tmp_path, container, depth, channels, frames):
    path = tmp_path / f"a.{container}"
    sound, _ = blocks(container, depth, frames, channels)
    with create(
        path, rate=48_000, channels=channels, container=container, bit_depth=depth, overwrite=False
    ) as writer:
        for part in np.array_split(sound, 3):
            writer.append(part)
    back, rate = soundfile.read(path, dtype="int32", always_2d=True)
    np.testing.assert_array_equal(back, sound)
    source = read(path)
    assert (source.audio.rate, rate, source.bit_depth) == (48_000, 48_000, int(depth))
    np.testing.assert_array_equal(source.audio.samples.T, sound.astype(np.float32) / np.float32(2**31))


def test_float_comes_back_bit_for_bit(tmp_path):
    sound = write(tmp_path / "a.wav", "wav", "32f")
    np.testing.assert_array_equal(read(tmp_path / "a.wav").audio.samples.T, sound)


@pytest.mark.parametrize(("depth", "tag", "bits"), [("16", 1, 16), ("24", 1, 24), ("32f", 3, 32)])
@pytest.mark.parametrize("frames", [0, 4_999, 5_000])
def test_a_wav_is_plain_and_ends_with_its_samples(tmp_path, depth, tag, bits, frames):
    path = tmp_path / "a.wav"
    write(path, "wav", depth, channels=1, frames=frames)
    found = chunks(path.read_bytes())
    assert found[0][0] == b"fmt "
    assert found[-1][0] == b"data"
    assert struct.unpack("<HHIIHH", found[0][1][:16]) == (tag, 1, 44_100, 44_100 * bits // 8, bits // 8, bits)
    assert len(found[-1][1]) == frames * bits // 8
    if depth == "32f":
        assert dict(found)[b"fact"] == struct.pack("<I", frames)


@pytest.mark.parametrize(
    ("rate", "kbps"), [(44_100, 320), (48_000, 320), (32_000, 320), (22_050, 160), (8_000, 64)]
)
def test_mp3_has_the_highest_constant_rate(tmp_path, rate, kbps):
    path = tmp_path / "a.mp3"
    write(path, "mp3", "24", rate, frames=30_000)
    info = MP3(path).info
    assert info.bitrate_mode == BitrateMode.CBR
    assert round(info.bitrate / 1000) == kbps
    assert read(path).audio.frames == 30_000


@pytest.mark.parametrize(("container", "depth"), KINDS)
def test_the_same_samples_give_the_same_bytes(tmp_path, container, depth):
    one, two = tmp_path / "1", tmp_path / "2"
    write(one, container, depth)
    write(two, container, depth)
    assert sha256_of(one) == sha256_of(two)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"container": "ogg"}, "format must be wav, flac or mp3, got ogg"),
        ({"bit_depth": "20"}, "bit_depth must be 16, 24 or 32f, got 20"),
        ({"container": "flac", "bit_depth": "32f"}, "bit_depth must be 16 or 24 for FLAC, got 32f"),
        ({"container": "mp3", "rate": 96_000}, "sample_rate must be 44100 or 48000 Hz .* for MP3, got 96000"),
    ],
)
def test_what_a_format_cannot_hold_is_refused_before_anything_is_written(tmp_path, settings, words):
    with (
        pytest.raises(SettingError, match=words),
        create(tmp_path / "a", **{"rate": 44_100, "channels": 2, **settings}),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("container", ["wav", "flac", "mp3"])
def test_a_block_of_the_wrong_kind_is_our_bug(tmp_path, container):
    wrong = [np.zeros((10, 3), np.float32), np.zeros(10, np.float32), np.zeros((10, 2), np.float64)]
    for block in wrong:
        with (
            pytest.raises(TypeError, match="a block must be"),
            create(tmp_path / "a", rate=44_100, channels=2, container=container) as writer,
        ):
            writer.append(block)
    assert list(tmp_path.iterdir()) == []


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


def test_more_than_4_gigabytes_of_wav_are_refused_with_advice(tmp_path, monkeypatch):
    monkeypatch.setattr(wav_writing, "MOST_BYTES", 10_000)
    with pytest.raises(OutputError, match="would pass 4 GiB, which WAV cannot hold; FLAC can"):
        write(tmp_path / "a.wav", "wav", "24")
    assert list(tmp_path.iterdir()) == []


def test_an_encoder_that_fails_without_a_reason_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(encoding.EncodedWriter, "_frames_written", lambda self: -1)
    with pytest.raises(OutputError, match="could not be encoded as FLAC"):
        write(tmp_path / "a.flac", "flac", "24")


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
