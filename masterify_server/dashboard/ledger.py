"""``/dashboard/credits``: the balance and every change of it, page by page."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from masterify_server.dashboard import pages
from masterify_server.dashboard.visit import Visit
from masterify_server.services import services_of
from masterify_server.store import accounts, jobs

A_PAGE = 50


async def show_ledger(request: Request, visit: Visit) -> Response:
    """Show the balance and the ledger, newest first; ``?after=`` is the entry that the page before ended with."""
    services, after, account_id = (
        services_of(request),
        request.query_params.get("after"),
        visit.account.account_id,
    )
    rows = await services.store.do(accounts.read_ledger(account_id, A_PAGE + 1, after))
    more, rows = rows[A_PAGE - 1].entry_id if len(rows) > A_PAGE else None, rows[:A_PAGE]
    names = {}
    for job_id in {row.job_id for row in rows if row.job_id}:
        job = await services.store.do(jobs.read_job(job_id, account_id))
        if job is not None:  # records are kept for a while only
            names[job_id] = job.order.song_name
    return pages.page(
        request, "ledger.html", visit, rows=rows, names=names, more=more, after=after, costs=services.plans.credits
    )  # fmt: skip
