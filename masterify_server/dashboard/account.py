"""``/dashboard/account``: one's password, where one is logged in, and what was done to the account."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from masterify_server.dashboard import fields, hashing, pages
from masterify_server.dashboard.devices import device
from masterify_server.dashboard.fields import Wrong
from masterify_server.dashboard.login import waiting_s
from masterify_server.dashboard.sessions import HOME
from masterify_server.dashboard.visit import Visit
from masterify_server.dashboard.wording import choose_language, text
from masterify_server.errors import ApiError
from masterify_server.services import services_of
from masterify_server.store import accounts, keys, sessions, users

ACCOUNT = f"{HOME}/account"
SHOWN_DEEDS = 30


async def show_account(request: Request, visit: Visit) -> Response:
    """Show the form for a new password, and all sessions."""
    return await _page(request, visit, {})


async def change_password(request: Request, visit: Visit) -> Response:
    """Set another password for who knows the one of now; all other sessions end."""
    form, store, email = visit.form, services_of(request).store, visit.session.email
    language, wrong = choose_language(request), fields.new_password_faults(request, visit.form)
    if wrong:
        return await _page(request, visit, wrong)
    wait_s = await waiting_s(request, email)
    if wait_s:
        words = text("login.too_often", language, {"minutes": -(-wait_s // 60)})
        return await _page(request, visit, {"now": words}, 429)
    user = await store.do(users.read_user(email))
    if user is None or not await hashing.is_right(form.get("now", ""), user.password_hash):
        return await _page(request, visit, {"now": text("account.not_now", language)})
    hashed = await hashing.hash_of(form["password"])
    if not await store.do(users.change_password(email, user.password_hash, hashed, visit.session_id)):
        return await _page(request, visit, {"now": text("account.not_now", language)})
    return pages.go(request, ACCOUNT, "password_changed")


async def end_session(request: Request, visit: Visit) -> Response:
    """End one other session, e.g. on a telephone that was lost."""
    handle = visit.form.get("handle", "")
    if not await services_of(request).store.do(sessions.end_one(visit.session.email, handle)):
        raise ApiError("NOT_FOUND")
    return pages.go(request, ACCOUNT, "session_ended")


async def end_others(request: Request, visit: Visit) -> Response:
    """End every session but this one."""
    await services_of(request).store.do(sessions.end_others(visit.session.email, visit.session_id))
    return pages.go(request, ACCOUNT, "sessions_ended")


async def _page(request: Request, visit: Visit, wrong: Wrong, status: int = 400) -> Response:
    store, account_id = services_of(request).store, visit.account.account_id
    held = await store.do(sessions.list_sessions(visit.session.email))
    done = await store.do(accounts.read_audit(account_id, SHOWN_DEEDS))
    names = {key.key_id: key.name for key in await store.do(keys.list_keys(account_id))}
    return pages.page(
        request, "account.html", visit, status if wrong else 200, wrong=wrong, held=held, device=device, done=done,
        names=names,
    )  # fmt: skip
