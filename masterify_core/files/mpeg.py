"""Counts the frames of an MPEG audio file (MP3, layer II), because its header may be absent or wrong."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from mmap import mmap

# Bit rates in kb/s by (MPEG version 1?, layer), ISO/IEC 11172-3 and 13818-3; index 0 is free format.
KBPS = {
    (True, 1): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
RATES_HZ = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
# How far junk may reach before or between frames; further on it is no MPEG audio.
MOST_JUNK_BYTES = 1 << 18
XING_KBPS_INDEX = 9


@dataclass(frozen=True, slots=True)
class Header:
    """One frame header, decoded."""

    bits: int
    version: int
    layer: int
    rate: int
    size: int

    @property
    def samples(self) -> int:
        """Frames of sound in one MPEG frame."""
        return 384 if self.layer == 1 else 576 if self.layer == 3 and self.version != 3 else 1152

    @property
    def side_bytes(self) -> int:
        """Bytes between the header and where a Xing tag stands."""
        mono = self.bits >> 6 & 3 == 3
        if self.version == 3:
            return 17 if mono else 32
        return 9 if mono else 17


@dataclass(frozen=True, slots=True)
class Scan:
    """What is really there: where the first frame stands, how many there are, what the Xing tag says.

    ``frames`` counts frames of sound; if ``tagged``, the first one holds a tag and is not counted.
    ``promised`` is the tag's own count, None without one; ``trimmed`` are the samples that a player drops
    after the LAME tag (encoder delay and padding).
    """

    start: int
    frames: int
    header: Header
    tagged: bool
    promised: int | None
    trimmed: int

    @property
    def samples(self) -> int:
        """Frames of sound that should be decoded."""
        return max(0, self.frames * self.header.samples - self.trimmed)


def parse(data: bytes) -> Header | None:
    """Decode four bytes; None if they are no frame header or the format is free."""
    if len(data) < 4:
        return None
    bits = int.from_bytes(data[:4], "big")
    version, layer, index, rate = bits >> 19 & 3, 4 - (bits >> 17 & 3), bits >> 12 & 15, bits >> 10 & 3
    if bits >> 21 != 0x7FF or version == 1 or layer == 4 or index in (0, 15) or rate == 3:
        return None
    hertz = RATES_HZ[version][rate]
    kbps, padding = KBPS[version == 3, layer][index], bits >> 9 & 1
    if layer == 1:
        size = (12_000 * kbps // hertz + padding) * 4
    else:
        size = (72_000 if layer == 3 and version != 3 else 144_000) * kbps // hertz + padding
    return Header(bits, version, layer, hertz, size)


def scan(data: mmap, start: int) -> Scan | None:
    """Walk from frame header to frame header; None if no two frames follow each other.

    A frame that the end of the file cuts off does not count. Junk between frames is skipped.
    """
    at, junk, frames, count = start, 0, 0, len(data)
    first: Header | None = None
    first_at = 0
    sizes: dict[bytes, int] = {}
    while at + 4 <= count:
        word = data[at : at + 4]
        size = sizes.get(word, 0)
        if not size:
            header = parse(word)
            if (
                header
                and (first is None or _same_stream(header, first))
                and (first is not None or _is_chain(data, at, header))
            ):
                if first is None:
                    first, first_at = header, at
                size = sizes[word] = header.size
        if size:
            if at + size > count:
                break
            at += size
            frames += 1
            continue
        following = data.find(b"\xff", at + 1)
        junk += (following if following >= 0 else count) - at
        if following < 0 or junk > MOST_JUNK_BYTES:
            break
        at = following
    if first is None:
        return None
    tagged, promised, trimmed = _xing(data[first_at : first_at + first.size], first)
    return Scan(first_at, frames - tagged, first, tagged, promised, trimmed)


def is_free_format(data: bytes) -> bool:
    """Whether these bytes start a frame of free format, whose length no header tells."""
    return (
        len(data) >= 4
        and parse(data[:2] + bytes([data[2] | 0x10]) + data[3:]) is not None
        and data[2] >> 4 == 0
    )


def xing_frame(header: Header, frames: int) -> bytes:
    """Make a frame that holds nothing but a Xing tag with the true number of frames.

    Put before the first frame it makes libmpg123 decode all of a file that has no such tag or a wrong one.
    """
    bits = header.bits & ~0xF200 | XING_KBPS_INDEX << 12 | 1 << 16  # no padding, no checksum
    head = bits.to_bytes(4, "big")
    whole = parse(head)
    size = whole.size if whole else header.size
    return (head + bytes(header.side_bytes) + b"Xing" + struct.pack(">II", 1, frames)).ljust(size, b"\0")


def _same_stream(a: Header, b: Header) -> bool:
    return (a.version, a.layer, a.rate) == (b.version, b.layer, b.rate)


def _is_chain(data: mmap, at: int, header: Header) -> bool:
    """Whether another frame follows: a sync word alone also occurs in text and noise."""
    after = data[at + header.size : at + header.size + 4]
    following = parse(after)
    if following is None:  # a file of one frame, with a tag behind it or not
        return not after or after[:3] == b"TAG" or after == b"APET"
    return _same_stream(header, following)


def _xing(frame: bytes, header: Header) -> tuple[bool, int | None, int]:
    """Whether the frame is a Xing, Info or VBRI tag; the frames it promises; the samples it trims."""
    at = 4 + header.side_bytes
    if frame[36:40] == b"VBRI" and len(frame) >= 54:
        return True, struct.unpack(">I", frame[50:54])[0], 0
    if frame[at : at + 4] not in (b"Xing", b"Info") or len(frame) < at + 8:
        return False, None, 0
    flags = struct.unpack(">I", frame[at + 4 : at + 8])[0]
    at += 8
    promised = struct.unpack(">I", frame[at : at + 4])[0] if flags & 1 and len(frame) >= at + 4 else None
    at += 4 * bool(flags & 1) + 4 * bool(flags & 2) + 100 * bool(flags & 4) + 4 * bool(flags & 8)
    if len(frame) < at + 24 or not frame[at : at + 4].strip(b"\0"):
        return True, promised, 0
    delay = int.from_bytes(frame[at + 21 : at + 24], "big")
    return True, promised, (delay >> 12) + (delay & 0xFFF)
