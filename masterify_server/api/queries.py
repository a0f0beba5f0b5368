"""Query parameters, JSON bodies and job ids, checked: the answer to a wrong one names it."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Collection, Mapping
from typing import Any

from starlette.datastructures import QueryParams
from starlette.requests import Request

from masterify_server.errors import ApiError
from masterify_server.services import services_of
from masterify_server.store import jobs
from masterify_server.store.jobs import Job

LONGEST_JSON_BYTES = 16_384
BODY_S = 10.0  # as long as headers may take
LONGEST_SHOWN = 64


def choice(name: str, given: str | None, known: Collection[str], default: str | None = None) -> str | None:
    """One of the known values, or the default if nothing was given."""
    if given is None:
        return default
    if given not in known:
        raise ApiError("INVALID_PARAMETER", "choice", param=name, known=", ".join(known))
    return given


def number(name: str, given: str | None, least: int, most: int, default: int) -> int:
    """A whole number within its range."""
    if given is None:
        return default
    if not given.isascii() or not given.isdigit() or len(given) > 9 or not least <= int(given) <= most:
        raise ApiError("INVALID_PARAMETER", "number", param=name, least=least, most=most)
    return int(given)


def known_only(given: Collection[str], known: Collection[str]) -> None:
    """Refuse names that mean nothing, and those that come twice: either would be skipped in silence."""
    names = [name for name, _ in given.multi_items()] if isinstance(given, QueryParams) else list(given)
    for name in names:
        if name in known and names.count(name) > 1:
            raise ApiError("INVALID_PARAMETER", "repeated", param=name)
        if name not in known:
            raise ApiError(
                "INVALID_PARAMETER", "unknown", param=name[:LONGEST_SHOWN], known=", ".join(known) or "-"
            )


async def read_body(request: Request, longest: int) -> bytes | None:
    """A small body, in the time that headers may take; None if it is longer than ``longest`` bytes.

    Raises
    ------
    ApiError
        ``UPLOAD_TIMEOUT``.
    """
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_S):
            async for piece in request.stream():
                body += piece
                if len(body) > longest:
                    return None
    except TimeoutError:
        raise ApiError("UPLOAD_TIMEOUT", headers={"Connection": "close"}) from None
    return bytes(body)


async def json_object(request: Request, known: Collection[str]) -> Mapping[str, Any]:
    """The body as a JSON object with known fields only; an empty body is an empty object."""
    body = await read_body(request, LONGEST_JSON_BYTES)
    try:
        held = json.loads(body or b"{}") if body is not None else None
    except (ValueError, RecursionError):
        held = None
    if not isinstance(held, dict):
        raise ApiError("INVALID_PARAMETER", "json", limit=LONGEST_JSON_BYTES)
    known_only(held, known)
    return held


async def job_of(request: Request, account_id: str) -> Job:
    """The job that the address names; another account's does not exist."""
    job = await services_of(request).store.do(jobs.read_job(job_id_of(request), account_id))
    if job is None:
        raise ApiError("JOB_NOT_FOUND")
    return job


def job_id_of(request: Request) -> str:
    """The id in the address, if it is one."""
    given: str = request.path_params["job_id"]
    if not is_job_id(given):
        raise ApiError("JOB_NOT_FOUND")
    return given


def cursor(name: str, given: str | None) -> str | None:
    """The id of the job that the page before ended with, or None for the first page."""
    if given is not None and not is_job_id(given):
        raise ApiError("INVALID_PARAMETER", "cursor", param=name)
    return given


def is_job_id(text: str) -> bool:
    """Whether it has the form that `store.jobs.new_job_id` gives."""
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False
