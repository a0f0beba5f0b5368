"""Runs calls: `Store` blocks (worker, keeper, command line), `AsyncStore` does not (web). Both speak decoded text."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator
from contextlib import suppress
from functools import cache
from typing import Any, TypeVar

import redis
import redis.asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    ConnectionError,  # noqa: A004
    NoScriptError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
    TimeoutError,  # noqa: A004
)
from redis.retry import Retry

from masterify_server.refusals import UnavailableError
from masterify_server.store.batching import Batches
from masterify_server.store.calls import PREFIX, SCHEMA_VERSION, Call, source
from masterify_server.store.durability import weaknesses
from masterify_server.store.watching import Watch

T = TypeVar("T")

CONNECTING_S = 2.0
ANSWERING_S = 10.0
"""No script takes long; a store that is silent for this long is gone."""

_GONE = (ConnectionError, TimeoutError, AuthenticationError, OutOfMemoryError, ReadOnlyError)
_SAID_BY_A_STORE_IN_TROUBLE = ("MISCONF", "LOADING", "CLUSTERDOWN", "MASTERDOWN", "NOREPLICAS", "BUSY ")


class Store:
    """Runs calls and waits for the answer. Threads may share it; after a fork each process connects anew.

    Raises
    ------
    UnavailableError
        From every method: the store cannot be reached or cannot write.
    """

    def __init__(self, url: str, prefix: str = PREFIX) -> None:
        self.url, self.prefix = url, prefix
        self.redis: redis.Redis = redis.Redis.from_url(url, retry=Retry(NoBackoff(), 0), **_options())

    def do(self, call: Call[T]) -> T:
        """Run a call. What it refuses is raised as `RefusedError`."""
        try:
            try:
                answer = self.redis.evalsha(_sha(call.script), 1, self.prefix, *_sent(call))
            except NoScriptError:
                answer = self.redis.eval(source(call.script), 1, self.prefix, *_sent(call))
        except RedisError as error:
            raise _unavailable(error) from error
        return call.parse(answer)

    def prepare(self) -> None:
        """Check that the store answers and holds what this version can read; run once at the start of a process."""
        try:
            _check_version(self.do(_prepare()))
        except UnavailableError as error:
            raise UnavailableError(f"{error}; see that it runs, and that REDIS_URL leads to it") from None

    def weaknesses(self) -> list[str]:
        """Why what is written may not be kept; nothing is known of a server that does not tell."""
        try:
            return weaknesses(self.redis.info())
        except RedisError:
            return []

    def close(self) -> None:
        """Close the connections."""
        self.redis.close()


class AsyncStore:
    """Runs calls on the event loop that it is first used on; otherwise as `Store`."""

    def __init__(self, url: str, prefix: str = PREFIX, *, connections: int = 64) -> None:
        self.url, self.prefix = url, prefix
        # A pool that waits: a burst of requests must queue here, not open a connection each.
        pool = redis.asyncio.BlockingConnectionPool.from_url(
            url,
            max_connections=connections,
            timeout=ANSWERING_S,
            retry=AsyncRetry(NoBackoff(), 0),
            **_options(),
        )
        self.redis: redis.asyncio.Redis = redis.asyncio.Redis.from_pool(pool)
        self._batches = Batches(self.redis)
        self._watch = Watch(self.redis, prefix)

    async def do(self, call: Call[T]) -> T:
        """Run a call. What it refuses is raised as `RefusedError`."""
        try:
            try:
                answer = await self._batches.execute(
                    "EVALSHA", _sha(call.script), 1, self.prefix, *_sent(call)
                )
            except NoScriptError:
                answer = await self._batches.execute(
                    "EVAL", source(call.script), 1, self.prefix, *_sent(call)
                )
        except RedisError as error:
            raise _unavailable(error) from error
        return call.parse(answer)

    async def prepare(self) -> None:
        """As `Store.prepare`."""
        _check_version(await self.do(_prepare()))

    def changes(self, job_id: str, every_s: float = 15.0) -> AsyncGenerator[None, None]:
        """Come back whenever a job may have changed: at once, when it is told, and every so often in between.

        What is told may be lost; whoever watches reads the job (`jobs.read_job`) each time, and stops at its end.
        An outage ends nothing: when the store is back, everybody is told.
        """
        return self._watch.changes(job_id, every_s)

    async def close(self) -> None:
        """Close the connections."""
        await self._watch.close()
        with suppress(RedisError):
            await self.redis.aclose()


def _sent(call: Call[Any]) -> list[bytes | int]:
    """Arguments as bytes: those of a command line may be no UTF-8 (nothing is called so), which hiredis would not take."""
    return [each.encode("utf-8", "surrogateescape") if isinstance(each, str) else each for each in call.args]


def _options() -> dict[str, Any]:
    """How both connect; neither repeats a call: one that broke off may have been carried out."""
    return {
        "decode_responses": True,
        "encoding_errors": "surrogateescape",  # as `_sent`
        "socket_connect_timeout": CONNECTING_S,
        "socket_timeout": ANSWERING_S,
    }


def _prepare() -> Call[int]:
    return Call("prepare", (SCHEMA_VERSION,), int)


def _check_version(stored: int) -> None:
    if stored > SCHEMA_VERSION:
        raise UnavailableError(
            f"the store was written by a newer version of masterify (schema {stored}, this one knows {SCHEMA_VERSION})"
        )


@cache
def _sha(script: str) -> str:
    return hashlib.sha1(source(script).encode(), usedforsecurity=False).hexdigest()


def _unavailable(error: RedisError) -> Exception:
    """An outage is ours to tell; anything else is a bug in a script and keeps its traceback."""
    text = str(error)
    if isinstance(error, _GONE) or (
        isinstance(error, ResponseError) and text.startswith(_SAID_BY_A_STORE_IN_TROUBLE)
    ):
        return UnavailableError(f"the store does not answer: {text or type(error).__name__}")
    return error
