"""Accounts: plan, credits, the ledger that explains every credit, and who changed what."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from masterify_server.refusals import RefusedError
from masterify_server.store.calls import Call, as_bool, number_or_none, pairs, refused

SECRET_BYTES = 32
"""Of a webhook secret; Standard Webhooks asks for 24 to 64."""
MOST_CREDITS = 10**12
"""Of one account; scripts of the store calculate in doubles, which hold whole numbers up to 9 * 10**15."""

_ENTRY_ID = re.compile(r"\d{1,16}-\d{1,16}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account and what it uses of its plan's limits.

    ``webhook_secrets`` sign what is sent to addresses given with jobs: the newest first, the one before for as long
    as its grace lasts.
    """

    account_id: str
    name: str
    plan: str
    credits: int
    created_ms: int
    webhook_secret: str
    active_jobs: int
    api_keys: int
    webhooks: int
    jobs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One change of a balance: ``kind`` is ``grant``, ``take``, ``debit`` or ``refund``."""

    entry_id: str
    at_ms: int
    kind: str
    amount: int
    balance: int
    job_id: str | None
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """What `reconcile` found: the balance equals the ledger's sum and nothing is wrong, or ``faults`` say what is."""

    credits: int
    ledger_sum: int
    faults: tuple[str, ...]

    @property
    def balanced(self) -> bool:
        """Whether every credit is explained."""
        return self.credits == self.ledger_sum and not self.faults


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Who (``by``) did what to an account."""

    at_ms: int
    action: str
    what: str
    by: str


def new_account_id() -> str:
    """``acc_`` and 96 random bits."""
    return f"acc_{secrets.token_hex(12)}"


def new_webhook_secret() -> str:
    """``whsec_`` and 256 random bits, as Standard Webhooks writes them."""
    return webhook_secret_of(secrets.token_bytes(SECRET_BYTES))


def webhook_secret_of(seed: bytes) -> str:
    """The secret that belongs to a secret seed of at least as many bits."""
    return f"whsec_{base64.b64encode(hashlib.sha256(b'webhook' + seed).digest()).decode()}"


def create_account(account_id: str, name: str, plan: str, credits: int, by: str) -> Call[bool]:  # noqa: A002
    """Make an account; False if the id is taken. The plan must have been looked up in `Plans`."""
    return Call("create_account", (account_id, name, plan, credits, new_webhook_secret(), by), as_bool)


def read_account(account_id: str) -> Call[Account | None]:
    """The account, or None."""
    return Call("read_account", (account_id,), _account)


def list_accounts() -> Call[list[str]]:
    """Ids of all accounts, oldest first."""
    return Call("list_accounts", (), list)


def set_plan(account_id: str, plan: str, by: str) -> Call[bool]:
    """Change the plan, which must have been looked up; False if there is no such account."""
    return Call("set_plan", (account_id, plan, by), as_bool)


def add_credits(account_id: str, amount: int, note: str, by: str) -> Call[int]:
    """Give credits (or take them, if negative) and answer the new balance.

    Raises
    ------
    RefusedError
        ``UNKNOWN_ACCOUNT``; ``INSUFFICIENT_CREDITS`` and ``CREDIT_LIMIT``: a balance is 0 to `MOST_CREDITS`.
    """
    return Call("add_credits", (account_id, amount, note, by, MOST_CREDITS), _balance)


def read_ledger(account_id: str, limit: int = 50, after: str | None = None) -> Call[list[LedgerEntry]]:
    """Changes of the balance, newest first; ``after`` is the ``entry_id`` that the page before ended with.

    Raises
    ------
    RefusedError
        ``INVALID_PARAMETER``: ``after`` is no ``entry_id``.
    """
    if after is not None and not _ENTRY_ID.fullmatch(after):
        raise RefusedError("INVALID_PARAMETER", "after")
    return Call("read_ledger", (account_id, limit, after or ""), _ledger)


def reconcile(account_id: str) -> Call[Books | None]:
    """Compare the balance with the ledger, entry by entry; no job may be charged or paid back twice."""
    return Call("reconcile", (account_id,), _books)


def rotate_webhook_secret(account_id: str, secret: str, grace_ms: int, by: str) -> Call[bool]:
    """Sign with a new secret, and with the old one too until the grace is over."""
    return Call("rotate_account_secret", (account_id, secret, grace_ms, by), as_bool)


def read_audit(account_id: str, limit: int = 100) -> Call[list[AuditEntry]]:
    """What was done to the account, newest first (the last thousand are kept)."""
    return Call("read_audit", (account_id, limit), _audit)


def _account(answer: Any) -> Account | None:
    if not answer:
        return None
    held = pairs(answer[0])
    return Account(
        account_id=held["account_id"], name=held["name"], plan=held["plan"], credits=int(held["credits"]),
        created_ms=int(held["created_ms"]), webhook_secret=held["webhook_secret"], active_jobs=answer[1],
        api_keys=answer[2], webhooks=answer[3], jobs=answer[4],
    )  # fmt: skip


def _balance(answer: Sequence[Any]) -> int:
    if answer[0] == "OK":
        return int(answer[1])
    if answer[0] == "INSUFFICIENT_CREDITS":
        raise refused(answer, "left")
    if answer[0] == "CREDIT_LIMIT":
        raise refused(answer, "left", "limit")
    raise RefusedError(answer[0])


def _ledger(answer: Sequence[Any]) -> list[LedgerEntry]:
    return [
        LedgerEntry(
            entry_id=entry_id, at_ms=int(entry_id.partition("-")[0]), kind=held["kind"], amount=int(held["amount"]),
            balance=int(held["balance"]), job_id=held["job"] or None, note=held["note"],
        )
        for entry_id, held in ((each[0], pairs(each[1])) for each in answer)
    ]  # fmt: skip


def _books(answer: Any) -> Books | None:
    if not answer:
        return None
    return Books(credits=int(answer[0]), ledger_sum=int(answer[1]), faults=tuple(answer[2]))


def _audit(answer: Sequence[Any]) -> list[AuditEntry]:
    rows = ((each[0], pairs(each[1])) for each in answer)
    return [
        AuditEntry(at_ms=number_or_none(entry_id.partition("-")[0]) or 0, action=held["action"], what=held["what"], by=held["by"])
        for entry_id, held in rows
    ]  # fmt: skip
