"""Writes masters: WAV, FLAC and MP3, whole or not at all, with the tags of the song they come from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, Protocol

from numpy.typing import NDArray

from masterify_core.errors import SettingError
from masterify_core.files.placing import placed
from masterify_core.files.tags import NO_TAGS, Tags
from masterify_core.files.wav_writing import WavWriter

Container = Literal["wav", "flac", "mp3"]
BitDepth = Literal["16", "24", "32f"]
MP3_RATES_HZ = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)


class Writer(Protocol):
    """Takes the samples of one file, block by block.

    Attributes
    ----------
    notes
        What could not be kept of the tags; complete once the file is closed.
    """

    notes: list[str]

    def append(self, block: NDArray[Any]) -> None:
        """Write the next frames, ``(frames, channels)``.

        int32 with the 16 or 24 bits at the top for PCM, float32 for ``32f`` and for MP3.
        """

    def finish(self) -> None:
        """Complete the file; `create` does it."""

    def close(self) -> None:
        """Let go of the file, complete or not; `create` does it."""


@contextmanager
def create(
    path: str | Path,
    *,
    rate: int,
    channels: int,
    container: Container = "wav",
    bit_depth: BitDepth = "24",
    tags_from: str | Path | None = None,
    overwrite: bool = False,
    check: Callable[[Path], None] | None = None,
) -> Iterator[Writer]:
    """Open a file for a master: ``with create(...) as writer: writer.append(block)``.

    It appears under its name when the block ends well, and otherwise leaves nothing. The same samples and
    tags give the same bytes. MP3 is 320 kb/s (160 below 32 kHz, where the format ends) and has no bit depth.

    Parameters
    ----------
    tags_from
        The song whose tags, cover and provenance data are copied, and which is never replaced. Loudness
        tags (ReplayGain and the like) are not copied: they describe the song, not the master.
    check
        Called with the path of the whole file while it still has its hidden name; if it raises, the file
        never appears.

    Raises
    ------
    SettingError
        e.g. ``bit_depth must be 16 or 24 for FLAC, got 32f``.
    OutputError
        e.g. ``song.wav: exists already``, ``song.wav: the disk is full; nothing was left behind``.
    NoPermissionError
        e.g. ``song.wav: the folder masters may not be written by this user``.
    """
    _check(rate, container, bit_depth)
    with placed(path, overwrite=overwrite, source=tags_from) as (file, part):
        tags = _tags(tags_from)
        writer: Writer
        if container == "wav":
            writer = WavWriter(file, str(path), rate, channels, bit_depth, tags)
        else:
            from masterify_core.files.encoding import EncodedWriter

            writer = EncodedWriter(file, str(path), rate, channels, container, bit_depth, tags)
        try:
            yield writer
            writer.finish()
        finally:
            writer.close()
        if check is not None:
            check(part)


def _check(rate: int, container: str, bit_depth: str) -> None:
    """Refuse what the format cannot hold."""
    if container not in ("wav", "flac", "mp3"):
        raise SettingError("format", f"must be wav, flac or mp3, got {container}")
    if bit_depth not in ("16", "24", "32f"):
        raise SettingError("bit_depth", f"must be 16, 24 or 32f, got {bit_depth}")
    if container == "flac" and bit_depth == "32f":
        raise SettingError("bit_depth", "must be 16 or 24 for FLAC, got 32f")
    if container == "mp3" and rate not in MP3_RATES_HZ:
        raise SettingError("sample_rate", f"must be 44100 or 48000 Hz or a half of it for MP3, got {rate}")


def _tags(source: str | Path | None) -> Tags:
    """The tags of the song, or none."""
    if source is None:
        return NO_TAGS
    from masterify_core.files.tag_reading import tags_of

    return tags_of(source)
