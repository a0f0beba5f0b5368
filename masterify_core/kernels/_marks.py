"""Marks of helpers that kernels call; from Python each is the plain function."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """Mark a helper that kernels may call."""
    function.__masterify_inlined__ = True  # type: ignore[attr-defined]
    return function


def apart(function: Callable[P, R]) -> Callable[P, R]:
    """Mark a helper in which no array that is written overlaps another: its loops then run without looking whether they do."""
    function.__masterify_apart__ = True  # type: ignore[attr-defined]
    return inlined(function)
