"""Options of the command line to requests of the engine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from masterify_cli.exits import UsageError
from masterify_core.errors import SettingError

if TYPE_CHECKING:
    from masterify_cli.inputs import Song
    from masterify_core.mastering import MasterRequest

_OPTIONS = {
    "loudness_lufs": "--loudness",
    "ceiling_dbtp": "--ceiling",
    "formats": "--format",
    "references": "--reference",
    "reference_amounts": "--reference-amount",
}
"""Options that are not called like the setting of the request that they give."""


def given(**settings: Any) -> dict[str, Any]:
    """Keep what was asked for; the rest is the request's own default."""
    return {key: value for key, value in settings.items() if value is not None}


def of_song(song: Song, settings: dict[str, Any]) -> MasterRequest:
    """Make the request of one song; what is wrong with an option is told by the option's name."""
    from masterify_core.mastering import MasterRequest

    try:
        return MasterRequest(source=song.path, out_dir=song.out_dir, **settings)
    except SettingError as error:
        key, _, part = error.key.partition("[")[0].partition(".")
        problem = f"{part} {error.problem}" if part else error.problem
        raise SettingError(_OPTIONS.get(key, f"--{key.replace('_', '-')}"), problem) from None


def references(paths: Sequence[str]) -> tuple[str, ...]:
    """Each once; one that is not there is told before any work is done."""
    for path in paths:
        if not Path(path).is_file():
            raise UsageError(f"--reference {path}: is not there, or not a file")
    return tuple(dict.fromkeys(paths))
