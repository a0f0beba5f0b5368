"""Tells who watches jobs that one may have changed: one subscription a process, however many watch."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager, suppress

import redis.asyncio
from redis.exceptions import RedisError

HEARING_S = 2.0
"""How long a new watcher waits for the subscription to stand; without it what is told is lost, and looked up later."""
LISTENING_S, PAUSE_S = 5.0, 0.5


class Watch:
    """The subscription, begun by the first who watches and kept until `close`.

    A connection for each open event stream would take them all from the requests.
    """

    def __init__(self, client: redis.asyncio.Redis, prefix: str) -> None:
        self._redis, self._channel = client, f"{prefix}progress:"
        self._watchers: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._listening: asyncio.Task[None] | None = None
        self._hears = asyncio.Event()

    async def changes(self, job_id: str, every_s: float) -> AsyncGenerator[None, None]:
        """Come back at once, whenever the job is told to have changed, and every so often in between."""
        with self._watching(job_id) as told:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._hears.wait(), HEARING_S)
            while True:
                told.clear()
                yield
                with suppress(TimeoutError):
                    await asyncio.wait_for(told.wait(), every_s)

    async def close(self) -> None:
        """End the subscription."""
        task, self._listening = self._listening, None
        if task is not None:
            task.cancel()
            await asyncio.wait((task,))

    @contextmanager
    def _watching(self, job_id: str) -> Iterator[asyncio.Event]:
        if self._listening is None:
            self._listening = asyncio.create_task(self._listen())
        told = asyncio.Event()
        self._watchers[job_id].add(told)
        try:
            yield told
        finally:
            self._watchers[job_id].discard(told)
            if not self._watchers[job_id]:
                del self._watchers[job_id]

    async def _listen(self) -> None:
        """Listen, and again after each outage; nobody knows what was told meanwhile, so everybody looks."""
        while True:
            try:
                async with self._redis.pubsub(ignore_subscribe_messages=True) as line:
                    await line.psubscribe(f"{self._channel}*")
                    self._hears.set()
                    self._wake(*self._watchers)
                    while True:
                        message = await line.get_message(timeout=LISTENING_S)
                        if message is not None:
                            self._wake(message["channel"].removeprefix(self._channel))
            except RedisError:
                self._hears.clear()
                await asyncio.sleep(PAUSE_S)

    def _wake(self, *jobs: str) -> None:
        for job_id in jobs:
            for told in self._watchers.get(job_id, ()):
                told.set()
