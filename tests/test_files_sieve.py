"""Looking into a stranger's file: counted and checked like a song that is read, and nothing kept."""

import io

import numpy as np
import pytest
import soundfile

from masterify_core.audio import Audio
from masterify_core.errors import DamagedAudioError, NotAudioError, TooLongError, UnusableAudioError
from masterify_core.files import read
from masterify_core.files.sieve import QUIETEST_PEAK, check
from masterify_core.metering.loudness import hop_energies
from masterify_core.rendering import programme_lufs

RATE = 16_000


def song(seconds=1.0, form="WAV", subtype="PCM_16", channels=2, rate=RATE):
    noise = 0.2 * np.random.default_rng(4).normal(size=(round(seconds * rate), channels))
    file = io.BytesIO()
    soundfile.write(file, np.clip(noise, -1, 1), rate, format=form, subtype=subtype)
    return bytearray(file.getvalue())


@pytest.fixture
def put(tmp_path):
    def write(data):
        path = tmp_path / "song"
        path.write_bytes(data)
        return path

    return write


@pytest.mark.parametrize(
    ("form", "subtype"), [("WAV", "PCM_16"), ("WAV", "PCM_24"), ("WAV", "DOUBLE"), ("FLAC", "PCM_24"), ("MP3", "MPEG_LAYER_III")]
)  # fmt: skip
def test_facts_are_those_of_the_song_as_read(put, form, subtype):
    path = put(song(9.0, form, subtype))
    facts, whole = check(path), read(path)
    assert (facts.container, facts.subtype, facts.channels, facts.rate) == (form, subtype, 2, RATE)
    assert facts.frames == whole.audio.frames
    assert facts.peak == np.abs(whole.audio.samples).max()
    assert facts.notes == whole.notes


@pytest.mark.parametrize("look", [check, read])
def test_a_flac_that_promises_less_than_it_holds_is_decoded_whole(put, look):
    data = song(30.0, "FLAC")
    data[21] &= 0xF0
    data[22:26] = (5 * RATE).to_bytes(4, "big")
    found = look(put(data))
    assert (found.audio.frames if look is read else found.frames) == 30 * RATE
    assert found.notes == ()


@pytest.mark.parametrize("look", [check, read])
def test_what_stands_behind_a_flac_is_no_song(put, look):
    found = look(put(song(2.0, "FLAC") + np.random.default_rng(1).bytes(200_000)))
    assert (found.audio.frames if look is read else found.frames) == 2 * RATE


@pytest.mark.parametrize("form", ["WAV", "FLAC", "MP3"])
def test_a_song_that_is_too_long_is_refused(put, form):
    path = put(song(3.0, form, "MPEG_LAYER_III" if form == "MP3" else "PCM_16"))
    assert check(path, max_seconds=3.2).frames >= 3 * RATE
    with pytest.raises(TooLongError):
        check(path, max_seconds=2.9)


@pytest.mark.parametrize(
    ("form", "subtype"), [("OGG", "VORBIS"), ("AIFF", "PCM_16"), ("WAV", "ALAW"), ("WAV", "IMA_ADPCM"), ("AU", "PCM_16")]
)  # fmt: skip
def test_rare_kinds_reach_no_decoder(put, form, subtype, monkeypatch):
    path = put(song(1.0, form, subtype))
    monkeypatch.setattr(soundfile, "SoundFile", None)
    with pytest.raises(NotAudioError):
        check(path)


def test_an_mp3_inside_something_else_is_no_song(put):
    with pytest.raises(NotAudioError):
        check(put(b"PK\x03\x04" + bytes(range(1, 256)) * 40 + song(2.0, "MP3", "MPEG_LAYER_III")))


def test_an_mp3_that_starts_in_the_middle_of_a_frame_is_a_song(put):
    assert check(put(song(2.0, "MP3", "MPEG_LAYER_III")[100:])).frames > RATE


def test_silence_is_told(put):
    assert check(put(song(0.5)[:44] + bytes(4000))).is_silent
    assert not check(put(song(0.5))).is_silent


def test_silence_with_dither_is_silence(put):
    dither = np.random.default_rng(5).integers(-2, 3, 8000).astype("<i2").tobytes()
    assert check(put(song(0.5)[:44] + dither)).is_silent


@pytest.mark.parametrize("period", [4, 10, 48, 1000])
def test_nothing_under_the_quietest_peak_can_be_measured(period):
    square = np.where(np.arange(RATE) % period < period / 2, QUIETEST_PEAK, -QUIETEST_PEAK)
    samples = np.stack([square, square]).astype(np.float32)
    assert not programme_lufs(hop_energies(Audio(samples, RATE))) > -70


def test_a_broken_header_is_damage(put):
    with pytest.raises(DamagedAudioError):
        check(put(song(1.0, "FLAC")[:30]))


@pytest.mark.parametrize(("channels", "rate"), [(3, RATE), (2, 4000), (1, 200_000)])
def test_channels_and_rates_that_cannot_be_mastered_are_refused(put, channels, rate):
    with pytest.raises(UnusableAudioError):
        check(put(song(0.1, channels=channels, rate=rate)))


@pytest.mark.parametrize("data", [b"", song()[:44], song()[:46]])
def test_a_file_without_a_frame_is_refused(put, data):
    with pytest.raises(UnusableAudioError):
        check(put(data))
