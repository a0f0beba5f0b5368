"""Writes WAV as picky shops want it: plain format tag, all metadata before the samples, nothing after."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from masterify_core.errors import OutputError
from masterify_core.files.placing import writing_error
from masterify_core.files.tags import Tags
from masterify_core.files.wav_tags import chunks_for
from masterify_core.kernels import convert

PCM, FLOAT = 1, 3  # format tags; never WAVE_FORMAT_EXTENSIBLE (0xFFFE), which some shops refuse
MOST_BYTES = 0xFFFF_FFFF  # what a RIFF size can say
RIFF_SIZE_AT = 4


class WavWriter:
    """Appends blocks to an open, empty file; see `writing.Writer`."""

    def __init__(
        self, file: io.FileIO, path: str, rate: int, channels: int, bit_depth: str, tags: Tags
    ) -> None:
        self.notes = list(tags.notes)
        self._file, self._path, self._channels = file, path, channels
        self._is_float = bit_depth == "32f"
        self._bits = 32 if self._is_float else int(bit_depth)
        align = channels * self._bits // 8
        tag = FLOAT if self._is_float else PCM
        fmt = struct.pack("<HHIIHH", tag, channels, rate, rate * align, align, self._bits)
        head = b"RIFF\0\0\0\0WAVE" + chunk(b"fmt ", fmt + b"\0\0" * self._is_float)
        self._fact_at = 0
        if self._is_float:  # everything but PCM names its frames
            self._fact_at = len(head) + 8
            head += chunk(b"fact", b"\0\0\0\0")
        extra, lost = chunks_for(tags, rate)
        self.notes += lost
        head += b"".join(chunk(id_, body) for id_, body in extra) + b"data\0\0\0\0"
        self._start, self._bytes = len(head), 0
        self._write(head)

    def append(self, block: NDArray[Any]) -> None:
        """Write the next frames."""
        wanted = np.dtype(np.float32 if self._is_float else np.int32)
        if block.dtype != wanted or block.ndim != 2 or block.shape[1] != self._channels:
            raise TypeError(
                f"a block must be {wanted} (frames, {self._channels}), got {block.dtype} {block.shape}"
            )
        if block.size == 0:
            return
        block = np.ascontiguousarray(block)
        count = block.size * self._bits // 8
        if self._start + self._bytes + count + 1 > MOST_BYTES:
            raise OutputError(self._path, "would pass 4 GiB, which WAV cannot hold; FLAC can")
        if self._is_float:
            self._write(block.astype("<f4", copy=False).data.cast("B"))
        elif self._bits == 16:
            self._write((block >> 16).astype("<i2").data.cast("B"))
        else:
            words = np.empty(-(-count // 4), np.uint32)
            convert.pack_24(block.reshape(-1).view(np.uint32), words)
            self._write(words.astype("<u4", copy=False).data.cast("B")[:count])
        self._bytes += count

    def finish(self) -> None:
        """Fill in the sizes, which nobody knew before."""
        self._write(b"\0" * (self._bytes % 2))
        whole = self._start + self._bytes + self._bytes % 2
        self._write(struct.pack("<I", whole - 8), RIFF_SIZE_AT)
        self._write(struct.pack("<I", self._bytes), self._start - 4)
        if self._fact_at:
            self._write(struct.pack("<I", self._bytes // (4 * self._channels)), self._fact_at)

    def close(self) -> None:
        """Nothing is held but the file, which is not ours."""

    def _write(self, data: bytes | memoryview, at: int | None = None) -> None:
        try:
            if at is not None:
                self._file.seek(at)
            self._file.write(data)
        except OSError as error:
            raise writing_error(self._path, error) from None


def chunk(id_: bytes, body: bytes) -> bytes:
    """Make a RIFF chunk with its pad byte."""
    return id_ + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
