"""Webhook endpoints of an account: made, changed, tested, removed; as many as the plan allows."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from masterify_server.plans import Plans
from masterify_server.refusals import RefusedError
from masterify_server.store.accounts import new_webhook_secret
from masterify_server.store.calls import Call, as_bool, flat, number_or_none, pairs, refused

EVENTS = ("job.done", "job.failed", "job.canceled")
TEST_EVENT = "webhook.test"
SECRET_GRACE_MS = 24 * 3600 * 1000
"""How long the old secret signs beside the new one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """A webhook endpoint.

    ``disabled_reason`` is ``owner``, ``gone`` (it answered 410) or ``failing`` (for days); enabling it begins anew.
    ``secret`` is for the answer that makes or rotates it, and for nothing else.
    """

    webhook_id: str
    account_id: str
    url: str
    events: tuple[str, ...]
    description: str
    secret: str
    created_ms: int
    disabled_ms: int | None
    disabled_reason: str | None
    failing_since_ms: int | None

    @property
    def enabled(self) -> bool:
        """Whether events are sent to it."""
        return self.disabled_ms is None


def new_webhook_id() -> str:
    """``whk_`` and 96 random bits."""
    return f"whk_{secrets.token_hex(12)}"


def webhook_id_of(seed: bytes) -> str:
    """The id that belongs to a seed: a form that is sent twice makes one endpoint."""
    return f"whk_{hashlib.sha256(b'id' + seed).hexdigest()[:24]}"


def new_message_id() -> str:
    """``evt_`` and 128 random bits."""
    return f"evt_{secrets.token_hex(16)}"


def create_hook(
    account_id: str, webhook_id: str, url: str, events: Sequence[str], description: str, plans: Plans, by: str
) -> Call[Hook]:
    """Make an endpoint with a new secret; address and events must have been checked.

    Raises
    ------
    RefusedError
        ``WEBHOOK_LIMIT`` (``limit``), ``UNKNOWN_ACCOUNT``, ``UNKNOWN_PLAN``; ``WEBHOOK_EXISTS`` if this very endpoint was made
        more than two minutes ago.
    """
    fields = flat(
        {"url": url, "events": ",".join(events), "description": description, "secret": new_webhook_secret()}
    )
    return Call("create_hook", (account_id, webhook_id, plans.as_argument, by, *fields), _created)


def read_hook(account_id: str, webhook_id: str) -> Call[Hook | None]:
    """An endpoint; None if there is none, or if it is another account's."""
    return Call("read_hook", (account_id, webhook_id), _hook_or_none)


def list_hooks(account_id: str) -> Call[list[Hook]]:
    """All endpoints of an account, oldest first."""
    return Call("list_hooks", (account_id,), _hooks)


def change_hook(
    account_id: str, webhook_id: str, by: str, *, url: str | None = None, events: Sequence[str] | None = None,
    description: str | None = None, enabled: bool | None = None,
) -> Call[Hook | None]:  # fmt: skip
    """Change what is given; None if the account has no such endpoint."""
    fields = flat(
        {"url": url, "events": None if events is None else ",".join(events), "description": description}
    )
    switch = "" if enabled is None else str(int(enabled))
    return Call("change_hook", (account_id, webhook_id, switch, by, *fields), _hook_or_none)


def rotate_hook_secret(
    account_id: str, webhook_id: str, by: str, grace_ms: int = SECRET_GRACE_MS, secret: str | None = None
) -> Call[Hook | None]:
    """Give an endpoint a new secret; messages carry both signatures until the grace is over. Its own changes nothing."""
    new = secret or new_webhook_secret()
    return Call("rotate_hook_secret", (account_id, webhook_id, new, grace_ms, by), _hook_or_none)


def delete_hook(account_id: str, webhook_id: str, by: str) -> Call[bool]:
    """Remove an endpoint; what was still to be sent to it is dropped."""
    return Call("delete_hook", (account_id, webhook_id, by), as_bool)


def ping_hook(account_id: str, webhook_id: str, message_id: str) -> Call[bool]:
    """Send a `TEST_EVENT`, even to a disabled endpoint; False if the account has no such one."""
    return Call("ping_hook", (account_id, webhook_id, message_id), as_bool)


def hook_of(held: dict[str, str]) -> Hook:
    """Read an endpoint's record."""
    return Hook(
        webhook_id=held["webhook_id"], account_id=held["account_id"], url=held["url"],
        events=tuple(held["events"].split(",")), description=held.get("description", ""), secret=held["secret"],
        created_ms=int(held["created_ms"]), disabled_ms=number_or_none(held.get("disabled_ms")),
        disabled_reason=held.get("disabled_reason"), failing_since_ms=number_or_none(held.get("failing_since_ms")),
    )  # fmt: skip


def _created(answer: Sequence[Any]) -> Hook:
    if answer[0] == "OK":
        return hook_of(pairs(answer[1]))
    if answer[0] == "WEBHOOK_LIMIT":
        raise refused(answer, "limit")
    raise RefusedError(answer[0])


def _hook_or_none(answer: Any) -> Hook | None:
    return hook_of(pairs(answer)) if answer else None


def _hooks(answer: Sequence[Any]) -> list[Hook]:
    found = [hook_of(pairs(each)) for each in answer]
    return sorted(found, key=lambda hook: (hook.created_ms, hook.webhook_id))
