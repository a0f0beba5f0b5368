"""Dips, from their definition: an immediate reduction of the whole song."""

import numpy as np

from tests.oracles import naive_limiting


def dip(x, peaks, ceiling, group, ahead, boxes):
    needed = 1.0 - ceiling / np.maximum(peaks.astype(np.float64), ceiling)
    reduction = np.empty(len(peaks))
    naive_limiting.reduction(needed, ahead, boxes, 1.0, 1.0, 1.0, reduction)
    naive_limiting.apply_reduction(x.astype(np.float64), reduction, 1.0, group, x)
