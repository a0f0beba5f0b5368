"""Quantisation with dither against its twin."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masterify_core.kernels import noise
from tests.oracles import naive_noise

SHAPES = (np.zeros(0), np.array([0.9]), np.array([1.6, -1.2, 0.5, -0.3]))


def quantised(x, start, frames, gain, bits, dither, seed, shape):
    """Words and final errors, by the kernel and by the twin."""
    answers = []
    for twin in (False, True):
        out = np.full((frames, len(x)), 7, np.int32)
        errors = np.zeros((len(x), len(shape) + noise.STRETCH))
        if twin:
            naive_noise.quantise(x, start, gain, bits, dither, seed, shape, errors, noise.STRETCH, out)
            errors[:, : len(shape)] = errors[:, : len(shape)][:, ::-1]  # the kernel keeps the newest last
        else:
            words = np.empty((len(x), noise.STRETCH))
            noise.quantise(x, start, gain, bits, dither, seed, shape, errors, words, out)
        answers.append((out, errors[:, : len(shape)]))
    return answers


@settings(deadline=None, max_examples=60)
@given(
    channels=st.integers(1, 3),
    frames=st.integers(0, 90),
    start=st.integers(0, 40),
    level=st.sampled_from([1e-5, 1e-3, 0.1, 3.0]),
    gain=st.floats(0.1, 2.0),
    bits=st.sampled_from([16, 24]),
    dither=st.sampled_from([0.0, 1.0]),
    seed=st.integers(0, 2**40),
    shape=st.sampled_from(SHAPES),
)
def test_quantise_equals_its_definition(channels, frames, start, level, gain, bits, dither, seed, shape):
    x = level * np.random.default_rng(seed).normal(size=(channels, start + frames + 5))
    (out, errors), (expected, naive_errors) = quantised(
        x.astype(np.float32), start, frames, gain, bits, dither, seed, shape
    )
    np.testing.assert_array_equal(out, expected)
    np.testing.assert_allclose(errors, naive_errors, atol=1e-6)


@pytest.mark.parametrize("shape", SHAPES[1:], ids=len)
def test_quantise_treats_stretches_of_silence_as_its_definition_does(shape):
    frames = 4 * noise.STRETCH + 77
    x = 0.01 * np.random.default_rng(2).normal(size=(2, frames + 3)).astype(np.float32)
    x[0, 3 + noise.STRETCH : 3 + 3 * noise.STRETCH] = 0.0
    x[1, 3 + 4 * noise.STRETCH :] = 0.0
    (out, errors), (expected, naive_errors) = quantised(x, 3, frames, 1.0, 16, 1.0, 5, shape)
    np.testing.assert_array_equal(out, expected)
    np.testing.assert_allclose(errors, naive_errors, atol=1e-6)
    assert not out[noise.STRETCH : 3 * noise.STRETCH, 0].any()


def test_words_saturate_at_both_ends():
    x = np.array([[9.0, -9.0, 1.0, -1.0]], np.float32)
    (out, _), _ = quantised(x, 0, 4, 1.0, 16, 0.0, 0, SHAPES[0])
    assert (out[:, 0] >> 16).tolist() == [32767, -32768, 32767, -32768]


@settings(deadline=None)
@given(st.integers(1, 3), st.integers(0, 40), st.integers(0, 20), st.floats(0.0, 4.0, width=32))
def test_interleave_equals_its_definition(channels, frames, start, gain):
    x = np.random.default_rng(frames).normal(size=(channels, start + frames + 2)).astype(np.float32)
    out, expected = np.empty((frames, channels), np.float32), np.empty((frames, channels), np.float32)
    noise.interleave(x, start, gain, out)
    naive_noise.interleave(x, start, gain, expected)
    np.testing.assert_allclose(out, expected, rtol=1e-6)
