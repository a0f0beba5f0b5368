"""Sends all that is asked of the store in one turn of the event loop as one round trip."""

from __future__ import annotations

import asyncio
from typing import Any

import redis.asyncio

MOST_AT_ONCE = 64  # commands a trip: an answer waits for those before it, and those are not long


class Batches:
    """Pipelines for callers that know nothing of each other; each gets its own answer, or its own error.

    A trip through the client costs the process as much as all else that a small request does; many may share it.
    """

    def __init__(self, client: redis.asyncio.Redis) -> None:
        self._client = client
        self._asked: list[tuple[tuple[Any, ...], asyncio.Future[Any]]] = []
        self._trips: set[asyncio.Task[None]] = set()  # the loop alone would not keep them

    async def execute(self, *command: Any) -> Any:
        """The answer to a command.

        Raises
        ------
        RedisError
            What the store answered, or that it could not be reached; then nobody knows whether it was carried out.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Any] = loop.create_future()
        if not self._asked:
            loop.call_soon(self._leave)
        self._asked.append((command, answer))
        return await answer

    def _leave(self) -> None:
        asked, self._asked = self._asked, []
        for first in range(0, len(asked), MOST_AT_ONCE):
            trip = asyncio.create_task(self._travel(asked[first : first + MOST_AT_ONCE]))
            self._trips.add(trip)
            trip.add_done_callback(self._trips.discard)

    async def _travel(self, asked: list[tuple[tuple[Any, ...], asyncio.Future[Any]]]) -> None:
        pipe = self._client.pipeline(transaction=False)
        for command, _ in asked:
            pipe.execute_command(*command)
        try:
            answers = await pipe.execute(raise_on_error=False)
        except Exception as error:  # whatever it is, those who wait are to know
            answers = [error] * len(asked)
        for (_, waiting), answer in zip(asked, answers, strict=True):
            if waiting.done():  # its caller has been canceled
                continue
            if isinstance(answer, Exception):
                waiting.set_exception(answer)
            else:
                waiting.set_result(answer)
