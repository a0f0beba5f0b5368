"""The conversion kernels against their twins."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masterify_core.kernels import convert
from tests.oracles import naive_convert

rows = st.integers(0, 67)
channels = st.sampled_from([1, 2])
INFINITE_BITS = 0x7F80_0000
seeds = st.integers(0, 2**32 - 1)


@settings(deadline=None)
@given(rows, channels, st.integers(0, 5), seeds)
def test_deinterleave_equals_its_definition(frames, channels, start, seed):
    bits = np.random.default_rng(seed).integers(0, 2**32, (frames, channels), dtype=np.uint32)
    out, expected = (np.zeros((channels, frames + start + 3), np.uint32) for _ in range(2))
    largest = convert.deinterleave(bits, out, start)
    np.testing.assert_array_equal(out[:, start : start + frames].T, bits)
    naive_convert.deinterleave(bits, expected, start)
    assert not out[:, :start].any()
    assert not out[:, start + frames :].any()
    assert largest == max((int(b) & 0x7FFFFFFF for b in bits.flat), default=0)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, -np.nan])
@pytest.mark.parametrize("channels", [1, 2])
def test_one_bad_sample_among_loud_ones_is_seen(bad, channels):
    block = np.full((999, channels), np.float32(3e38))
    out = np.empty((channels, 999), np.float32)
    seen = convert.deinterleave(block.view(np.uint32), out.view(np.uint32), 0)
    assert seen < INFINITE_BITS
    block[701, channels - 1] = bad
    seen = convert.deinterleave(block.view(np.uint32), out.view(np.uint32), 0)
    assert seen >= INFINITE_BITS


@settings(deadline=None)
@given(rows, channels, st.integers(0, 5), seeds)
def test_unpack_24_equals_its_definition(frames, channels, start, seed):
    count = -(-3 * frames * channels // 4) + 1
    words = np.random.default_rng(seed).integers(0, 2**32, count, dtype=np.uint32)
    out, expected = (np.zeros((channels, frames + start + 3), np.float32) for _ in range(2))
    convert.unpack_24(words, frames, out, start)
    naive_convert.unpack_24(words, frames, expected, start)
    np.testing.assert_array_equal(out, expected)


@settings(deadline=None)
@given(st.integers(0, 67), seeds)
def test_pack_24_equals_its_definition(count, seed):
    samples = np.random.default_rng(seed).integers(0, 2**32, count, dtype=np.uint32)
    words, expected = (np.full(-(-3 * count // 4), 77, np.uint32) for _ in range(2))
    convert.pack_24(samples, words)
    naive_convert.pack_24(samples, expected)
    np.testing.assert_array_equal(words, expected)


@settings(deadline=None)
@given(st.integers(1, 67), channels, seeds)
def test_packing_undoes_unpacking(frames, channels, seed):
    samples = np.random.default_rng(seed).integers(-(2**23), 2**23, (frames, channels)) << 8
    packed = np.zeros(-(-3 * frames * channels // 4) + 1, np.uint32)
    convert.pack_24(samples.astype(np.int32).reshape(-1).view(np.uint32), packed[:-1])
    out = np.empty((channels, frames), np.float32)
    convert.unpack_24(packed, frames, out, 0)
    np.testing.assert_array_equal(out.T * 2.0**31, samples)
