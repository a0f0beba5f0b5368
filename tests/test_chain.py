"""Running a chain: nothing for no stages, linear neighbours in one pass, order kept."""

import numpy as np
import pytest

from masterify_core import chain
from masterify_core.audio import Audio
from masterify_core.stages.dynamics import Band, Dynamics
from masterify_core.stages.repair import Repair
from masterify_core.stages.stereo import Stereo
from masterify_core.stages.tone import Tone
from tests.signals import noise

TONE = Tone(hz=(50.0, 200.0, 1000.0, 5000.0, 12_000.0), db=(2.0, -1.0, 0.0, 3.0, -2.0))
WIDE = Stereo(width_db=2.0)
MONO_BASS = Stereo(mono_below_hz=120.0)
GLUE = Dynamics(bands=(Band(threshold_dbfs=-30.0, ratio=2.0, cap_db=3.0),))
BLUR_DB = -70.0  # corners of the curves, smoothed by the window once or several times
ROUNDING_DB = -100.0


def residual_db(x, y):
    return 10.0 * np.log10(np.sum((x.samples - y.samples) ** 2) / np.sum(y.samples**2) + 1e-30)


def test_no_stages_answer_the_same_sound():
    song = noise(48_000, 0.1)
    assert chain.run(song, []) is song


@pytest.mark.parametrize(
    "stages", [[TONE, WIDE], [WIDE, TONE, WIDE], [TONE, MONO_BASS]], ids=["two", "three", "steep"]
)
@pytest.mark.parametrize("channels", [1, 2])
def test_linear_neighbours_in_one_pass_sound_as_one_by_one(stages, channels):
    song = singly = noise(48_000, 1.0, channels)
    for stage in stages:
        singly = chain.run(singly, [stage])
    assert residual_db(chain.run(song, stages), singly) < BLUR_DB


def test_linear_neighbours_take_one_pass(monkeypatch):
    passes = []
    real = chain.convolve
    monkeypatch.setattr(chain, "convolve", lambda *rest: passes.append(rest) or real(*rest))
    chain.run(noise(48_000, 0.1), [TONE, WIDE, GLUE, MONO_BASS])
    assert len(passes) == 2


def test_stages_run_in_order():
    song = noise(48_000, 0.5)
    expected = chain.run(GLUE(chain.run(song, [TONE])), [WIDE])
    np.testing.assert_array_equal(chain.run(song, [TONE, GLUE, WIDE]).samples, expected.samples)
    assert residual_db(chain.run(song, [GLUE, TONE, WIDE]), expected) > ROUNDING_DB


@pytest.mark.parametrize(
    "stages",
    [[GLUE], [Repair(dc=(0.1, 0.1)), GLUE], [TONE, GLUE], [TONE]],
    ids=["glue", "repair", "both", "tone"],
)
def test_the_song_itself_is_never_changed(stages):
    song = noise(48_000, 0.2)
    before = song.samples.copy()
    answer = chain.run(song, stages)
    np.testing.assert_array_equal(song.samples, before)
    assert answer.samples.shape == before.shape
    assert not np.shares_memory(answer.samples, song.samples)


def test_the_same_song_gives_the_same_samples():
    song = noise(44_100, 0.5)
    stages = [Repair(high_pass_hz=20.0), TONE, MONO_BASS, GLUE]
    np.testing.assert_array_equal(chain.run(song, stages).samples, chain.run(song, stages).samples)


@pytest.mark.parametrize(
    "stages", [[TONE, MONO_BASS], [Repair(high_pass_hz=20.0)], [GLUE]], ids=["linear", "repair", "glue"]
)
def test_polarity_and_channel_swap_pass_through(stages):
    song = noise(44_100, 0.5)
    answer = chain.run(song, stages).samples
    flipped = chain.run(Audio(-song.samples, song.rate), stages)
    np.testing.assert_allclose(flipped.samples, -answer, atol=1e-6)
    swapped = chain.run(Audio(song.samples[::-1], song.rate), stages)
    np.testing.assert_allclose(swapped.samples, answer[::-1], atol=1e-6)
