"""The recursive filter against its twin."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masterify_core.filters import high_pass
from masterify_core.kernels import filtering
from tests.oracles import naive_filtering

FLOAT32_STEP = 2.0**-23
designs = st.builds(
    lambda hz, q: high_pass(hz, 48_000, q),
    st.floats(5.0, 20_000.0),
    st.floats(0.3, 5.0),
)


@settings(deadline=None)
@given(st.integers(1, 5), st.integers(0, 200), designs, st.floats(-0.5, 0.5), st.integers(0, 2**32 - 1))
def test_a_section_equals_its_difference_equation(channels, frames, coefficients, offset, seed):
    x = np.random.default_rng(seed).normal(size=(channels, frames)).astype(np.float32)
    expected, offsets = x.astype(np.float64), offset * np.arange(channels)
    filtering.section(x, coefficients, offsets)
    naive_filtering.section(expected, coefficients, offsets)
    np.testing.assert_allclose(x, expected, rtol=4 * FLOAT32_STEP, atol=4 * FLOAT32_STEP)


@pytest.mark.parametrize("channels", [1, 2])
def test_silence_stays_silent(channels):
    x = np.zeros((channels, 50), np.float32)
    filtering.section(x, high_pass(100.0, 48_000), np.zeros(channels))
    assert not x.any()
