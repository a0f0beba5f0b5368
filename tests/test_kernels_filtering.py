"""The recursive filters against their twins."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masterify_core.filters import all_pass, high_pass, low_pass
from masterify_core.kernels import filtering
from tests.oracles import naive_filtering

FLOAT32_STEP = 2.0**-23
designs = st.builds(
    lambda design, hz, q: design(hz, 48_000, q),
    st.sampled_from([high_pass, low_pass, all_pass]),
    st.floats(5.0, 20_000.0),
    st.floats(0.3, 5.0),
)


@settings(deadline=None)
@given(st.integers(1, 3), st.integers(0, 200), designs, st.integers(0, 2**32 - 1))
def test_a_section_equals_its_difference_equation(channels, frames, coefficients, seed):
    x = np.random.default_rng(seed).normal(size=(channels, frames)).astype(np.float32)
    out, expected = np.empty_like(x), np.empty_like(x)
    filtering.section(x, coefficients, out)
    naive_filtering.section(x, coefficients, expected)
    np.testing.assert_allclose(out, expected, rtol=4 * FLOAT32_STEP, atol=4 * FLOAT32_STEP)


def test_a_section_in_place_is_the_same():
    x = np.random.default_rng(1).normal(size=(2, 500)).astype(np.float32)
    out = np.empty_like(x)
    filtering.section(x, high_pass(100.0, 48_000), out)
    filtering.section(x, high_pass(100.0, 48_000), x)
    np.testing.assert_array_equal(x, out)


@pytest.mark.parametrize("channels", [1, 2])
def test_silence_stays_silent(channels):
    out = np.ones((channels, 50), np.float32)
    filtering.section(np.zeros((channels, 50), np.float32), low_pass(100.0, 48_000), out)
    assert not out.any()
