"""WAV in all its kinds, honest and lying; libsndfile is the oracle where it can read the file."""

import struct

import numpy as np
import pytest
import soundfile

from masterify_core.errors import DamagedAudioError, NotAudioError, TooLongError, UnusableAudioError
from masterify_core.files import planar, read
from tests.shared_audio import shared
from tests.wav_bytes import chunk, extensible, fmt, packed, ramp, wav

FULL_SCALE = {8: 2**7, 16: 2**15, 24: 2**23, 32: 2**31, 64: 2**63}


def written(tmp_path, data, name="song.wav"):
    path = tmp_path / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("bits", [8, 16, 24, 32, 64])
@pytest.mark.parametrize(("form", "order"), [(b"RIFF", "<"), (b"RIFX", ">")])
def test_integer_samples_are_divided_by_full_scale(tmp_path, form, order, bits, channels):
    values = ramp(997, channels, bits)
    body = packed(values, bits, order)
    data = wav(
        chunk(b"fmt ", fmt(1, channels, 44_100, bits, order), order=order),
        chunk(b"data", body, order=order),
        form=form,
        order=order,
    )
    source = read(written(tmp_path, data))
    expected = (values.astype(np.float32) / np.float32(FULL_SCALE[bits])).T
    np.testing.assert_array_equal(source.audio.samples, expected)
    assert (source.bit_depth, source.lossy, source.notes) == (bits, False, ())


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
@pytest.mark.parametrize("container", ["WAV", "WAVEX", "RF64"])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("frames", [1, 2, 3, 70_001])
def test_our_samples_are_the_bits_of_libsndfile(tmp_path, subtype, container, channels, frames):
    path = tmp_path / "song.wav"
    sound = np.random.default_rng(1).uniform(-1.2, 1.2, (frames, channels))
    soundfile.write(path, sound, 48_000, subtype, format=container)
    source = read(path)
    expected, rate = soundfile.read(path, dtype="float32", always_2d=True)
    np.testing.assert_array_equal(source.audio.samples.view(np.uint32), expected.T.copy().view(np.uint32))
    assert (source.audio.rate, source.subtype) == (rate, subtype)


@pytest.mark.parametrize("subtype", ["ULAW", "ALAW", "MS_ADPCM", "IMA_ADPCM", "G721_32", "GSM610"])
@pytest.mark.parametrize("streamed", [False, True])
def test_compressed_wav_is_decoded_also_when_streamed(tmp_path, subtype, streamed):
    path = tmp_path / "song.wav"
    tone = 0.5 * np.sin(np.arange(40_000) * 0.05)
    soundfile.write(path, tone, 8_000, subtype)
    expected, _ = soundfile.read(path, dtype="float32", always_2d=True)
    if streamed:
        data = bytearray(path.read_bytes())
        at = data.index(b"data")
        data[4:8] = data[at + 4 : at + 8] = b"\xff" * 4
        path.write_bytes(data)
    source = read(path)
    np.testing.assert_array_equal(source.audio.samples, expected.T)
    assert source.lossy
    assert source.notes == ()


@pytest.mark.parametrize(("whole", "data"), [(0, 0), (0xFFFFFFFF, 0xFFFFFFFF), (0x7FFFFFFF, 0x7FFFF000)])
def test_a_streamed_wav_without_sizes_is_read_whole(tmp_path, whole, data):
    values = ramp()
    path = written(
        tmp_path, wav(chunk(b"fmt ", fmt()), chunk(b"data", packed(values, 16), size=data), size=whole)
    )
    source = read(path)
    assert source.audio.frames == len(values)
    assert source.notes == ()


def test_a_data_size_of_0_in_an_otherwise_right_header_is_a_stream_too(tmp_path):
    path = written(tmp_path, wav(chunk(b"fmt ", fmt()), chunk(b"data", packed(ramp(), 16), size=0)))
    assert read(path).audio.frames == 1000


def test_an_empty_data_chunk_before_another_chunk_is_empty(tmp_path):
    info = chunk(b"LIST", b"INFOINAM" + struct.pack("<I", 4) + b"Song")
    path = written(tmp_path, wav(chunk(b"fmt ", fmt()), chunk(b"data", b""), info))
    with pytest.raises(UnusableAudioError, match=r"song\.wav: holds no audio"):
        read(path)


@pytest.mark.parametrize("form", [b"RF64", b"BW64"])
@pytest.mark.parametrize("bits", [16, 24])
def test_rf64_and_bw64_take_their_length_from_ds64(tmp_path, form, bits):
    body = packed(ramp(500, 2, bits), bits)
    ds64 = struct.pack("<QQQI", 0, len(body), 500, 0)
    after = chunk(b"axml", b"<x/>")
    head = [chunk(b"ds64", ds64), chunk(b"fmt ", fmt(bits=bits)), chunk(b"data", body, size=0xFFFFFFFF)]
    source = read(written(tmp_path, wav(*head, after, form=form, size=0xFFFFFFFF)))
    assert (source.audio.frames, source.container, source.notes) == (500, form.decode(), ())


