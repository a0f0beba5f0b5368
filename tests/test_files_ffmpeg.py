"""M4A and others by PyAV, if it is there."""

import numpy as np
import pytest

from masterify_core.errors import DamagedAudioError, NotAudioError, UnusableAudioError
from masterify_core.files import read
from tests.shared_audio import shared
from tests.sounds import RATE


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
