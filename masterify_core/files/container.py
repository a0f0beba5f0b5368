"""What a file's container says that shops mind: its format tag, and what follows the samples."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from masterify_core.files.opening import open_song
from masterify_core.files.riff import chunks_of, format_of


@dataclass(frozen=True, slots=True, kw_only=True)
class WavContainer:
    """How a WAV file is laid out.

    Attributes
    ----------
    format_tag
        As it stands in the file: 1 is PCM, 3 is floats, 0xFFFE is WAVE_FORMAT_EXTENSIBLE.
    after_data
        Names of the chunks behind the samples.
    """

    format_tag: int
    after_data: tuple[str, ...]


def wav_container(path: str | Path) -> WavContainer | None:
    """Read the layout of a WAV file; None for any other kind.

    Raises
    ------
    NotFoundError, NoPermissionError
        The file cannot be opened.
    """
    with open_song(path) as file:
        riff = chunks_of(file)
        found = format_of(file, riff) if riff else None
        if riff is None or found is None:
            return None
        behind = False
        names = []
        for chunk in riff.chunks:
            if behind:
                names.append(chunk.id.decode("latin-1").strip())
            behind = behind or chunk.id == b"data"
        (tag,) = struct.unpack(riff.order + "H", found.raw[:2])
        return WavContainer(format_tag=tag, after_data=tuple(names))
