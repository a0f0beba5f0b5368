"""What the player of a song's page asks for: the table of its excerpts, and each of them."""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from masterify_server.api.sending import read_stored, send_stored
from masterify_server.dashboard.songs import SONGS, song_of
from masterify_server.dashboard.visit import Visit
from masterify_server.dashboard.wording import text
from masterify_server.errors import ApiError
from masterify_server.excerpt_files import ORIGINAL, TABLE, VERSION, file_of
from masterify_server.services import services_of
from masterify_server.store import jobs
from masterify_server.store.jobs import Job

ENDING = ".flac"


async def read_player(request: Request, visit: Visit) -> Response:
    """Tell the player what there is to hear (``ready``); while a worker makes it (``making``) it asks again.

    ``nothing`` says that there will be none, ``gone`` that the files are not kept any more.
    """
    job = await song_of(request, visit)
    if not job.has_masters:
        return JSONResponse({"state": "gone"})
    try:
        table = json.loads(await read_stored(request, job, TABLE))
    except FileNotFoundError:
        wanted = await services_of(request).store.do(jobs.want_excerpts(job.job_id, job.account_id))
        return JSONResponse({"state": "making" if wanted else "gone"}, 202 if wanted else 200)
    if table["version"] != VERSION or not table["sounds"]:
        return JSONResponse({"state": "nothing"})
    sounds = [_shown(sound, job, request.state.language) for sound in table["sounds"]]
    return JSONResponse({**table, "state": "ready", "sounds": sounds})


async def send_excerpt(request: Request, visit: Visit) -> Response:
    """Send one excerpt; it never changes, so the browser may keep it while the page is used."""
    job = await song_of(request, visit)
    name = str(request.path_params["name"]).removesuffix(ENDING)
    if name not in (ORIGINAL, *job.order.platforms) or not job.has_masters:
        raise ApiError("NOT_FOUND")
    try:
        return await send_stored(
            request, job, file_of(name), "audio/flac", {"Cache-Control": "private, max-age=3600"}
        )
    except FileNotFoundError:
        raise ApiError("NOT_FOUND") from None


def _shown(sound: dict[str, Any], job: Job, language: str) -> dict[str, Any]:
    """A sound with its name for people and where it is."""
    name = sound["name"]
    titles = {each["platform"]: each.get("title", each["platform"]) for each in job.results}
    title = text("song.original", language) if name == ORIGINAL else titles[name]
    return {**sound, "title": title, "address": f"{SONGS}/{job.job_id}/excerpts/{name}{ENDING}"}
