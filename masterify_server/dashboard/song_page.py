"""``/dashboard/songs/{job_id}``: how a song goes on, what came of it, its files, and its end."""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from masterify_core.report.controls import controls
from masterify_core.report.numbers import number
from masterify_server.api.downloads import send_masters
from masterify_server.api.events import tell_events
from masterify_server.api.jobs import end_or_empty
from masterify_server.api.reports import send_report
from masterify_server.api.sending import read_stored
from masterify_server.dashboard import pages
from masterify_server.dashboard.song_words import (
    MEGABYTE,
    choice_name,
    master_rows,
    platform_titles,
    refusal_words,
    stage_words,
    what_was_done,
)
from masterify_server.dashboard.songs import SONGS, song_of
from masterify_server.dashboard.visit import Visit
from masterify_server.errors import ApiError
from masterify_server.links import signed_path
from masterify_server.refusals import UnavailableError
from masterify_server.services import base_url, services_of
from masterify_server.store import jobs, sessions
from masterify_server.store.jobs import Job
from masterify_server.wording import message


async def show_song(request: Request, visit: Visit) -> Response:
    """Show a song in whatever state it is."""
    job = await song_of(request, visit)
    library, language = services_of(request).library, request.state.language
    choices = [
        choice_name(library, kind, name, language)
        for kind, name in (("genre", job.order.genre), ("ai_service", job.order.ai_service), ("tier", job.order.tier))
        if name in getattr(library, f"{kind}s")()
    ]  # fmt: skip
    stages = stage_words(language)
    shown: dict[str, Any] = {
        "job": job, "address": f"{SONGS}/{job.job_id}", "platforms": platform_titles(job, library), "choices": choices,
        "stages": json.dumps(stages, ensure_ascii=False), "stage": stages.get(job.stage, stages["queued"]),
        "error": message(job.error.key, language, job.error.words) if job.error else None,
    }  # fmt: skip
    if job.has_masters:
        shown |= await _results(request, job)
    return pages.page(request, "song.html", visit, **shown)


async def _results(request: Request, job: Job) -> dict[str, Any]:
    """What the page of a done job shows beside all that the page of every job does."""
    language, settings = request.state.language, services_of(request).settings
    try:
        done = what_was_done(await read_stored(request, job, "report.json"), language)
    except (FileNotFoundError, UnavailableError):
        done = None  # the rest of the page does not need the storage
    expires = (job.files_until_ms or 0) // 1000
    return {
        "rows": master_rows(job, language), "done": done, "controls": controls(language, 0.0),
        "archive_megabytes": number(job.archive["size"] / MEGABYTE) if job.archive else None,
        "came": {name: number((job.input or {}).get(name)) for name in ("integrated_lufs", "true_peak_dbtp")},
        "share_url": base_url(request) + signed_path(settings.signing_secret, job.job_id, expires=expires),
    }  # fmt: skip


async def delete_song(request: Request, visit: Visit) -> Response:
    """Cancel a song that waits, or delete the files of one that has ended; the page says which it was."""
    before = await song_of(request, visit)
    try:
        job = await end_or_empty(request, visit.account.account_id)
    except ApiError as error:
        words, status = refusal_words(error, request.state.language)
        return pages.page(request, "error.html", visit, status, words=words)
    told = "song_canceled" if job.status == "canceled" and not before.ended else "song_deleted"
    return pages.go(request, f"{SONGS}/{job.job_id}", told)


async def download_song(request: Request, visit: Visit) -> Response:
    """Send masters as the API does: in parts, with ETag, all as an archive."""
    return await send_masters(request, await song_of(request, visit), request.query_params.get("platform"))


async def show_report(request: Request, visit: Visit) -> Response:
    """Send the engine's report, as a page."""
    return await send_report(request, await song_of(request, visit), as_json=False)


async def follow_song(request: Request, visit: Visit) -> Response:
    """Tell how the song goes on, until it or the session has ended."""
    job, store = await song_of(request, visit), services_of(request).store

    async def read() -> Job | None:
        if await store.do(sessions.read_session(visit.session_id)) is None:
            return None
        return await store.do(jobs.read_job(job.job_id, job.account_id))

    return tell_events(request, job, read)
