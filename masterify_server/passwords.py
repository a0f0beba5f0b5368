"""Passwords of the dashboard: argon2id, slow on purpose; call it in a thread, never on the event loop."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from masterify_core.errors import SettingError

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST = 10
LONGEST = 1024
"""Characters; the upper bound keeps a login from hashing megabytes."""


def hash_password(password: str) -> str:
    """Hash with argon2id at the library's settings (RFC 9106, low memory), salt and settings included.

    Raises
    ------
    SettingError
        ``password must have 10 to 1024 characters, got 3``, ``password must be UTF-8``.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise SettingError("password", f"must have {SHORTEST} to {LONGEST} characters, got {len(password)}")
    if not _is_text(password):
        raise SettingError("password", "must be UTF-8")
    return _hasher().hash(password)


def is_right(password: str, password_hash: str | None) -> bool:
    """Whether a password belongs to a hash; without a hash (no such user) it takes as long and says no."""
    from argon2.exceptions import InvalidHashError, VerificationError

    if len(password) > LONGEST or not _is_text(password):
        return False
    try:
        _hasher().verify(password_hash or _nobody(), password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def _is_text(password: str) -> bool:
    """Bytes that are no UTF-8 come as lone surrogates, which nothing can hash."""
    return not any("\ud800" <= c <= "\udfff" for c in password)


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher()


@cache
def _nobody() -> str:
    return _hasher().hash("nobody has this password")
