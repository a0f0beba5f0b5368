"""The probe's own process: waits, warm, and forks one short-lived, limited child for each file that came in.

Run by `probe`. One byte and one socket come in over the control line for each file; the child reads a path from
that socket, decodes the file and answers one line of JSON. Whatever a hostile file does to the decoder, it does to
a child that may neither write, nor use much memory, nor live long.
"""

from __future__ import annotations

import ctypes
import gc
import io
import json
import os
import resource
import signal
import socket
import sys
import tempfile
import wave
from pathlib import Path
from typing import Any

CPU_S, WALL_S = 20, 30
MEMORY_BYTES = 512 << 20  # over what is mapped already
OPEN_FILES = 64
LONGEST_REQUEST_BYTES = 16_384
READY = b"+"
PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38


def main(control: socket.socket) -> None:
    """Serve until the other end of the control line is closed."""
    _warm()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # children reap themselves
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, who closes the line
    control.sendall(READY)
    while True:
        asked, fds, _, _ = socket.recv_fds(control, 1, 1)
        if not asked:
            return
        with socket.socket(fileno=fds[0]) as line:
            if os.fork() == 0:
                control.close()
                _child(line)


def answer(path: str, max_seconds: float) -> dict[str, Any]:
    """What is to be said of a file: its facts, or what is wrong with it."""
    from masterify_core.errors import FileError
    from masterify_core.files.sieve import check

    try:
        facts = check(path, max_seconds=max_seconds)
    except FileError as error:
        return {"error": error.code, "problem": error.problem}
    except MemoryError:
        return {"error": "damaged_audio", "problem": "wants more memory than any song"}
    return {
        "container": facts.container, "subtype": facts.subtype, "channels": facts.channels, "rate": facts.rate,
        "frames": facts.frames, "is_silent": facts.is_silent, "notes": list(facts.notes),
    }  # fmt: skip


def _child(line: socket.socket) -> None:
    """Answer one request and end, whatever happens: nothing of the parent's may run here."""
    try:
        _limit()
        request = json.loads(line.recv(LONGEST_REQUEST_BYTES))
        line.sendall(json.dumps(answer(request["path"], request["max_seconds"])).encode())
    finally:
        os._exit(0)


def _limit() -> None:
    """Give up what decoding does not need."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(WALL_S)
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))
    if sys.platform == "linux":
        mapped = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (mapped + MEMORY_BYTES,) * 2)
        libc = ctypes.CDLL(None)
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def _warm() -> None:
    """Import, link and open everything that a child will need, so that it costs each of them nothing."""
    import soundfile

    with tempfile.TemporaryDirectory() as folder:
        for name, width in (("16.wav", 2), ("24.wav", 3)):
            path = Path(folder) / name
            with io.BytesIO() as whole, wave.open(whole, "wb") as song:
                song.setparams((2, width, 8000, 0, "NONE", ""))
                song.writeframes(bytes(range(2 * width * 40)))
                path.write_bytes(whole.getvalue())
            answer(str(path), 600.0)
        flac = Path(folder) / "song.flac"
        soundfile.write(flac, [[0.0, 0.5]] * 64, 8000)
        answer(str(flac), 600.0)
    gc.collect()
    gc.freeze()  # a collection in a child would copy every page


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
