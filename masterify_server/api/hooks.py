"""``/api/v1/webhooks``: endpoints of an account; made, changed, tested, their secrets replaced, removed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from masterify_server.api import hook_fields
from masterify_server.api.queries import json_object
from masterify_server.errors import ApiError
from masterify_server.rfc3339 import time_or_none, time_text
from masterify_server.services import services_of
from masterify_server.store import accounts, hooks
from masterify_server.store.deliveries import FOR_ONE_JOB
from masterify_server.store.hooks import Hook
from masterify_server.store.keys import Caller


async def create_hook(request: Request, caller: Caller) -> JSONResponse:
    """Make an endpoint; its secret is shown in this answer and never again."""
    services = services_of(request)
    body = await json_object(request, ("url", "events", "description"))
    if "url" not in body:
        raise ApiError("INVALID_PARAMETER", "missing", param="url")
    url = await _url_of(request, body)
    made = await services.store.do(
        hooks.create_hook(
            caller.account_id, hooks.new_webhook_id(), url, _events_of(body) or hooks.EVENTS,
            _description_of(body) or "", services.plans, caller.key_id,
        )
    )  # fmt: skip
    headers = {"Location": f"/api/v1/webhooks/{made.webhook_id}"}
    return JSONResponse({**hook_view(made), "secret": made.secret}, status_code=201, headers=headers)


async def list_hooks(request: Request, caller: Caller) -> JSONResponse:
    """All endpoints of the account."""
    found = await services_of(request).store.do(hooks.list_hooks(caller.account_id))
    return JSONResponse({"webhooks": [hook_view(hook) for hook in found]})


async def read_hook(request: Request, caller: Caller) -> JSONResponse:
    """One endpoint."""
    found = await services_of(request).store.do(hooks.read_hook(caller.account_id, hook_id_of(request)))
    return JSONResponse(hook_view(_there(found)))


async def change_hook(request: Request, caller: Caller) -> JSONResponse:
    """Change what is given; enabling an endpoint forgives its failures."""
    store = services_of(request).store
    _there(await store.do(hooks.read_hook(caller.account_id, hook_id_of(request))))
    body = await json_object(request, ("url", "events", "description", "enabled"))
    changed = await store.do(
        hooks.change_hook(
            caller.account_id, hook_id_of(request), caller.key_id,
            url=await _url_of(request, body) if "url" in body else None, events=_events_of(body),
            description=_description_of(body), enabled=_switch_of(body, "enabled"),
        )
    )  # fmt: skip
    return JSONResponse(hook_view(_there(changed)))


async def delete_hook(request: Request, caller: Caller) -> Response:
    """Remove an endpoint; what was still to be sent to it is dropped."""
    call = hooks.delete_hook(caller.account_id, hook_id_of(request), caller.key_id)
    if not await services_of(request).store.do(call):
        raise ApiError("NOT_FOUND", "webhook")
    return Response(status_code=204)


async def test_hook(request: Request, caller: Caller) -> JSONResponse:
    """Send a test message to the endpoint, soon."""
    message_id = hooks.new_message_id()
    call = hooks.ping_hook(caller.account_id, hook_id_of(request), message_id)
    if not await services_of(request).store.do(call):
        raise ApiError("NOT_FOUND", "webhook")
    return JSONResponse({"id": message_id, "event": hooks.TEST_EVENT}, status_code=202)


async def rotate_secret(request: Request, caller: Caller) -> JSONResponse:
    """Give the endpoint a new secret, shown in this answer only; the old one signs beside it for a day."""
    call = hooks.rotate_hook_secret(caller.account_id, hook_id_of(request), caller.key_id)
    hook = _there(await services_of(request).store.do(call))
    return JSONResponse({**hook_view(hook), "secret": hook.secret})


async def rotate_account_secret(request: Request, caller: Caller) -> JSONResponse:
    """Give the account a new secret for addresses that come with jobs, shown in this answer only; the old one lasts a day."""
    secret = accounts.new_webhook_secret()
    call = accounts.rotate_webhook_secret(caller.account_id, secret, hooks.SECRET_GRACE_MS, caller.key_id)
    if not await services_of(request).store.do(call):
        raise ApiError("INTERNAL_ERROR")
    return JSONResponse({"id": FOR_ONE_JOB, "secret": secret})


def hook_view(hook: Hook) -> dict[str, Any]:
    """An endpoint as the API shows it: without its secret."""
    return {
        "id": hook.webhook_id,
        "url": hook.url,
        "events": list(hook.events),
        "description": hook.description,
        "enabled": hook.enabled,
        "disabled_at": time_or_none(hook.disabled_ms),
        "disabled_reason": hook.disabled_reason,
        "failing_since": time_or_none(hook.failing_since_ms),
        "created_at": time_text(hook.created_ms),
    }


def hook_id_of(request: Request) -> str:
    """The id in the address."""
    return str(request.path_params["webhook_id"])


def _there(hook: Hook | None) -> Hook:
    if hook is None:
        raise ApiError("NOT_FOUND", "webhook")
    return hook


async def _url_of(request: Request, body: Mapping[str, Any]) -> str:
    return await hook_fields.url(_text_of(body, "url") or "", services_of(request).settings)


def _description_of(body: Mapping[str, Any]) -> str | None:
    held = _text_of(body, "description")
    return None if held is None else hook_fields.description(held)


def _text_of(body: Mapping[str, Any], name: str) -> str | None:
    held = body.get(name)
    if held is not None and not isinstance(held, str):
        raise ApiError("INVALID_PARAMETER", "kind", param=name, kind="text")
    return held


def _events_of(body: Mapping[str, Any]) -> tuple[str, ...] | None:
    held = body.get("events")
    if held is None:
        return None
    return hook_fields.events(held if isinstance(held, list) else ())


def _switch_of(body: Mapping[str, Any], name: str) -> bool | None:
    held = body.get(name)
    if held is not None and not isinstance(held, bool):
        raise ApiError("INVALID_PARAMETER", "kind", param=name, kind="true / false")
    return held
