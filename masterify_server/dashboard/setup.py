"""``/dashboard/setup``: the link that opens an account for the first time; e-mail and password in, a session out."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from masterify_server import texts
from masterify_server.dashboard import fields, forms, hashing, login, pages, sessions
from masterify_server.dashboard.fields import Wrong
from masterify_server.dashboard.visit import Visit
from masterify_server.refusals import RefusedError
from masterify_server.services import services_of
from masterify_server.store import setup


async def show_setup(request: Request, _visit: Visit | None) -> Response:
    """Show the form if the link is still good; looking at it does not use it up."""
    token = request.query_params.get("token", "")
    return _form(request, token, "", {}) if await _is_good(request, token) else _expired(request)


async def set_up(request: Request, visit: Visit | None) -> Response:
    """Make the user, use the link up and log in."""
    form, email = await forms.read_form(request), ""
    token = form.get("token", "")
    if not await _is_good(request, token):
        return _expired(request)
    wrong = fields.new_password_faults(request, form)
    with fields.beside(request, wrong, "email", "login.email"):
        email = texts.email(form.get("email", ""))
    if wrong:
        return _form(request, token, form.get("email", ""), wrong)
    hashed = await hashing.hash_of(form["password"])
    try:
        await services_of(request).store.do(setup.use_setup(token, email, hashed))
    except RefusedError as error:
        if error.code == "SETUP_EXPIRED":
            return _expired(request)
        return _form(request, token, email, {"email": fields.words_of(request, error, "login.email")})
    leading = await login.enter(request, visit, email, hashed, sessions.HOME)
    return leading or pages.go(request, sessions.LOGIN)


async def _is_good(request: Request, token: str) -> bool:
    return bool(token) and await services_of(request).store.do(setup.read_setup(token)) is not None


def _expired(request: Request) -> Response:
    return pages.refused(request, None, "setup.expired", 410)


def _form(request: Request, token: str, email: str, wrong: Wrong) -> Response:
    status = 400 if wrong else 200
    answer = pages.page(request, "setup.html", None, status, token=token, email=email, wrong=wrong)
    answer.headers["Referrer-Policy"] = "origin"  # the address holds the token, which is for nobody else
    return answer
