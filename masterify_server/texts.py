"""Texts that people give and others read (names, notes, e-mail addresses): one line, no longer than there is room for."""

from __future__ import annotations

import re

from masterify_server.errors import ApiError

LONGEST_NAME = 100
"""Characters of the name of an account or a key."""
LONGEST_NOTE = 200
"""Characters of a note in the ledger, and of what an endpoint is for."""
LONGEST_EMAIL = 254
"""Characters (RFC 5321, 4.5.3.1.3: a path has 256 octets, two of them are brackets)."""
LONGEST_LOCAL = 64
"""Characters before the @ (RFC 5321, 4.5.3.1.1)."""

_BREAKS_LINES = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, line ends, text-direction overrides, and lone surrogates, which are no text."""
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+")


def line(param: str, text: str, longest: int) -> str:
    r"""Check a text of one line; ``param`` names the field that it was given in.

    Raises
    ------
    ApiError
        ``INVALID_PARAMETER`` with ``param``.

    Examples
    --------
    >>> line("note", "스튜디오 👩‍🎤", 20)
    '스튜디오 👩‍🎤'
    >>> line("note", "a\nb", 20)
    Traceback (most recent call last):
    masterify_server.errors.ApiError: INVALID_PARAMETER (param note)
    """
    if len(text) > longest:
        raise ApiError("INVALID_PARAMETER", "too_long", param=param, limit=longest)
    if _BREAKS_LINES.search(text):
        raise ApiError("INVALID_PARAMETER", "line", param=param)
    return text


def name(text: str, param: str = "name") -> str:
    """Check the name of an account or a key, which may not be empty; blanks around it do not count."""
    trimmed = line(param, text.strip(" \t"), LONGEST_NAME).strip()
    if not trimmed:
        raise ApiError("INVALID_PARAMETER", "empty", param=param)
    return trimmed


def note(text: str, param: str = "note") -> str:
    """Check a note, which may be empty; blanks around it do not count."""
    return line(param, text.strip(" \t"), LONGEST_NOTE)


def email(text: str, param: str = "email") -> str:
    """Check an e-mail address as far as can be told without sending to it; answers it as users are found by it.

    >>> email(" Ann@Example.com ")
    'ann@example.com'
    """
    address = line(param, text.strip(" \t"), LONGEST_EMAIL).casefold()
    if not _EMAIL.fullmatch(address) or len(address.partition("@")[0]) > LONGEST_LOCAL:
        raise ApiError("INVALID_PARAMETER", "email", param=param)
    return address
