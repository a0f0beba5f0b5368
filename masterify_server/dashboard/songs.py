"""``/dashboard/songs``: what was sent, newest first, a page at a time; and the song that an address names."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from masterify_server.api.queries import job_of
from masterify_server.dashboard import pages
from masterify_server.dashboard.forms import FormError
from masterify_server.dashboard.sessions import HOME
from masterify_server.dashboard.song_words import platform_titles
from masterify_server.dashboard.visit import Visit
from masterify_server.errors import ApiError
from masterify_server.services import services_of
from masterify_server.store import jobs
from masterify_server.store.jobs import Job

SONGS = f"{HOME}/songs"
A_PAGE = 20
LONGEST_ID = 36


async def show_songs(request: Request, visit: Visit) -> Response:
    """Show a page of songs; a filter or a place that does not exist leads to the first page of all."""
    services, query = services_of(request), request.query_params
    status, after = query.get("status") or None, query.get("after") or None
    if (status and status not in jobs.STATUSES) or (after and len(after) > LONGEST_ID):
        return RedirectResponse(SONGS, 303)
    found = await services.store.do(jobs.list_jobs(visit.account.account_id, A_PAGE, after, status))
    if found is None:
        return RedirectResponse(SONGS, 303)
    rows = [{"job": job, "platforms": platform_titles(job, services.library)} for job in found.jobs]
    older = (
        {"after": found.jobs[-1].job_id, **({"status": status} if status else {})} if found.has_more else None
    )
    return pages.page(
        request, "songs.html", visit, rows=rows, statuses=jobs.STATUSES, chosen=status, after=after,
        older=f"{SONGS}?{urlencode(older)}" if older else None, active=any(not job.ended for job in found.jobs),
    )  # fmt: skip


async def song_of(request: Request, visit: Visit) -> Job:
    """The song that the address names.

    Raises
    ------
    FormError
        There is none of this account.
    """
    try:
        return await job_of(request, visit.account.account_id)
    except ApiError:
        raise FormError("song.unknown", 404) from None
