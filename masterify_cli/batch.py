"""One piece of work for each of several songs, one after the other or several at once."""

from __future__ import annotations

import contextlib
import ctypes
import os
import queue
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from masterify_cli.exits import BugError
from masterify_cli.inputs import Song
from masterify_cli.progress import Progress
from masterify_core.errors import FileError, MasterifyError, TooLongError

T = TypeVar("T")
Report = Callable[[str, float], None]
Work = Callable[[Song, Report], T]

STOP_LIMIT_S = 10.0
"""How long a stopped worker may take to remove what it was writing."""

_LOOK_UP_S = 0.2
"""How often the waiting main thread lets signals through where waiting blocks them (Windows)."""

_SWELL = {".wav": 2, ".wave": 2, ".aif": 2, ".aiff": 2, ".rf64": 2, ".w64": 2, ".flac": 4}
_SWELL_LOSSY = 20
"""Decoded float32 bytes for one byte of file: 16-bit PCM, FLAC, and MP3 or AAC at about 128 kbit/s."""


@dataclass(frozen=True)
class Outcome(Generic[T]):
    """What became of one song: a result or an error."""

    song: Song
    result: T | None = None
    error: MasterifyError | None = None

    @property
    def message(self) -> str:
        """What went wrong, with the song's name in it."""
        said = str(self.error)
        return said if self.song.shown in said else f"{self.song.shown}: {said}"

    def failure(self, key: str) -> dict[str, Any]:
        """Answer a song without a result for JSON: its name under ``key``, and the error."""
        return {
            key: self.song.given,
            "error": {"code": self.error.code if self.error else "", "message": self.message},
        }


class _Stopped(BaseException):
    """Raised inside a worker to end it; no handler of ordinary errors may catch it."""


def run(
    songs: Sequence[Song],
    work: Work[T],
    progress: Progress,
    on_end: Callable[[Outcome[T]], None],
    jobs: int = 1,
    debug: bool = False,
) -> list[Outcome[T]]:
    """Do the work for each song; a song that fails does not stop the others.

    ``on_end`` is called in the calling thread, as songs end. The answer is in the order of the songs.
    An interruption (Ctrl-C, a signal) ends all workers, lets them remove what they were writing, and
    goes on up.
    """

    def attempt(number: int) -> Outcome[T]:
        song = songs[number]
        try:
            return Outcome(song, result=work(song, progress.started(song.shown)))
        except MasterifyError as error:
            return Outcome(song, error=_in_the_users_words(error, song))
        except MemoryError:
            return Outcome(song, error=TooLongError(song.shown, "needs more memory than there is"))
        except OSError as error:  # what the system refuses is no bug, wherever it was met
            return Outcome(song, error=FileError(song.shown, _refused(error)))
        except Exception as error:
            if debug:
                import traceback

                traceback.print_exc()
            return Outcome(song, error=BugError(error, song.shown))
        finally:
            progress.ended(song.shown)

    outcomes: dict[int, Outcome[T]] = {}
    one_by_one = ((number, attempt(number)) for number in range(len(songs)))
    several = min(jobs, len(songs)) > 1
    try:
        for number, outcome in _several(attempt, len(songs), jobs) if several else one_by_one:
            outcomes[number] = outcome
            on_end(outcome)
    except BaseException:
        if "masterify_core.files.placing" in sys.modules:  # otherwise nothing was written yet
            sys.modules["masterify_core.files.placing"].remove_unfinished()
        raise
    return [outcomes[number] for number in range(len(songs))]


def default_jobs(songs: Sequence[Song]) -> int:
    """How many songs at once: one a processor core, as long as they fit into memory together."""
    largest = max((_memory_estimate(song.path) for song in songs), default=1)
    return max(1, min(os.cpu_count() or 1, len(songs), memory_free() // largest))


def memory_free() -> int:
    """Bytes that can be taken without swapping; where the system does not say, more than anybody asks for."""
    try:
        with Path("/proc/meminfo").open(encoding="ascii") as file:
            free_kb = {key: int(rest.split()[0]) for key, _, rest in (line.partition(":") for line in file)}
        return free_kb["MemAvailable"] * 1024
    except (OSError, ValueError, LookupError):
        pass
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return 2**63


def _several(attempt: Callable[[int], Outcome[T]], count: int, jobs: int) -> Iterator[tuple[int, Outcome[T]]]:
    """Outcomes as they come, from threads: kernels, numpy and decoders release the interpreter's lock."""
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    ended: queue.SimpleQueue[tuple[int, Outcome[T]]] = queue.SimpleQueue()
    for number in range(count):
        waiting.put(number)

    def worker() -> None:
        with contextlib.suppress(queue.Empty, _Stopped):
            while True:
                number = waiting.get_nowait()
                ended.put((number, attempt(number)))

    threads = [threading.Thread(target=worker, daemon=True) for _ in range(min(jobs, count))]
    for thread in threads:
        thread.start()
    try:
        for _ in range(count):
            yield _next(ended)
    finally:
        for thread in threads:
            _stop(thread)
        for thread in threads:
            thread.join(STOP_LIMIT_S)


def _stop(thread: threading.Thread) -> None:
    """Raise `_Stopped` in a thread, at its next step in Python: within a kernel's run, a fraction of a second."""
    if thread.is_alive() and thread.ident is not None:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(_Stopped))


def _next(ended: queue.SimpleQueue[T]) -> T:
    while True:
        with contextlib.suppress(queue.Empty):
            return ended.get(timeout=_LOOK_UP_S)


def _memory_estimate(path: str) -> int:
    """Bytes that mastering a file may take: three times its samples as float32, and the program."""
    try:
        size = Path(path).stat().st_size
    except OSError:
        size = 0
    swell = _SWELL.get(Path(path).suffix.lower(), _SWELL_LOSSY)
    return 3 * swell * size + 200_000_000


def _refused(error: OSError) -> str:
    place = f" ({error.filename})" if error.filename else ""
    return f"the system refuses: {error.strerror or error}{place}"


def _in_the_users_words(error: MasterifyError, song: Song) -> MasterifyError:
    """Let the error name the input as the user did."""
    if isinstance(error, FileError) and error.path == song.path != song.given:
        return type(error)(song.shown, error.problem)
    return error
