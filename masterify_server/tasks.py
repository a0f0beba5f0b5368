"""What a worker's child does with a queue entry: claim the job, carry it out with beats, end it; each step fenced."""

from __future__ import annotations

import errno
import logging
import os
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

from masterify_core.errors import MasterifyError
from masterify_core.presets import Library
from masterify_server import sandbox
from masterify_server.excerpting import store_excerpts
from masterify_server.mastering_job import INTERNAL, carry_out, job_error
from masterify_server.refusals import UnavailableError
from masterify_server.retention import keep_of
from masterify_server.scratch import scratch_folder
from masterify_server.settings import Settings
from masterify_server.storage import open_storage
from masterify_server.store import Call, Store
from masterify_server.store.jobs import Job, read_job
from masterify_server.store.lifecycle import LEASE_MS, beat, claim, end_done, end_failed

log = logging.getLogger("masterify.worker")

BEAT_S = 1.0
LOST = 3
"""Exit code of a process whose job is somebody else's by now."""
AWAY_S, AWAY_PAUSE_S = 300.0, 2.0
"""How long a storage that is away is waited for, and how long between two tries."""
ENDING_S = 60.0
"""How long the end of a job is offered to a store that is away; then the job is run again."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What a worker prepares once and its children inherit."""

    settings: Settings
    store_url: str
    library: Library


_bench: list[Bench] = []


def prepare(bench: Bench) -> None:
    """Lay the bench for the children that will be forked."""
    _bench[:] = [bench]


def master_job(job_id: str) -> str:
    """Do one job, in a process of its own; answers what came of it, for the log.

    An entry of a job that does not wait (any more) is no error: entries may be doubled or late.
    """
    (bench,) = _bench
    store = Store(bench.store_url)
    job = store.do(claim(job_id, f"{os.uname().nodename}:{os.getppid()}", LEASE_MS))
    if job is None:
        return "not waiting"
    heart = _Heart(store, job)
    heart.start()
    sandbox.enter(sandbox.Limits(memory_gb=bench.settings.job_memory_gb, cpu_s=bench.settings.job_cpu_s))
    # The scratch folder is swept after the end is written: nobody waits for that.
    with ExitStack() as scratch:
        ending = _ending(job, bench, scratch, heart)
        heart.stop()
        return _end(store, ending, job)


def cut_excerpts(job_id: str) -> str:
    """Make what the dashboard plays of a done job, in a process of its own; answers what came of it, for the log.

    Only who opens the player pays for it: a job that programs ask for has none.
    """
    (bench,) = _bench
    store, storage = Store(bench.store_url), open_storage(bench.settings)
    job = store.do(read_job(job_id))
    if job is None or not job.has_masters:
        return "nothing to hear"
    sandbox.enter(sandbox.Limits(memory_gb=bench.settings.job_memory_gb, cpu_s=bench.settings.job_cpu_s))
    with scratch_folder(bench.settings.data_dir, job_id) as scratch:
        count = store_excerpts(job, storage, scratch)
    now = store.do(read_job(job_id))
    if now is None or not now.has_masters:  # deleted meanwhile: nothing of it may stay
        storage.delete(f"out/{job_id}")
    return f"{count} excerpts"


def _ending(job: Job, bench: Bench, scratch: ExitStack, heart: _Heart) -> Call[bool]:
    """Carry the job out; answers the call that ends it. A storage that is away or full is waited for."""
    failed = partial(end_failed, job.job_id, job.attempt, keep_of(bench.settings))
    deadline = time.monotonic() + AWAY_S
    while True:
        try:
            folder = scratch.enter_context(scratch_folder(bench.settings.data_dir, job.job_id))
            outcome = carry_out(job, open_storage(bench.settings), bench.library, folder, heart.tell)
        except Exception as error:
            told = f"{type(error).__name__}: {error}"
            if isinstance(error, UnavailableError) or disk_is_full(error):
                log.warning("job %s waits: %s", job.job_id, told)
                scratch.close()  # half a master must not fill the disk while its job waits for room
                if time.monotonic() > deadline:
                    os._exit(1)  # somebody else may have better luck, three times in all
                time.sleep(AWAY_PAUSE_S)
                continue
            if isinstance(error, MasterifyError):
                log.info("job %s failed: %s", job.job_id, error)
                return failed(job_error(error), told)
            log.exception("job %s failed: a fault of ours", job.job_id)
            return failed(INTERNAL, told)
        return end_done(
            job.job_id, job.attempt, keep_of(bench.settings),
            measured=outcome.measured, results=outcome.results, archive=outcome.archive,
        )  # fmt: skip


def disk_is_full(error: BaseException | None) -> bool:
    """Whether it came of a disk that is full (or a quota that is used up): nothing that is the song's fault.

    >>> disk_is_full(OSError(errno.ENOSPC, "No space left on device")), disk_is_full(OSError(errno.EIO, "?"))
    (True, False)
    """
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        error = error.__cause__ or error.__context__
    return False


def _end(store: Store, ending: Call[bool], job: Job) -> str:
    """Write the end, for as long as it takes a store to come back; the lease may be lost meanwhile, the end is fenced."""
    deadline = time.monotonic() + ENDING_S
    while True:
        try:
            return "ended" if store.do(ending) else "lost"
        except UnavailableError:
            if time.monotonic() > deadline:
                log.warning("job %s has ended, but the store does not come back", job.job_id)
                os._exit(1)
            time.sleep(0.1)


class _Heart:
    """Keeps the lease of a job and shows its progress, from a thread of its own; ends the process if the lease is lost."""

    def __init__(self, store: Store, job: Job) -> None:
        self._store, self._job = store, job
        self._told = ("reading", 0)
        self._stop = threading.Event()

    def start(self) -> None:
        """Begin to beat."""
        threading.Thread(target=self._run, daemon=True).start()

    def stop(self) -> None:
        """Beat no more."""
        self._stop.set()

    def tell(self, stage: str, share: float) -> None:
        """Take note of the progress; it is shown with the next beat."""
        self._told = (stage, min(99, max(self._told[1], int(100 * share))))

    def _run(self) -> None:
        while not self._stop.wait(BEAT_S):
            stage, progress = self._told
            try:
                kept = self._store.do(beat(self._job.job_id, self._job.attempt, progress, stage, LEASE_MS))
            except UnavailableError:
                continue  # the store will decide whose job it is when it is back
            if not kept and not self._stop.is_set():
                os._exit(LOST)
