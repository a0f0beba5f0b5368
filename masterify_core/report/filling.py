"""Fills the pages: what all of them share, so that each is one file that needs nothing else."""

from __future__ import annotations

import base64
import hashlib
import math
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from masterify_core.plotting.axes import clock
from masterify_core.report import texts

NOTHING = "–"


def filled(page: str, **values: Any) -> str:
    """Fill a page's template; style and script are inside, and the page allows no others."""
    from jinja2 import DictLoader, Environment, StrictUndefined
    from markupsafe import Markup

    style, script = _part("page.css"), _part("player.js") + _part("page.js")
    room = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        loader=DictLoader({"controls.html": _part("controls.html")}),
    )  # fmt: skip
    room.globals.update(
        t=texts.both, reason=texts.reason, stage=texts.stage, num=number, clock=clock, host=_host
    )
    return room.from_string(page).render(
        style=Markup(style), script=Markup(script), style_hash=_hash(style), script_hash=_hash(script),  # noqa: S704
        **values,
    )  # fmt: skip


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


def _part(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def _host(url: str) -> str:
    return urlsplit(url).hostname or url
