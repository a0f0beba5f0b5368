"""``/dashboard/appearance``: language and theme, kept in the browser; works without script and without a session."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from masterify_server.dashboard import forms
from masterify_server.dashboard.pages import THEME_COOKIE, THEMES
from masterify_server.dashboard.sessions import is_secure, own_path
from masterify_server.dashboard.visit import Visit
from masterify_server.dashboard.wording import LANGUAGE_COOKIE
from masterify_server.wording import LANGUAGES

YEAR_S = 365 * 24 * 3600
CHOICES = {"language": (LANGUAGE_COOKIE, LANGUAGES), "theme": (THEME_COOKIE, THEMES)}


async def change_appearance(request: Request, _visit: Visit | None) -> Response:
    """Remember what was chosen and lead back; a value that does not exist is not remembered."""
    form = await forms.read_form(request)
    leading = RedirectResponse(own_path(form.get("back")), 303)
    for field, (cookie, known) in CHOICES.items():
        if form.get(field) in known:
            leading.set_cookie(
                cookie, form[field], max_age=YEAR_S, path="/", httponly=True, samesite="lax",
                secure=is_secure(request),
            )  # fmt: skip
    return leading
