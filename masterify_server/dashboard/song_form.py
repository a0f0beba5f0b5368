"""``/dashboard/songs/new``: the form that a song is sent with, and what becomes of it; with and without script."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from masterify_core.presets import Library
from masterify_server import errors
from masterify_server.api.accepting import Asked, Buyer, accept
from masterify_server.api.order_form import FILES
from masterify_server.api.reports import prefers_json
from masterify_server.dashboard import pages
from masterify_server.dashboard.forms import FormError
from masterify_server.dashboard.song_words import MEGABYTE, choice_name, refusal_words
from masterify_server.dashboard.songs import SONGS
from masterify_server.dashboard.visit import Visit
from masterify_server.errors import ApiError
from masterify_server.multipart import Form
from masterify_server.plans import UNLIMITED
from masterify_server.refusals import RefusedError, UnavailableError
from masterify_server.services import services_of
from masterify_server.store import jobs, sessions

CHOICES = ("genre", "ai_service", "tier")
ONCE = re.compile(r"[A-Za-z0-9_-]{16,64}")
"""What a form is known by: sent twice, it makes one job."""


async def show_form(request: Request, visit: Visit) -> Response:
    """Show the form with the choices of the last song, since most people send many songs of one kind."""
    last = await services_of(request).store.do(jobs.list_jobs(visit.account.account_id, 1))
    given: dict[str, str] = {}
    if last and last.jobs:
        order = last.jobs[0].order
        given = {"genre": order.genre, "ai_service": order.ai_service, "tier": order.tier}
        given |= {f"platform_{name}": name for name in order.platforms}
    return _form(request, visit, given)


async def send_song(request: Request, visit: Visit) -> Response:
    """Take a song, or show the form again with what was chosen and what is wrong; scripts are answered in JSON.

    The form stays the same one: sent again after an answer that was no clear no, it makes no second job.
    """
    library, store = services_of(request).library, services_of(request).store
    given: dict[str, str] = {}

    async def asked_of(fields: Mapping[str, str]) -> Asked:
        if await store.do(sessions.read_session(visit.session_id)) is None:  # ended while the song came in
            raise FormError("error.form_stale", 403)
        given.update(fields)
        return asked(fields, library)

    as_json = prefers_json(request.headers.get("accept"))
    try:
        buyer = Buyer(account_id=visit.account.account_id)
        admitted = await accept(request, buyer, form_of(library), asked_of)
    except (RefusedError, UnavailableError) as error:
        refused = error if isinstance(error, RefusedError) else errors.unavailable()
        words, status = refusal_words(refused, request.state.language)
        request.state.code = refused.code
        if refused.code == "IDEMPOTENCY_CONFLICT":
            given["form_id"] = new_form_id()
        if as_json:
            return JSONResponse({"words": words, "form_id": given.get("form_id")}, status)
        return _form(request, visit, given, words, status)
    address = f"{SONGS}/{admitted.job.job_id}"
    return JSONResponse({"address": address}, 201) if as_json else RedirectResponse(address, 303)


def form_of(library: Library) -> Form:
    """What the form may hold: a box for each platform, because a field may come once only."""
    boxes = (f"platform_{name}" for name in library.api_platforms)
    return Form(files=FILES, texts=("form_id", *CHOICES, *boxes))


def asked(fields: Mapping[str, str], library: Library) -> Asked:
    """Put the form's fields into the API's words.

    Raises
    ------
    ApiError
        ``INVALID_PARAMETER``: the form is none of ours.
    """
    form_id = fields.get("form_id", "")
    if not ONCE.fullmatch(form_id):
        raise ApiError("INVALID_PARAMETER", "form", param="form_id")
    wishes = {name: fields[name] for name in CHOICES if name in fields}
    wishes["platforms"] = ",".join(name for name in library.api_platforms if f"platform_{name}" in fields)
    return Asked(wishes=wishes, idempotency_key=f"form:{form_id}")


def new_form_id() -> str:
    """128 random bits."""
    return secrets.token_urlsafe(16)


def _form(
    request: Request, visit: Visit, given: Mapping[str, str], wrong: str | None = None, status: int = 200
) -> Response:
    services, language = services_of(request), request.state.language
    library, plans, account = services.library, services.plans, visit.account
    limit = plans.plan(account.plan).concurrent_jobs
    usual = {"genre": "other", "ai_service": "other", "tier": "standard"}
    tiers = [
        {
            "name": name, "title": choice_name(library, "tier", name, language), "cost": plans.cost(name),
            "summary": choice_name(library, "tier", name, language, "summary"),
            "affordable": plans.cost(name) <= account.credits,
        }
        for name in sorted(library.tiers(), key=plans.cost)
    ]  # fmt: skip
    return pages.page(
        request, "song_new.html", visit, status, wrong=wrong, form_id=given.get("form_id") or new_form_id(),
        platforms=[(name, library.platform(name)) for name in library.api_platforms],
        genres=_choices(library, "genre", library.genres(), language),
        ai_services=_choices(library, "ai_service", library.ai_services(), language),
        tiers=tiers, chosen={**usual, **given}, most_bytes=services.limits.file_bytes,
        most_megabytes=services.limits.file_bytes // MEGABYTE, active=account.active_jobs,
        limit=None if limit == UNLIMITED else limit,
    )  # fmt: skip


def _choices(library: Library, kind: str, names: tuple[str, ...], language: str) -> list[dict[str, Any]]:
    """Names and words of a choice, ``other`` last."""
    return [
        {"name": name, "title": choice_name(library, kind, name, language)}
        for name in sorted(names, key=lambda name: (name == "other", name))
    ]
