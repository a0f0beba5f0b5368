"""Runs the web process: uvicorn with time limits of its own, and an end that also ends open event streams."""

from __future__ import annotations

import asyncio
import gc
import json
import resource
import socket
from types import FrameType
from typing import Any, cast

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from masterify_server.errors import body_of
from masterify_server.surroundings import new_request_id
from masterify_server.wording import DEFAULT, message

HEADERS_S = 10.0  # from the first byte of a request (or of a connection) to the end of its headers
LINGERING_S = (
    10.0  # for the rest of a body that was refused: closing at once would lose the answer on its way
)
STALLED_S = 60.0  # for a client to take what is waiting for it (about 64 kB)
KEEP_ALIVE_S = 75  # longer than the 60 s that proxies keep their side
STOPPING_S = 15
MOST_OPEN = 16_384
LONGEST_HEADERS_BYTES = 32 * 1024


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's protocol with what it lacks: limits to headers and to clients that take nothing, and a lingering close."""

    _waiting: asyncio.TimerHandle | None = None
    _lingering: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None
    _header_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Headers must come soon."""
        super().connection_made(transport)
        self._expect_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop all clocks."""
        self._stop_waiting()
        for clock in (self._lingering, self._stalled):
            if clock is not None:
                clock.cancel()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """The client takes less than we send: it has some time to go on."""
        super().pause_writing()
        self._stalled = self.loop.call_later(STALLED_S, self.transport.abort)

    def resume_writing(self) -> None:
        """It has gone on."""
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None
        super().resume_writing()

    def on_message_begin(self) -> None:
        """Start the clock of a further request on this connection."""
        self._header_bytes = 0
        if self._waiting is None:
            self._expect_headers()
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Count it."""
        self._count(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count it."""
        self._count(name + value)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The headers are here."""
        self._stop_waiting()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The body is here; nothing of it is left to wait for."""
        if self._lingering is not None:
            self._lingering.cancel()
            self._lingering = None
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Take the rest of a refused body for a while, and drop it."""
        super().on_response_complete()
        if self.cycle.more_body and not self.transport.is_closing() and self._lingering is None:
            self._lingering = self.loop.call_later(LINGERING_S, self.transport.close)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 (uvicorn words it for itself)
        """Answer what is no HTTP in the shape of every other error."""
        request_id = new_request_id()
        words = message("INVALID_PARAMETER.http", DEFAULT)
        body = json.dumps(body_of("INVALID_PARAMETER", words, request_id), ensure_ascii=False).encode()
        head = (
            f"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
            f"x-request-id: {request_id}\r\ncontent-language: {DEFAULT}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()

    def _expect_headers(self) -> None:
        self._waiting = self.loop.call_later(HEADERS_S, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _count(self, piece: bytes) -> None:
        self._header_bytes += len(piece)
        if self._header_bytes > LONGEST_HEADERS_BYTES:
            raise ValueError("the headers are too long")  # the parser makes a malformed request of it


class WebServer(uvicorn.Server):
    """A server that tells the application at once when it is to stop.

    uvicorn waits for open answers before the lifespan ends; an event stream would never end by itself.
    """

    def __init__(self, config: uvicorn.Config, stopping: asyncio.Event) -> None:
        super().__init__(config)
        self._stopping = stopping

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Remember the loop that a signal must wake."""
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End the event streams, then everything else."""
        self._loop.call_soon_threadsafe(self._stopping.set)
        super().handle_exit(sig, frame)


def run(app: ASGIApp, stopping: asyncio.Event, *, host: str, port: int) -> None:
    """Serve until SIGTERM or Ctrl-C; ends by that signal (exit code -15), after the lifespan has ended.

    X-Forwarded-For and -Proto are believed of this machine, or of the addresses in ``FORWARDED_ALLOW_IPS``.
    """
    _open_many_files()
    gc.collect()
    gc.freeze()  # what is loaded by now stays: the collector need not walk through it again and again
    config = uvicorn.Config(
        cast(Any, app), host=host, port=port, http=PatientProtocol, loop="uvloop", ws="none", lifespan="on",
        log_config=None, access_log=False, server_header=False, date_header=True,
        proxy_headers=True,
        timeout_keep_alive=KEEP_ALIVE_S, timeout_graceful_shutdown=STOPPING_S,
    )  # fmt: skip
    WebServer(config, stopping).run()


def _open_many_files() -> None:
    """Take what the system grants: the usual first limit (1024) would be used up by connections that only wait."""
    least, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_OPEN if most == resource.RLIM_INFINITY else min(MOST_OPEN, most)
    if least != resource.RLIM_INFINITY and least < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
