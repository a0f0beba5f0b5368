"""``/dashboard``: credits, plan, limits and what is used of them, and what to do first."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from masterify_server.dashboard import pages
from masterify_server.dashboard.limits import limit_of
from masterify_server.dashboard.sessions import HOME
from masterify_server.dashboard.visit import Visit
from masterify_server.services import base_url, services_of
from masterify_server.store import hooks


async def show_overview(request: Request, visit: Visit) -> Response:
    """Show the account as it stands."""
    services, account = services_of(request), visit.account
    used = {
        "api_keys": account.api_keys,
        "webhooks": account.webhooks,
        "concurrent_jobs": account.active_jobs,
    }
    limits = [
        (name, used.get(name), limit_of(request, visit, name)) for name in (*used, "requests_per_minute")
    ]
    held = await services.store.do(hooks.list_hooks(account.account_id))
    return pages.page(
        request, "overview.html", visit, limits=limits, costs=services.plans.credits, base_url=base_url(request),
        failing=[hook for hook in held if hook.disabled_reason in ("gone", "failing")],
    )  # fmt: skip


async def lead_home(_request: Request) -> Response:
    """Who asks for the bare host wants the dashboard."""
    return RedirectResponse(HOME, 303)
