"""What was sent to an endpoint and what came of it; a test message, and sending again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from masterify_server.api.hooks import hook_id_of
from masterify_server.dashboard import pages
from masterify_server.dashboard.forms import seed_of
from masterify_server.dashboard.visit import Visit
from masterify_server.errors import ApiError
from masterify_server.services import services_of
from masterify_server.store import deliveries, hooks
from masterify_server.store.deliveries import Try

SHOWN_TRIES = 50
WAITED_S, LOOK_S = 5.0, 0.2
"""Who has just sent something wants to see what came of it: the next page waits a little for that."""
REASONS = {
    "no answer in time": "no_answer",
    "no connection": "no_connection",
    "the answer is not HTTP": "no_http",
}
"""What `masterify_server.outbound` says, and the text (``tries.NAME``) for it; everything else was not to be called."""


async def test_hook(request: Request, visit: Visit) -> Response:
    """Send a test message to an endpoint, and show what comes of it."""
    message_id = f"evt_{seed_of(request, visit).hex()[:32]}"
    call = hooks.ping_hook(visit.account.account_id, hook_id_of(request), message_id)
    if not await services_of(request).store.do(call):
        raise ApiError("NOT_FOUND")
    return _to_log(request, "webhook_tested")


async def replay(request: Request, visit: Visit) -> Response:
    """Send a message again, under the same id."""
    message_id = str(request.path_params["delivery_id"])
    call = deliveries.replay_delivery(visit.account.account_id, hook_id_of(request), message_id)
    if not await services_of(request).store.do(call):
        return pages.refused(request, visit, "tries.too_old", 409)
    return _to_log(request, "webhook_replayed")


async def log_of(request: Request, visit: Visit) -> list[Try]:
    """The last tries; with ``?since=`` (ms) in the address one that is younger is waited for a little."""
    store, since = services_of(request).store, request.query_params.get("since", "")
    call = deliveries.read_deliveries(visit.account.account_id, hook_id_of(request), SHOWN_TRIES)
    until_s = time.monotonic() + WAITED_S if since.isascii() and since.isdigit() else 0.0
    while True:
        tries = await store.do(call) or []
        if time.monotonic() >= until_s or is_younger(tries, int(since)):
            return tries
        await asyncio.sleep(LOOK_S)


def is_younger(tries: Sequence[Try], since_ms: int) -> bool:
    """Whether the newest try was made since then."""
    return bool(tries) and tries[0].at_ms >= since_ms


def reason_of(error: str) -> str:
    """The text for why there was no answer.

    >>> reason_of("no connection (refused)"), reason_of("only http and https addresses can be called")
    ('tries.no_connection', 'tries.blocked')
    """
    return f"tries.{REASONS.get(error.partition(' (')[0], 'blocked')}"


def _to_log(request: Request, told: str) -> Response:
    since = round(time.time() * 1000)
    return pages.go(request, f"/dashboard/webhooks/{hook_id_of(request)}?since={since}#log", told)
