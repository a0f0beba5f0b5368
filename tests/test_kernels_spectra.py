"""The kernels of the spectrum meter against their twins."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masterify_core.kernels import spectra
from tests.oracles import naive_spectra


@settings(deadline=None)
@given(st.integers(1, 2), st.integers(1, 150), st.integers(0, 60), st.integers(0, 2**32 - 1))
def test_load_mid_side_equals_its_definition(channels, frames, start, seed):
    rng = np.random.default_rng(seed)
    x, window = rng.normal(size=(channels, frames)).astype(np.float32), rng.random(64).astype(np.float32)
    loaded, expected = np.empty((2, 2, 8, 8), np.float32)
    spectra.load_mid_side(x, window, start, *loaded)
    naive_spectra.load_mid_side(x, window, start, *expected)
    np.testing.assert_allclose(loaded, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("edges", [[1, 33], [1, 2, 3, 20, 33], [1, 1, 7]])
def test_band_powers_are_those_of_mid_and_side_apart(edges):
    rng = np.random.default_rng(3)
    mid, side = rng.normal(size=(2, 64))
    order = rng.permutation(64)
    shuffled = np.empty(64, np.complex64)
    shuffled[order] = np.fft.fft(mid + 1j * side)
    out, expected = np.empty((2, 2, len(edges) - 1))
    re, im = shuffled.real.copy(), shuffled.imag.copy()
    spectra.band_powers(re, im, order, np.array(edges), out)
    naive_spectra.band_powers(mid, side, edges, expected)
    np.testing.assert_allclose(out, expected, rtol=1e-5)
