"""A worker: waits for queue entries with everything warm, and forks a limited child for each job."""

from __future__ import annotations

import logging
import os
import signal
from typing import Any

from redis import RedisError

from masterify_server import queue, tasks
from masterify_server.embedded import store_url
from masterify_server.parent import end_with
from masterify_server.refusals import UnavailableError
from masterify_server.retention import keep_of
from masterify_server.scratch import sweep_job
from masterify_server.settings import Settings
from masterify_server.store import Store
from masterify_server.store.lifecycle import reap

from rq import Worker  # isort: skip  (after `queue`, which sets its prefix)
from rq.job import Job as Entry  # isort: skip

log = logging.getLogger("masterify.worker")

# Measured: with these a job runs again 16 s after both worker and child were killed by RQ's own means alone; the
# keeper's leases are faster. RQ's own values (90 s and 600 s) would take up to 11 minutes.
HEARTBEAT_S = 15
MONITORING_S = 2
MAINTENANCE_S = 30
IDLE_S = 60
RECONNECT_S = 1.0


def run_worker(settings: Settings) -> None:
    """Work until SIGTERM (the job in hand is finished; a second one, a second later, ends it: it is run again).

    Raises
    ------
    UnavailableError
        The store went away, or cannot write any more (its disk is full).
    """
    from masterify_core.presets import Library

    url = store_url(settings)
    store = Store(url)
    store.prepare()
    bench = tasks.Bench(settings, url, Library.load())
    tasks.prepare(bench)
    warm()
    worker = MasterWorker(
        [queue.NAME], connection=queue.connect(url), serializer=queue.SERIALIZER, worker_ttl=IDLE_S,
        job_monitoring_interval=MONITORING_S, maintenance_interval=MAINTENANCE_S, log_job_description=False,
    )  # fmt: skip
    worker.bench, worker.store = bench, store
    log.info("worker ready")
    try:
        worker.work(logging_level="WARNING")
    except RedisError as error:  # RQ gives up; whoever started this process starts it again
        raise UnavailableError(f"the store is away: {error}") from None


def warm() -> None:
    """Compile or load, and import, all that a job will need: children inherit it and begin at once."""
    import masterify_core.report.page
    import masterify_core.stages.resampler  # noqa: F401
    from masterify_core.kernels import _jit

    _jit.warm_up(everything=True)


class MasterWorker(Worker):
    """RQ's forking worker with short leases, children that never outlive it, and instant notice of their death."""

    max_connection_wait_time = RECONNECT_S
    bench: tasks.Bench
    store: Store

    def get_heartbeat_ttl(self, job: Entry, working_time: float = 0.0) -> int:  # noqa: ARG002 (RQ's signature)
        """How long RQ believes in a worker that is silent, seconds."""
        return HEARTBEAT_S

    def main_work_horse(self, job: Entry, queue: Any) -> None:
        """Be the child: end with the worker, or two would have the job."""
        end_with(self.pid or os.getppid(), signal.SIGKILL)
        super().main_work_horse(job, queue)

    def handle_work_horse_killed(self, job: Entry, retpid: Any, ret_val: Any, rusage: Any) -> None:  # noqa: ARG002
        """The child died over a job: let it wait again now; without notice its lease would have to run out."""
        job_id = queue.job_of_entry(job.id)
        log.warning("job %s: its process ended with status %s", job_id, ret_val)
        sweep_job(self.bench.settings.data_dir, job_id, retpid)
        try:
            self.store.do(reap(job_id, keep_of(self.bench.settings), queue.attempt_of_entry(job.id)))
        except UnavailableError:
            log.warning("job %s: the store is away; the keeper will see to it", job_id)
