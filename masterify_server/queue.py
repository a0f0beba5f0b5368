"""The queue: RQ carries a job's id to a worker; what is true of a job stands in the store alone.

An entry that is lost, doubled or late does no harm: a worker claims a job in the store before it begins.
"""

from __future__ import annotations

import os
from contextlib import suppress

from masterify_server.refusals import UnavailableError
from masterify_server.store import PREFIX, Store
from masterify_server.store.jobs import read_job
from masterify_server.store.lifecycle import dispatched, next_dispatch

os.environ["RQ_KEY_PREFIX"] = f"{PREFIX}rq"  # RQ reads it when it is imported

from redis import Redis, RedisError
from redis.backoff import ExponentialBackoff
from redis.retry import Retry
from rq import Queue
from rq.exceptions import DuplicateJobError

NAME = "masters"
TASK = "masterify_server.tasks.master_job"
EXCERPTS_TASK = "masterify_server.tasks.cut_excerpts"
SERIALIZER = "json"
"""Not RQ's default: unpickling runs whatever the writer of the store wants."""

LONGEST_S = 1800
"""After this a job's process is ended; it is tried again, as if it had died."""
EXCERPTS_S = 120
LONGEST_PAUSE_S, RETRIES = 0.5, 120
"""About a minute for a store to come back."""
RESULT_S, FAILURE_S = 60, 600
"""How long RQ remembers entries; nobody asks it."""


class Transport:
    """Writes queue entries. Threads may share it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.redis = connect(store.url)
        self.queue = Queue(NAME, connection=self.redis, serializer=SERIALIZER)

    def dispatch(self, job_id: str) -> bool:
        """Write the queue entry of a waiting job and take it out of the outbox; False if it does not wait.

        Whoever comes second for the same dispatch finds the entry there.
        """
        name = self.store.do(next_dispatch(job_id))
        if name is None:
            return False
        try:
            with suppress(DuplicateJobError):
                self.queue.enqueue_call(
                    TASK,
                    (job_id,),
                    job_id=name,
                    unique=True,
                    timeout=LONGEST_S,
                    result_ttl=RESULT_S,
                    failure_ttl=FAILURE_S,
                )
        except RedisError as error:
            raise UnavailableError(f"the queue does not answer: {error}") from error
        self.store.do(dispatched(job_id))
        return True

    def ask_for_excerpts(self, job_id: str) -> None:
        """Write the entry that makes the excerpts of a done job, before all others: somebody waits to hear them.

        While RQ remembers the last one, which includes `FAILURE_S` after it failed, none is written.
        """
        job = self.store.do(read_job(job_id))
        if job is None or not job.has_masters:
            return
        try:
            with suppress(DuplicateJobError):
                self.queue.enqueue_call(
                    EXCERPTS_TASK,
                    (job_id,),
                    job_id=f"{job_id}_{job.attempt}_excerpts",
                    unique=True,
                    at_front=True,
                    timeout=EXCERPTS_S,
                    result_ttl=RESULT_S,
                    failure_ttl=FAILURE_S,
                )
        except RedisError as error:
            raise UnavailableError(f"the queue does not answer: {error}") from error

    def entries(self) -> set[str]:
        """Ids of the jobs that have an entry in the queue."""
        try:
            return {job_of_entry(name) for name in self.queue.get_job_ids()}
        except RedisError as error:
            raise UnavailableError(f"the queue does not answer: {error}") from error


def connect(url: str) -> Redis:
    """A connection as RQ wants it: of bytes; it waits for a store that is away, because RQ would give up.

    Here a command may be repeated: what an entry means stands in the store.
    """
    patience = Retry(ExponentialBackoff(cap=LONGEST_PAUSE_S, base=0.02), RETRIES)
    return Redis.from_url(url, socket_connect_timeout=2.0, retry=patience)


def job_of_entry(name: str) -> str:
    """The job of a queue entry.

    >>> job_of_entry("550e8400-e29b-41d4-a716-446655440000_2_0")
    '550e8400-e29b-41d4-a716-446655440000'
    """
    return name.split("_")[0]


def attempt_of_entry(name: str) -> int:
    """The attempt that a queue entry was written for.

    >>> attempt_of_entry("550e8400-e29b-41d4-a716-446655440000_2_0")
    2
    """
    return int(name.split("_")[1])
