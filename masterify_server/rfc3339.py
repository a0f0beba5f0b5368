"""Times as the API writes them: RFC 3339, UTC, milliseconds."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache


@lru_cache(4096)  # who waits for a job reads the same times again and again
def time_text(at_ms: int) -> str:
    """Word a time given in milliseconds since 1970.

    >>> time_text(1_764_000_000_123)
    '2025-11-24T16:00:00.123Z'
    """
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def time_or_none(at_ms: int | None) -> str | None:
    """As `time_text`; None stays None."""
    return None if at_ms is None else time_text(at_ms)
