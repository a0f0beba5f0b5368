"""Where the masters of a command will be, checked before any work: no two in one place, none over a song."""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from masterify_cli.exits import UsageError
from masterify_cli.inputs import Song
from masterify_core.errors import FileError

if TYPE_CHECKING:
    from masterify_core.mastering import MasterRequest
    from masterify_core.presets import Library

FOLDS_CASE = sys.platform in ("win32", "darwin")
"""Whether ``Song.wav`` and ``song.wav`` are one file, and composed Hangul is decomposed Hangul."""

TELLING_APART = "{stem} {ext} (Master - {platform})"


def check(requests: Mapping[Song, MasterRequest], library: Library) -> None:
    """Refuse names, presets and recipes that are wrong, and masters that would be in each other's way.

    Raises
    ------
    UsageError
        e.g. ``a.wav and a.flac would both become masters/a (Master - Melon).wav: ...``.
    UnknownNameError, SettingError
        As `output_paths` says.
    """
    songs = {_place(Path(song.path)): song for song in requests}
    taken: dict[str, Song] = {}
    for song, request in requests.items():
        for path in _paths(request, library):
            place = _place(path)
            if request.existing == "overwrite" and place in songs:
                raise UsageError(f"{path} would replace {songs[place].shown}, which is one of the inputs")
            other = taken.setdefault(place, song)
            if other is not song:
                raise UsageError(
                    f"{other.shown} and {song.shown} would both become {path}: "
                    f"tell them apart with --name '{TELLING_APART}'"
                )


def _paths(request: MasterRequest, library: Library) -> tuple[Path, ...]:
    from masterify_core.mastering import output_paths

    try:
        paths = output_paths(request, library)
    except FileError as error:  # the recipe: no song was opened
        raise UsageError(str(error)) from None
    if len({_place(path) for path in paths}) < len(paths):
        raise UsageError(
            f"--name {request.name!r} gives several masters of a song the same name: add {{platform}}"
        )
    return paths


def _place(path: Path) -> str:
    real = os.path.realpath(path)
    return unicodedata.normalize("NFC", real).casefold() if FOLDS_CASE else real
