"""Text for people and JSON for programs, written so that no name and no terminal can break it."""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import sys
from pathlib import Path
from typing import Any, TextIO, cast

from masterify_core.errors import MasterifyError

_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters (a file name may hold terminal commands), line ends, text-direction overrides, and the
lone surrogates that stand for bytes which are no UTF-8."""

_BYTES_AS_SURROGATES = 0xDC00


def printable(text: object) -> str:
    r"""Text that cannot move the cursor, break a line or fail to encode.

    >>> printable("노래\n\x1b[31m\udcff.wav")
    '노래\\n\\x1b[31m\\xff.wav'
    """
    return _UNSAFE.sub(_escaped, str(text))


def error(problem: MasterifyError | str, hint: str = "") -> None:
    """Write one message to standard error; names are never wrapped, so they can be copied."""
    label = "\x1b[1;31mmasterify:\x1b[0m" if _in_colour() else "masterify:"
    lines = [f"{label} {printable(problem)}", *([hint] if hint else [])]
    print("\n".join(lines), file=sys.stderr, flush=True)  # noqa: T201


def line(text: object) -> None:
    """Write one line to standard output."""
    print(printable(text), flush=True)  # noqa: T201


def aside(text: object) -> None:
    """Write one line to standard error."""
    print(printable(text), file=sys.stderr, flush=True)  # noqa: T201


def document(value: Any) -> None:
    """Write the one JSON document of a command to standard output, in UTF-8 whatever the terminal uses.

    What JSON cannot hold (infinity: the loudness of silence) becomes null; bytes in names that are no
    UTF-8 stay as the escapes that Python and most readers give back unchanged.
    """
    text = json.dumps(_plain(value), ensure_ascii=False, allow_nan=False, indent=1) + "\n"
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
    sys.stdout.buffer.flush()


def error_table(problem: MasterifyError) -> dict[str, str]:
    """Answer an error for JSON: a code for programs, a message for people."""
    return {"code": problem.code, "message": str(problem)}


def survive_any_stream() -> None:
    """Make standard output and error escape what their encoding does not have instead of failing; where closed, write nowhere.

    Where standard error cannot be written, e.g. on a full disk, work goes on without it.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115 - as long as the process
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    sys.stderr = cast("TextIO", _Patient(sys.stderr))


class _Patient:
    """A stream whose words may be lost."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            self._stream.flush()


def _escaped(found: re.Match[str]) -> str:
    number = ord(found[0])
    if number == ord("\n"):
        return "\\n"
    if _BYTES_AS_SURROGATES + 0x80 <= number <= _BYTES_AS_SURROGATES + 0xFF:
        return f"\\x{number - _BYTES_AS_SURROGATES:02x}"
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"


def _in_colour() -> bool:
    return sys.stderr.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(held) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(held) for held in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
