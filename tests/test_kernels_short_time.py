"""Short-time kernels against numpy's transform, frame by frame."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masterify_core import short_time
from masterify_core.kernels import short_time as kernels
from tests.oracles import naive_short_time
from tests.signals import noise

RATE = 1378  # frames of 64 samples
RELATIVE_ERROR = 3e-6  # float32 transforms
songs = st.tuples(st.integers(1, 2), st.sampled_from([1, 31, 32, 33, 500, 544, 545, 2000]))


def tables():
    found = short_time._tables(64)
    return found, np.empty((2, 64, kernels.LANES), np.float32)


@settings(deadline=None, max_examples=20)
@given(song=songs, first=st.integers(-2, 40), count=st.integers(1, 35))
def test_powers_in_bands_are_those_of_each_frame(song, first, count):
    x = noise(RATE, song[1] / RATE, song[0]).samples
    found, work = tables()
    edges = np.array([1, 2, 5, 5, 20, 32])
    out = np.empty((count, 5))
    kernels.band_powers(
        x,
        first,
        found.window,
        found.roots,
        found.order,
        edges,
        work,
        np.empty(kernels.LANES, np.float32),
        out,
    )
    expected = naive_short_time.band_powers(x, first, found.window, edges, count)
    np.testing.assert_allclose(out, expected, rtol=1e-4, atol=RELATIVE_ERROR * max(expected.max(), 1.0))


@settings(deadline=None, max_examples=20)
@given(song=songs, seed=st.integers(0, 9))
def test_gains_change_each_frame_by_itself(song, seed):
    rng = np.random.default_rng(seed)
    x = noise(RATE, song[1] / RATE, song[0]).samples.copy()
    found, work = tables()
    gains = rng.uniform(-1.4, 1.4, (short_time.frame_count(song[1], RATE), 4)).astype(np.float32)
    place, share = rng.integers(0, 3, 33), rng.random(33).astype(np.float32)
    expected = naive_short_time.change(x, gains, place, share, found.window)
    kernels.change(
        x, gains, place, share, found.window, found.unwindow, found.roots, found.order, work,
        np.empty((5, kernels.LANES), np.float32), np.zeros((2, 32), np.float32),
    )  # fmt: skip
    np.testing.assert_allclose(x, expected, atol=2e-5)


@pytest.mark.parametrize("y", [-1.5, -0.7, 0.0, 0.3, 1.5])
def test_the_exponential_is_near_enough(y):
    assert kernels._exponential(np.float32(y)) == pytest.approx(math.exp(y), rel=3e-5)
    assert kernels._exponential(np.float32(0.0)) == 1.0
