"""Rate limits: GCRA in the store, one clock and one number a name."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from masterify_server.store.calls import Call

MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Whether a request may pass, and what the rate-limit headers say.

    ``remaining`` requests may follow at once; ``reset_s`` is when all are back, ``retry_after_s`` when the next one
    may be made (0 if this one was allowed). Whole seconds, rounded up: who waits that long is let in.
    """

    allowed: bool
    limit: int
    remaining: int
    reset_s: int
    retry_after_s: int


def throttle(name: str, limit: int, period_ms: int = MINUTE_MS) -> Call[Rate]:
    """Take one turn of anything that must not be too frequent, e.g. ``login:203.0.113.9``."""
    return Call("throttle", (name, limit, period_ms), rate_of)


def rate_of(answer: Sequence[Any]) -> Rate:
    """Read what the script ``take_turn`` answered."""
    allowed, limit, remaining, reset_ms, retry_ms = (int(each) for each in answer)
    return Rate(
        allowed=bool(allowed), limit=limit, remaining=max(0, remaining), reset_s=math.ceil(reset_ms / 1000),
        retry_after_s=math.ceil(retry_ms / 1000),
    )  # fmt: skip
