"""``/dashboard/webhooks``: endpoints of the account; made (their secret shown once), changed, switched, removed."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from masterify_server.api import hook_fields
from masterify_server.api.hooks import hook_id_of
from masterify_server.dashboard import fields, pages
from masterify_server.dashboard.fields import Wrong
from masterify_server.dashboard.forms import seed_of
from masterify_server.dashboard.limits import limit_of
from masterify_server.dashboard.sessions import HOME
from masterify_server.dashboard.visit import Visit
from masterify_server.dashboard.webhook_log import log_of, reason_of
from masterify_server.errors import ApiError
from masterify_server.services import services_of
from masterify_server.store import accounts, hooks
from masterify_server.store.deliveries import FOR_ONE_JOB
from masterify_server.store.hooks import Hook

WEBHOOKS = f"{HOME}/webhooks"
OWN_ID = FOR_ONE_JOB
"""Stands in addresses for the endpoint of addresses that come with jobs."""


async def show_hooks(request: Request, visit: Visit) -> Response:
    """Show all endpoints, and how many the plan has room for."""
    return await _list(request, visit, {})


async def create_hook(request: Request, visit: Visit) -> Response:
    """Make an endpoint and show its secret, this once."""
    wrong: Wrong = {}
    services, form = services_of(request), visit.form
    url, events, description = await _checked(request, visit, wrong)
    if not wrong:
        with fields.beside(request, wrong, "url", "webhooks.url"):
            webhook_id = hooks.webhook_id_of(seed_of(request, visit))
            call = hooks.create_hook(
                visit.account.account_id, webhook_id, url, events, description, services.plans, visit.who
            )
            made = await services.store.do(call)
            return _secret(request, visit, made.webhook_id, made.secret, is_successor=False)
    asked = (form.get("url", ""), form.getlist("events"), form.get("description", ""))
    return await _list(request, visit, wrong, asked)


async def show_hook(request: Request, visit: Visit) -> Response:
    """Show one endpoint and what was sent to it."""
    return await _detail(request, visit, await _hook(request, visit), {})


async def change_hook(request: Request, visit: Visit) -> Response:
    """Change address, events and description."""
    wrong: Wrong = {}
    hook = await _hook(request, visit)
    if hook is None:
        raise ApiError("NOT_FOUND")
    url, events, description = await _checked(request, visit, wrong)
    if wrong:
        return await _detail(request, visit, hook, wrong)
    call = hooks.change_hook(
        visit.account.account_id,
        hook_id_of(request),
        visit.who,
        url=url,
        events=events,
        description=description,
    )
    await services_of(request).store.do(call)
    return pages.go(request, _address(request), "webhook_changed")


async def switch_hook(request: Request, visit: Visit) -> Response:
    """Switch an endpoint on (which forgives its failures) or off."""
    is_on = visit.form.get("enabled") == "1"
    call = hooks.change_hook(visit.account.account_id, hook_id_of(request), visit.who, enabled=is_on)
    if await services_of(request).store.do(call) is None:
        raise ApiError("NOT_FOUND")
    return pages.go(request, _address(request), "webhook_on" if is_on else "webhook_off")


async def rotate_secret(request: Request, visit: Visit) -> Response:
    """Give an endpoint, or the account, a new secret and show it, this once; the old one signs beside it for a day."""
    store, secret = services_of(request).store, accounts.webhook_secret_of(seed_of(request, visit))
    account_id, webhook_id = visit.account.account_id, hook_id_of(request)
    if webhook_id == OWN_ID:
        await store.do(accounts.rotate_webhook_secret(account_id, secret, hooks.SECRET_GRACE_MS, visit.who))
    elif await store.do(hooks.rotate_hook_secret(account_id, webhook_id, visit.who, secret=secret)) is None:
        raise ApiError("NOT_FOUND")
    return _secret(request, visit, webhook_id, secret, is_successor=True)


async def delete_hook(request: Request, visit: Visit) -> Response:
    """Remove an endpoint; what was still to be sent to it is dropped."""
    call = hooks.delete_hook(visit.account.account_id, hook_id_of(request), visit.who)
    if not await services_of(request).store.do(call):
        raise ApiError("NOT_FOUND")
    return pages.go(request, WEBHOOKS, "webhook_deleted")


async def _checked(request: Request, visit: Visit, wrong: Wrong) -> tuple[str, tuple[str, ...], str]:
    url, description, form = "", "", visit.form
    events: tuple[str, ...] = hooks.EVENTS
    with fields.beside(request, wrong, "url", "webhooks.url"):
        url = await hook_fields.url(form.get("url", "").strip(), services_of(request).settings)
    with fields.beside(request, wrong, "events", "webhooks.events"):
        events = hook_fields.events(form.getlist("events"))
    with fields.beside(request, wrong, "description", "webhooks.description"):
        description = hook_fields.description(form.get("description", ""))
    return url, events, description


async def _hook(request: Request, visit: Visit) -> Hook | None:
    """The endpoint that the address names; None stands for that of single jobs."""
    webhook_id = hook_id_of(request)
    hook = await services_of(request).store.do(hooks.read_hook(visit.account.account_id, webhook_id))
    if hook is None and webhook_id != OWN_ID:
        raise ApiError("NOT_FOUND")
    return hook


async def _list(
    request: Request,
    visit: Visit,
    wrong: Wrong,
    asked: tuple[str, list[str], str] = ("", list(hooks.EVENTS), ""),
) -> Response:
    held = await services_of(request).store.do(hooks.list_hooks(visit.account.account_id))
    return pages.page(
        request, "webhooks.html", visit, 400 if wrong else 200, wrong=wrong, held=held, all_events=hooks.EVENTS,
        asked=asked, limit=limit_of(request, visit, "webhooks"),
    )  # fmt: skip


async def _detail(request: Request, visit: Visit, hook: Hook | None, wrong: Wrong) -> Response:
    form = visit.form
    asked = (hook.url, list(hook.events), hook.description) if hook else ("", [], "")
    if wrong:
        asked = (form.get("url", ""), form.getlist("events"), form.get("description", ""))
    return pages.page(
        request, "webhook.html", visit, 400 if wrong else 200, wrong=wrong, hook=hook, all_events=hooks.EVENTS,
        asked=asked, webhook_id=hook_id_of(request), log=await log_of(request, visit), reason_of=reason_of,
    )  # fmt: skip


def _secret(request: Request, visit: Visit, webhook_id: str, secret: str, *, is_successor: bool) -> Response:
    return pages.page(
        request, "webhook_secret.html", visit, webhook_id=webhook_id, secret=secret, is_successor=is_successor
    )


def _address(request: Request) -> str:
    return f"{WEBHOOKS}/{hook_id_of(request)}"
