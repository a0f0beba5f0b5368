"""Routes that answer every method they know, and say which, when asked with another."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from masterify_server.auth import Endpoint
from masterify_server.errors import ApiError

EVERY_METHOD = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "QUERY"]


def resource(path: str, **endpoints: Endpoint) -> Route:
    """One address and its methods, e.g. ``resource("/x", GET=read, DELETE=delete)``; HEAD comes with GET."""
    known = {**endpoints, **({"HEAD": endpoints["GET"]} if "GET" in endpoints else {})}
    allowed = ", ".join(sorted(known))

    async def answer(request: Request) -> Response:
        request.state.route = path
        endpoint = known.get(request.method)
        if endpoint is None:
            raise ApiError(
                "METHOD_NOT_ALLOWED", headers={"Allow": allowed}, method=request.method, allowed=allowed
            )
        return await endpoint(request)

    return Route(path, answer, methods=EVERY_METHOD, name=path)
