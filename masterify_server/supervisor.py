"""``masterify serve``: the store, web, workers and the keeper as children; started in order, restarted, ended in order."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from masterify_server.data_folder import ready
from masterify_server.embedded import EmbeddedStore, StoreError, store_url
from masterify_server.listening import check_free
from masterify_server.parent import die_with_parent
from masterify_server.settings import Settings
from masterify_server.store import Store

ROUND_S = 0.1
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 10.0
HEALTHY_S = 30.0
"""A child that has lived so long may fall again without waiting longer than at first."""
PATIENCE_S = {"web": 20.0, "worker": 10.0, "keeper": 20.0}
"""What a child may take to end after SIGTERM; then it is asked again (a worker then drops its job, which is run again at
the next start), and ended."""

Say = Callable[[str], None]


@dataclass(slots=True)
class Child:
    """One child process and how often it has fallen."""

    name: str
    kind: str
    command: list[str]
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = None
    started_s: float = 0.0
    pause_s: float = FIRST_PAUSE_S
    restart_at_s: float = 0.0
    fallen: int = field(default=0)

    def start(self) -> None:
        """Start it, in a session of its own: Ctrl-C is for the supervisor, who knows the order."""
        self.started_s = time.monotonic()
        self.process = subprocess.Popen(  # noqa: S603
            self.command, env=dict(self.environment), stdin=subprocess.DEVNULL, start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGTERM),
        )  # fmt: skip

    def watch(self, say: Say) -> None:
        """Start it again if it has ended, after a pause that doubles with each fall in a row."""
        now = time.monotonic()
        if self.process is not None:
            code = self.process.poll()
            if code is None:
                return
            self.process, self.fallen = None, self.fallen + 1
            self.pause_s = FIRST_PAUSE_S if now - self.started_s > HEALTHY_S else self.pause_s
            self.restart_at_s = now + self.pause_s
            say(f"{self.name} ended ({_ending(code)}); starting it again in {self.pause_s:g} s")
            self.pause_s = min(2 * self.pause_s, LONGEST_PAUSE_S)
        elif now >= self.restart_at_s:
            self.start()

    def ask_to_end(self) -> None:
        """SIGTERM."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def end(self, patience_s: float) -> None:
        """Wait, ask once more, and at last end it."""
        process, self.process = self.process, None
        if process is None:
            return
        for act, wait_s in ((None, patience_s), (process.terminate, 3.0), (process.kill, 5.0)):
            if act is not None:
                act()
            try:
                process.wait(wait_s)
            except subprocess.TimeoutExpired:
                continue
            return


def serve(settings: Settings, *, host: str, port: int, workers: int, say: Say) -> int:
    """Run everything on this machine until SIGTERM or Ctrl-C; answers the exit code.

    Raises
    ------
    StoreError
        The data folder is served already, or the store cannot be started.
    SettingError
        The data folder cannot be used; the address is taken, or none of this machine.
    UnavailableError
        The store that `redis_url` names does not answer.
    """
    ready(settings.data_dir)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    with ExitStack() as stack:
        stack.enter_context(alone_in(settings.data_dir))
        check_free(host, port)
        embedded = stack.enter_context(EmbeddedStore(settings.data_dir)) if settings.embedded else None
        with closing(Store(store_url(settings))) as store:  # before anybody is told that it listens
            store.prepare()
        environment = child_environment(settings)
        children = list(_children(environment, host, port, workers))
        for child in children:
            child.start()
        say(f"masterify listens on http://{host}:{port}")
        try:
            while not stopping.wait(ROUND_S):
                if embedded is not None and not embedded.runs():
                    _start_again(embedded, stopping, say)
                for child in children:
                    child.watch(say)
        finally:
            _end_all(children)
    return 0


def _start_again(store: EmbeddedStore, stopping: threading.Event, say: Say) -> None:
    """Start the store until it stays; without it nothing else has any use, and all of it waits."""
    pause_s = FIRST_PAUSE_S
    while not stopping.is_set():
        say("the store ended; starting it again")
        try:
            store.start()
        except StoreError as error:
            say(f"{error}; trying again in {pause_s:g} s")
            stopping.wait(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        else:
            return


def child_environment(settings: Settings) -> dict[str, str]:
    """The environment of the children: that of this process, what options said, and where the store is."""
    return {
        **os.environ,
        "MASTERIFY_DATA_DIR": str(settings.data_dir.absolute()),
        "MASTERIFY_REDIS_URL": store_url(settings),
        # One job, one core: libraries that start threads of their own would only get in each other's way.
        **dict.fromkeys(
            ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
        ),
    }


@contextmanager
def alone_in(data_dir: Path, wait_s: float = 0.0) -> Iterator[None]:
    """Hold a data folder, so that no other process starts a second store in it.

    Raises
    ------
    StoreError
        ``/srv/masterify is served by another process``
    """
    deadline = time.monotonic() + wait_s
    try:
        lock = (data_dir / "lock").open("w")
    except OSError as error:
        raise StoreError(f"{data_dir / 'lock'} cannot be opened: {error.strerror}") from None
    with lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError:
                if time.monotonic() >= deadline:
                    raise StoreError(f"{data_dir} is served by another process") from None
                time.sleep(0.05)
        yield


def usual_workers() -> int:
    """One core is left to the web."""
    return max(1, (os.cpu_count() or 2) - 1)


def _children(environment: Mapping[str, str], host: str, port: int, workers: int) -> Iterator[Child]:
    def command(*words: str) -> list[str]:
        return [sys.executable, "-m", "masterify_server.processes", *words]

    yield Child("web", "web", command("web", host, str(port)), environment)
    for number in range(1, workers + 1):
        yield Child(f"worker {number}", "worker", command("worker"), environment)
    yield Child("keeper", "keeper", command("keeper"), environment)


def _end_all(children: list[Child]) -> None:
    """Web first, so that nothing new comes in; then workers and the keeper together; the store ends after all of them."""
    for kinds in (("web",), ("worker", "keeper")):
        group = [child for child in children if child.kind in kinds]
        for child in group:
            child.ask_to_end()
        deadline = time.monotonic() + max(PATIENCE_S[child.kind] for child in group)
        for child in group:
            patience_s = min(PATIENCE_S[child.kind], deadline - time.monotonic())
            child.end(max(0.1, patience_s))


def _ending(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
