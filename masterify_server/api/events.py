"""``/api/v1/jobs/{job_id}/events``: progress as server-sent events, until the job has ended."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from masterify_server.api.job_view import progress_view
from masterify_server.api.queries import job_of
from masterify_server.refusals import UnavailableError
from masterify_server.services import Services, services_of
from masterify_server.store import jobs
from masterify_server.store.jobs import Job
from masterify_server.store.keys import Caller

MEDIA_TYPE = "text/event-stream"
PING, PING_S = ": ping\n\n", 15.0
LONGEST_S = 3600.0  # then the client connects again, as EventSource does by itself
RETRY_MS = 2000


async def stream_events(request: Request, caller: Caller) -> Response:
    """Tell the owner of a key how a job of the account goes on, for as long as the key is good."""
    job = await job_of(request, caller.account_id)
    store = services_of(request).store
    return tell_events(
        request, job, lambda: store.do(jobs.read_job(job.job_id, job.account_id, caller.key_id))
    )


def tell_events(request: Request, job: Job, read: Callable[[], Awaitable[Job | None]]) -> Response:
    """Tell status, progress and stage whenever they change; the last event is the job's end.

    204 tells a browser that connects again after the end to stop: it would do so every two seconds for ever.

    Parameters
    ----------
    read
        Reads the job anew; None, for one who may not see it any more, ends the stream.
    """
    headers = {"X-Accel-Buffering": "no", "Cache-Control": "no-store"}
    known = request.headers.get("last-event-id", "")
    if job.ended and known == _id(job):
        return Response(status_code=204, headers=headers)
    if request.method == "HEAD":
        return Response(headers=headers, media_type=MEDIA_TYPE)
    told = _events(services_of(request), job.job_id, read, request.state.language, known)
    return StreamingResponse(told, media_type=MEDIA_TYPE, headers=headers)


async def _events(
    services: Services, job_id: str, read: Callable[[], Awaitable[Job | None]], language: str, known: str
) -> AsyncIterator[str]:
    """Read the job anew whenever the store says that it may have changed; end when the process is to end.

    A store that is away is waited for.
    """
    yield f"retry: {RETRY_MS}\n\n"
    stopping = asyncio.ensure_future(services.stopping.wait())
    loop = asyncio.get_running_loop()
    end = loop.time() + LONGEST_S
    try:
        async with aclosing(services.store.changes(job_id, PING_S)) as changes:
            while loop.time() < end:
                change = asyncio.ensure_future(anext(changes))
                await asyncio.wait((change, stopping), return_when=asyncio.FIRST_COMPLETED)
                if not change.done():
                    change.cancel()
                    await asyncio.wait((change,))
                    return
                await change
                try:
                    now = await read()
                except UnavailableError:
                    yield PING
                    continue
                if now is None:
                    return
                yield _event(now, language) if _id(now) != known else PING
                known = _id(now)
                if now.ended:
                    return
    finally:
        stopping.cancel()


def _event(job: Job, language: str) -> str:
    kind = "end" if job.ended else "progress"
    told = json.dumps(progress_view(job, language), ensure_ascii=False)
    return f"event: {kind}\nid: {_id(job)}\ndata: {told}\n\n"


def _id(job: Job) -> str:
    """What of a job an event has told: two with the same id tell the same."""
    if job.ended:
        return f"{job.status}-{job.finished_ms}"
    return f"{job.attempt}-{job.status}-{job.stage}-{job.progress}"
