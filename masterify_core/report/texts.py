"""The words of the page: one table, two languages."""

from __future__ import annotations

import re
import tomllib
from functools import cache, partial
from importlib.resources import files
from typing import Any

LANGUAGES = ("en", "ko")


@cache
def _table(name: str) -> dict[str, Any]:
    return tomllib.loads((files(__package__) / f"{name}.toml").read_text(encoding="utf-8"))


def texts() -> dict[str, list[str]]:
    """Every text: its key, and what it says in each of `LANGUAGES`."""
    found: dict[str, list[str]] = _table("texts")["texts"]
    return found


def both(key: str, **values: object) -> Any:
    """Answer markup that says a text in both languages; the page shows one of them."""
    from markupsafe import Markup, escape

    parts = zip(LANGUAGES, texts()[key], strict=True)
    spans = (
        f'<span class="{language}" lang="{language}">{escape(text.format(**values))}</span>'
        for language, text in parts
    )
    return Markup("".join(spans))  # noqa: S704 - each part is escaped


def one(language: str, key: str, **values: object) -> str:
    """Say a text in one language.

    >>> one("ko", "loop")
    '구간 반복'
    """
    return texts()[key][LANGUAGES.index(language)].format(**values)


def reason_in(language: str, said: str) -> str:
    """Say in one language what the engine says; in English where the table does not know the sentence."""
    return (korean_of(said) if language == "ko" else None) or said


def korean_of(said: str) -> str | None:
    """Say in Korean what the engine says, if the table knows all of it."""
    parts = [_korean(part) for part in said.split("; ")]
    return "; ".join(part for part in parts if part) if all(parts) else None


def reason(said: str) -> Any:
    """Answer markup for what the engine says: in Korean, too, where the table knows the sentence."""
    from markupsafe import Markup, escape

    korean = korean_of(said)
    if korean is None:
        return Markup(f'<span lang="en">{escape(said)}</span>')  # noqa: S704
    return Markup(  # noqa: S704
        f'<span class="en" lang="en">{escape(said)}</span><span class="ko" lang="ko">{escape(korean)}</span>'
    )


def stage(name: str) -> Any:
    """Answer markup for the name of a stage; a stage without words is called by its name."""
    key = f"stage.{name}"
    return both(key) if key in texts() else _plain(name)


def stage_in(language: str, name: str) -> str:
    """Say the name of a stage in one language.

    >>> stage_in("ko", "tone"), stage_in("en", "my_own")
    ('음색', 'My own')
    """
    key = f"stage.{name}"
    return one(language, key) if key in texts() else _plain(name)


def _plain(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _korean(said: str) -> str | None:
    """Say a sentence of the engine in Korean, if its pattern is known."""
    for each in _table("reasons")["reasons"]:
        found = re.fullmatch(each["says"], said)
        if found:
            return str(each["ko"]).format(*map(_words, found.groups()))
    return None


def _words(group: str) -> str:
    """Say in Korean what a sentence has in its middle: directions, regions, what was done."""
    for each in _table("reasons")["terms"]:
        group = re.sub(each["says"], partial(_filled, str(each["ko"])), group)
    return group


def _filled(korean: str, found: re.Match[str]) -> str:
    return korean.format(*found.groups())
