"""The compressor's loop against its twin."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masterify_core.kernels import dynamics
from tests.oracles import naive_dynamics

POLES = np.array([0.02, 0.28])  # 150 and 2500 Hz at 48 kHz
SIMILAR = 2e-5  # bands and gains are float32, of signals up to about 4
bands = st.tuples(
    st.floats(-60.0, 0.0),
    st.floats(1.0, 4.0),
    st.sampled_from([0.5, 6.0]),
    st.floats(0.0, 6.0),
    st.floats(0.01, 1.0),
    st.floats(0.001, 1.0),
    st.floats(0.01, 1.0),
    st.floats(1.0, 2.0),
)


def compressed(x, band_settings, out=None):
    count = len(band_settings)
    state = np.zeros((count, 3))
    state[:, 2] = 1.0
    totals = np.zeros((count, 4))
    out = np.full_like(x, 9.0) if out is None else out
    dynamics.compress(
        x,
        POLES,
        np.array(band_settings),
        np.zeros((len(x), 2)),
        state,
        np.zeros((len(x), count, dynamics.STEP), np.float32),
        totals,
        out,
    )
    return out, totals


@settings(deadline=None, max_examples=40)
@given(
    channels=st.integers(1, 2),
    frames=st.integers(0, 90),
    band_settings=st.lists(bands, min_size=1, max_size=1) | st.lists(bands, min_size=3, max_size=3),
    seed=st.integers(0, 2**32 - 1),
)
def test_compress_equals_its_definition(channels, frames, band_settings, seed):
    x = np.random.default_rng(seed).normal(size=(channels, frames)).astype(np.float32)
    out, totals = compressed(x, band_settings)
    expected, naive_totals = np.empty(x.shape), np.zeros(totals.shape)
    naive_dynamics.compress(x, POLES, np.array(band_settings), dynamics.STEP, naive_totals, expected)
    np.testing.assert_allclose(out, expected, atol=SIMILAR)
    np.testing.assert_allclose(totals, naive_totals, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("count", [1, 3])
def test_compressing_in_place_is_the_same(count):
    x = np.random.default_rng(2).normal(size=(2, 100)).astype(np.float32)
    loud = [(-30.0, 2.0, 6.0, 3.0, 0.5, 0.1, 0.5, 1.0)] * count
    expected, _ = compressed(x, loud)
    np.testing.assert_array_equal(compressed(x, loud, out=x)[0], expected)


def test_bands_that_are_left_alone_add_up_to_the_sound():
    x = np.random.default_rng(1).normal(size=(2, 500)).astype(np.float32)
    out, _ = compressed(x, [(0.0, 1.0, 6.0, 0.0, 0.5, 0.1, 0.5, 1.0)] * 3)
    np.testing.assert_allclose(out, x, atol=1e-6)


@pytest.mark.parametrize("count", [1, 3])
def test_silence_stays_silent(count):
    out, totals = compressed(
        np.zeros((2, 100), np.float32), [(-30.0, 2.0, 6.0, 3.0, 0.5, 0.1, 0.5, 1.0)] * count
    )
    assert not out.any()
    assert not totals[:, 3].any()
