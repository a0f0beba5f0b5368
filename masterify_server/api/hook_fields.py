"""What a webhook endpoint is made of, checked: the same for programs and for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from masterify_server import texts
from masterify_server.api.order_form import check_webhook_url
from masterify_server.errors import ApiError
from masterify_server.settings import Settings
from masterify_server.store import hooks

LONGEST_URL = 4096


async def url(given: str, settings: Settings) -> str:
    """Check an address that messages are to be sent to.

    Raises
    ------
    ApiError
        ``INVALID_WEBHOOK_URL``, ``INVALID_PARAMETER``; ``param`` is ``url``.
    """
    texts.line("url", given, LONGEST_URL)
    await check_webhook_url(given, settings, "url")
    return given


def events(given: Sequence[Any]) -> tuple[str, ...]:
    """Check names of events: at least one, each counted once."""
    if not given or any(name not in hooks.EVENTS for name in given):
        raise ApiError("INVALID_PARAMETER", "choice", param="events", known=", ".join(hooks.EVENTS))
    return tuple(dict.fromkeys(given))


def description(given: str) -> str:
    """Check what an endpoint is for, which may be empty."""
    return texts.note(given, "description")
