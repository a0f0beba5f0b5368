"""Opens a file for reading and says clearly why it cannot be; checksums."""

from __future__ import annotations

import hashlib
import io
import os
import stat
from pathlib import Path

from masterify_core.errors import FileError, NoPermissionError, NotFoundError

NameOrPath = str | Path


def open_song(path: NameOrPath) -> io.FileIO:
    """Open an ordinary file, unbuffered.

    Raises
    ------
    NotFoundError
        e.g. ``song.wav: does not exist``; also for folders, devices and pipes.
    NoPermissionError
        e.g. ``song.wav: may not be read by this user``.
    """
    try:
        mode = Path(path).stat().st_mode
        if stat.S_ISDIR(mode):
            raise NotFoundError(path, "is a folder, not a file")
        if not stat.S_ISREG(mode):
            raise NotFoundError(path, "is a device or a pipe, not a file")
        return io.FileIO(os.fspath(path), "r")
    except (OSError, ValueError) as error:
        raise reading_error(path, error) from None


def reading_error(path: NameOrPath, error: OSError | ValueError) -> FileError:
    """Name what the operating system refused."""
    if isinstance(error, PermissionError):
        return NoPermissionError(path, "may not be read by this user")
    if isinstance(error, FileNotFoundError | NotADirectoryError | ValueError):
        return NotFoundError(path, "does not exist")
    return FileError(path, f"cannot be read ({error.strerror or error})")


def sha256_of(path: NameOrPath) -> str:
    """Answer the SHA-256 of a file's bytes in hexadecimal.

    Raises
    ------
    NotFoundError, NoPermissionError
        As `read` does.
    """
    with open_song(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
