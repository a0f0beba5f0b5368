"""The cookie that carries a session, and where a visitor is led after the log-in."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from starlette.requests import Request
from starlette.responses import Response

from masterify_server.services import base_url
from masterify_server.store.sessions import SESSION_MS

HOME = "/dashboard"
LOGIN = f"{HOME}/login"


def is_below(request: Request) -> bool:
    """Whether a page was asked for, and not the API."""
    return request.url.path == HOME or request.url.path.startswith(f"{HOME}/")


def is_secure(request: Request) -> bool:
    """Whether the browser reaches us by https, perhaps through a proxy."""
    return base_url(request).startswith("https:") or request.url.scheme == "https"


def cookie_name(request: Request) -> str:
    """Where browsers vouch for it, a name that no other host of the domain can set (RFC 6265bis, ``__Host-``)."""
    return "__Host-masterify_session" if is_secure(request) else "masterify_session"


def session_id_of(request: Request) -> str | None:
    """The session's id in the request's cookies, if there is one."""
    return request.cookies.get(cookie_name(request)) or None


def carry(request: Request, response: Response, session_id: str) -> None:
    """Give the browser a session to carry; scripts cannot read it."""
    response.set_cookie(
        cookie_name(request), session_id, max_age=SESSION_MS // 1000, path="/", httponly=True, samesite="lax",
        secure=is_secure(request),
    )  # fmt: skip


def drop(request: Request, response: Response) -> None:
    """Take the session away from the browser."""
    response.delete_cookie(
        cookie_name(request), path="/", httponly=True, samesite="lax", secure=is_secure(request)
    )


def login_address(request: Request) -> str:
    """The log-in page, which leads back here; what was only to be done (POST) is not done by itself later."""
    path = request.url.path if request.method in ("GET", "HEAD") else HOME
    query = f"?{request.url.query}" if request.url.query and path != HOME else ""
    return LOGIN if path == HOME else f"{LOGIN}?next={quote(path + query, safe='')}"


def own_path(given: str | None) -> str:
    """An address of the dashboard, or its first page: nobody is led elsewhere.

    >>> own_path("/dashboard/keys?x=1"), own_path("//evil.example/dashboard"), own_path("/dashboard/../api"), own_path(None)
    ('/dashboard/keys?x=1', '/dashboard', '/dashboard', '/dashboard')
    """
    if not given or len(given) > 2000 or not given.isascii() or not given.isprintable() or "\\" in given:
        return HOME
    try:
        parts = urlsplit(given)
    except ValueError:
        return HOME
    steps = parts.path.split("/")
    if parts.scheme or parts.netloc or steps[:2] != ["", "dashboard"] or ".." in steps:
        return HOME
    return given
