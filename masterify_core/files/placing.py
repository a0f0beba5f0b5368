"""Makes a file appear whole or not at all: a hidden name first, the real one at the end."""

from __future__ import annotations

import errno
import io
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from masterify_core.errors import FileError, NoPermissionError, OutputError

# The hidden name adds 15 bytes, and most file systems allow 255.
STEM_BYTES = 200
FULL = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "a file may not grow that large there",
}
NO_LINKS = {
    errno.EPERM,
    errno.EOPNOTSUPP,
    errno.ENOTSUP,
    errno.ENOSYS,
    errno.EMLINK,
    errno.EXDEV,
    errno.EINVAL,
}

_unfinished: set[Path] = set()  # hidden files of this process


class _File(io.FileIO):
    """Writes all that it is given, or raises: the system may take less at a time."""

    def write(self, data: Any, /) -> int:
        """Answer how many bytes that is."""
        left = memoryview(data).cast("B")
        count = len(left)
        while left:
            left = left[super().write(left) :]
        return count


@contextmanager
def placed(
    path: str | Path, *, overwrite: bool, source: str | Path | None = None
) -> Iterator[tuple[io.FileIO, Path]]:
    """Open a new file under a hidden name in the target's folder; at the end it takes the target's name.

    Whatever ends the block early, Ctrl-C too, removes it. Without ``overwrite`` a file that appears at the
    target meanwhile stays untouched. ``source`` is never replaced, under no name.

    Raises
    ------
    OutputError
        e.g. ``song.wav: exists already``, ``song.wav: the disk is full``.
    NoPermissionError
        e.g. ``song.wav: the folder masters may not be written by this user``.
    """
    target = Path(path)
    _check(target, overwrite, source)
    part = target.with_name(f".{_short(target.name)}.{secrets.token_hex(4)}.part")
    _unfinished.add(part)
    try:
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        file = _File(os.open(part, flags, 0o666), "r+")
    except OSError as error:
        _unfinished.discard(part)
        raise writing_error(target, error) from None
    try:
        try:
            with file:
                yield file, part
            _rename(part, target, overwrite)
        except OSError as error:
            raise writing_error(target, error) from None
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise
    finally:
        _unfinished.discard(part)


def remove_unfinished() -> None:
    """Remove what stopped threads were writing: each removes its own, unless it was stopped in the very act of making it."""
    while _unfinished:
        with suppress(OSError):
            _unfinished.pop().unlink()


def writing_error(path: str | Path, error: OSError) -> FileError:
    """Name what the operating system refused."""
    folder = Path(path).parent
    if error.errno in FULL:
        return OutputError(path, f"{FULL[error.errno]}; nothing was left behind")
    if isinstance(error, PermissionError) or error.errno == errno.EROFS:
        return NoPermissionError(path, f"the folder {folder} may not be written by this user")
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return OutputError(path, f"the folder {folder} does not exist")
    if error.errno == errno.ENAMETOOLONG:
        return OutputError(path, "the name is too long")
    return OutputError(path, f"cannot be written ({error.strerror or error})")


def _check(target: Path, overwrite: bool, source: str | Path | None) -> None:
    """Refuse what can be refused before anything is done."""
    try:
        target.lstat()
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        known = error if isinstance(error, OSError) else OSError(errno.EINVAL, "the name holds a zero byte")
        raise writing_error(target, known) from None
    if target.is_dir():
        raise OutputError(target, "is a folder")
    with suppress(OSError):
        if source is not None and target.samefile(source):
            raise OutputError(
                target, "is the song itself, which is never replaced; choose another name or folder"
            )
    if not overwrite:
        raise OutputError(target, "exists already")


def _short(name: str) -> str:
    """Cut a name to what leaves room for more, at a whole character."""
    return name.encode("utf-8", "surrogateescape")[:STEM_BYTES].decode("utf-8", "ignore")


def _rename(part: Path, target: Path, overwrite: bool) -> None:
    """Give the finished file its name in one step."""
    if overwrite:
        part.replace(target)
        return
    try:
        os.link(part, target)  # fails if the name is taken, which renaming does not
    except FileExistsError:
        raise OutputError(target, "exists already") from None
    except (OSError, AttributeError) as error:
        if isinstance(error, OSError) and error.errno not in NO_LINKS:
            raise
        if os.path.lexists(target):
            raise OutputError(target, "exists already") from None
        part.rename(target)
        return
    part.unlink()
