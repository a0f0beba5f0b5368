"""The compressor's loops against their twins."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masterify_core.kernels import dynamics
from tests.oracles import naive_dynamics

SIMILAR = 2e-5  # bands and gains are float32, of signals up to about 4
odd = st.integers(0, 6).map(lambda half: 2 * half + 1)
crossovers = st.lists(st.tuples(odd, odd, odd), max_size=4).map(
    lambda rows: np.array(rows, np.int64).reshape(-1, 3)
)
lengths = st.integers(1, 90) | st.sampled_from(
    [dynamics.CHUNK - 1, dynamics.CHUNK, dynamics.CHUNK + 1, 2 * dynamics.CHUNK + 33]
)
curves = st.tuples(
    st.floats(-60.0, 0.0),
    st.floats(1.0, 4.0),
    st.sampled_from([0.5, 6.0]),
    st.floats(0.0, 6.0),
    st.floats(0.0, 100.0),
    st.floats(0.0, 1000.0),
    st.floats(0.0, 50.0),
    st.sampled_from([0.0, 20.0]),
)


def memory(x, widths):
    context = int((widths.sum(axis=1) - 3).max(initial=0)) // 2
    once, twice = np.full((2, 2 * dynamics.CHUNK + 8 * context + 2), 7.0)
    lows = np.full((len(widths), 2 * dynamics.CHUNK + 4 * context), 7.0)
    return context, (once, twice, lows)


def window(context):
    return np.zeros(2 * dynamics.CHUNK + 4 * context)


@settings(deadline=None, max_examples=30)
@given(channels=st.integers(1, 2), frames=lengths, widths=crossovers, seed=st.integers(0, 2**32 - 1))
def test_energies_and_sum_of_the_bands_equal_their_definition(channels, frames, widths, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(channels, frames)).astype(np.float32)
    steps = -(-frames // dynamics.STEP)
    context, scratch = memory(x, widths)
    energy, expected = np.full((2, len(widths) + 1, steps), 9.0)
    dynamics.band_energies(x, widths, context, window(context), *scratch, energy)
    naive_dynamics.band_energies(x, widths, dynamics.STEP, expected)
    np.testing.assert_allclose(energy, expected, rtol=1e-6, atol=1e-9)
    gains = rng.uniform(0.5, 2.0, size=(len(widths) + 1, steps + 1)).astype(np.float32)
    out, wanted = np.full_like(x, 9.0), np.empty(x.shape)
    dynamics.apply_gains(x, widths, context, gains, window(context), *scratch, out)
    naive_dynamics.apply_gains(x, widths, gains, dynamics.STEP, wanted)
    np.testing.assert_allclose(out, wanted, atol=SIMILAR)
    dynamics.apply_gains(x, widths, context, gains, window(context), *scratch, x)
    np.testing.assert_array_equal(x, out)


@settings(deadline=None, max_examples=60)
@given(steps=st.integers(0, 60), curve=curves, seed=st.integers(0, 2**32 - 1))
def test_the_gain_curve_equals_its_definition(steps, curve, seed):
    energy = np.random.default_rng(seed).exponential(size=steps) ** 4
    gains, expected = np.ones((2, steps + 1), np.float32)
    totals, naive_totals = np.zeros((2, 3))
    dynamics.gain_curve(energy, 2.0, np.array(curve), totals, gains)
    naive_dynamics.gain_curve(energy, 2.0, np.array(curve), naive_totals, expected)
    np.testing.assert_allclose(gains, expected, rtol=1e-5)
    np.testing.assert_allclose(totals, naive_totals, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("crest_window", [0.0, 50.0])
def test_silence_is_not_turned_down(crest_window):
    gains, totals = np.zeros(21, np.float32), np.zeros(3)
    dynamics.gain_curve(
        np.zeros(20), 2.0, np.array([-30.0, 2.0, 6.0, 3.0, 5.0, 9.0, 2.0, crest_window]), totals, gains
    )
    assert gains[1:].tolist() == [1.0] * 20
    assert not totals.any()
