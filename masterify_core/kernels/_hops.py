"""Where the 10 ms hops of the loudness meter begin, for every kernel that sums energy in them."""

from __future__ import annotations

from masterify_core.kernels._marks import inlined

HOPS_PER_SECOND = 100


@inlined
def hop_start(hop: int, rate: int) -> int:
    """First frame of a hop, ``round(hop * rate / 100)``, halves up."""
    return (2 * hop * rate + HOPS_PER_SECOND) // (2 * HOPS_PER_SECOND)
