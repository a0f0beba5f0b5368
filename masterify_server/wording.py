"""What the API says to people, in Korean and English: one TOML file a language, chosen by Accept-Language."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

DEFAULT = "ko"  # the documentation's
ELSE = "en"  # for those who ask for neither
FOLDER = Path(__file__).parent / "messages"
LANGUAGES = ("ko", "en")


def message(key: str, language: str, words: Mapping[str, Any] | None = None) -> str:
    """Say what a key stands for, with its placeholders filled in.

    >>> message("JOB_NOT_FOUND", "en")
    'There is no such job. Check the job_id, and that it belongs to the account of this key.'
    """
    return table(language)[key].format_map(words or {})


def language_of(accept: str | None) -> str:
    """Choose the language that an Accept-Language header asks for (RFC 9110, 12.5.4); Korean without one.

    >>> language_of(None), language_of("en-US,en;q=0.9"), language_of("en;q=0.1, ko;q=0.9"), language_of("fr")
    ('ko', 'en', 'ko', 'en')
    """
    if accept is None or not accept.strip():
        return DEFAULT
    best, best_q, asked = "", 0.0, False
    for item in accept.split(",")[:20]:
        tag, _, rest = item.partition(";")
        quality = _quality(rest)
        name = tag.strip().lower().replace("_", "-").split("-")[0]  # en_US, as Java writes it
        asked = asked or bool(name and name.isalpha())
        known = DEFAULT if name == "*" else name
        if known in LANGUAGES and quality > best_q:
            best, best_q = known, quality
    return best or (ELSE if asked else DEFAULT)


@cache
def table(language: str) -> Mapping[str, str]:
    """Every message of a language, by ``CODE`` or ``CODE.detail``."""
    text = (FOLDER / f"{language}.toml").read_text(encoding="utf-8")
    flat: dict[str, str] = {}
    for code, held in tomllib.loads(text).items():
        if isinstance(held, str):
            flat[code] = held
        else:
            flat.update({f"{code}.{detail}" if detail else code: words for detail, words in held.items()})
    return flat


def _quality(rest: str) -> float:
    name, _, number = rest.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        quality = float(number)
    except ValueError:
        return 0.0
    return quality if 0.0 <= quality <= 1.0 else 0.0
