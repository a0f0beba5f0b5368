"""API keys: made once, shown once, stored as SHA-256 only; and the one call that begins every request."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from masterify_server.plans import Plans
from masterify_server.refusals import RefusedError
from masterify_server.store.calls import Call, as_bool, number_or_none, pairs, refused
from masterify_server.store.rates import Rate, rate_of

Kind = Literal["live", "test"]

ROTATION_GRACE_MS = 24 * 3600 * 1000
"""How long the old key works beside the one that replaces it."""

SCOPES = ("jobs:read", "jobs:write")
KEY_FORM = re.compile(r"aim_(?:live|test)_[0-9a-f]{32}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """What is known of a key: enough to recognise it (``prefix``…``last4``), not enough to use it.

    A rotated key has a ``revoked_ms`` that lies ahead until its grace is over.
    """

    key_id: str
    name: str
    kind: Kind
    prefix: str
    last4: str
    scopes: tuple[str, ...]
    created_ms: int
    last_used_ms: int | None
    revoked_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key at the only moment it can be read; ``secret`` is shown once and stored nowhere."""

    key_id: str
    secret: str

    @property
    def digest(self) -> str:
        """What is stored instead of the key."""
        return digest_of(self.secret)

    @property
    def prefix(self) -> str:
        """``aim_live_`` and the first four digits."""
        return self.secret[:13]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Whose request it is, what the account has, and whether its plan's rate lets it ask now (``rate.allowed``)."""

    account_id: str
    account_name: str
    plan: str
    credits: int
    active_jobs: int
    key_id: str
    kind: Kind
    scopes: tuple[str, ...]
    rate: Rate


def new_key(kind: Kind = "live") -> NewKey:
    """A key of 128 random bits, as documented: ``aim_live_`` and 32 hex digits."""
    return key_of(secrets.token_bytes(32), kind)


def key_of(seed: bytes, kind: Kind = "live") -> NewKey:
    """The key that belongs to a secret seed: a form that is sent twice makes one key, and shows it both times."""
    made = hashlib.shake_256(b"key" + seed).hexdigest(28)
    return NewKey(key_id=f"key_{made[:24]}", secret=f"aim_{kind}_{made[24:]}")


def digest_of(secret: str) -> str:
    """SHA-256, hex. Fast is right here: 128 random bits cannot be guessed, whatever a guess costs."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def authorize(secret: str, plans: Plans) -> Call[Caller | None]:
    """Find a key's account and take one request from its rate; None for every kind of bad key.

    A key of the wrong form is looked up like any other, so that each bad key costs the same work.
    """
    return Call("authorize", (digest_of(secret), plans.as_argument, ""), _caller)


def create_key(
    account_id: str,
    key: NewKey,
    name: str,
    plans: Plans,
    by: str,
    kind: Kind = "live",
    scopes: Sequence[str] = SCOPES,
) -> Call[None]:
    """Store a new key.

    Raises
    ------
    RefusedError
        ``UNKNOWN_ACCOUNT``, ``UNKNOWN_PLAN``; ``KEY_LIMIT`` with the plan's ``limit``; ``KEY_EXISTS`` if this very key
        was made more than two minutes ago (until then, making it again changes nothing).
    """
    fields = (
        "key_id",
        key.key_id,
        "name",
        name,
        "kind",
        kind,
        "prefix",
        key.prefix,
        "last4",
        key.secret[-4:],
    )
    return Call(
        "create_key",
        (account_id, key.key_id, key.digest, plans.as_argument, by, *fields, "scopes", " ".join(scopes)),
        _created,
    )


def list_keys(account_id: str) -> Call[list[ApiKey]]:
    """All keys of an account, revoked ones too, oldest first."""
    return Call("list_keys", (account_id,), lambda answer: [_key(pairs(each)) for each in answer])


def rename_key(account_id: str, key_id: str, name: str, by: str) -> Call[bool]:
    """Give a key another name; False if the account has no such key."""
    return Call("rename_key", (account_id, key_id, name, by), as_bool)


def revoke_key(account_id: str, key_id: str, by: str) -> Call[bool]:
    """Stop a key now; False if the account has no such key."""
    return Call("revoke_key", (account_id, key_id, by), as_bool)


def rotate_key(
    account_id: str, key_id: str, key: NewKey, by: str, grace_ms: int = ROTATION_GRACE_MS
) -> Call[bool]:
    """Replace a key by a new one with its name, kind and scopes; the old one works until the grace is over.

    False if the account has no such key, or it is revoked already.
    """
    return Call(
        "rotate_key",
        (account_id, key_id, grace_ms, by, key.key_id, key.digest, key.prefix, key.secret[-4:]),
        as_bool,
    )


def _caller(answer: Any) -> Caller | None:
    return caller_of(json.loads(answer[0])) if answer else None


def caller_of(held: Sequence[Any]) -> Caller:
    """Read what the script ``authorize`` answered."""
    account_id, name, plan, credits_left, active, key_id, kind, scopes, rate = held
    return Caller(
        account_id=account_id, account_name=name, plan=plan, credits=credits_left, active_jobs=active, key_id=key_id,
        kind=kind, scopes=tuple(scopes.split()), rate=rate_of(rate),
    )  # fmt: skip


def _created(answer: Sequence[Any]) -> None:
    if answer[0] == "KEY_LIMIT":
        raise refused(answer, "limit")
    if answer[0] != "OK":
        raise RefusedError(answer[0])


def _key(held: dict[str, str]) -> ApiKey:
    kind: Kind = "test" if held["kind"] == "test" else "live"
    return ApiKey(
        key_id=held["key_id"], name=held["name"], kind=kind, prefix=held["prefix"], last4=held["last4"],
        scopes=tuple(held["scopes"].split()), created_ms=int(held["created_ms"]),
        last_used_ms=number_or_none(held.get("last_used_ms")), revoked_ms=number_or_none(held.get("revoked_ms")),
    )  # fmt: skip
