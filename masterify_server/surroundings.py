"""What is around every request: its id, its language, headers of every answer, the log line, the last net for faults."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from masterify_server import logs
from masterify_server.crowd import Crowd
from masterify_server.errors import STATUSES, ApiError, body_of, unavailable
from masterify_server.metrics import Metrics
from masterify_server.refusals import RefusedError
from masterify_server.wording import language_of, message

log = logging.getLogger("masterify.access")
NO_ROUTE = "(none)"
# Answers are no pages: nothing in them may run or be framed. Pages bring their own policy.
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_RAW_HEADERS = {name.lower().encode(): value.encode() for name, value in HEADERS.items()}
CHALLENGE, UNAUTHORIZED = {"WWW-Authenticate": 'Bearer realm="masterify"'}, 401
HSTS = "max-age=31536000"
MOST_AT_ONCE = 1000  # requests under way; more would only wait, and each holds memory


class Surroundings:
    """Wraps the whole application, its error handling included.

    Handlers find ``request_id`` and ``language`` in ``request.state`` and may leave there: ``route`` (a
    template), ``account``, ``key_id``, ``code`` (of the error answered), ``entered`` (who
    is to leave the crowd when it is answered) and ``headers`` for the answer.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, crowd: Crowd) -> None:
        self.app, self._metrics, self._crowd = app, metrics, crowd
        self._under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; what goes wrong is logged under its id."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        state: dict[str, Any] = scope.setdefault("state", {})
        state["request_id"] = new_request_id()
        state["language"] = language_of(Headers(scope=scope).get("accept-language"))
        state["headers"] = {}
        started = time.perf_counter()
        seen = {"status": 0, "bytes": 0, "done": 0}

        async def pass_on(answer: Message) -> None:
            if answer["type"] == "http.response.start":
                seen["status"] = answer["status"]
                _complete(answer, scope, state)
            elif answer["type"] == "http.response.body":
                seen["bytes"] += len(answer.get("body", b""))
                seen["done"] = not answer.get("more_body", False)
            await send(answer)

        self._under_way += 1
        try:
            busy = self._under_way > MOST_AT_ONCE
            await (answer_of(state, unavailable()) if busy else self.app)(scope, receive, pass_on)
        except asyncio.CancelledError:
            if seen["status"]:
                raise
            # The process ends, and has waited for this one long enough: what has no answer yet can be sent again.
            await answer_of(state, unavailable())(scope, receive, pass_on)
        except Exception:
            log.exception("fault", extra={logs.FIELDS: {"request_id": state["request_id"]}})
            if not seen["done"]:
                raise  # the answer has begun: all that is left is to break it off visibly
        finally:
            self._under_way -= 1
            if "entered" in state:
                self._crowd.leave(state["entered"])
            self._record(scope, state, seen, time.perf_counter() - started)

    def _record(self, scope: Scope, state: dict[str, Any], seen: dict[str, int], seconds: float) -> None:
        route = state.get("route", NO_ROUTE)
        status = seen["status"] or 499  # as nginx calls a client that went away before the answer
        self._metrics.answered(scope["method"], route, status, seconds)
        if "code" in state:
            self._metrics.refused(state["code"])
        logs.event(
            log, logging.INFO, "request", request_id=state["request_id"], method=scope["method"], path=scope["path"],
            route=route, status=status, ms=round(1000 * seconds, 1), bytes=seen["bytes"], code=state.get("code"),
            account=state.get("account"), key_id=state.get("key_id"), client=(scope.get("client") or ("",))[0] or None,
        )  # fmt: skip


def _complete(answer: Message, scope: Scope, state: dict[str, Any]) -> None:
    """Add what every answer carries; what a handler has set itself stays."""
    own = [pair for pair in answer.get("headers", []) if pair[0] != b"x-request-id"]
    ours = dict(_RAW_HEADERS)
    if scope.get("scheme") == "https":
        ours[b"strict-transport-security"] = HSTS.encode()
    for name, value in state["headers"].items():
        ours[name.lower().encode()] = value.encode("latin-1")
    ours[b"x-request-id"] = state["request_id"].encode()
    taken = {name for name, _ in own}
    answer["headers"] = own + [pair for pair in ours.items() if pair[0] not in taken]


def new_request_id() -> str:
    """Our own, whatever the client sends: two requests never share one."""
    return f"req_{secrets.token_hex(12)}"


def answer_of(state: dict[str, Any], error: RefusedError) -> JSONResponse:
    """Answer an error's envelope, in the language of the request."""
    if error.code not in STATUSES:
        log.error("refused with an unknown code: %s", error)
        error = ApiError("INTERNAL_ERROR")
    state["code"] = error.code
    key, headers = (error.key, error.headers) if isinstance(error, ApiError) else (error.code, {})
    words = message(key, state["language"], {"param": error.param, **error.facts})
    status = STATUSES[error.code]
    return JSONResponse(
        body_of(error.code, words, state["request_id"], error.param),
        status_code=status,
        headers={
            **(CHALLENGE if status == UNAUTHORIZED else {}),
            **headers,
            "Content-Language": state["language"],
        },
    )
