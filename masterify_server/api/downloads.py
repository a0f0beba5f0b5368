"""``/api/v1/jobs/{job_id}/download``: masters, whole or in part, under the song's own name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.concurrency import iterate_in_threadpool, run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from masterify_core.presets import Library
from masterify_server import links, ranges
from masterify_server.api.queries import job_id_of, job_of, known_only
from masterify_server.auth import READ, caller_of, enter
from masterify_server.errors import ApiError
from masterify_server.names import disposition
from masterify_server.services import services_of
from masterify_server.storage import output_name
from masterify_server.store import jobs
from masterify_server.store.jobs import Job

MEDIA_TYPES = {"wav": "audio/wav", "flac": "audio/flac", "mp3": "audio/mpeg", "zip": "application/zip"}
LONGEST_SHOWN = 64


@dataclass(frozen=True, slots=True)
class _File:
    """What is sent: the stored file, its facts and its name for people."""

    stored: str
    size: int
    sha256: str
    name: str
    media_type: str


async def download(request: Request) -> Response:
    """Send the one master, the archive of all, or the one of ``?platform=``; with a key or a signed link."""
    query = request.query_params
    job = await (_linked(request) if "signature" in query else _owned(request))
    known_only(query, ("platform", "expires", "signature"))
    return await send_masters(request, job, query.get("platform"))


async def send_masters(request: Request, job: Job, platform: str | None) -> Response:
    """Send the master for a platform, or with None the only one, or the archive of all; whole, or the range asked for."""
    services = services_of(request)
    file = _file_of(job, platform, services.library)
    etag = f'"{file.sha256}"'
    part = ranges.wanted(request.method, request.headers, file.size, etag)
    headers = {
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Content-Disposition": disposition(file.name),
        "Cache-Control": "private, no-cache",
        **part.headers,
    }
    if part.status == 304 or request.method == "HEAD":
        return Response(status_code=part.status, headers=headers, media_type=file.media_type)
    stored = output_name(job.job_id, job.attempt, file.stored)
    try:
        blocks = await run_in_threadpool(services.storage.read, stored, part.start, part.stop)
    except FileNotFoundError:
        raise ApiError("RESULT_EXPIRED") from None
    return StreamingResponse(iterate_in_threadpool(blocks), part.status, headers, file.media_type)


def check_files(job: Job) -> None:
    """Refuse a job that has no masters, not yet or not any more."""
    if job.status != "done":
        raise ApiError("JOB_NOT_READY", "failed" if job.ended else "", status=job.status)
    if not job.has_masters:
        raise ApiError("RESULT_EXPIRED")


async def _owned(request: Request) -> Job:
    return await job_of(request, (await caller_of(request, READ)).account_id)


async def _linked(request: Request) -> Job:
    """The job of a signed link; a wrong signature does not tell whether there is such a job."""
    query, services = request.query_params, services_of(request)
    job_id = job_id_of(request)
    expires = query.get("expires", "")
    if not expires.isascii() or not expires.isdigit() or len(expires) > 12:
        raise ApiError("NOT_FOUND", "link")
    secret = services.settings.signing_secret
    if not links.is_valid(secret, job_id, query.get("platform"), expires, query["signature"]):
        raise ApiError("NOT_FOUND", "link")
    job = await services.store.do(jobs.read_job(job_id))
    if job is None:
        raise ApiError("JOB_NOT_FOUND")
    enter(request, f"links of {job.account_id}")  # whoever got a link must not keep its owner out
    return job


def _file_of(job: Job, platform: str | None, library: Library) -> _File:
    if platform is not None and platform not in library.api_platforms:
        known, shown = ", ".join(library.api_platforms), repr(platform[:LONGEST_SHOWN])
        raise ApiError("INVALID_PLATFORM", param="platform", given=shown, known=known)
    if platform is not None and platform not in job.order.platforms:
        known = ", ".join(job.order.platforms)
        raise ApiError("INVALID_PLATFORM", "not_in_job", param="platform", known=known)
    check_files(job)
    tables = {table["platform"]: table for table in job.results}
    if platform is None and len(job.order.platforms) > 1:
        if job.archive is None:
            raise ApiError("RESULT_EXPIRED")
        return _file(job.archive, f"{job.order.song_name} (Masters)", "zip")
    wanted = platform or job.order.platforms[0]
    title = library.platform(wanted).title
    table = tables[wanted]
    return _file(table, f"{job.order.song_name} (Master - {title})", table["format"])


def _file(table: Mapping[str, Any], stem: str, ending: str) -> _File:
    return _File(table["file"], table["size"], table["sha256"], f"{stem}.{ending}", MEDIA_TYPES[ending])
