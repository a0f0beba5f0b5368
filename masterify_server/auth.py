"""Who is asking: API keys, what they may do, and how often."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from masterify_server.crowd import MOST_OF_ONE
from masterify_server.errors import RETRY_S, ApiError
from masterify_server.services import services_of
from masterify_server.store import keys
from masterify_server.store.keys import Caller
from masterify_server.store.rates import Rate

Guarded = Callable[[Request, Caller], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]
READ, WRITE = keys.SCOPES
KEY = re.compile(r"aim_live_[0-9a-f]{32}")
LONGEST_HEADER = 512
WINDOW_S = 60


def guarded(endpoint: Guarded, scope: str) -> Endpoint:
    """Let an endpoint be called with a good key of this scope, within its rate; it is told who calls."""

    async def answer(request: Request) -> Response:
        return await endpoint(request, await caller_of(request, scope))

    return answer


async def caller_of(request: Request, scope: str) -> Caller:
    """Whose key a request carries; counts the request.

    Raises
    ------
    ApiError
        As `let_in`.
    """
    services = services_of(request)
    caller = await services.store.do(keys.authorize(secret_of(request), services.plans))
    return let_in(request, caller, scope)


def secret_of(request: Request) -> str:
    """The key that a request carries. One of the wrong form is looked up like any other: no answer comes sooner."""
    return _given(request)[1]


def let_in(request: Request, caller: Caller | None, scope: str) -> Caller:
    """Let the caller in whom `secret_of` led to, or refuse.

    Raises
    ------
    ApiError
        ``INVALID_API_KEY``, whatever is wrong with the key; ``RATE_LIMIT`` (in a minute, or at once), ``PLAN_REQUIRED``,
        ``SCOPE_REQUIRED``.
    """
    services, settings = services_of(request), services_of(request).settings
    kind, secret = _given(request)
    if caller is None or kind.lower() != "bearer" or not KEY.fullmatch(secret) or caller.kind != "live":
        raise ApiError("INVALID_API_KEY")
    request.state.account, request.state.key_id = caller.account_id, caller.key_id
    request.state.headers.update(rate_headers(caller.rate))
    if not caller.rate.allowed:
        wait_s = max(1, caller.rate.retry_after_s)
        raise ApiError(
            "RATE_LIMIT", headers={"Retry-After": str(wait_s)}, limit=caller.rate.limit, seconds=wait_s
        )
    enter(request, caller.account_id)
    if not services.plans.lets_in(caller.plan, settings.api_min_plan):
        raise ApiError("PLAN_REQUIRED", plan=settings.api_min_plan)
    if scope not in caller.scopes:
        raise ApiError("SCOPE_REQUIRED", scope=scope)
    return caller


def _given(request: Request) -> tuple[str, str]:
    kind, _, secret = request.headers.get("authorization", "")[:LONGEST_HEADER].partition(" ")
    return kind, secret


def enter(request: Request, who: str) -> None:
    """Count a request as under way until it is answered to its last byte; too many of one at a time are refused."""
    if not services_of(request).crowd.enter(who):
        raise ApiError(
            "RATE_LIMIT", "crowd", headers={"Retry-After": str(RETRY_S)}, limit=MOST_OF_ONE, seconds=RETRY_S
        )
    request.state.entered = who


def rate_headers(rate: Rate) -> dict[str, str]:
    """Say what is left: as draft-ietf-httpapi-ratelimit-headers does, and as clients have known it for long.

    >>> rate_headers(Rate(allowed=True, limit=30, remaining=29, reset_s=2, retry_after_s=0))["RateLimit"]
    '"default";r=29;t=2'
    """
    return {
        "RateLimit-Policy": f'"default";q={rate.limit};w={WINDOW_S}',
        "RateLimit": f'"default";r={rate.remaining};t={rate.reset_s}',
        "X-RateLimit-Limit": str(rate.limit),
        "X-RateLimit-Remaining": str(rate.remaining),
        "X-RateLimit-Reset": str(rate.reset_s),
    }