def test_companded_bw64_which_libsndfile_refuses_is_read(tmp_path):
    plain = tmp_path / "plain.wav"
    soundfile.write(plain, 0.5 * np.sin(np.arange(8000) * 0.05), 8_000, "ALAW")
    expected, _ = soundfile.read(plain, dtype="float32")
    path = written(tmp_path, b"BW64" + plain.read_bytes()[4:], "bw64.wav")
    source = read(path)
    np.testing.assert_array_equal(source.audio.samples[0], expected)
    assert source.container == "BW64"


def test_24_bits_in_32_are_read_at_the_top(tmp_path):
    values = ramp(100, 2, 24)
    form = extensible(1, 2, 48_000, 32, 24)
    path = written(tmp_path, wav(chunk(b"fmt ", form), chunk(b"data", packed(values * 256, 32))))
    source = read(path)
    np.testing.assert_array_equal(source.audio.samples.T, (values / 2**23).astype(np.float32))
    assert source.bit_depth == 24
    np.testing.assert_array_equal(soundfile.read(path, dtype="float32")[0], source.audio.samples.T)


def test_an_odd_chunk_without_its_pad_byte_is_stepped_over(tmp_path):
    odd = b"LIST" + struct.pack("<I", 5) + b"INFOx"
    path = written(tmp_path, wav(chunk(b"fmt ", fmt()), odd, chunk(b"data", packed(ramp(), 16))))
    assert read(path).audio.frames == 1000


