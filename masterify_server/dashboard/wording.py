"""What the dashboard says to people: TOML files a language in ``texts``, and which language a request gets."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from starlette.requests import Request

from masterify_server.wording import LANGUAGES

FOLDER = Path(__file__).parent / "texts"
LANGUAGE_COOKIE = "masterify_language"


def choose_language(request: Request) -> str:
    """Take the language that was chosen on a page before that of the browser; errors of this request follow it."""
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    if chosen in LANGUAGES:
        request.state.language = chosen
    language: str = request.state.language
    return language


def text(key: str, language: str, values: Mapping[str, Any] | None = None) -> str:
    """Say what a key stands for, with its placeholders filled in.

    >>> text("login.title", "en")
    'Log in'
    """
    return texts(language)[key].format_map(values or {})


@cache
def texts(language: str) -> Mapping[str, str]:
    """Every text of a language, by ``table.key``."""
    found = sorted(FOLDER.glob(f"{language}.*toml"))
    return dict(pair for path in found for pair in _flat(tomllib.loads(path.read_text(encoding="utf-8"))))


def _flat(table: Mapping[str, Any], before: str = "") -> list[tuple[str, str]]:
    """Take nested tables apart into dotted keys.

    >>> _flat({"a": {"b": "c"}, "d": "e"})
    [('a.b', 'c'), ('d', 'e')]
    """
    found: list[tuple[str, str]] = []
    for name, held in table.items():
        found += _flat(held, f"{before}{name}.") if isinstance(held, dict) else [(before + name, held)]
    return found
