"""Fills the pages: what all of them share, so that each is one file that needs nothing else."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from masterify_core.plotting.axes import clock
from masterify_core.report import texts
from masterify_core.report.numbers import number


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


def _part(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def _host(url: str) -> str:
    return urlsplit(url).hostname or url
