"""Writes FLAC and MP3 by libsndfile, then their tags."""

from __future__ import annotations

import io
import mmap
from contextlib import suppress
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from masterify_core.errors import OutputError
from masterify_core.files import mpeg
from masterify_core.files.placing import writing_error
from masterify_core.files.tags import Tags

PROBE_BYTES = 1 << 16
# Constant bit rate and level 0 together are the highest rate there is: 320 kb/s.
SETTINGS: dict[str, dict[str, Any]] = {
    "flac": {"format": "FLAC"},
    "mp3": {
        "format": "MP3",
        "subtype": "MPEG_LAYER_III",
        "bitrate_mode": "CONSTANT",
        "compression_level": 0.0,
    },
}


class EncodedWriter:
    """Appends blocks to an open, empty file; see `writing.Writer`."""

    def __init__(
        self, file: io.FileIO, path: str, rate: int, channels: int, container: str, bit_depth: str, tags: Tags
    ) -> None:
        self.notes = list(tags.notes)
        self._file, self._path, self._tags = file, path, tags
        self._container, self._channels, self._frames = container, channels, 0
        settings = SETTINGS[container]
        if container == "flac":
            settings = {**settings, "subtype": f"PCM_{bit_depth}"}
        try:
            self._song: Any = soundfile.SoundFile(
                file.fileno(), "w", rate, channels, closefd=False, **settings
            )
        except soundfile.SoundFileError:
            raise self._failure() from None

    def append(self, block: NDArray[Any]) -> None:
        """Write the next frames."""
        is_float = self._container == "mp3"
        wanted = np.dtype(np.float32 if is_float else np.int32)
        if block.dtype != wanted or block.ndim != 2 or block.shape[1] != self._channels:
            raise TypeError(
                f"a block must be {wanted} (frames, {self._channels}), got {block.dtype} {block.shape}"
            )
        block = np.ascontiguousarray(block)
        ffi: Any = soundfile._ffi  # noqa: SLF001
        snd: Any = soundfile._snd  # noqa: SLF001  # soundfile's own write seeks to the end and back each time
        write = snd.sf_writef_float if is_float else snd.sf_writef_int
        pointer = ffi.cast("float *" if is_float else "int *", block.ctypes.data)
        if write(self._song._file, pointer, len(block)) != len(block):  # noqa: SLF001
            raise self._failure()
        self._frames += len(block)

    def finish(self) -> None:
        """Close the stream, make sure that all of it was written, add the tags."""
        from masterify_core.files.tag_writing import write_flac_tags, write_mp3_tags

        try:
            self._song.close()
        except soundfile.SoundFileError:
            raise self._failure() from None
        if self._frames_written() != self._frames:
            raise self._failure()
        write = write_flac_tags if self._container == "flac" else write_mp3_tags
        try:
            self.notes += write(self._file, self._tags)
        except OSError as error:
            raise writing_error(self._path, error) from None

    def close(self) -> None:
        """Let go of the stream, so that it never writes into a file that is gone."""
        with suppress(soundfile.SoundFileError):
            self._song.close()

    def _frames_written(self) -> int:
        """What the file itself says: a full disk does not stop libsndfile's MP3 encoder."""
        if self._container == "flac":
            self._file.seek(18)
            info = int.from_bytes(self._file.read(8), "big")
            return info & 0xF_FFFF_FFFF
        if self._frames == 0:
            return 0
        with mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            scan = mpeg.scan(data, 0)
        return scan.samples if scan and scan.promised == scan.frames else -1

    def _failure(self) -> OutputError:
        """Find out why writing failed: libsndfile does not tell, the system does when asked again."""
        try:
            self._file.seek(0, io.SEEK_END)
            if self._file.write(bytes(PROBE_BYTES)) < PROBE_BYTES:
                self._file.write(bytes(PROBE_BYTES))
        except OSError as error:
            known = writing_error(self._path, error)
            return OutputError(known.path, known.problem)
        return OutputError(self._path, f"could not be encoded as {self._container.upper()}")
