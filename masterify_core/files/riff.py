"""Reads the chunks of RIFF, RIFX, RF64 and BW64 files (WAV) and of FORM files (AIFF)."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from typing import Literal

FORMS = {b"RIFF": "WAV", b"RIFX": "WAV", b"RF64": "RF64", b"BW64": "BW64"}
# A song has a dozen chunks; a file made of empty ones would keep us busy for hours.
MOST_CHUNKS = 4096
PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
# Bytes 2 to 15 of the sub-format of WAVE_FORMAT_EXTENSIBLE that hold an ordinary format tag in front.
TAG_GUID = bytes.fromhex("000000001000800000aa00389b71")
KNOWN_IDS = {
    b"fmt ",
    b"data",
    b"LIST",
    b"bext",
    b"fact",
    b"id3 ",
    b"ID3 ",
    b"cue ",
    b"iXML",
    b"axml",
    b"JUNK",
}


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk: where its body starts, how long the header says it is, how much of that is there."""

    id: bytes
    start: int
    promised: int
    size: int


@dataclass(frozen=True, slots=True)
class Format:
    """The fmt chunk. ``tag`` is already the one inside WAVE_FORMAT_EXTENSIBLE."""

    tag: int
    channels: int
    rate: int
    block_align: int
    bits: int
    valid_bits: int
    raw: bytes

    @property
    def sample_bytes(self) -> int:
        """Bytes a sample takes in the file; 0 if the header contradicts itself."""
        width, rest = divmod(self.block_align, self.channels or 1)
        return 0 if rest or self.bits > 8 * width or self.channels == 0 else width


@dataclass(frozen=True, slots=True)
class Riff:
    """The chunks of a file, in order; ``order`` is the byte order of its numbers."""

    form: bytes
    order: Literal["<", ">"]
    chunks: tuple[Chunk, ...]
    streamed: bool

    def first(self, *ids: bytes) -> Chunk | None:
        """Find the first chunk of one of these kinds."""
        return next((chunk for chunk in self.chunks if chunk.id in ids), None)


def chunks_of(file: io.FileIO) -> Riff | None:
    """Walk through the chunks of an open file; None if it is no such file.

    Sizes are never believed beyond the end of the file. A ``data`` chunk without a size (0 or all ones:
    a stream) reaches to the end. An odd chunk without its pad byte is recognised by what follows it.
    """
    size = file.seek(0, io.SEEK_END)
    head = _bytes_at(file, 0, 12)
    if len(head) < 12 or head[:4] not in {*FORMS, b"FORM"}:
        return None
    order: Literal["<", ">"] = ">" if head[:4] in (b"RIFX", b"FORM") else "<"
    whole = struct.unpack(order + "I", head[4:8])[0]
    endless = _is_unknown(whole) and whole + 8 != size
    chunks: list[Chunk] = []
    data_size, streamed, at = 0, False, 12
    while at + 8 <= size and len(chunks) < MOST_CHUNKS:
        id_, promised = struct.unpack(order + "4sI", _bytes_at(file, at, 8))
        start = at + 8
        if id_ == b"ds64":
            data_size = _data_size_64(_bytes_at(file, start, 16))
        if id_ == b"data" and promised == 0xFFFF_FFFF and data_size:
            promised = data_size
        if id_ == b"data" and _is_unknown(promised) and start + promised != size:
            streamed = _is_stream(file, start, promised, size, order, endless)
            promised = size - start if streamed else promised
        chunks.append(Chunk(id_, start, promised, min(promised, size - start)))
        at = _next_chunk(file, start + promised, promised)
    return Riff(head[:4], order, tuple(chunks), streamed)


def format_of(file: io.FileIO, riff: Riff) -> Format | None:
    """Decode the fmt chunk of a WAV file; None if it is missing or too short."""
    chunk = riff.first(b"fmt ")
    if chunk is None or chunk.size < 16:
        return None
    raw = _bytes_at(file, chunk.start, min(chunk.size, 4096))
    tag, channels, rate, _, align, bits = struct.unpack(riff.order + "HHIIHH", raw[:16])
    valid = bits
    if tag == EXTENSIBLE and len(raw) >= 40 and raw[26:40] == TAG_GUID:
        valid = struct.unpack(riff.order + "H", raw[18:20])[0] or bits
        tag = struct.unpack(riff.order + "H", raw[24:26])[0]
    return Format(tag, channels, rate, align, bits, min(valid, bits), raw)


def body_of(file: io.FileIO, chunk: Chunk, most: int) -> bytes:
    """Read the bytes of a chunk, at most ``most`` of them."""
    return _bytes_at(file, chunk.start, min(chunk.size, most))


def _bytes_at(file: io.FileIO, at: int, count: int) -> bytes:
    file.seek(at)
    return file.read(count)


def _data_size_64(body: bytes) -> int:
    """Length of the data chunk after ds64 (EBU Tech 3306): the second of its 64-bit numbers."""
    return int(struct.unpack("<Q", body[8:16])[0]) if len(body) == 16 else 0


def _is_stream(file: io.FileIO, start: int, promised: int, size: int, order: str, endless: bool) -> bool:
    """Whether a data chunk of unknown size reaches to the end, and not merely is empty or cut short."""
    if promised:
        return promised > size - start
    if start == size:
        return False
    return endless or not _ends_well(file, start, size, order)


def _ends_well(file: io.FileIO, at: int, size: int, order: str) -> bool:
    """Whether chunks follow from here exactly to the end of the file."""
    for _ in range(MOST_CHUNKS):
        if at >= size:
            return True
        head = _bytes_at(file, at, 8)
        if len(head) < 8 or not _is_id(head[:4]):
            return False
        length = struct.unpack(order + "I", head[4:])[0]
        at += 8 + length + (length & 1)
        if at > size + 1:
            return False
    return False


def _next_chunk(file: io.FileIO, end: int, length: int) -> int:
    """Where the next chunk starts: after the pad byte of an odd one, unless the writer forgot it."""
    forgotten = length % 2 and _bytes_at(file, end, 4) in KNOWN_IDS
    return end if forgotten else end + length % 2


def _is_unknown(size: int) -> bool:
    """Whether it is one of the sizes that programs write into a pipe, where they cannot know it."""
    return size == 0 or 0x7FFF_F000 <= size <= 0x8000_0000 or size >= 0xFFFF_F000


def _is_id(id_: bytes) -> bool:
    return len(id_) == 4 and all(0x20 <= byte < 0x7F for byte in id_)
