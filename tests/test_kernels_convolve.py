"""The FFT convolution against sums of products and numpy's transform."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masterify_core.kernels import convolve
from tests.oracles import naive_convolve

SIZES = [(8, 8), (16, 8), (8, 32), (64, 16)]  # radix 2 at the end of either, of both, of none
RELATIVE_ERROR = 2e-6  # float32 transforms of up to 1024 points


def cosine_and_sine(turns):
    return np.stack([np.cos(2 * np.pi * turns), -np.sin(2 * np.pi * turns)]).astype(np.float32)


def tables(rows, columns):
    """Twiddles as the kernels' docstrings define them."""
    row_of = np.array([naive_convolve.frequency_of(r, rows) for r in range(rows)])
    turn = cosine_and_sine(np.outer(row_of, np.arange(columns)) / (rows * columns))
    return turn, cosine_and_sine(np.arange(rows) / rows), cosine_and_sine(np.arange(columns) / columns)


def transformed(re, im):
    rows, columns = re.shape
    out = np.empty((2, columns, rows), np.float32)
    convolve.spectrum(re.copy(), im.copy(), *tables(rows, columns), *out)
    return out


def filtered(x, mid_side, filters, size):
    rows, columns = size
    h = np.empty((len(filters), 2, columns, rows), np.float32)
    for taps, spectrum in zip(filters, h, strict=True):
        block = np.zeros((2, rows, columns), np.float32)
        block[0].reshape(-1)[: len(taps)] = taps / (rows * columns)
        spectrum[:] = transformed(*block)
    work, turned = np.empty((2, rows, columns), np.float32), np.empty((2, columns, rows), np.float32)
    out = np.full_like(x, np.nan)  # nothing of it is read before it is written
    convolve.convolve(x, mid_side, h, len(filters[0]), *tables(rows, columns), work, turned, out)
    return out


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_spectrum_is_the_transform_in_digit_reversed_order(size):
    re, im = np.random.default_rng(4).normal(size=(2, *size)).astype(np.float32)
    expected = np.empty((2, size[1], size[0]))
    naive_convolve.spectrum(re, im, *expected)
    np.testing.assert_allclose(transformed(re, im), expected, atol=RELATIVE_ERROR * np.abs(expected).max())


@pytest.mark.parametrize("size", SIZES, ids=str)
@settings(deadline=None, max_examples=15)
@given(
    kind=st.sampled_from([(1, 0, 1), (2, 0, 1), (2, 0, 2), (2, 1, 2)]),  # channels, mid and side, filters
    frames=st.integers(1, 300),
    taps=st.integers(0, 12).map(lambda k: 2 * k + 1),
    seed=st.integers(0, 2**32 - 1),
)
def test_convolution_equals_its_definition(size, kind, frames, taps, seed):
    rng, (channels, mid_side, count) = np.random.default_rng(seed), kind
    x, filters = rng.normal(size=(channels, frames)).astype(np.float32), rng.normal(size=(count, taps))
    expected = np.empty(x.shape)
    naive_convolve.convolve(x, mid_side, filters, expected)
    np.testing.assert_allclose(filtered(x, mid_side, filters, size), expected, atol=40 * RELATIVE_ERROR)


@pytest.mark.parametrize("mid_side", [0, 1])
@pytest.mark.parametrize("frames", [1, 39, 40, 41, 80, 81])
def test_block_boundaries_leave_no_seam(frames, mid_side):
    """With 25 taps in 64 points a block brings 40 frames, a pair of blocks 80."""
    x = np.random.default_rng(frames).normal(size=(2, frames)).astype(np.float32)
    expected = np.empty(x.shape)
    filters = [np.hanning(27)[1:-1], np.hamming(25)]
    naive_convolve.convolve(x, mid_side, filters, expected)
    np.testing.assert_allclose(filtered(x, mid_side, filters, (8, 8)), expected, atol=1e-4)
