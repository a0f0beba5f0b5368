"""Masters are written exactly, and the same way every time."""

import struct

import numpy as np
import pytest
import soundfile
from mutagen.mp3 import MP3, BitrateMode

from masterify_core.errors import OutputError, SettingError
from masterify_core.files import create, encoding, read, sha256_of, wav_writing
from tests.written_masters import KINDS, blocks, write

PCM = [kind for kind in KINDS if kind[0] != "mp3" and kind[1] != "32f"]


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


def test_more_than_4_gigabytes_of_wav_are_refused_with_advice(tmp_path, monkeypatch):
    monkeypatch.setattr(wav_writing, "MOST_BYTES", 10_000)
    with pytest.raises(OutputError, match="would pass 4 GiB, which WAV cannot hold; FLAC can"):
        write(tmp_path / "a.wav", "wav", "24")
    assert list(tmp_path.iterdir()) == []


def test_an_encoder_that_fails_without_a_reason_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(encoding.EncodedWriter, "_frames_written", lambda self: -1)
    with pytest.raises(OutputError, match="could not be encoded as FLAC"):
        write(tmp_path / "a.flac", "flac", "24")
