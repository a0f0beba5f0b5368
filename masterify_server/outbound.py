"""The client for addresses that users name: one POST to a vetted, pinned address, bounded in time and size."""

# ruff: noqa: ARG002 - the signatures are those of httpcore; here one deadline stands over all its time-outs

from __future__ import annotations

import ssl
import time
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpcore2

from masterify_server import addresses
from masterify_server.addresses import BlockedError

TOTAL_S = 15.0
CONNECTING_S = 5.0
MOST_BYTES = 64 * 1024
# A webhook's answer is its status; the rest is only read so that the other side need not see a broken line.
DRAINING_S = 1.0
ADDRESSES_TRIED = 3
USER_AGENT = "masterify-webhooks/1"


class Rules(Protocol):
    """What the deployment says about calls to the outside; the settings are one."""

    @property
    def webhook_allow_hosts(self) -> Collection[str]:
        """Hosts that may be private."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of one try: the HTTP status, or else why there is none; and how long it took."""

    status: int | None
    error: str | None
    ms: int


def send(url: str, headers: Mapping[str, str], body: bytes, settings: Rules) -> Sent:
    """POST once: no redirects, no proxies, nothing from the environment; never raises for what the network does.

    The host is resolved once, all answers must be public (or the host allowed by name), and the connection goes
    to one of them; name, SNI and certificate stay those of the URL. The answer's body is dropped.
    """
    started = time.monotonic()
    try:
        status, error = _post(url, headers, body, settings.webhook_allow_hosts, started + TOTAL_S), None
    except BlockedError as blocked:
        status, error = None, str(blocked)
    except (httpcore2.TimeoutException, TimeoutError):
        status, error = None, "no answer in time"
    except (httpcore2.NetworkError, OSError) as broken:
        status, error = None, f"no connection ({_reason(broken)})"
    except (httpcore2.ProtocolError, httpcore2.UnsupportedProtocol, ValueError):
        status, error = None, "the answer is not HTTP"
    return Sent(status, error, round(1000 * (time.monotonic() - started)))


def _post(url: str, headers: Mapping[str, str], body: bytes, allow_hosts: Collection[str], end: float) -> int:
    target = addresses.parse(url)
    pinned = addresses.resolve(target, allow_hosts)
    sent = {
        "host": urlsplit(url).netloc,
        "user-agent": USER_AGENT,
        "accept": "*/*",
        "content-length": str(len(body)),
        **{name.lower(): value for name, value in headers.items()},
    }
    raw = [(name.encode("ascii"), value.encode("utf-8")) for name, value in sent.items()]
    with (
        httpcore2.ConnectionPool(
            ssl_context=_tls(), network_backend=_Pinned(pinned, end), max_connections=1,
            max_keepalive_connections=0, retries=0,
        ) as pool,
        pool.stream("POST", url, headers=raw, content=body) as response,
    ):  # fmt: skip
        status = int(response.status)
        drained = min(end, time.monotonic() + DRAINING_S)
        with suppress(httpcore2.TimeoutException, httpcore2.NetworkError, httpcore2.ProtocolError):
            for _ in response.iter_stream():
                if time.monotonic() > drained:
                    break
    return status


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


class _Pinned(httpcore2.NetworkBackend):
    """Connects to the addresses that were vetted, whatever the name says by now."""

    def __init__(self, pinned: tuple[str, ...], end: float) -> None:
        self._pinned, self._end = pinned, end
        self._plain = httpcore2.SyncBackend()

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:  # fmt: skip
        failed: Exception = httpcore2.ConnectError(f"{host}: no address")
        for address in self._pinned[:ADDRESSES_TRIED]:
            try:
                wait_s = min(CONNECTING_S, _left(self._end))
                stream = self._plain.connect_tcp(address, port, wait_s, local_address, socket_options)
                return _Bounded(stream, self._end)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failed = error
        raise failed

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore2.NetworkStream:
        raise BlockedError("it is not a web address")


class _Bounded(httpcore2.NetworkStream):
    """A connection with one deadline over everything, and a limit to what it takes.

    Time-outs for single reads are not enough: an answer that drips one byte at a time passes them all.
    """

    def __init__(self, stream: httpcore2.NetworkStream, end: float, left: int = MOST_BYTES) -> None:
        self._stream, self._end, self._bytes_left = stream, end, left

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self._bytes_left <= 0:
            raise httpcore2.ReadError("the answer is too long")
        got = self._stream.read(min(max_bytes, self._bytes_left), _left(self._end))
        self._bytes_left -= len(got)
        return got

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(self._end))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        secure = self._stream.start_tls(ssl_context, server_hostname, _left(self._end))
        return _Bounded(secure, self._end, self._bytes_left)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(end: float) -> float:
    """Seconds until the deadline; past it the try is over."""
    left_s = end - time.monotonic()
    if left_s <= 0:
        raise httpcore2.ReadTimeout("out of time")
    return left_s


def _reason(error: Exception) -> str:
    """Words that fit into a delivery log and show nothing but what the user could find out too."""
    text = str(error).strip().splitlines()
    return text[0][:120] if text else type(error).__name__
