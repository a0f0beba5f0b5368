"""``/api/v1/webhooks/{webhook_id}/deliveries``: what was sent, what came of it, and sending it again."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse

from masterify_server.api.hooks import hook_id_of
from masterify_server.api.queries import known_only, number
from masterify_server.errors import ApiError
from masterify_server.rfc3339 import time_or_none, time_text
from masterify_server.services import services_of
from masterify_server.store import deliveries, hooks
from masterify_server.store.deliveries import Try
from masterify_server.store.keys import Caller

MOST, USUAL = 200, 50


async def list_deliveries(request: Request, caller: Caller) -> JSONResponse:
    """Every try, newest first."""
    query = request.query_params
    known_only(query, ("limit",))
    limit = number("limit", query.get("limit"), 1, MOST, USUAL)
    call = deliveries.read_deliveries(caller.account_id, hook_id_of(request), limit)
    tries = await services_of(request).store.do(call)
    if tries is None:
        raise ApiError("NOT_FOUND", "webhook")
    return JSONResponse({"deliveries": [_try_view(each) for each in tries]})


async def replay_delivery(request: Request, caller: Caller) -> JSONResponse:
    """Send a message again, under the same id."""
    store = services_of(request).store
    webhook_id, message_id = hook_id_of(request), str(request.path_params["delivery_id"])
    if not await store.do(deliveries.replay_delivery(caller.account_id, webhook_id, message_id)):
        hook = await store.do(hooks.read_hook(caller.account_id, webhook_id))
        known = hook is not None or webhook_id == deliveries.FOR_ONE_JOB
        raise ApiError("NOT_FOUND", "delivery" if known else "webhook")
    return JSONResponse({"id": message_id}, status_code=202)


def _try_view(each: Try) -> dict[str, Any]:
    return {
        "id": each.message_id,
        "event": each.event,
        "job_id": each.job_id,
        "try": each.number,
        "at": time_text(each.at_ms),
        "delivered": each.delivered,
        "http_status": each.status,
        "error": each.error,
        "took_ms": each.took_ms,
        "next_try_at": time_or_none(each.next_ms),
    }
