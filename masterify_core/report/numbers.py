"""Numbers as people read them."""

from __future__ import annotations

import math
from typing import Any

NOTHING = "–"


def number(value: Any, digits: int = 1, sign: bool = False) -> str:
    """Write a number for people, with a true minus; a dash where there is none.

    >>> number(-14.004, 2), number(2.5, sign=True), number(None), number(-0.04)
    ('−14.00', '+2.5', '–', '0.0')
    """
    if not isinstance(value, int | float) or not math.isfinite(value):
        return NOTHING
    text = f"{value:+.{digits}f}" if sign else f"{value:.{digits}f}"
    if not float(text):
        text = text.lstrip("+-")
    return text.replace("-", "−")
