"""A real worker whose engine only pretends: the song's name says what happens. Run: ``python -m tests.pretending``."""

import errno
import os
import signal
import time
from pathlib import Path

from masterify_core.errors import DamagedAudioError
from masterify_core.files.placing import placed
from masterify_server import logs, tasks, worker
from masterify_server.mastering_job import Outcome
from masterify_server.refusals import UnavailableError
from masterify_server.settings import read_settings
from masterify_server.storage import output_name

LEASE_MS = 2500


def carry_out(job, storage, library, scratch, on_progress):
    """Do what the name says, then deliver its bytes."""
    word, _, rest = job.order.song_name.partition(" ")
    with (scratch.parents[1] / "runs").open("a") as runs:
        runs.write(f"{job.job_id} {job.attempt} {os.getpid()}\n")
    seconds = rest.split()
    if (
        word == "sleep"
        or (word == "once" and job.attempt == 1)
        or (word == "each" and job.attempt <= len(seconds))
    ):
        end = time.monotonic() + float(seconds[job.attempt - 1] if word == "each" else rest)
        while time.monotonic() < end:
            on_progress("rendering", 0.5)
            time.sleep(0.02)
    if word == "away" and time.monotonic() < float(rest):
        raise UnavailableError("the bucket does not answer")
    if word == "full" and time.monotonic() < float(rest):
        assert len(list(scratch.parent.glob(f"{job.job_id}-*"))) == 1, (
            "what an earlier try left fills the disk"
        )
        with placed(scratch / "spotify.wav", overwrite=False):
            raise OSError(errno.ENOSPC, "No space left on device")
    if word == "damaged":
        raise DamagedAudioError("song.wav", "cannot be decoded")
    if word == "bug":
        raise ZeroDivisionError
    if word == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if word == "memory":
        bytearray(64 * 2**30)
    if word == "cpu":
        while True:
            sum(range(10**6))
    path = Path(scratch) / "spotify.wav"
    path.write_text(f"{job.job_id} {job.attempt}")
    storage.put(path, output_name(job.job_id, job.attempt, "spotify.wav"))
    return Outcome(measured={}, results=[{"platform": "spotify", "file": "spotify.wav"}], archive=None)


if __name__ == "__main__":
    logs.configure()
    tasks.carry_out, tasks.LEASE_MS, tasks.BEAT_S, worker.warm = carry_out, LEASE_MS, 0.3, lambda: None
    tasks.AWAY_PAUSE_S = 0.2
    worker.run_worker(read_settings())
