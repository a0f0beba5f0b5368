"""Quantiles and medians against numpy's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from masterify_core.metering.statistics import median, quantiles


@settings(deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30), st.lists(st.floats(0.0, 1.0), max_size=4))
def test_quantiles_and_median_are_those_of_numpy(values, shares):
    np.testing.assert_allclose(quantiles(values, shares), np.quantile(values, shares), rtol=1e-9, atol=1e-9)
    columns = np.outer(values, [1.0, -2.0])
    np.testing.assert_allclose(
        quantiles(columns, shares), np.quantile(columns, shares, axis=0), rtol=1e-9, atol=1e-9
    )
    assert median(values) == pytest.approx(np.median(values), rel=1e-12, abs=1e-12)


def test_a_median_may_be_infinite():
    assert median([1.0, np.inf, np.inf]) == np.inf
    assert median([2.0, 3.0, np.inf, np.inf]) == np.inf
