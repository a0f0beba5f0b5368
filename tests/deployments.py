"""A deployment in a folder of its own: an embedded store, and processes that a test starts, kills and looks after."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from masterify_server.embedded import EmbeddedStore
from masterify_server.settings import Settings
from masterify_server.storage import input_name, open_storage, uploads_folder
from masterify_server.store import Store, jobs
from masterify_server.supervisor import child_environment
from tests import stores

ROOT = Path(__file__).parents[1]
PATIENCE_S = 60


def until(holds, seconds=PATIENCE_S, every=0.05):
    """Wait until something holds; answers it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = holds()
        if found:
            return found
        time.sleep(every)
    raise AssertionError(f"it did not come about in {seconds} s")


def children_of(pid):
    """Process ids of the children of a process."""
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


class Deployment:
    """Store, accounts and processes; use it with ``with``."""

    def __init__(self, folder, redis_url=None, **settings):
        self.settings = Settings(data_dir=Path(folder), redis_url=redis_url, **settings)
        self.embedded = None if redis_url else EmbeddedStore(self.settings.data_dir)
        self.processes = []
        self.environment = child_environment(self.settings)
        for name, value in settings.items():
            self.environment[f"MASTERIFY_{name.upper()}"] = str(value)

    def __enter__(self):
        if self.embedded:
            self.embedded.start()
        self.store = Store(self.environment["MASTERIFY_REDIS_URL"])
        self.store.prepare()
        self.storage = open_storage(self.settings)
        self.account = stores.account(self.store, plan="studio", credits=100)
        return self

    def __exit__(self, *_):
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.wait()
        self.store.close()
        if self.embedded:
            self.embedded.stop()

    def start(self, *words, **streams):
        """Start a process: ``tests.pretending``, or ``masterify_server.processes keeper``."""
        process = subprocess.Popen([sys.executable, "-m", *words], env=self.environment, cwd=ROOT, **streams)
        self.processes.append(process)
        return process

    def worker(self):
        return self.start("tests.pretending")

    def keeper(self):
        return self.start("masterify_server.processes", "keeper")

    def submit(self, what="ok", content=b"song", cost=1, **order):
        """Store a song and admit its job, as the web does; the name says what the engine pretends."""
        job_id = jobs.new_job_id()
        self.upload(job_id, content)
        call = jobs.admit(self.account, job_id, stores.order(song_name=what, **order), cost, stores.PLANS)
        return self.store.do(call).job

    def upload(self, job_id, content=b"song"):
        path = uploads_folder(self.settings) / f"up-{job_id}"
        path.write_bytes(content)
        self.storage.put(path, input_name(job_id, "song", "wav"))

    def job(self, job):
        return self.store.do(jobs.read_job(job.job_id))

    def runs(self, job):
        """(attempt, process id) of each time that the engine began a job."""
        try:
            lines = (self.settings.data_dir / "runs").read_text().splitlines()
        except OSError:
            return []
        return [tuple(map(int, line.split()[1:])) for line in lines if line.startswith(job.job_id)]

    def running(self, job, attempt=1):
        """Wait until the engine has begun an attempt; answers its process."""
        return until(lambda: dict(self.runs(job)).get(attempt))

    def ended(self, job, seconds=PATIENCE_S):
        """Wait until a job has ended; answers its record."""

        def look():
            found = self.job(job)
            return found if found.ended else None

        return until(look, seconds)


def stop(pid):
    os.kill(pid, signal.SIGSTOP)


def go_on(pid):
    os.kill(pid, signal.SIGCONT)


def gone(pid):
    """Whether a process has ended, reaped or not."""
    try:
        return "zombie" in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return True
