"""Who may see a page, and which forms are taken: sessions, own origin, CSRF tokens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from masterify_server.auth import Endpoint, enter
from masterify_server.dashboard import forms, pages
from masterify_server.dashboard.forms import FormError
from masterify_server.dashboard.sessions import drop, login_address, session_id_of
from masterify_server.dashboard.visit import Visit
from masterify_server.dashboard.wording import choose_language
from masterify_server.services import base_url, services_of
from masterify_server.store import accounts, sessions

__all__ = ["OpenView", "View", "Visit", "anyone", "signed_in"]

View = Callable[[Request, Visit], Awaitable[Response]]
OpenView = Callable[[Request, Visit | None], Awaitable[Response]]
SAFE_METHODS = ("GET", "HEAD")
TOKEN_FIELD, TOKEN_HEADER = "csrf", "x-csrf-token"


def signed_in(view: View) -> Endpoint:
    """Let a page be seen by who is logged in; others are led to the log-in.

    What is not GET must come from our own pages and carry the session's token: plain forms in the field ``csrf``,
    others (multipart, scripts) in the header ``X-CSRF-Token`` or, where there is no script, in the address (``?csrf=``).
    """

    async def answer(request: Request) -> Response:
        choose_language(request)
        visit = await visit_of(request)
        if visit is None:
            # What was written is lost: say so, and not on every visit of somebody who is not logged in.
            told = None if request.method in SAFE_METHODS else "session_over"
            leading = pages.go(request, login_address(request), told)
            if session_id_of(request):
                drop(request, leading)
            return leading
        request.state.account, request.state.visit = visit.account.account_id, visit
        enter(request, visit.account.account_id)
        try:
            if request.method not in SAFE_METHODS:
                check_origin(request)
                visit = replace(visit, form=await forms.read_form(request))
                if not visit.is_own(_token(request, visit)):
                    raise FormError("error.form_stale", 403)
            return await view(request, visit)
        except FormError as error:
            return pages.refused(request, visit, error.key, error.status)

    return answer


def anyone(view: OpenView) -> Endpoint:
    """Let a page be seen by everybody; forms must come from our own pages. The view reads them by `forms.read_form`."""

    async def answer(request: Request) -> Response:
        choose_language(request)
        visit = await visit_of(request)
        try:
            if request.method not in SAFE_METHODS:
                check_origin(request)
            return await view(request, visit)
        except FormError as error:
            return pages.refused(request, visit, error.key, error.status)

    return answer


async def visit_of(request: Request) -> Visit | None:
    """Who is logged in in this browser."""
    session_id, store = session_id_of(request), services_of(request).store
    session = await store.do(sessions.read_session(session_id)) if session_id else None
    if session_id is None or session is None:
        return None
    account = await store.do(accounts.read_account(session.account_id))
    return Visit(session_id=session_id, session=session, account=account) if account else None


def check_origin(request: Request) -> None:
    """Refuse what other sites make a browser send (OWASP: Fetch Metadata, else Origin; one of them always comes).

    Raises
    ------
    FormError
        The request comes from elsewhere.
    """
    told, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    here = (_origin(base_url(request)), _origin(str(request.base_url)))
    if not (origin in here if told is None else told == "same-origin"):
        raise FormError("error.form_foreign", 403)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _token(request: Request, visit: Visit) -> str:
    if forms.is_plain(request):
        return visit.form.get(TOKEN_FIELD, "")
    return request.headers.get(TOKEN_HEADER) or request.query_params.get(TOKEN_FIELD, "")
