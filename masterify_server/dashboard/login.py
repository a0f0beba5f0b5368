"""``/dashboard/login`` and ``/dashboard/logout``: e-mail and password in, a session out; and its end."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from masterify_server.dashboard import forms, hashing, pages, sessions
from masterify_server.dashboard.visit import Visit
from masterify_server.services import services_of
from masterify_server.store import users
from masterify_server.store.rates import throttle
from masterify_server.store.sessions import end_session, new_session_id, start_session

QUARTER_MS = 15 * 60 * 1000
MOST_OF_AN_ADDRESS, MOST_OF_A_USER = 30, 10
"""Tries in a quarter of an hour: from one internet address (an office shares one), and for one e-mail address."""
LONGEST_EMAIL = 254  # RFC 5321, with erratum 1690


async def show_login(request: Request, visit: Visit | None) -> Response:
    """Show the form; who is logged in already goes on."""
    goal = sessions.own_path(request.query_params.get("next"))
    if visit is not None:
        return RedirectResponse(goal, 303)
    return pages.page(request, "login.html", None, goal=goal, email="", wrong=None)


async def log_in(request: Request, visit: Visit | None) -> Response:
    """Begin a session under a new id; one that the browser had ends."""
    form, store = await forms.read_form(request), services_of(request).store
    email, password = form.get("email", "").strip(), form.get("password", "")
    goal = sessions.own_path(form.get("next"))
    wait_s = await waiting_s(request, email)
    if wait_s:
        return _again(request, goal, email, "login.too_often", 429, wait_s)
    user = await store.do(users.read_user(email)) if 0 < len(email) <= LONGEST_EMAIL else None
    if not await hashing.is_right(password, user.password_hash if user else None) or user is None:
        return _again(request, goal, email, "login.wrong", 403)
    leading = await enter(request, visit, user.email, user.password_hash, goal)
    return leading or _again(request, goal, email, "login.wrong", 403)


async def log_out(request: Request, visit: Visit) -> Response:
    """End the session here and in the store."""
    await services_of(request).store.do(end_session(visit.session_id))
    leading = pages.go(request, sessions.LOGIN, "logged_out")
    sessions.drop(request, leading)
    return leading


async def enter(
    request: Request, visit: Visit | None, email: str, password_hash: str, goal: str
) -> Response | None:
    """Begin a session and lead on; None if the password was changed in this moment."""
    store, session_id = services_of(request).store, new_session_id()
    starting = start_session(
        session_id,
        email,
        password_hash,
        agent=request.headers.get("user-agent", ""),
        address=client_of(request),
    )
    if not await store.do(starting):
        return None
    if visit is not None:
        await store.do(end_session(visit.session_id))
    leading = RedirectResponse(goal, 303)
    sessions.carry(request, leading, session_id)
    return leading


async def waiting_s(request: Request, email: str) -> int:
    """Count a try, and tell for how long no other is taken: 0 if this one may be made."""
    store = services_of(request).store
    here = await store.do(throttle(f"login:ip:{client_of(request)}", MOST_OF_AN_ADDRESS, QUARTER_MS))
    if not here.allowed:
        return max(1, here.retry_after_s)
    theirs = await store.do(
        throttle(f"login:user:{users.digest(users.folded(email))}", MOST_OF_A_USER, QUARTER_MS)
    )
    return 0 if theirs.allowed else max(1, theirs.retry_after_s)


def client_of(request: Request) -> str:
    """Where a request comes from: the address that the proxy tells, if there is one that is believed."""
    return request.client.host if request.client else ""


def _again(request: Request, goal: str, email: str, wrong: str, status: int, wait_s: int = 0) -> Response:
    """Show the form once more with what was wrong; the password has to be typed again."""
    answer = pages.page(
        request, "login.html", None, status, goal=goal, email=email[:LONGEST_EMAIL], wrong=wrong,
        minutes=-(-wait_s // 60),
    )  # fmt: skip
    if wait_s:
        answer.headers["Retry-After"] = str(wait_s)
    return answer
