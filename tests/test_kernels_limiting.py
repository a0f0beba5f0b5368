"""The limiter's loops against their twins."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masterify_core.filters import interpolator
from masterify_core.kernels import dipping, limiting
from tests.oracles import naive_dipping, naive_limiting

GROUP = limiting.GROUP
DETECT = np.ascontiguousarray(interpolator(4, limiting.DETECT_TAPS, 7.5)[1:])
CLIP = interpolator(4, limiting.CLIP_TAPS, 8.5)
DOWN = interpolator(len(CLIP), limiting.CLIP_TAPS, 6.0, 0.87)
SIMILAR = 2e-6  # float32 sums of 24 products of numbers up to about 4
seeds = st.integers(0, 2**32 - 1)
channels = st.integers(1, 2)


def noise(channels, frames, seed):
    return np.random.default_rng(seed).normal(size=(channels, frames)).astype(np.float32)


def groups(frames):
    return -(-frames // GROUP)


def rows(longest):
    """Reductions as they come: mostly none, some large."""
    return st.lists(st.just(0.0) | st.floats(0.0, 0.875, width=32), min_size=1, max_size=longest).map(
        lambda values: np.array(values, np.float32)
    )


def measured_peaks(x, level, chunk, peaks):
    padded, scratch = np.empty(chunk + limiting.DETECT_TAPS, np.float32), np.empty(chunk, np.float32)
    limiting.group_peaks(x, DETECT, level, padded, scratch, peaks)
    return peaks


@settings(deadline=None, max_examples=40)
@given(channels, st.integers(1, 150), st.sampled_from([16, 24, 64, 256]), seeds)
def test_group_peaks_equal_their_definition(channels, frames, chunk, seed):
    x = noise(channels, frames, seed)
    out = measured_peaks(x, 0.0, chunk, np.ones(groups(frames), np.float32))
    expected = np.empty(groups(frames))
    naive_limiting.group_peaks(x, DETECT, GROUP, expected)
    np.testing.assert_allclose(out, expected, atol=SIMILAR)


@settings(deadline=None, max_examples=40)
@given(channels, st.integers(1, 150), st.sampled_from([16, 64]), st.floats(0.1, 3.0), seeds)
def test_peaks_that_stood_under_the_level_may_stay_and_others_are_measured_anew(
    channels, frames, chunk, level, seed
):
    x = noise(channels, frames, seed)
    old = np.random.default_rng(seed + 1).uniform(0.0, 3.2, groups(frames)).astype(np.float32)
    out = measured_peaks(x, level, chunk, old.copy())
    expected = np.empty(groups(frames))
    naive_limiting.group_peaks(x, DETECT, GROUP, expected)
    anew = np.isclose(out, expected, atol=SIMILAR)
    assert anew[old > level].all()
    np.testing.assert_array_equal(out[~anew], old[~anew])


@settings(deadline=None)
@given(rows(60), st.integers(1, 20))
def test_group_maxima_equal_their_definition(x, group):
    out, expected = np.empty((2, -(-len(x) // group)), np.float32)
    limiting.group_maxima(x, group, out)
    naive_limiting.group_maxima(x, group, expected)
    np.testing.assert_array_equal(out, expected)


@settings(deadline=None)
@given(rows(60), st.integers(0, 70), st.lists(st.sampled_from([0.0, 0.2, 0.5, 1.0]), max_size=3))
def test_sliding_quantiles_equal_their_definition(x, reach, shares):
    out, expected = np.empty((2, len(shares), len(x)), np.float32)
    limiting.sliding_quantiles(x, reach, np.array(shares), np.empty(2 * reach + 1, np.float32), out)
    naive_limiting.sliding_quantiles(x, reach, shares, expected)
    np.testing.assert_array_equal(out, expected)


CEILING = 0.4


def needed(levels):
    return np.maximum(0.0, 1.0 - CEILING / np.maximum(levels.astype(np.float64), CEILING))


def smoothed(levels, ahead, boxes, attack, slow, fast):
    out = np.empty_like(levels)
    scratch = np.empty((2, len(levels)), np.float32)
    limiting.reduction(levels, CEILING, ahead, *boxes, attack, slow, fast, scratch, out)
    return out


def boxes_within(ahead):
    """Three widths whose tails together are no longer than the look-ahead."""
    return st.tuples(*[st.integers(0, ahead // 3)] * 3).map(lambda widths: [1 + width for width in widths])


ballistics = st.tuples(st.floats(1e-3, 1.0), st.floats(1e-4, 0.5), st.floats(1e-3, 1.0))
lookaheads = st.integers(1, 20).flatmap(lambda ahead: st.tuples(st.just(ahead), boxes_within(ahead)))


@settings(deadline=None)
@given(rows(60), lookaheads, ballistics)
def test_the_reduction_equals_its_definition(levels, lookahead, steps):
    ahead, boxes = lookahead
    expected = np.empty(len(levels))
    naive_limiting.reduction(needed(levels), ahead, boxes, *steps, expected)
    np.testing.assert_allclose(smoothed(levels, ahead, boxes, *steps), expected, atol=SIMILAR)


@settings(deadline=None)
@given(rows(200), lookaheads, ballistics)
def test_the_reduction_is_never_less_than_needed_on_either_side_of_a_line(levels, lookahead, steps):
    """A need of group k holds from control point k to k + 1."""
    ahead, boxes = lookahead
    reduction, need = smoothed(levels, ahead, boxes, *steps), needed(levels)
    assert (reduction >= need - SIMILAR).all()
    assert (reduction[1:] >= need[:-1] - SIMILAR).all()


@settings(deadline=None)
@given(st.data(), channels, st.integers(1, 4000), lookaheads, seeds)
def test_dips_equal_an_immediate_reduction_of_the_whole_song(data, channels, frames, lookahead, seed):
    ahead, boxes = lookahead
    peaks = np.zeros(groups(frames), np.float32)
    for place in data.draw(st.lists(st.integers(0, len(peaks) - 1), max_size=5)):
        peaks[place] = data.draw(st.floats(0.0, 2.0, width=32))
    x = noise(channels, frames, seed)
    expected = x.copy()
    naive_dipping.dip(expected, peaks, CEILING, GROUP, ahead, boxes)
    dipping.dip(x, peaks, CEILING, ahead, *boxes, np.empty(dipping.STRETCH + sum(boxes), np.float32))
    np.testing.assert_allclose(x, expected, atol=4 * SIMILAR)


@settings(deadline=None)
@given(channels, st.integers(1, 90), st.sampled_from([8, 16, 128]), rows(20), st.floats(0.1, 4.0), seeds)
def test_apply_reduction_equals_its_definition(channels, frames, chunk, r, gain, seed):
    x = noise(channels, frames, seed)
    out, expected = np.empty_like(x), np.empty(x.shape)
    limiting.apply_reduction(x, r, gain, np.empty((2, chunk), np.float32), out)
    naive_limiting.apply_reduction(x, r, gain, GROUP, expected)
    np.testing.assert_allclose(out, expected, atol=4 * SIMILAR)
    limiting.apply_reduction(x, r, gain, np.empty((2, chunk), np.float32), x)
    np.testing.assert_array_equal(x, out)


@settings(deadline=None)
@given(rows(20), st.integers(1, 17), st.integers(1, 300))
def test_draw_line_equals_its_definition(r, hop, points):
    out, expected = np.empty(points, np.float32), np.empty(points)
    limiting.draw_line(r, hop, out)
    naive_limiting.draw_line(r, hop, expected)
    np.testing.assert_allclose(out, expected, atol=SIMILAR)


def clipped(x, peaks, level, chunk):
    window = np.empty((len(x), chunk + 4 * limiting.CLIP_TAPS), np.float32)
    return limiting.clip(x, peaks, CLIP, DOWN, level, window, np.empty(GROUP, np.float32))


@settings(deadline=None, max_examples=30)
@given(channels, st.integers(1, 400), st.sampled_from([48, 96, 256]), st.floats(0.5, 3.0), seeds)
def test_clip_equals_its_definition(channels, frames, chunk, level, seed):
    """Where groups to clip come and go, and so do chunks without any."""
    x = noise(channels, frames, seed)
    expected, level = x.astype(np.float64), float(np.float32(level))
    kept = np.random.default_rng(seed + 1).random(groups(frames)) < 0.5
    kept |= np.arange(groups(frames)) * GROUP // 128 % 2 == 1
    peaks = np.where(kept, 0.0, 9.0).astype(np.float32)
    points = naive_limiting.clip(expected, peaks, CLIP, DOWN, level, GROUP, limiting.SAFELY_BELOW)
    assert abs(clipped(x, peaks, level, chunk) - points) <= 1  # a point may lie on the level
    np.testing.assert_allclose(x, expected, atol=4 * SIMILAR)


@pytest.mark.parametrize("channels", [1, 2])
def test_nothing_over_the_level_is_nothing_changed(channels):
    x = noise(channels, 300, 6)
    before = x.copy()
    assert clipped(x, np.full(groups(300), 0.5, np.float32), 0.5, 48) == 0
    np.testing.assert_array_equal(x, before)