def test_a_truncated_wav_is_used_with_a_note(tmp_path):
    whole = wav(chunk(b"fmt ", fmt()), chunk(b"data", packed(ramp(44_100), 16)))
    source = read(written(tmp_path, whole[: len(whole) // 2 + 1]))
    assert source.audio.frames == 22_044
    assert source.notes == ("the header promises 1.0 s, 0.5 s were decoded: the file may be cut short",)


def test_a_promise_of_4_gigabytes_reserves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(planar, "available_bytes", lambda: 10_000_000)
    data = wav(chunk(b"fmt ", fmt()), chunk(b"data", packed(ramp(), 16), size=0xF000_0000))
    assert read(written(tmp_path, data)).audio.frames == 1000


def test_a_song_that_memory_does_not_hold_is_refused_before_it_is_read(tmp_path, monkeypatch):
    path = written(tmp_path, wav(chunk(b"fmt ", fmt()), chunk(b"data", packed(ramp(), 16))))
    monkeypatch.setattr(planar, "available_bytes", lambda: 23_000)
    with pytest.raises(TooLongError, match=r"song\.wav: needs at least 0\.0 GB of memory"):
        read(path)
    monkeypatch.setattr(planar, "available_bytes", lambda: 24_000)
    assert read(path).audio.frames == 1000


def test_a_song_longer_than_allowed_is_refused(tmp_path):
    path = written(tmp_path, wav(chunk(b"fmt ", fmt()), chunk(b"data", packed(ramp(44_101), 16))))
    assert read(path, max_seconds=1.1).audio.frames == 44_101
    with pytest.raises(TooLongError, match="is longer than 1 s, the most allowed here"):
        read(path, max_seconds=1.0)


@pytest.mark.parametrize(("bad", "word"), [(np.nan, "NaN"), (np.inf, "infinity"), (-np.inf, "infinity")])
@pytest.mark.parametrize("bits", [32, 64])
def test_nan_and_infinity_are_refused_with_their_place(tmp_path, bad, word, bits):
    sound = np.full((100_000, 2), 0.1, f"<f{bits // 8}")
    sound[90_000, 1] = bad
    path = written(tmp_path, wav(chunk(b"fmt ", fmt(3, 2, 45_000, bits)), chunk(b"data", sound.tobytes())))
    with pytest.raises(DamagedAudioError, match=rf"holds {word} 2\.000 s into the song, channel 2"):
        read(path)


def test_what_float32_cannot_hold_counts_as_infinity(tmp_path):
    sound = np.array([[0.0, 1e300]])
    path = written(tmp_path, wav(chunk(b"fmt ", fmt(3, 2, 44_100, 64)), chunk(b"data", sound.tobytes())))
    with pytest.raises(DamagedAudioError, match="holds infinity 0\\.000 s"):
        read(path)


def test_what_is_far_beyond_any_sound_is_refused_with_its_level(tmp_path):
    sound = np.array([[3.5, 0.0], [1.0, -1e30]], np.float32)
    path = written(tmp_path, wav(chunk(b"fmt ", fmt(3, 2, 44_100, 32)), chunk(b"data", sound.tobytes())))
    with pytest.raises(
        DamagedAudioError, match=r"holds a sample of \+600 dBFS 0\.000 s into the song, channel 2"
    ):
        read(path)


def test_float_above_full_scale_stays_above(tmp_path):
    sound = np.array([[3.5, -1e10]], np.float32)
    path = written(tmp_path, wav(chunk(b"fmt ", fmt(3, 2, 44_100, 32)), chunk(b"data", sound.tobytes())))
    np.testing.assert_array_equal(read(path).audio.samples.T, sound)


@pytest.mark.parametrize(
    ("channels", "rate", "words"),
    [(6, 48_000, "has 6 channels"), (2, 7_999, "7999 Hz"), (1, 384_000, "384000 Hz")],
)
def test_surround_and_odd_rates_are_refused(tmp_path, channels, rate, words):
    body = packed(ramp(10, channels), 16)
    path = written(tmp_path, wav(chunk(b"fmt ", fmt(1, channels, rate)), chunk(b"data", body)))
    with pytest.raises(UnusableAudioError, match=words):
        read(path)


def test_rates_at_the_edges_and_one_frame_are_read(tmp_path):
    for rate in (8_000, 192_000):
        path = written(tmp_path, wav(chunk(b"fmt ", fmt(1, 1, rate)), chunk(b"data", packed([7], 16))))
        source = read(path)
        assert (source.audio.frames, source.audio.rate) == (1, rate)


def test_a_file_of_nothing_but_empty_chunks_ends_soon(tmp_path):
    path = written(tmp_path, wav(*[chunk(b"JUNK", b"")] * 200_000))
    with pytest.raises(DamagedAudioError, match="without a readable format chunk"):
        read(path)


@pytest.mark.parametrize("cut", [5, 12, 20, 30, 43, 44])
def test_a_header_cut_anywhere_is_one_clear_error(tmp_path, cut):
    whole = wav(chunk(b"fmt ", fmt()), chunk(b"data", packed(ramp(), 16)))
    with pytest.raises((NotAudioError, DamagedAudioError, UnusableAudioError)):
        read(written(tmp_path, whole[:cut]))


@pytest.mark.parametrize(
    ("name", "frames"),
    [
        ("libbw64/rect_24bit_rf64.wav", 22_050),
        ("libbw64/rect_24bit_bext.wav", 22_050),
        ("libbw64/rect_24bit_nods64.wav", 22_050),
        ("libbw64/noise_24bit_uneven_data_chunk_size.wav", 13),
        ("wavefile/RF64-16bit-8kHz-stereo-reaper.wav", 77_499),
        ("wavefile/RF64-64-bit-8kHz--mono-bext.wav", 48_000),
        ("wavefile/RIFX-16bit-mono.wav", 48_000),
        ("wavefile/64bit-48kHz-noBext-mono-overflow.wav", 61_714),
        ("wavefile/27bit-8kHz-noBext-mono.wav", 48_000),
        ("wavefile/32IEEE-meta.wav", 88_200),
        ("wavefile/8bit-16kHz-bext-mono.wav", 219_429),
        ("wavefile/8bit-alaw-8kHz-noBext-mono-encoded.wav", 48_000),
        ("wavefile/8bit-mulaw-8kHz-noBext-mono-encoded.wav", 48_000),
        ("wavefile/4bit-imaadpcm-8kHz-noBext-mono.wav", 53_025),
        ("wavefile/Audacity-16bit.wav", 31_493),
        ("wavefile/song1.wav", 176_400),
        ("audiomentations/ms_adpcm.wav", 895_500),
        ("audiomentations/stereo_24bit.WAV", 17_833),
        ("audiomentations/mono_int24.wav", 22),
        ("audiomentations/mono_float64.wav", 22),
        ("hound/waveformatextensible-24bit-4byte-48kHz-stereo.wav", 2),
        ("hound/waveformatextensible-24bit-192kHz-mono.wav", 4),
        ("hound/nonstandard-01.wav", 1),
        ("hound/nonstandard-02.wav", 2),
    ],
)
def test_real_wav_files_give_the_samples_of_libsndfile(name, frames):
    path = shared(f"formats/{name}")
    source = read(path)
    expected, rate = soundfile.read(path, dtype="float32", always_2d=True)
    assert (source.audio.frames, source.audio.rate) == (frames, rate)
    np.testing.assert_array_equal(source.audio.samples, expected.T)


@pytest.mark.parametrize("name", ["rect_24bit_noriff", "rect_24bit_nowave", "rect_24bit_wrong_fmt_size"])
def test_wrong_headers_are_refused(name):
    with pytest.raises((NotAudioError, DamagedAudioError), match=name):
        read(shared(f"formats/libbw64/{name}.wav"))
