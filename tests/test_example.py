"""The example song: made by its generator, unmastered, small."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import soundfile

FOLDER = Path(__file__).parents[1] / "examples"
LARGEST_BYTES = 2_000_000
# Rounding of sine and FFT differs between processors by far less than a step; dither may then round either way.
SAME_STEPS = 1


@pytest.fixture(scope="module")
def generator():
    spec = importlib.util.spec_from_file_location("make_song", FOLDER / "make_song.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def song():
    return soundfile.read(FOLDER / "first_light.flac", dtype="int16")


def test_the_generator_makes_the_song_that_is_here(generator, song):
    samples, rate = song
    made = generator.as_16_bit(generator.compose())
    assert (rate, made.shape) == (generator.RATE_HZ, samples.shape)
    assert np.abs(made.astype(int) - samples).max() <= SAME_STEPS


def test_the_song_is_unmastered(song):
    samples, rate = song
    peak_dbfs = 20 * np.log10(np.abs(samples.astype(float)).max() / 32_768)
    rms_dbfs = 10 * np.log10(np.mean((samples / 32_768.0) ** 2))
    assert peak_dbfs == pytest.approx(-6.0, abs=0.1)
    assert 12.0 < peak_dbfs - rms_dbfs < 18.0
    assert 24 < len(samples) / rate < 30


def test_the_song_says_what_it_is():
    with soundfile.SoundFile(FOLDER / "first_light.flac") as file:
        assert (file.title, file.artist, file.license) == ("First Light", "masterify", "CC0-1.0")


def test_sound_in_the_examples_stays_small():
    sound = [p for p in FOLDER.iterdir() if p.suffix in (".flac", ".wav", ".mp3", ".ogg")]
    assert sum(p.stat().st_size for p in sound) < LARGEST_BYTES
