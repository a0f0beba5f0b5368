"""Routes that answer every method they know, and say which, when asked with another."""

from __future__ import annotations

from starlette.requests import Request
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from masterify_server.auth import Endpoint
from masterify_server.errors import ApiError


def resource(path: str, **endpoints: Endpoint) -> Route:
    """One address and its methods, e.g. ``resource("/x", GET=read, DELETE=delete)``; HEAD comes with GET."""
    return Route(path, Resource(path, endpoints), name=path)


class Resource:
    """The endpoints of one address, by method. Starlette's own routes would know only those of one line."""

    def __init__(self, path: str, endpoints: dict[str, Endpoint]) -> None:
        self.path = path
        self.endpoints = {**endpoints, **({"HEAD": endpoints["GET"]} if "GET" in endpoints else {})}
        self._allowed = ", ".join(sorted(self.endpoints))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse the method."""
        request = Request(scope, receive, send)
        request.state.route = self.path
        endpoint = self.endpoints.get(request.method)
        if endpoint is None:
            shown = request.method[:16]
            raise ApiError(
                "METHOD_NOT_ALLOWED", headers={"Allow": self._allowed}, method=shown, allowed=self._allowed
            )
        response = await endpoint(request)
        await response(scope, receive, send)
