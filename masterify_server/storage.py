"""Uploads and masters by name: in a folder of this machine, or in an S3-compatible bucket that many machines share.

Names are ``in/{job}/song.wav`` and ``out/{job}/{attempt}/...``; they are made of our own ids only, never of what users say.
A folder needs no library (a rename is free, a worker reads the file where it is).
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from masterify_server.refusals import UnavailableError

if TYPE_CHECKING:
    from masterify_server.settings import Settings

BLOCK = 256 * 1024
"""Bytes of one read from a folder."""

_NAME = re.compile(r"(?:in|out)/[0-9a-f-]{36}(?:/[0-9]+)?(?:/[a-z0-9_]+\.[a-z0-9]+)?")


class Storage(Protocol):
    """Where files are. All methods block.

    Raises
    ------
    UnavailableError
        The folder or bucket cannot be reached, or is full.
    FileNotFoundError
        There is no file of that name.
    """

    def put(self, path: Path, name: str) -> None:
        """Take a file over: it appears whole under ``name``, and ``path`` is gone."""

    def fetch(self, name: str, scratch: Path) -> Path:
        """An absolute path to read the file from; a copy, if there must be one, is made in the folder ``scratch``."""

    def size(self, name: str) -> int:
        """Its length in bytes."""

    def read(self, name: str, start: int, end: int) -> Iterator[bytes]:
        """Bytes ``start`` to ``end`` (exclusive), block by block; that it is there is known before the first."""

    def delete(self, which: str) -> None:
        """Delete all files of ``in/{job}`` or ``out/{job}``; none there is no error."""

    def jobs(self) -> Iterator[str]:
        """``in/{job}`` and ``out/{job}`` of everything that is stored."""

    def check(self) -> None:
        """See whether files could be stored now."""


def open_storage(settings: Settings) -> Storage:
    """The storage that the settings name."""
    if settings.bucket_url is None:
        return Folder(settings.data_dir / "files")
    from masterify_server.bucket import open_bucket

    return open_bucket(settings)


def uploads_folder(settings: Settings) -> Path:
    """Where uploads arrive: on the same disk as the folder that takes them over."""
    folder = settings.data_dir / "uploads"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def input_name(job_id: str, part: str, audio_format: str) -> str:
    """Name of an upload; ``part`` is ``song`` or ``reference``."""
    return checked_name(f"in/{job_id}/{part}.{audio_format}")


def output_name(job_id: str, attempt: int, file: str) -> str:
    """Name of a master, report or archive; each attempt writes beside the others."""
    return checked_name(f"out/{job_id}/{attempt}/{file}")


class Folder:
    """Files in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, path: Path, name: str) -> None:
        """Rename, or copy and rename from another disk."""
        target = self.folder / checked_name(name)
        try:
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with path.open("rb") as file:
                os.fsync(file.fileno())  # an accepted job is never lost, and neither is its song
            try:
                path.replace(target)
            except OSError:
                beside = target.with_name(f"{target.name}.part")
                shutil.move(path, beside)
                beside.replace(target)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise UnavailableError(f"files cannot be stored: {error.strerror or error}") from error

    def fetch(self, name: str, scratch: Path) -> Path:  # noqa: ARG002 (a bucket needs it)
        """The file itself."""
        path = self.folder.absolute() / checked_name(name)
        if not path.is_file():
            raise FileNotFoundError(name)
        return path

    def size(self, name: str) -> int:
        """Its length in bytes."""
        return (self.folder / checked_name(name)).stat().st_size

    def read(self, name: str, start: int, end: int) -> Iterator[bytes]:
        """Read; the file is opened now, so that what is deleted meanwhile is still sent whole."""
        file = (self.folder / checked_name(name)).open("rb")
        return _blocks(file, start, end)

    def delete(self, which: str) -> None:
        """Delete the folder."""
        shutil.rmtree(self.folder / checked_name(which), ignore_errors=True)

    def jobs(self) -> Iterator[str]:
        """Look at the folders."""
        for kind in ("in", "out"):
            folder = self.folder / kind
            if folder.is_dir():
                yield from (f"{kind}/{entry.name}" for entry in folder.iterdir())

    def check(self) -> None:
        """Make the folder, if it is not there."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise UnavailableError(f"{self.folder} cannot be made: {error.strerror or error}") from error
        if not os.access(self.folder, os.W_OK | os.X_OK):
            raise UnavailableError(f"{self.folder} cannot be written to")


def checked_name(name: str) -> str:
    """A name that is one of ours: whatever is not, is a fault in this program."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a stored file")
    return name


def _blocks(file: Any, start: int, end: int) -> Iterator[bytes]:
    with file:
        file.seek(start)
        left = end - start
        while left > 0 and (block := file.read(min(BLOCK, left))):
            left -= len(block)
            yield block
