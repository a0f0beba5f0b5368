"""``/api/v1/jobs/{job_id}/report``: what was measured, decided and delivered; a page, or JSON."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from masterify_server.api.downloads import check_files
from masterify_server.api.job_view import job_view
from masterify_server.api.pages import page
from masterify_server.api.queries import job_of
from masterify_server.api.sending import send_stored
from masterify_server.errors import ApiError
from masterify_server.services import base_url, services_of
from masterify_server.store.jobs import Job
from masterify_server.store.keys import Caller

# The report's page plays and draws by itself: everything is inside it, nothing is loaded from elsewhere.
REPORT_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; "
    "media-src data: blob:; font-src data:; frame-ancestors 'none'; sandbox allow-scripts allow-downloads"
)


async def read_report(request: Request, caller: Caller) -> Response:
    """Send the report of a job of the caller's account, as its Accept header asks for."""
    job = await job_of(request, caller.account_id)
    return await send_report(request, job, as_json=prefers_json(request.headers.get("accept")))


async def send_report(request: Request, job: Job, *, as_json: bool) -> Response:
    """Send the engine's own report; of a job whose files are gone, what its record still says."""
    try:
        check_files(job)
        return await _stored(request, job, "json" if as_json else "html")
    except ApiError as error:
        if error.code != "RESULT_EXPIRED":
            raise
    except FileNotFoundError:
        pass
    secret = services_of(request).settings.signing_secret
    view = job_view(job, base_url(request), request.state.language, secret)
    if as_json:
        return JSONResponse(view)
    return page("report.html", {"job": view})


def prefers_json(accept: str | None) -> bool:
    """Whether an Accept header wants JSON rather than a page (RFC 9110, 12.5.1).

    >>> prefers_json("application/json"), prefers_json("text/html,*/*;q=0.8"), prefers_json(None)
    (True, False, False)
    """
    return _quality(accept or "*/*", "application/json") > _quality(accept or "*/*", "text/html")


async def _stored(request: Request, job: Job, kind: str) -> StreamingResponse:
    headers = {"Vary": "Accept"}
    if kind == "html":
        headers["Content-Security-Policy"] = REPORT_POLICY
    media_type = "application/json" if kind == "json" else "text/html"
    return await send_stored(request, job, f"report.{kind}", media_type, headers)


def _quality(accept: str, media_type: str) -> float:
    """Weight of a type: that of the most exact range that covers it."""
    best, best_rank = 0.0, -1
    for item in accept.split(",")[:50]:
        name, *options = (each.strip().lower() for each in item.split(";"))
        rank = (
            2
            if name == media_type
            else 1
            if name == media_type.split("/")[0] + "/*"
            else 0
            if name == "*/*"
            else -1
        )
        if rank > best_rank:
            text = next((each[2:] for each in options if each.startswith("q=")), "1")
            try:
                best, best_rank = float(text), rank
            except ValueError:
                best, best_rank = 0.0, rank
    return best
