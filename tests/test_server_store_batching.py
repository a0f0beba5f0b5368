"""Callers that ask at the same moment share a trip to the store, and nothing else."""

import asyncio

import pytest
import redis.asyncio
from redis.exceptions import ConnectionError as Unreachable
from redis.exceptions import ResponseError

from masterify_server.store.batching import MOST_AT_ONCE, Batches
from tests import lines, stores


class Counted(redis.asyncio.Redis):
    """Counts its pipelines, one a trip."""

    trips = 0

    def pipeline(self, transaction=True, shard_hint=None):
        self.trips += 1
        return super().pipeline(transaction, shard_hint)


def batched(work, url=None):
    """What comes of work with batches, and how many trips they took."""

    async def run():
        client = Counted.from_url(url or stores.server().url, decode_responses=True)
        try:
            return await asyncio.wait_for(work(Batches(client)), 20), client.trips
        finally:
            await client.aclose()

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("callers", "trips"), [(1, 1), (MOST_AT_ONCE, 1), (MOST_AT_ONCE + 1, 2), (5 * MOST_AT_ONCE, 5)]
)
def test_each_gets_its_own_answer_of_as_few_trips_as_there_may_be(callers, trips):
    async def work(batches):
        return await asyncio.gather(*(batches.execute("ECHO", f"가{n}") for n in range(callers)))

    assert batched(work) == ([f"가{n}" for n in range(callers)], trips)


def test_who_asks_later_does_not_wait_for_a_trip_under_way():
    async def work(batches):
        slow = asyncio.create_task(batches.execute("BLPOP", "batching:nothing", "2"))
        await asyncio.sleep(0.1)
        assert await batches.execute("ECHO", "quick") == "quick"
        assert not slow.done()
        slow.cancel()

    assert batched(work)[1] == 2


def test_an_error_is_only_that_of_whoever_caused_it():
    async def work(batches):
        asked = (("ECHO", "a"), ("NONSENSE",), ("ECHO", "b"))
        return await asyncio.gather(*(batches.execute(*each) for each in asked), return_exceptions=True)

    (before, wrong, after), trips = batched(work)
    assert (before, after, trips) == ("a", "b", 1)
    assert isinstance(wrong, ResponseError)


def test_who_gives_up_takes_nobody_along():
    async def work(batches):
        going, staying = (asyncio.create_task(batches.execute("ECHO", word)) for word in ("going", "staying"))
        await asyncio.sleep(0)
        going.cancel()
        return await asyncio.gather(going, staying, return_exceptions=True)

    (gone, stayed), trips = batched(work)
    assert isinstance(gone, asyncio.CancelledError)
    assert (stayed, trips) == ("staying", 1)


def test_a_store_that_is_away_is_told_to_all_who_asked():
    async def work(batches):
        return await asyncio.gather(*(batches.execute("ECHO", n) for n in range(3)), return_exceptions=True)

    told, _ = batched(work, f"redis://127.0.0.1:{lines.free_port()}/0")
    assert [type(each) for each in told] == [Unreachable] * 3
