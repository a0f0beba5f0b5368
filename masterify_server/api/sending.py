"""Sends a file that lies beside a job's masters, whole."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.concurrency import iterate_in_threadpool, run_in_threadpool
from starlette.requests import Request
from starlette.responses import StreamingResponse

from masterify_server.services import services_of
from masterify_server.storage import output_name
from masterify_server.store.jobs import Job


async def send_stored(
    request: Request, job: Job, file: str, media_type: str, headers: Mapping[str, str]
) -> StreamingResponse:
    """Send a file of ``out/{job}/{attempt}``.

    Raises
    ------
    FileNotFoundError
        It is not there, not yet or not any more.
    """
    storage = services_of(request).storage
    name = output_name(job.job_id, job.attempt, file)
    size = await run_in_threadpool(storage.size, name)
    blocks = await run_in_threadpool(storage.read, name, 0, size)
    known = {**headers, "Content-Length": str(size)}
    return StreamingResponse(iterate_in_threadpool(blocks), headers=known, media_type=media_type)


async def read_stored(request: Request, job: Job, file: str) -> bytes:
    """Read a small file of ``out/{job}/{attempt}``; raises as `send_stored` does."""
    storage = services_of(request).storage
    name = output_name(job.job_id, job.attempt, file)

    def read() -> bytes:
        return b"".join(storage.read(name, 0, storage.size(name)))

    return await run_in_threadpool(read)
