"""The loop of the perceptual clipper against its twin, frame by frame and across the seams of its batches."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masterify_core import masking as tables
from masterify_core.filters import digit_reversed
from masterify_core.kernels import masking
from tests.oracles import naive_masking

GROUP = 8
SIMILAR = 3e-5  # float32 transforms back and forth, five times
ROUNDS, EASE = 5, 0.4


def bands_of(size):
    """The shares and slopes of 44.1 kHz, for any size."""
    made = tables._tables(44_100 * size // 512)
    assert len(made.window) == size
    return made


def clipped(x, peaks, level, size, lanes, rounds=ROUNDS):
    made = bands_of(size)
    row_of = np.empty(size, np.int64)
    row_of[digit_reversed(size)] = np.arange(size)
    bands = made.spread.shape[1]
    return masking.clip_masked(
        x, peaks, GROUP, level, made.window, rounds, EASE, row_of, made.roots, made.first, made.upper, made.spread,
        np.empty((3, 2, size, lanes), np.float32), np.empty((2, size // 2 + 1, lanes), np.float32),
        np.empty((bands + 1, lanes), np.float32), np.empty(2 * lanes, np.int64), np.empty(size // 2, np.float32),
    )  # fmt: skip


def expected(x, peaks, level, size, rounds=ROUNDS):
    made, out = bands_of(size), x.astype(np.float64)
    count = naive_masking.clip_masked(
        out, peaks, GROUP, float(np.float32(level)), made.window.astype(np.float64), rounds, EASE, made.first,
        made.upper.astype(np.float64), made.spread,
    )  # fmt: skip
    return out, count


def bursts(frames, seed):
    """Noise that comes and goes, so that frames to clip lie apart and side by side."""
    rng = np.random.default_rng(seed)
    loud = np.repeat(rng.random(frames // 50 + 1) < 0.5, 50)[:frames]
    return (rng.normal(size=frames) * np.where(loud, 0.5, 0.05)).astype(np.float32)


@settings(deadline=None, max_examples=40)
@given(
    st.integers(1, 900), st.sampled_from([64, 128]), st.sampled_from([1, 2, 8]), st.sampled_from([1, 2, 5]),
    st.floats(0.2, 1.2), st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_masked_clipping_equals_its_definition(frames, size, lanes, rounds, level, seed):
    x = bursts(frames, seed)
    rng = np.random.default_rng(seed + 1)
    peaks = np.where(rng.random(-(-frames // GROUP)) < 0.9, 9.0, 0.0).astype(np.float32)
    answer, count = expected(x, peaks, level, size, rounds)
    assert clipped(x, peaks, level, size, lanes, rounds) == count
    np.testing.assert_allclose(x, answer, atol=SIMILAR)


@pytest.mark.parametrize("size", [64, 512])
def test_no_sample_stays_over_the_level(size):
    x = bursts(6000, 3)
    clipped(x, np.full(750, 9.0, np.float32), 0.4, size, 32)
    assert np.abs(x).max() <= 0.4 * (1 + 1e-5)


def test_what_is_under_the_level_is_left_as_it_is():
    x = bursts(6000, 4)
    before = x.copy()
    assert clipped(x, np.full(750, 9.0, np.float32), 3.0, 512, 32) == 0
    assert clipped(x, np.full(750, 0.3, np.float32), 0.4, 512, 32) == 0
    np.testing.assert_array_equal(x, before)


def test_frames_far_from_any_over_are_left_as_they_are():
    x = np.zeros(8000, np.float32)
    x[4000] = 1.0
    clipped(x, np.full(1000, 9.0, np.float32), 0.5, 512, 32)
    assert 0.48 < x[4000] <= 0.5 * (1 + 1e-5)
    assert not x[: 4000 - 512].any()
    assert not x[4000 + 512 :].any()


def test_more_lanes_say_the_same():
    one, many = bursts(9000, 5), bursts(9000, 5)
    clipped(one, np.full(1125, 9.0, np.float32), 0.4, 128, 1)
    clipped(many, np.full(1125, 9.0, np.float32), 0.4, 128, 64)
    np.testing.assert_allclose(one, many, atol=SIMILAR)
