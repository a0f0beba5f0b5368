"""The saturation's loop against its twin."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from masterify_core.kernels import saturation
from masterify_core.stages.saturation import between
from tests.oracles import naive_saturation

SIMILAR = 1e-5
lengths = st.integers(1, 90) | st.sampled_from(
    [saturation.CHUNK - 1, saturation.CHUNK + 1, 2 * saturation.CHUNK + 5]
)


def saturated(x, scale, amount, out):
    window = np.zeros(saturation.CHUNK + 2 * saturation.TAPS, np.float32)
    taken, totals = np.full(saturation.CHUNK + saturation.TAPS, 7.0, np.float32), np.zeros(2)
    saturation.saturate(x, between(), scale, amount, window, taken, totals, out)
    return totals


@settings(deadline=None, max_examples=30)
@given(
    channels=st.integers(1, 2),
    frames=lengths,
    scale=st.floats(0.125, 3.0, width=32),
    amount=st.floats(0.0, 0.25, width=32),
    seed=st.integers(0, 2**32 - 1),
)
def test_saturation_equals_its_definition(channels, frames, scale, amount, seed):
    x = np.random.default_rng(seed).normal(size=(channels, frames)).astype(np.float32)
    out, expected, naive_totals = np.full_like(x, 9.0), np.empty(x.shape), np.zeros(2)
    totals = saturated(x, scale, amount, out)
    naive_saturation.saturate(x, between(), scale, amount, naive_totals, expected)
    np.testing.assert_allclose(out, expected, atol=SIMILAR)
    np.testing.assert_allclose(totals, naive_totals, rtol=1e-4)
    saturated(x, scale, amount, x)
    np.testing.assert_array_equal(x, out)
