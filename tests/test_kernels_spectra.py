"""The kernel of the spectrum meter against its twin."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from masterify_core.filters import fourier_of
from masterify_core.kernels import spectra
from tests.oracles import naive_spectra

SIZES = [(8, 8), (32, 8), (16, 16)]


@settings(deadline=None)
@given(
    st.data(),
    st.integers(1, 2),
    st.integers(1, 900),
    st.sampled_from(SIZES),
    st.integers(0, 1),
    st.integers(0, 2**32 - 1),
)
def test_powers_of_blocks_equal_their_definition(data, channels, frames, shape, mid_side, seed):
    rng, table = np.random.default_rng(seed), fourier_of(*shape)
    x, window = (
        rng.normal(size=(channels, frames)).astype(np.float32),
        rng.random(table.size).astype(np.float32),
    )
    starts = np.array(data.draw(st.lists(st.integers(0, frames), max_size=4)), np.int64)
    edges = np.array(sorted(data.draw(st.lists(st.integers(1, table.size // 2 + 1), min_size=1, max_size=6))))
    out, expected = np.empty((2, len(starts), 2, len(edges) - 1))
    block, turned = np.empty((2, *shape), np.float32), np.empty((2, table.size), np.float32)
    spectra.block_powers(
        x, starts, mid_side, window, table.turn, table.rows, table.columns, table.order, edges, block,
        turned.reshape(2, *shape[::-1]), turned, out,
    )  # fmt: skip
    naive_spectra.block_powers(x, starts, mid_side, window, edges, expected)
    np.testing.assert_allclose(out, expected, rtol=1e-4, atol=1e-4)
