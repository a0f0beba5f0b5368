"""Ogg, FLAC and AIFF: everything that is there is decoded, whatever the headers claim."""

import struct
from contextlib import suppress

import numpy as np
import pytest
import soundfile

from masterify_core.errors import MasterifyError
from masterify_core.files import planar, read
from tests.shared_audio import shared
from tests.sounds import RATE, encoded, noise_after_tone


def test_random_bytes_are_one_clear_error_or_sound(tmp_path):
    random = np.random.default_rng(5)
    magics = [
        b"",
        b"RIFF\xff\0\0\0WAVEfmt ",
        b"fLaC\0\0\0\x22",
        b"OggS\0\x02",
        b"FORM\0\0\1\0AIFF",
        b"\xff\xfb\x90\x64",
        b"ID3\x04\0\0\0\0\0\5",
        b"\0\0\0\x20ftypM4A ",
        b".snd",
        b"caff\0\1\0\0",
        b"\xff\xf1\x50\x80",
    ]
    for number in range(66):
        path = tmp_path / f"{number}.wav"
        path.write_bytes(magics[number % len(magics)] + random.bytes(int(random.integers(1, 3000))))
        with suppress(MasterifyError):
            assert read(path).audio.frames > 0


@pytest.mark.parametrize(("container", "subtype"), [("OGG", "VORBIS"), ("OGG", "OPUS")])
def test_all_links_of_a_chained_ogg_are_decoded(tmp_path, container, subtype):
    rate = 48_000
    one, two = tmp_path / "1.ogg", tmp_path / "2.ogg"
    soundfile.write(one, noise_after_tone(1.0), rate, subtype, format=container)
    soundfile.write(two, noise_after_tone(0.5), rate, subtype, format=container)
    parts = [soundfile.read(p, dtype="float32", always_2d=True)[0] for p in (one, two)]
    chain = tmp_path / "chain.ogg"
    chain.write_bytes(one.read_bytes() + two.read_bytes())
    source = read(chain)
    np.testing.assert_array_equal(source.audio.samples.T, np.concatenate(parts))
    assert source.notes == ()
    assert source.container == ("OPUS" if subtype == "OPUS" else "OGG")


def test_a_chain_whose_channels_change_gives_its_first_part(tmp_path):
    one = encoded(tmp_path / "1.ogg", noise_after_tone(1.0), "OGG").read_bytes()
    two = encoded(tmp_path / "2.ogg", noise_after_tone(1.0, 1), "OGG").read_bytes()
    path = tmp_path / "chain.ogg"
    path.write_bytes(one + two)
    source = read(path)
    assert source.audio.frames == RATE
    assert source.notes == ("only the first 1 of 2 parts were decoded: the next differs in kind",)


def test_a_truncated_ogg_is_used_with_a_note(tmp_path):
    path = encoded(tmp_path / "a.ogg", noise_after_tone(), "OGG")
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    source = read(path)
    assert RATE < source.audio.frames < 4 * RATE
    assert source.notes == ("the Ogg stream has no end mark: the file may be cut short",)


@pytest.mark.parametrize("promise", [0, 2**36 - 1])
def test_a_flac_header_is_not_believed(tmp_path, promise, monkeypatch):
    path = encoded(tmp_path / "a.flac", noise_after_tone(1.0), "FLAC", "PCM_24")
    expected, _ = soundfile.read(path, dtype="float32")
    data = bytearray(path.read_bytes())
    data[21] = data[21] & 0xF0 | promise >> 32
    data[22:26] = struct.pack(">I", promise & 0xFFFFFFFF)
    path.write_bytes(data)
    monkeypatch.setattr(planar, "available_bytes", lambda: 100_000_000)
    source = read(path)
    np.testing.assert_array_equal(source.audio.samples.T, expected)
    assert (source.bit_depth, source.lossy) == (24, False)
    assert len(source.notes) == (promise > 0)


def test_a_truncated_flac_is_used_with_a_note(tmp_path):
    path = encoded(tmp_path / "a.flac", noise_after_tone(), "FLAC")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    source = read(path)
    assert RATE < source.audio.frames < 4 * RATE
    assert source.notes[0].startswith("the header promises 4.0 s")


def test_a_flac_behind_an_id3_tag_is_read(tmp_path):
    path = encoded(tmp_path / "a.flac", noise_after_tone(1.0), "FLAC")
    path.write_bytes(b"ID3\x04\0\0\0\0\0\x0a" + b"\0" * 10 + path.read_bytes())
    assert read(path).audio.frames == RATE


@pytest.mark.parametrize("subtype", ["PCM_S8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW"])
def test_aiff_gives_the_samples_of_libsndfile(tmp_path, subtype):
    path = encoded(tmp_path / "a.aiff", noise_after_tone(1.0), "AIFF", subtype)
    source = read(path)
    np.testing.assert_array_equal(source.audio.samples.T, soundfile.read(path, dtype="float32")[0])
    assert (source.container, source.subtype, source.notes) == ("AIFF", subtype, ())


def test_a_truncated_aiff_is_used_with_a_note(tmp_path):
    path = encoded(tmp_path / "a.aiff", noise_after_tone(2.0), "AIFF", "PCM_16")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    source = read(path)
    assert abs(source.audio.frames - RATE) < 100
    assert source.notes[0].startswith("the header promises 2.0 s, 1.0 s were decoded")


@pytest.mark.parametrize(
    ("container", "subtype"), [("AU", "PCM_16"), ("CAF", "PCM_24"), ("W64", "PCM_16"), ("CAF", "ALAC_24")]
)
def test_other_kinds_of_libsndfile_are_read(tmp_path, container, subtype):
    path = encoded(tmp_path / "song", noise_after_tone(1.0), container, subtype)
    np.testing.assert_array_equal(read(path).audio.samples.T, soundfile.read(path, dtype="float32")[0])


def test_the_name_does_not_matter(tmp_path):
    path = encoded(tmp_path / "노래 하나.raw", noise_after_tone(1.0), "FLAC")
    assert read(path).container == "FLAC"


def test_chunks_are_joined_when_the_length_is_unknown(tmp_path, monkeypatch):
    monkeypatch.setattr(planar, "CHUNK_BYTES", 100_000)
    monkeypatch.setattr(planar, "LIKELY_EXPANSION", 0)
    path = encoded(tmp_path / "a.flac", noise_after_tone(), "FLAC")
    np.testing.assert_array_equal(read(path).audio.samples.T, soundfile.read(path, dtype="float32")[0])


@pytest.mark.parametrize("bits", [8, 16, 24])
def test_real_aiff_files_are_read(bits):
    rate = {8: 44_100, 16: 44_100, 24: 48_000}[bits]
    source = read(shared(f"formats/audiofile/aiff_stereo_{bits}bit_{rate}.aif"))
    assert (source.audio.seconds, source.bit_depth, source.notes) == (8.0, bits, ())
