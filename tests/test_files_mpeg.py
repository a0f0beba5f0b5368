"""MP3: the frames count, not the tags; and its decoder keeps quiet."""

import mmap

import numpy as np
import pytest
import soundfile

from masterify_core.errors import DamagedAudioError, NotAudioError, UnusableAudioError
from masterify_core.files import mpeg, quiet, read
from tests.shared_audio import shared
from tests.sounds import RATE, encoded, noise_after_tone


def scanned(path):
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return mpeg.scan(data, 0)


def without_xing(path):
    """Cut off the frame that holds the Xing tag."""
    found = scanned(path)
    assert found.tagged
    path.write_bytes(path.read_bytes()[found.start + found.header.size :])
    return path


def test_mp3_keeps_its_length_and_its_headroom(tmp_path):
    square = np.sign(np.sin(np.arange(2 * RATE) * 0.03))[:, None] * np.ones(2)
    source = read(encoded(tmp_path / "a.mp3", square, "MP3"))
    assert (source.audio.frames, source.container, source.lossy) == (2 * RATE, "MP3", True)
    assert (source.bit_depth, source.notes) == (None, ())
    assert np.abs(source.audio.samples).max() > 1.05


def test_a_vbr_mp3_without_a_xing_tag_is_decoded_to_its_end(tmp_path):
    path = without_xing(encoded(tmp_path / "a.mp3", noise_after_tone(), "MP3", bitrate_mode="VARIABLE"))
    lost = soundfile.info(path).frames
    source = read(path)
    assert lost < 3.5 * RATE  # what libsndfile alone would give
    assert abs(source.audio.frames - 4 * RATE) < 3 * 1152
    loud = np.abs(source.audio.samples[0, 3 * RATE :]).mean()
    assert loud > 0.1


def test_two_mp3_files_in_one_are_both_decoded(tmp_path):
    one = encoded(tmp_path / "a.mp3", noise_after_tone(2.0), "MP3").read_bytes()
    path = tmp_path / "both.mp3"
    path.write_bytes(one + one)
    assert abs(read(path).audio.frames - 4 * RATE) < 5 * 1152


def test_an_mp3_with_a_large_cover_gets_its_length_from_its_frames(tmp_path):
    path = without_xing(encoded(tmp_path / "a.mp3", noise_after_tone(2.0), "MP3"))
    cover = b"\0" * 3_000_000
    size = bytes((len(cover) >> shift) & 0x7F for shift in (21, 14, 7, 0))
    path.write_bytes(b"ID3\x04\0\0" + size + cover + path.read_bytes())
    source = read(path)
    assert abs(source.audio.frames - 2 * RATE) < 3 * 1152
    assert source.notes == ()


def test_junk_before_and_between_mp3_frames_is_skipped(tmp_path):
    clean = encoded(tmp_path / "a.mp3", noise_after_tone(2.0), "MP3").read_bytes()
    path = tmp_path / "junk.mp3"
    path.write_bytes(b"\0\xff\0junk" * 100 + clean)
    assert abs(read(path).audio.frames - 2 * RATE) < 3 * 1152


def test_a_truncated_mp3_is_used_with_a_note(tmp_path):
    path = encoded(tmp_path / "a.mp3", noise_after_tone(), "MP3")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    source = read(path)
    assert 1.5 * RATE < source.audio.frames < 2.6 * RATE
    assert source.notes[0].startswith("the header promises 4.")


def test_decoders_print_nothing(tmp_path, capfd):
    path = encoded(tmp_path / "a.mp3", noise_after_tone(2.0), "MP3")
    data = bytearray(path.read_bytes())
    for at in range(3000, len(data) - 4000, 5000):
        data[at : at + 700] = b"\x55" * 700
    path.write_bytes(data)
    read(path)
    if quiet._stderr() is not None:
        assert capfd.readouterr().err == ""


def test_quiet_gives_c_its_voice_back(capfd):
    found = quiet._stderr()
    if found is None:
        pytest.skip("this C library keeps its stderr")
    before = found[0].value
    with quiet.quiet(), quiet.quiet():
        assert found[0].value != before
    assert found[0].value == before


@pytest.mark.parametrize(
    "data",
    [b"\xff" * 100_000, b"\xff\xfe" + "한글 text ".encode("utf-16-le") * 5000, b"abcde", b"\0" * 50_000],
)
def test_text_and_noise_are_not_mp3(tmp_path, data):
    path = tmp_path / "song.mp3"
    path.write_bytes(data)
    with pytest.raises(NotAudioError, match=r"song\.mp3: is not an audio file that can be read"):
        read(path)


@pytest.mark.parametrize(
    "name",
    [
        "apetag",
        "id3v1-apetag",
        "id3v1",
        "id3v2-only",
        "id3v2",
        "sideinfo-size",
        "small",
        "vbrtag-corrupted",
        "vbrtag-empty",
        "vbrtag-noframes",
        "vbrtag-only",
        "vbrtag-oob-read",
    ],
)
def test_mp3_files_without_a_decodable_frame_are_refused(name, capfd):
    path = shared(f"mp3_vectors/l3-nonstandard-{name}.mp3")
    with pytest.raises((NotAudioError, DamagedAudioError, UnusableAudioError), match=name):
        read(path)
    if quiet._stderr() is not None:
        assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("name", "frames"),
    [
        ("l2-nonstandard-free_format", 55_296),
        ("l3-nonstandard-compl-sideinfo-blocktype", 248_832),
        ("l3-nonstandard-sin1k0db_lame_vbrtag", 362_880),
    ],
)
def test_odd_but_legal_mp3_files_are_decoded(name, frames, capfd):
    assert read(shared(f"mp3_vectors/{name}.mp3")).audio.frames == frames
    if quiet._stderr() is not None:
        assert capfd.readouterr().err == ""
