"""Pages of the dashboard: templates with their language, theme, policy and the word about what was just done."""

from __future__ import annotations

import secrets
from functools import partial
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from masterify_server.api.pages import render
from masterify_server.dashboard import static_files
from masterify_server.dashboard.sessions import is_secure
from masterify_server.dashboard.visit import Visit
from masterify_server.dashboard.wording import choose_language, text, texts
from masterify_server.errors import STATUSES, ApiError
from masterify_server.refusals import RefusedError
from masterify_server.rfc3339 import time_text
from masterify_server.wording import message

NAVIGATION = (
    ("overview", "/dashboard"), ("songs", "/dashboard/songs"), ("keys", "/dashboard/keys"), ("webhooks", "/dashboard/webhooks"),
    ("credits", "/dashboard/credits"), ("account", "/dashboard/account"),
)  # fmt: skip
"""Places in the menu: the text ``menu.NAME``, and where it leads."""

THEMES = ("auto", "light", "dark")
THEME_COOKIE, TOLD_COOKIE = "masterify_theme", "masterify_told"
TOLD_S = 60
# Nothing inline runs, nothing is loaded from elsewhere, nobody frames us.
POLICY = (
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "img-src 'self' data:"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    # Not no-referrer: browsers would then send "Origin: null" with our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Vary": "Cookie, Accept-Language",
}


def page(
    request: Request, template: str, visit: Visit | None, status: int = 200, **values: Any
) -> HTMLResponse:
    """Render a template of ``templates/dashboard``; it finds ``t``, ``visit``, ``static`` and what is given."""
    language = choose_language(request)
    told = request.cookies.get(TOLD_COOKIE)
    known = {
        "t": partial(_say, language), "visit": visit, "language": language, "theme": theme_of(request),
        "static": static_files.address, "navigation": NAVIGATION, "here": request.url.path,
        "back": _address(request),
        "new_mark": new_mark, "shown": shown, "iso": time_text, "told": told if f"told.{told}" in texts(language) else None,
    }  # fmt: skip
    words = render(f"dashboard/{template}", {**known, **values})
    answer = HTMLResponse(words, status, headers={**HEADERS, "Content-Language": language})
    if told is not None:
        answer.delete_cookie(TOLD_COOKIE, path="/dashboard")
    return answer


def go(request: Request, address: str, told: str | None = None) -> RedirectResponse:
    """Lead to a page after a form was done; it says ``told.NAME`` once. A reload there repeats nothing."""
    leading = RedirectResponse(address, 303)
    if told is not None:
        leading.set_cookie(
            TOLD_COOKIE, told, max_age=TOLD_S, path="/dashboard", httponly=True, samesite="lax",
            secure=is_secure(request),
        )  # fmt: skip
    return leading


def refused(request: Request, visit: Visit | None, key: str, status: int) -> HTMLResponse:
    """Say in one sentence what could not be done, and what to do."""
    return page(request, "error.html", visit, status, words=_say(choose_language(request), key))


def refusal(request: Request, error: RefusedError) -> Response:
    """Answer on a page what the API would answer with its envelope."""
    language = choose_language(request)
    if error.code not in STATUSES:
        error = ApiError("INTERNAL_ERROR")
    key, headers = (error.key, error.headers) if isinstance(error, ApiError) else (error.code, {})
    if error.code in ("NOT_FOUND", "METHOD_NOT_ALLOWED", "INTERNAL_ERROR"):
        words = _say(language, f"error.{error.code.lower()}", request_id=request.state.request_id)
    else:
        words = message(key, language, {"param": error.param, **error.facts})
    request.state.code = error.code
    visit = getattr(request.state, "visit", None)
    answer = page(request, "error.html", visit, STATUSES[error.code], words=words)
    answer.headers.update(headers)
    return answer


def new_mark() -> str:
    """Mark a form, so that it does its work once even if it is sent twice."""
    return secrets.token_urlsafe(16)


def shown(at_ms: int) -> str:
    """Word a time for people; a script that runs in their browser makes it their own (``dashboard.js``).

    >>> shown(1_764_000_000_123)
    '2025-11-24 16:00 UTC'
    """
    return f"{time_text(at_ms)[:16].replace('T', ' ')} UTC"


def theme_of(request: Request) -> str:
    """Light or dark if somebody chose so, else as the system has it."""
    chosen = request.cookies.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else THEMES[0]


def _address(request: Request) -> str:
    """What stands behind the host in the address bar."""
    return quote(request.url.path) + (f"?{request.url.query}" if request.url.query else "")


def _say(language: str, key: str, /, **values: Any) -> str:
    return text(key, language, values)
