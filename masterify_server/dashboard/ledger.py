"""``/dashboard/credits``: the balance and every change of it, page by page."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from masterify_server.dashboard import pages
from masterify_server.dashboard.visit import Visit
from masterify_server.services import services_of
from masterify_server.store import accounts

A_PAGE = 50


async def show_ledger(request: Request, visit: Visit) -> Response:
    """Show the balance and the ledger, newest first; ``?after=`` is the entry that the page before ended with."""
    services, after = services_of(request), request.query_params.get("after")
    rows = await services.store.do(accounts.read_ledger(visit.account.account_id, A_PAGE + 1, after))
    more = rows[A_PAGE - 1].entry_id if len(rows) > A_PAGE else None
    return pages.page(
        request,
        "ledger.html",
        visit,
        rows=rows[:A_PAGE],
        more=more,
        after=after,
        costs=services.plans.credits,
    )
