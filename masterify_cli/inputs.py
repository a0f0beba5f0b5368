"""Which songs a command line names: files, shell patterns, folders, standard input."""

from __future__ import annotations

import contextlib
import glob
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from masterify_cli.exits import UsageError

STANDARD_INPUT = "-"
OWN_FOLDER = "masters"
"""Where masters go without --output-dir; never searched for songs."""

SOUNDS = {".aac", ".aif", ".aifc", ".aiff", ".bwf", ".caf", ".flac", ".m4a", ".mp3", ".mp4", ".oga", ".ogg"}
SOUNDS |= {".opus", ".rf64", ".w64", ".wav", ".wave"}
"""What is taken from a folder, by the end of the name; a file that is named itself may be called anything."""

_OWN_NAME = re.compile(r" \(Master - [^()]+\)$")


@dataclass(frozen=True)
class Song:
    """One input.

    Attributes
    ----------
    path
        What the engine reads.
    given
        What the user calls it; ``-`` for standard input.
    out_dir
        Where its masters go; None leaves it to the engine (``masters`` beside the song).
    """

    path: str
    given: str
    out_dir: str | None = None

    @property
    def shown(self) -> str:
        """Its name in messages."""
        return "standard input" if self.given == STANDARD_INPUT else self.given


@contextlib.contextmanager
def opened(
    inputs: Sequence[str], *, recursive: bool = False, out_dir: str | None = None
) -> Iterator[list[Song]]:
    """Find the songs and, while the block runs, keep what came by standard input in a temporary file.

    Raises
    ------
    UsageError
        e.g. ``album is a folder: add --recursive for the songs inside``.
    """
    songs = _without_repeats(_found(inputs, recursive, out_dir))
    if not songs:
        raise UsageError(f"no songs in {', '.join(inputs)}")
    with contextlib.ExitStack() as stack:
        if any(song.path == STANDARD_INPUT for song in songs):
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="masterify-"))
            songs = [_received(song, folder) if song.path == STANDARD_INPUT else song for song in songs]
        yield songs


def _found(inputs: Sequence[str], recursive: bool, out_dir: str | None) -> Iterator[Song]:
    for given in inputs:
        if given == STANDARD_INPUT:
            if sys.stdin is None or sys.stdin.isatty():
                raise UsageError("- reads a song from standard input, but that is a terminal")
            yield Song(STANDARD_INPUT, STANDARD_INPUT, out_dir or OWN_FOLDER)
        elif not given:
            raise UsageError("an input has no name")
        elif os.path.isdir(given):  # noqa: PTH112 - Path.is_dir raises where a name is too long
            if not recursive:
                raise UsageError(f"{given} is a folder: add --recursive for the songs inside")
            yield from _inside(Path(given), out_dir, Path(out_dir).resolve() if out_dir else None)
        elif matches := _expanded(given):
            yield from _found(matches, recursive, out_dir)
        else:
            yield Song(given, given, out_dir)  # whether it can be read is for the engine to say


def _expanded(given: str) -> list[str]:
    """Files that fit a pattern which the shell left as it was (Windows); none for the name of a file."""
    if os.path.lexists(given) or not glob.has_magic(given):
        return []
    return sorted(glob.glob(given))  # noqa: PTH207 - Path.glob knows no absolute patterns


def _inside(folder: Path, out_dir: str | None, avoided: Path | None) -> Iterator[Song]:
    """Find the songs in a folder and below, in the order of their names.

    The folders below are repeated in ``out_dir``, so that songs of the same name stay apart. Left out are
    hidden files, folders named ``masters``, the output folder, and files named like our masters.
    """
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise UsageError(f"{folder} cannot be searched: {error.strerror}") from None
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            below = str(Path(out_dir, entry.name)) if out_dir else None
            if entry.name != OWN_FOLDER and entry.resolve() != avoided and not entry.is_symlink():
                yield from _inside(entry, below, avoided)
        elif entry.suffix.lower() in SOUNDS and not _OWN_NAME.search(entry.stem):
            yield Song(str(entry), str(entry), out_dir)


def _without_repeats(songs: Iterator[Song]) -> list[Song]:
    """Each file once, where it was named first."""
    once: dict[str, Song] = {}
    for song in songs:
        once.setdefault(song.path if song.path == STANDARD_INPUT else os.path.realpath(song.path), song)
    return list(once.values())


def _received(song: Song, folder: str) -> Song:
    """Write standard input to a file: decoders need to seek."""
    path = Path(folder, "stdin")
    try:
        with path.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
    except OSError as error:
        raise UsageError(f"standard input could not be kept in {folder}: {error.strerror}") from None
    return Song(str(path), song.given, song.out_dir)
