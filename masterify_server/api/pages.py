"""Pages made on the server: templates, and the little Markdown that the API's description uses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape
from starlette.responses import HTMLResponse

if TYPE_CHECKING:
    from jinja2 import Environment

FOLDER = Path(__file__).parents[1] / "templates"
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
BOLD = re.compile(r"\*\*([^*]+)\*\*")
CODE, LINK = re.compile(r"`([^`]+)`"), re.compile(r"\[([^\]]+)\]\((https://[^)\s]+|/[\w.-][^)\s]*)\)")


def page(template: str, values: Mapping[str, Any]) -> HTMLResponse:
    """Render a template of the folder ``templates``; nothing on it runs or is loaded."""
    return HTMLResponse(render(template, values), headers={"Content-Security-Policy": POLICY})


def render(template: str, values: Mapping[str, Any]) -> str:
    """Fill a template in; everything is escaped, and what it names must be there."""
    return _environment().get_template(template).render(values)


def prose(text: str) -> Markup:
    """Paragraphs, code, bold words and links, as HTML; everything else is escaped.

    >>> prose("Send `file`.")
    Markup('<p>Send <code>file</code>.</p>')
    """
    blocks = (block for block in text.strip().split("\n\n") if block.strip())
    return Markup("\n").join(Markup("<p>%s</p>") % inline(" ".join(block.split("\n"))) for block in blocks)


def inline(text: str) -> Markup:
    """Code, bold words and links of one line."""
    safe = str(escape(text.strip()))
    safe = BOLD.sub(r"<strong>\1</strong>", CODE.sub(r"<code>\1</code>", safe))
    return Markup(LINK.sub(r'<a href="\2">\1</a>', safe))  # noqa: S704 - escaped above


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # 0.1 s that the start need not pay

    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"prose": prose, "inline": inline}
    return environment
