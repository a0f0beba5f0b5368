"""Sessions of the dashboard: begun by a log-in, ended by their owner, by time or by a new password."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from masterify_server.store.calls import Call, as_bool, pairs
from masterify_server.store.users import digest, folded

SESSION_MS = 14 * 24 * 3600 * 1000
"""The longest that a session lasts, however much it is used."""

IDLE_MS = 24 * 3600 * 1000
"""How long one lasts that is not used."""

LONGEST_AGENT = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Who is logged in, and with what (``agent``) from where (``address``) they have logged in.

    ``handle`` names the session to its owner and lets nobody in.
    """

    handle: str
    email: str
    account_id: str
    created_ms: int
    seen_ms: int
    agent: str
    address: str


def new_session_id() -> str:
    """256 random bits for a cookie; the store only knows its SHA-256."""
    return secrets.token_urlsafe(32)


def start_session(
    session_id: str, email: str, password_hash: str, *, agent: str = "", address: str = "",
    lifetime_ms: int = SESSION_MS, idle_ms: int = IDLE_MS,
) -> Call[bool]:  # fmt: skip
    """Begin a session of a user whose password was right; False if the user is gone or has another password by now."""
    told = (agent[:LONGEST_AGENT], address)
    return Call(
        "start_session",
        (digest(session_id), folded(email), password_hash, lifetime_ms, idle_ms, *told),
        as_bool,
    )


def read_session(session_id: str, idle_ms: int = IDLE_MS) -> Call[Session | None]:
    """Who a session belongs to, which counts as its being used; None if it has ended."""
    handle = digest(session_id)
    return Call("read_session", (handle, idle_ms), lambda answer: _session(handle, answer))


def list_sessions(email: str) -> Call[list[Session]]:
    """Sessions of a user, the one used last first."""
    return Call("list_sessions", (folded(email),), _sessions)


def end_session(session_id: str) -> Call[bool]:
    """Log out."""
    return Call("end_session", (digest(session_id),), as_bool)


def end_one(email: str, handle: str) -> Call[bool]:
    """End a session by its handle; False if the user has no such one."""
    return Call("end_sessions", (folded(email), handle, ""), as_bool)


def end_others(email: str, session_id: str) -> Call[int]:
    """End every session of a user but this one; answers how many."""
    return Call("end_sessions", (folded(email), "", digest(session_id)), int)


def _session(handle: str, answer: str) -> Session | None:
    held = pairs(answer)
    if not held:
        return None
    return Session(
        handle=handle, email=held["email"], account_id=held["account_id"], created_ms=int(held["created_ms"]),
        seen_ms=int(held["seen_ms"]), agent=held["agent"], address=held["address"],
    )  # fmt: skip


def _sessions(answer: Sequence[Any]) -> list[Session]:
    found = [session for handle, record in answer if (session := _session(handle, record))]
    return sorted(found, key=lambda session: (-session.seen_ms, session.handle))
