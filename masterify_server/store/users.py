"""People who log in to the dashboard: their addresses and password hashes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from masterify_server.refusals import RefusedError
from masterify_server.store.calls import Call, as_bool, pairs


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person of an account; ``password_hash`` is argon2id's (`masterify_server.passwords`)."""

    email: str
    account_id: str
    password_hash: str
    created_ms: int


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


def list_users(account_id: str) -> Call[list[str]]:
    """Addresses of everybody who can log in to an account."""
    return Call("list_users", (account_id,), sorted)


def delete_user(account_id: str, email: str, by: str) -> Call[bool]:
    """Let somebody log in no more, and end their sessions; False if the account has no such user."""
    return Call("delete_user", (account_id, folded(email), by), as_bool)


def change_password(email: str, password_hash: str, new_hash: str, session_id: str) -> Call[bool]:
    """Give a user another password; every session but this one ends.

    False if ``password_hash``, which was asked for, is no longer the user's.
    """
    return Call("change_password", (folded(email), password_hash, new_hash, digest(session_id)), as_bool)


def folded(email: str) -> str:
    """An e-mail address as it is stored: two that differ in case only are one."""
    return email.strip().casefold()


def digest(secret: str) -> str:
    """SHA-256, hex: what the store knows of sessions' ids and set-up tokens, which are random and long."""
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
