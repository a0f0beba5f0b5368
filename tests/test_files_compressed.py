"""MP3, Ogg, FLAC, AIFF and M4A: everything that is there is decoded, whatever the headers claim."""

import mmap
import struct
from contextlib import suppress

import numpy as np
import pytest
import soundfile

from masterify_core.errors import DamagedAudioError, MasterifyError, NotAudioError, UnusableAudioError
from masterify_core.files import mpeg, planar, quiet, read
from tests.shared_audio import shared

RATE = 44_100


def noise_after_tone(seconds=4.0, channels=2):
    """Make VBR coders give the first half few bits and the second many, which fools guesses of length."""
    frames = int(seconds * RATE)
    tone = 0.1 * np.sin(np.arange(frames // 2) * 0.06)
    noise = np.random.default_rng(3).uniform(-0.5, 0.5, frames - frames // 2)
    return np.stack([np.concatenate([tone, noise])] * channels, axis=1)


def encoded(path, sound, container, subtype=None, **settings):
    soundfile.write(path, sound, RATE, subtype, format=container, **settings)
    return path


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


@pytest.mark.parametrize("bits", [8, 16, 24])
def test_real_aiff_files_are_read(bits):
    rate = {8: 44_100, 16: 44_100, 24: 48_000}[bits]
    source = read(shared(f"formats/audiofile/aiff_stereo_{bits}bit_{rate}.aif"))
    assert (source.audio.seconds, source.bit_depth, source.notes) == (8.0, bits, ())


def test_m4a_is_read_by_pyav():
    pytest.importorskip("av")
    source = read(shared("formats/audiomentations/testing.m4a"))
    assert (source.container, source.subtype, source.lossy) == ("M4A", "AAC", True)
    assert (source.audio.frames, source.audio.rate, source.notes) == (141_312, 44_100, ())


def test_m4a_without_pyav_says_what_to_install(tmp_path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "av", None)
    path = tmp_path / "song.m4a"
    path.write_bytes(b"\0\0\0\x20ftypM4A " + bytes(100))
    with pytest.raises(NotAudioError, match=r'reading M4A needs PyAV: pip install "masterify\[aac\]"'):
        read(path)


def with_av(path, samples, codec, layout="stereo", rate=RATE, sample_format="s16p"):
    """Encode by PyAV, which the test environment may lack."""
    av = pytest.importorskip("av")
    with av.open(str(path), "w") as box:
        stream = box.add_stream(codec, rate=rate, layout=layout)
        stream.codec_context.format = sample_format
        resample = av.AudioResampler(format=sample_format, layout=layout, rate=rate, frame_size=4096)
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(samples),
            format="s32p" if samples.dtype == np.int32 else "s16p",
            layout=layout,
        )
        frame.sample_rate = rate
        for piece in [*resample.resample(frame), *resample.resample(None)]:
            box.mux(stream.encode(piece))
        box.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(("dtype", "sample_format", "bits"), [(np.int16, "s16p", 16), (np.int32, "s32p", 24)])
def test_alac_gives_every_sample_back(tmp_path, dtype, sample_format, bits):
    top = 2**15 if bits == 16 else 2**23
    values = np.random.default_rng(1).integers(-top, top, (2, 50_001))
    stored = (values if bits == 16 else values * 256).astype(dtype)
    source = read(with_av(tmp_path / "a.m4a", stored, "alac", sample_format=sample_format))
    np.testing.assert_array_equal(source.audio.samples, (values / top).astype(np.float32))
    assert (source.subtype, source.bit_depth, source.lossy) == ("ALAC", bits, False)


def test_an_m4a_cut_short_is_an_error_or_used_with_a_note(tmp_path):
    whole = with_av(
        tmp_path / "a.m4a",
        np.random.default_rng(1).integers(-9999, 9999, (2, 99_999)).astype(np.int16),
        "alac",
    )
    data = whole.read_bytes()
    whole.write_bytes(data[: len(data) // 2])
    with pytest.raises(DamagedAudioError, match="looks like M4A but cannot be decoded"):
        read(whole)


def test_six_channels_in_m4a_are_refused(tmp_path):
    path = with_av(tmp_path / "a.m4a", np.zeros((6, 9999), np.int16), "alac", layout="5.1")
    with pytest.raises(UnusableAudioError, match="has 6 channels"):
        read(path)
