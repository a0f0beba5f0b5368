"""The compressor's loop against its twin."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masterify_core.filters import all_pass, high_pass, low_pass
from masterify_core.kernels import dynamics
from tests.oracles import naive_dynamics

RATE = 48_000
SECTIONS = np.array(
    [low_pass(150.0, RATE), all_pass(150.0, RATE), low_pass(2500.0, RATE), all_pass(2500.0, RATE)]
)
CROSSOVERS = [[design(hz, RATE) for design in (low_pass, high_pass, all_pass)] for hz in (150.0, 2500.0)]
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


def compressed(x, band_settings):
    count = len(band_settings)
    state = np.zeros((count, 3))
    state[:, 2] = 1.0
    totals, out = np.zeros((count, 4)), np.full_like(x, 9.0)
    dynamics.compress(
        x,
        SECTIONS if count == 3 else np.zeros((4, 5)),
        np.array(band_settings),
        np.zeros((len(x), 7, 2)),
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
    naive_dynamics.compress(x, CROSSOVERS, np.array(band_settings), dynamics.STEP, naive_totals, expected)
    np.testing.assert_allclose(out, expected, atol=SIMILAR)
    np.testing.assert_allclose(totals, naive_totals, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("count", [1, 3])
def test_silence_stays_silent(count):
    out, totals = compressed(
        np.zeros((2, 100), np.float32), [(-30.0, 2.0, 6.0, 3.0, 0.5, 0.1, 0.5, 1.0)] * count
    )
    assert not out.any()
    assert not totals[:, 3].any()
