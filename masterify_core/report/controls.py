"""The player for pages of others: its controls in one language, and its script."""

from __future__ import annotations

from functools import cache, partial
from importlib.resources import files
from pathlib import Path
from typing import Any

from masterify_core.report.texts import one

PLAYER = Path(__file__).with_name("player.js")
"""The script of the player; a page of its own starts it with ``startPlayer(element, bytesOf)``."""


@cache
def controls(language: str, seconds: float) -> Any:
    """Answer the markup that ``player.js`` expects beside the buttons of its sounds, for excerpts of ``seconds``."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    room = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = room.from_string((files(__package__) / "controls.html").read_text(encoding="utf-8"))
    return Markup(template.render(t=partial(one, language), preview_s=seconds, kbps=None))  # noqa: S704
