"""The loops of declicking against their twins."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masterify_core.kernels import clicks
from tests.oracles import naive_clicks

WINDOW = np.hanning(2 * clicks.BLOCK + 1)[:-1].astype(np.float32)
CONTEXT = np.hanning(2 * clicks.CONTEXT + 1)[:-1].astype(np.float32)
SIMILAR = 1e-3  # autocorrelations are float32; errors are divided by their mean


def scratch(window):
    return np.zeros(len(window) + clicks.ORDER, np.float32), np.zeros((3, clicks.ORDER + 1))


def music(frames, seed, clicked=()):
    rng = np.random.default_rng(seed)
    n = np.arange(frames)
    x = 0.3 * np.sin(n * 0.05) + 0.1 * np.sin(n * 0.31 + 1.0) + 0.005 * rng.standard_normal(frames)
    for at, height in clicked:
        x[at] += height
    return x.astype(np.float32)


@settings(deadline=None, max_examples=12)
@given(
    frames=st.sampled_from([1, 40, 2048, 5000]),
    seed=st.integers(0, 1000),
    places=st.lists(st.tuples(st.integers(0, 4999), st.sampled_from([-0.5, 0.3])), max_size=4),
)
def test_the_search_equals_its_definition(frames, seed, places):
    x = music(frames, seed, [(at, height) for at, height in places if at < frames])
    found, expected = np.zeros((9, 5)), np.zeros((9, 5))
    e = np.zeros(clicks.BLOCK + 2 * clicks.GUARD, np.float32)
    count = clicks.find_clicks(x, WINDOW, 12.0, 44, 400, *scratch(WINDOW), e, found)
    assert count == naive_clicks.find_clicks(x, WINDOW, 12.0, 44, 400, expected)
    np.testing.assert_allclose(found, expected, rtol=SIMILAR, atol=SIMILAR)


@pytest.mark.parametrize("at", [0, 3, 700, 1990])
def test_mending_equals_its_definition(at):
    x = music(2000, 5)
    expected = x.copy()
    clicks.mend(x, at, 10, CONTEXT, 2, *scratch(CONTEXT), np.zeros((clicks.LONGEST, clicks.LONGEST + 1)))
    naive_clicks.mend(expected, at, 10, CONTEXT, 2)
    np.testing.assert_allclose(x, expected, atol=SIMILAR)


def test_more_clicks_than_there_is_room_for_are_counted_all_the_same():
    x = music(20_000, 1, [(at, 0.5) for at in range(1000, 20_000, 2000)])
    found = np.zeros((3, 5))
    e = np.zeros(clicks.BLOCK + 2 * clicks.GUARD, np.float32)
    assert clicks.find_clicks(x, WINDOW, 12.0, 44, 400, *scratch(WINDOW), e, found) == 10
    assert found[:, 0].tolist() == [1000, 3000, 5000]
