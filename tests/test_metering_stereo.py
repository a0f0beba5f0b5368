"""Hop statistics against their twin; correlation, balance and mono loss on known stereo images."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masterify_core.audio import Audio
from masterify_core.metering import stereo
from masterify_core.metering.spectrum import measure_spectra
from masterify_core.metering.statistics import measure_statistics
from tests.oracles import naive_statistics
from tests.signals import noise, tone

FLOAT = 1e-5  # relative: a hop is summed in float32
NOISE = noise(44_100, 4.0)
LEFT, RIGHT = NOISE.samples


def image(*rows, rate=44_100):
    return measure_statistics(Audio(np.array(rows, np.float32), rate))


@settings(deadline=None, max_examples=40)
@given(
    st.sampled_from([8000, 22_050, 44_100]),
    st.integers(0, 1500),
    st.integers(1, 3),
    st.integers(0, 2**32 - 1),
)
def test_hop_statistics_equal_their_definition(rate, frames, channels, seed):
    rng = np.random.default_rng(seed)
    x = (rng.normal(size=(channels, frames)) + rng.uniform(-1, 1)).astype(np.float32)
    found = measure_statistics(Audio(x, rate))
    sums, extremes = np.zeros(found.sums.shape), np.zeros(found.extremes.shape)
    naive_statistics.hop_statistics(x, rate, sums, extremes)
    np.testing.assert_allclose(found.sums, sums, rtol=FLOAT, atol=1e-3)
    np.testing.assert_array_equal(found.extremes, extremes.astype(np.float32))
    np.testing.assert_array_equal(found.peaks, extremes.max(axis=1, initial=0.0).astype(np.float32))
    assert found.frames == frames


@settings(deadline=None, max_examples=40)
@given(st.floats(-1.0, 1.0), st.floats(0.05, 1.0), st.floats(-0.5, 0.5))
def test_correlation_equals_its_definition(share, gain, dc):
    x = np.array([LEFT + np.float32(dc), gain * (share * LEFT + (1 - abs(share)) * RIGHT) - dc], np.float32)
    expected = naive_statistics.correlation(x)
    assert stereo.correlation(image(*x)) == pytest.approx(
        expected, abs=5e-4
    )  # sums are of float32, offset included


IMAGES = {  # rows: correlation, mono loss dB, balance dB, dead, dual mono, antiphase
    "dual mono": ((LEFT, LEFT), (1.0, 0.0, 0.0, None, True, False)),
    "mono file": ((LEFT,), (1.0, 0.0, 0.0, None, True, False)),
    "upside down": ((LEFT, -LEFT), (-1.0, math.inf, 0.0, None, False, True)),
    "unrelated": ((LEFT, RIGHT), (0.0, 3.01, 0.0, None, False, False)),
    "right is silent": ((LEFT, 0 * LEFT), (0.0, 3.01, -math.inf, "right", False, False)),
    "left is 70 dB down": ((3e-4 * LEFT, LEFT), (1.0, 3.01, 70.5, "left", False, False)),
    "left is 6 dB up": ((2 * LEFT, LEFT), (1.0, 0.46, -6.02, None, False, False)),
    "silence": ((0 * LEFT, 0 * LEFT), (1.0, 0.0, 0.0, None, False, False)),
}


@pytest.mark.parametrize("name", IMAGES)
def test_known_stereo_images(name):
    rows, (correlation, loss_db, balance_db, dead, dual_mono, antiphase) = IMAGES[name]
    found = image(*rows)
    assert stereo.correlation(found) == pytest.approx(correlation, abs=0.02)
    assert stereo.mono_loss_db(found) == pytest.approx(loss_db, abs=0.1)
    assert stereo.balance_db(found) == pytest.approx(balance_db, abs=0.1)
    assert stereo.dead_channel(found) == dead
    assert stereo.is_dual_mono(found) == dual_mono
    assert stereo.is_antiphase(found) == antiphase


def test_dc_is_no_correlation():
    assert stereo.correlation(image(LEFT + 0.5, RIGHT + 0.5)) == pytest.approx(0.0, abs=0.02)


def test_the_low_percentile_finds_the_part_that_mono_loses():
    half = len(LEFT) // 2
    mixed = np.concatenate([LEFT[:half], -LEFT[half:]])
    found = image(LEFT, mixed)
    assert stereo.correlation(found) == pytest.approx(0.0, abs=0.05)
    assert stereo.correlation_p5(found) == pytest.approx(-1.0, abs=1e-3)


def test_quiet_windows_do_not_count_in_the_low_percentile():
    fade = np.where(np.arange(len(LEFT)) < len(LEFT) // 2, 1.0, 0.01)
    right = np.where(fade < 1.0, -LEFT, LEFT)
    assert stereo.correlation_p5(image(LEFT * fade, right * fade)) > 0.9


@pytest.mark.parametrize("frames", [0, 1, 10, 441])
def test_too_short_to_tell_reads_as_mono(frames):
    found = image(*np.zeros((2, frames)))
    assert (stereo.correlation(found), stereo.correlation_p5(found)) == (1.0, 1.0)
    assert stereo.mono_loss_db(found) == 0.0


def test_correlation_by_band_tells_bass_from_treble():
    bass, treble = (tone(44_100, [(-10, 3)], hz=hz, channels=1).samples[0] for hz in (70, 9000))
    found = stereo.correlation_by_band(
        measure_spectra(Audio(np.array([bass + treble, bass - treble]), 44_100))
    )
    assert found[0] == pytest.approx(1.0, abs=0.01)
    assert found[7] == pytest.approx(-1.0, abs=0.01)


def test_swapping_the_channels_only_turns_the_balance_round():
    one, other = image(LEFT, 0.5 * RIGHT), image(0.5 * RIGHT, LEFT)
    assert stereo.balance_db(one) == pytest.approx(-stereo.balance_db(other))
    assert stereo.correlation(one) == pytest.approx(stereo.correlation(other))
    assert stereo.mono_loss_db(one) == pytest.approx(stereo.mono_loss_db(other))
