"""``/api/v1/jobs`` and ``/api/v1/jobs/{job_id}``: list, read, cancel, delete."""

from __future__ import annotations

from typing import cast

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from masterify_server.api.job_view import job_view
from masterify_server.api.queries import choice, cursor, is_job_id, job_id_of, job_of, known_only, number
from masterify_server.auth import READ, let_in, secret_of
from masterify_server.errors import ApiError
from masterify_server.services import base_url, services_of
from masterify_server.store import jobs
from masterify_server.store.jobs import Job
from masterify_server.store.keys import Caller

MOST_A_PAGE, USUAL_A_PAGE = 100, 20
HOUR_MS = 3_600_000


async def list_jobs(request: Request, caller: Caller) -> JSONResponse:
    """Jobs of the account, newest first, a page at a time."""
    query = request.query_params
    known_only(query, ("limit", "after", "status"))
    limit = number("limit", query.get("limit"), 1, MOST_A_PAGE, USUAL_A_PAGE)
    status = cast(jobs.Status | None, choice("status", query.get("status"), jobs.STATUSES))
    after = cursor("after", query.get("after"))
    page = await services_of(request).store.do(jobs.list_jobs(caller.account_id, limit, after, status))
    if page is None:
        raise ApiError("INVALID_PARAMETER", "cursor", param="after")
    base, language = base_url(request), request.state.language
    secret = services_of(request).settings.signing_secret
    return JSONResponse(
        {
            "jobs": [job_view(job, base, language, secret) for job in page.jobs],
            "has_more": page.has_more,
            "next_after": page.jobs[-1].job_id if page.has_more else None,
        }
    )


async def read_job(request: Request) -> JSONResponse:
    """One job; who asks and what is asked for come from the store in one trip, since this is asked most often."""
    services = services_of(request)
    given: str = request.path_params["job_id"]
    wanted = given if is_job_id(given) else ""
    found = await services.store.do(jobs.read_job_for(secret_of(request), services.plans, wanted))
    caller, job = found or (None, None)
    let_in(request, caller, READ)
    if job is None:
        raise ApiError("JOB_NOT_FOUND")
    return _answer(request, job)


async def delete_job(request: Request, caller: Caller) -> Response:
    """Cancel a job that waits, with its credits back; delete the files of one that has ended."""
    return _answer(request, await end_or_empty(request, caller.account_id))


async def end_or_empty(request: Request, account_id: str) -> Job:
    """Cancel the job that the address names, or delete its files if it has ended; answers what it is then.

    Raises
    ------
    ApiError
        ``JOB_NOT_FOUND``; ``JOB_NOT_READY`` while a worker has it.
    """
    services = services_of(request)
    job_id = job_id_of(request)
    keep_ms = round(services.settings.keep_output_h * HOUR_MS)
    change = await services.store.do(jobs.cancel_job(job_id, account_id, keep_ms))
    if change is not None and not change.granted:
        change = await services.store.do(jobs.delete_job(job_id, account_id))
    if change is None:
        raise ApiError("JOB_NOT_FOUND")
    if not change.granted:
        raise ApiError("JOB_NOT_READY", "running")
    return await job_of(request, account_id)


def _answer(request: Request, job: Job) -> JSONResponse:
    secret = services_of(request).settings.signing_secret
    return JSONResponse(job_view(job, base_url(request), request.state.language, secret))
