"""Messages to webhooks: what is due, what came of each try, the log of tries, and sending again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from masterify_server.store.calls import Call, as_bool, number_or_none, pairs
from masterify_server.store.jobs import Job, job_of

FOR_ONE_JOB = "job"
"""Stands for the endpoint where the address was given with the job."""

LEASE_MS = 60_000
"""A message taken and never reported on comes due again after this; more than a try can take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A message that is due, to one endpoint.

    ``message_id`` stays the same over all tries, ``tries`` are those made before. ``secrets`` sign it, the newest
    first. ``job`` is None for a test message.
    """

    delivery_id: str
    account_id: str
    webhook_id: str
    url: str
    event: str
    message_id: str
    tries: int
    created_ms: int
    secrets: tuple[str, ...]
    job: Job | None

    @property
    def line(self) -> str:
        """Where it waits: behind what else this account has for this endpoint."""
        return f"{self.account_id}|{self.webhook_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One try in the delivery log; ``next_ms`` is when it is tried again, None if it is over."""

    at_ms: int
    message_id: str
    event: str
    job_id: str | None
    number: int
    delivered: bool
    status: int | None
    error: str | None
    took_ms: int
    next_ms: int | None


def take_deliveries(
    limit: int = 50,
    *,
    most_of_line: int = 50,
    most_of_account: int = 50,
    under_way: Mapping[str, int] | None = None,
) -> Call[list[Delivery]]:
    """Take messages that are due, a few of every line; those of endpoints that are gone or disabled are dropped.

    Parameters
    ----------
    most_of_line, most_of_account
        How many may be under way at once; ``under_way`` says how many are, by `Delivery.line` and account.
    """
    return Call(
        "take_deliveries",
        (limit, LEASE_MS, most_of_line, most_of_account, json.dumps(under_way or {})),
        lambda answer: [_delivery(*each) for each in answer],
    )


def defer_delivery(delivery_id: str, delay_ms: int) -> Call[bool]:
    """Not now: its host is busy."""
    return Call("defer_delivery", (delivery_id, delay_ms), as_bool)


def delivery_tried(
    delivery_id: str, *, delivered: bool, status: int | None, error: str | None, took_ms: int, delay_ms: int | None,
    gone: bool, patience_ms: int, keep_ms: int,
) -> Call[str]:  # fmt: skip
    """Write what came of a try, and when the next one is (``delay_ms``; None: no more).

    An endpoint is disabled if it is ``gone``, or if nothing has reached it for ``patience_ms``. Answers the reason for
    that, or ``""``. A message that is over can be sent again for ``keep_ms``.
    """
    delay = -1 if delay_ms is None else delay_ms
    told = (int(delivered), status or "", error or "", took_ms, delay, int(gone), patience_ms, keep_ms)
    return Call("delivery_tried", (delivery_id, *told), str)


def read_deliveries(account_id: str, webhook_id: str, limit: int = 50) -> Call[list[Try] | None]:
    """The log of an endpoint (or `FOR_ONE_JOB`), newest try first, at most 200; None if there is no such endpoint."""
    return Call(
        "read_deliveries",
        (account_id, webhook_id, limit),
        lambda answer: None if answer is None else [_try(*each) for each in answer],
    )


def replay_delivery(account_id: str, webhook_id: str, message_id: str) -> Call[bool]:
    """Send a message to an endpoint (or `FOR_ONE_JOB`) again, now; False if it is not known (any more)."""
    return Call("replay_delivery", (account_id, webhook_id, message_id), as_bool)


def _delivery(delivery_id: str, record: str, secret: str, old: str, url: str, job: str) -> Delivery:
    held = pairs(record)
    return Delivery(
        delivery_id=delivery_id, account_id=held["account"], webhook_id=held["endpoint"], url=url or held["url"],
        event=held["event"], message_id=held["message"], tries=int(held["tries"]), created_ms=int(held["created_ms"]),
        secrets=tuple(each for each in (secret, old) if each), job=job_of(pairs(job)) if job else None,
    )  # fmt: skip


def _try(entry_id: str, fields: Sequence[str]) -> Try:
    held = pairs(fields)
    return Try(
        at_ms=int(entry_id.partition("-")[0]), message_id=held["message"], event=held["event"],
        job_id=held["job"] or None, number=int(held["try"]), delivered=held["delivered"] == "1",
        status=number_or_none(held["status"]), error=held["error"] or None, took_ms=int(held["took_ms"]),
        next_ms=number_or_none(held["next_ms"]),
    )  # fmt: skip
