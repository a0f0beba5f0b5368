"""``/dashboard/keys``: API keys of the account; made and shown once, renamed, replaced, revoked."""

from __future__ import annotations

import time

from starlette.requests import Request
from starlette.responses import Response

from masterify_server import texts
from masterify_server.dashboard import fields, pages
from masterify_server.dashboard.fields import Wrong
from masterify_server.dashboard.forms import seed_of
from masterify_server.dashboard.limits import limit_of
from masterify_server.dashboard.sessions import HOME
from masterify_server.dashboard.visit import Visit
from masterify_server.errors import ApiError
from masterify_server.services import base_url, services_of
from masterify_server.store import keys

KEYS = f"{HOME}/keys"
READ_ONLY = keys.SCOPES[:1]
LABEL = "keys.name"


async def show_keys(request: Request, visit: Visit) -> Response:
    """Show all keys, and how many the plan has room for."""
    return await _list(request, visit, {})


async def create_key(request: Request, visit: Visit) -> Response:
    """Make a key and show it, this once."""
    wrong: Wrong = {}
    services, made = services_of(request), keys.key_of(seed_of(request, visit))
    scopes = READ_ONLY if visit.form.get("may") == "read" else keys.SCOPES
    with fields.beside(request, wrong, "name", LABEL):
        name = texts.name(visit.form.get("name", ""))
        call = keys.create_key(visit.account.account_id, made, name, services.plans, visit.who, scopes=scopes)
        await services.store.do(call)
        return _made(request, visit, made, name, is_successor=False)
    return await _list(request, visit, wrong)


async def rotate_key(request: Request, visit: Visit) -> Response:
    """Replace a key and show the new one, this once; the old one works for another day."""
    made, store = keys.key_of(seed_of(request, visit)), services_of(request).store
    if not await store.do(keys.rotate_key(visit.account.account_id, key_id_of(request), made, visit.who)):
        return pages.refused(request, visit, "keys.gone", 409)
    held = await store.do(keys.list_keys(visit.account.account_id))
    name = next((key.name for key in held if key.key_id == made.key_id), "")
    return _made(request, visit, made, name, is_successor=True)


async def rename_key(request: Request, visit: Visit) -> Response:
    """Give a key another name."""
    wrong: Wrong = {}
    name, key_id = "", key_id_of(request)
    with fields.beside(request, wrong, f"name-{key_id}", LABEL):
        name = texts.name(visit.form.get("name", ""))
    if wrong:
        return await _list(request, visit, wrong)
    call = keys.rename_key(visit.account.account_id, key_id, name, visit.who)
    if not await services_of(request).store.do(call):
        raise ApiError("NOT_FOUND")
    return pages.go(request, KEYS, "key_renamed")


async def revoke_key(request: Request, visit: Visit) -> Response:
    """Stop a key now."""
    call = keys.revoke_key(visit.account.account_id, key_id_of(request), visit.who)
    if not await services_of(request).store.do(call):
        raise ApiError("NOT_FOUND")
    return pages.go(request, KEYS, "key_revoked")


def key_id_of(request: Request) -> str:
    """The id in the address."""
    return str(request.path_params["key_id"])


def _made(request: Request, visit: Visit, made: keys.NewKey, name: str, *, is_successor: bool) -> Response:
    return pages.page(
        request,
        "key_made.html",
        visit,
        made=made,
        name=name,
        is_successor=is_successor,
        base_url=base_url(request),
    )


async def _list(request: Request, visit: Visit, wrong: Wrong) -> Response:
    services = services_of(request)
    held = await services.store.do(keys.list_keys(visit.account.account_id))
    lowest = services.settings.api_min_plan
    opens_at = None if services.plans.lets_in(visit.account.plan, lowest) else lowest
    now_ms = time.time() * 1000
    live = [key for key in held if key.revoked_ms is None or key.revoked_ms > now_ms]
    used = sum(key.revoked_ms is None for key in live)
    return pages.page(
        request, "keys.html", visit, 400 if wrong else 200, wrong=wrong, live=live[::-1], used=used,
        revoked=[key for key in held if key not in live][::-1], limit=limit_of(request, visit, "api_keys"),
        opens_at=opens_at, asked=visit.form.get("name", ""), longest=texts.LONGEST_NAME,
    )  # fmt: skip
