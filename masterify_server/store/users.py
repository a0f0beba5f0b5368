"""People who log in to the dashboard: password hashes, and sessions that can be ended."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from masterify_server.refusals import RefusedError
from masterify_server.store.calls import Call, as_bool, pairs

SESSION_MS = 14 * 24 * 3600 * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person of an account; ``password_hash`` is argon2id's (`masterify_server.passwords`)."""

    email: str
    account_id: str
    password_hash: str
    created_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Who is logged in."""

    email: str
    account_id: str
    created_ms: int


def new_session_id() -> str:
    """256 random bits for a cookie; the store only knows its SHA-256."""
    return secrets.token_urlsafe(32)


def put_user(email: str, account_id: str, password_hash: str, by: str) -> Call[None]:
    """Make a user, or change the password of one of this account, which ends all sessions.

    Raises
    ------
    RefusedError
        ``UNKNOWN_ACCOUNT``; ``EMAIL_TAKEN`` by another account.
    """
    return Call("put_user", (folded(email), account_id, password_hash, by), _done)


def read_user(email: str) -> Call[User | None]:
    """A user by e-mail address, whatever its case."""
    return Call("read_user", (folded(email),), _user)


def start_session(session_id: str, email: str, lifetime_ms: int = SESSION_MS) -> Call[bool]:
    """Begin a session of a user whose password was right; False if the user is gone."""
    return Call("start_session", (digest(session_id), folded(email), lifetime_ms), as_bool)


def read_session(session_id: str) -> Call[Session | None]:
    """Who a session belongs to; None if it has ended."""
    return Call("read_session", (digest(session_id),), _session)


def end_session(session_id: str) -> Call[bool]:
    """Log out."""
    return Call("end_session", (digest(session_id),), as_bool)


def folded(email: str) -> str:
    """An e-mail address as it is stored: two that differ in case only are one."""
    return email.strip().casefold()


def digest(secret: str) -> str:
    """SHA-256, hex: what the store knows of a session's id."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def _done(answer: str) -> None:
    if answer != "OK":
        raise RefusedError(answer)


def _user(answer: Sequence[Any]) -> User | None:
    held = pairs(answer)
    if not held:
        return None
    return User(
        email=held["email"], account_id=held["account_id"], password_hash=held["password_hash"],
        created_ms=int(held["created_ms"]),
    )  # fmt: skip


def _session(answer: Sequence[Any]) -> Session | None:
    held = pairs(answer)
    if not held:
        return None
    return Session(email=held["email"], account_id=held["account_id"], created_ms=int(held["created_ms"]))
