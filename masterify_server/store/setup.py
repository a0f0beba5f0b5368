"""Set-up links: a token, good once and for a while, with which the owner of an account chooses address and password."""

from __future__ import annotations

import secrets

from masterify_server.refusals import RefusedError
from masterify_server.store.calls import Call, as_bool
from masterify_server.store.users import digest, folded

SETUP_H = 24
SETUP_MS = SETUP_H * 3600 * 1000


def new_token() -> str:
    """192 random bits; the store only knows their SHA-256."""
    return secrets.token_urlsafe(24)


def make_setup(account_id: str, token: str, by: str, lifetime_ms: int = SETUP_MS) -> Call[bool]:
    """Let a token set an account up; the one before it is no longer good. False if there is no such account."""
    return Call("make_setup", (account_id, digest(token), lifetime_ms, by), as_bool)


def read_setup(token: str) -> Call[str | None]:
    """The account that a token sets up; None if it is used up or too old. Asking does not use it up."""
    return Call("read_setup", (digest(token),), lambda answer: answer or None)


def use_setup(token: str, email: str, password_hash: str) -> Call[None]:
    """Make the user and use the token up, both or neither.

    Raises
    ------
    RefusedError
        ``SETUP_EXPIRED``; ``EMAIL_TAKEN`` by another account.
    """
    return Call("use_setup", (digest(token), folded(email), password_hash), _done)


def _done(answer: str) -> None:
    if answer != "OK":
        raise RefusedError(answer)
