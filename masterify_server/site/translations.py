"""The texts of the API's description in Korean, each beside the English one that it is of: a changed text asks for a new one."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

FILE = Path(__file__).parent / "openapi.ko.toml"


def say(text: str, language: str) -> str:
    """A text of the description in a language; what has no translation stays English, which the tests refuse.

    >>> say("Master a song", "ko"), say("Master a song", "en")
    ('곡 마스터링하기', 'Master a song')
    """
    if language == "en" or not text:
        return text
    return korean().get(key(text), text)


@cache
def korean() -> Mapping[str, str]:
    """Every translation by its English text, line breaks evened out."""
    held = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return {key(each["en"]): each["ko"] for each in held["text"]}


def key(text: str) -> str:
    r"""A text with its line breaks inside paragraphs evened out.

    >>> key("One\ntwo.")
    'One two.'
    """
    return "\n\n".join(" ".join(block.split()) for block in text.strip().split("\n\n"))
