"""``/dashboard``: credits, plan, limits and what is used of them, and what to do first."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from masterify_server.dashboard import pages
from masterify_server.dashboard.sessions import HOME
from masterify_server.dashboard.visit import Visit
from masterify_server.plans import UNLIMITED
from masterify_server.services import base_url, services_of


async def show_overview(request: Request, visit: Visit) -> Response:
    """Show the account as it stands."""
    plans, account = services_of(request).plans, visit.account
    plan = plans.plan(account.plan)
    limits = [
        ("api_keys", account.api_keys, _limit(plan.api_keys)),
        ("webhooks", account.webhooks, _limit(plan.webhooks)),
        ("concurrent_jobs", account.active_jobs, _limit(plan.concurrent_jobs)),
        ("requests_per_minute", None, _limit(plan.requests_per_minute)),
    ]
    return pages.page(
        request, "overview.html", visit, limits=limits, costs=plans.credits, base_url=base_url(request)
    )


async def lead_home(_request: Request) -> Response:
    """Who asks for the bare host wants the dashboard."""
    return RedirectResponse(HOME, 303)


def _limit(limit: int) -> int | None:
    return None if limit == UNLIMITED else limit
