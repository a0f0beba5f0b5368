"""The dynamic equaliser's loops against their twins."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masterify_core import zones
from masterify_core.kernels import zones as kernels
from tests.oracles import naive_zones

SIMILAR = 2e-5
curves = st.tuples(
    st.floats(-20.0, 20.0),
    st.floats(0.0, 1.0),
    st.floats(0.0, 6.0),
    *[st.floats(0.0, 200.0)] * 4,
    st.sampled_from([0.0, 1.0, 100.0]),
)


def fresh(channels):
    return np.zeros((channels, 2, kernels.ZONES)), np.full(kernels.ZONES, 7.0)


@settings(deadline=None, max_examples=30)
@given(
    channels=st.integers(1, 2),
    frames=st.integers(1, 300),
    rate=st.sampled_from([8_000, 44_100, 192_000]),
    seed=st.integers(0, 2**32 - 1),
)
def test_energies_and_bells_equal_their_definition(channels, frames, rate, seed):
    rng = np.random.default_rng(seed)
    x, filters = rng.normal(size=(channels, frames)).astype(np.float32), zones.filters(rate)
    energy, expected = np.full((2, -(-frames // kernels.STEP), kernels.ZONES), 9.0)
    kernels.zone_energies(x, filters, *fresh(channels), energy)
    naive_zones.zone_energies(x, filters, kernels.STEP, expected)
    np.testing.assert_allclose(energy, expected, rtol=1e-7, atol=1e-12)
    gains = rng.uniform(0.5, 1.0, size=(len(energy) + 1, kernels.ZONES)).astype(np.float32)
    out, wanted = np.full_like(x, 9.0), np.empty(x.shape)
    state, y = fresh(channels)
    kernels.follow(x, filters, state, gains, y, out)
    naive_zones.follow(x, filters, gains, kernels.STEP, wanted)
    np.testing.assert_allclose(out, wanted, atol=SIMILAR)
    state, y = fresh(channels)
    kernels.follow(x, filters, state, gains, y, x)
    np.testing.assert_array_equal(x, out)


@settings(deadline=None, max_examples=60)
@given(steps=st.integers(0, 80), curve=curves, seed=st.integers(0, 2**32 - 1))
def test_the_cut_curve_equals_its_definition(steps, curve, seed):
    of, reference = np.random.default_rng(seed).exponential(size=(2, steps)) ** 4
    gains, expected = np.ones((2, steps + 1, kernels.ZONES), np.float32)
    kernels.cut_curve(of, reference, np.array(curve), gains, 2)
    naive_zones.cut_curve(of, reference, np.array(curve), expected, 2)
    np.testing.assert_allclose(gains, expected, rtol=1e-5)


@pytest.mark.parametrize("rate", [44_100, 96_000])
def test_what_has_died_away_is_nothing(rate):
    """Not a subnormal rest, which would make silence slow."""
    x = np.zeros((1, rate), np.float32)
    x[0, 0] = 1.0
    state, y = fresh(1)
    kernels.zone_energies(
        x, zones.filters(rate), state, y, np.empty((-(-rate // kernels.STEP), kernels.ZONES))
    )
    assert not state.any()
