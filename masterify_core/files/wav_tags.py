"""What WAV files say about their song: LIST INFO, an ID3 chunk, bext and other provenance; both ways."""

from __future__ import annotations

import io
import struct
from typing import Any

from masterify_core.files.id3_frames import frames_for
from masterify_core.files.riff import Chunk, Riff, body_of, format_of
from masterify_core.files.tags import BY_INFO, TO_INFO, Tags

ID3_IDS = (b"id3 ", b"ID3 ")
# Who made it and how: Broadcast Wave (EBU Tech 3285), iXML, ADM, XMP, C2PA, AES46 cart.
KEPT_IDS = (b"bext", b"iXML", b"axml", b"chna", b"_PMX", b"C2PA", b"JUMB", b"cart", b"umid", b"ubxt")
MOST_BYTES = 64 << 20  # of a chunk of metadata: a song holds a few kB
# EBU Tech 3285 supplement 6: where bext version 2 tells loudness, and what means "not told".
BEXT_TIME, BEXT_VERSION, BEXT_LOUDNESS = 338, 346, 412
BEXT_NOT_TOLD = b"\xff\x7f" * 5
HANGUL = range(0xAC00, 0xD7A4)


def info_of(file: io.FileIO, riff: Riff) -> tuple[tuple[bytes, bytes], ...]:
    """Entries of LIST INFO, as they stand in the file."""
    entries: list[tuple[bytes, bytes]] = []
    for chunk in riff.chunks:
        body = body_of(file, chunk, MOST_BYTES) if chunk.id == b"LIST" else b""
        at = 4
        while body[:4] == b"INFO" and at + 8 <= len(body):
            id_, size = body[at : at + 4], struct.unpack(riff.order + "I", body[at + 4 : at + 8])[0]
            entries.append((id_, body[at + 8 : at + 8 + size]))
            at += 8 + size + size % 2
    return tuple(entries)


def fields_of_info(entries: tuple[tuple[bytes, bytes], ...]) -> list[tuple[str, str]]:
    """The fields of LIST INFO that have a name elsewhere."""
    texts = [(BY_INFO[id_], text_of(raw)) for id_, raw in entries if id_ in BY_INFO]
    return [(name, text) for name, text in texts if text]


def kept_chunks(file: io.FileIO, riff: Riff) -> tuple[tuple[tuple[bytes, bytes], ...], list[str]]:
    """Provenance chunks as they are, and notes about those that are not kept whole."""
    found: list[tuple[bytes, bytes]] = []
    notes: list[str] = []
    for chunk in riff.chunks:
        if chunk.id in KEPT_IDS:
            if chunk.size < chunk.promised or chunk.size > MOST_BYTES:
                notes.append(f"the {_name(chunk)} chunk is damaged or too large and was not kept")
            else:
                found.append((chunk.id, body_of(file, chunk, MOST_BYTES)))
    return tuple(found), notes


def id3_of(file: io.FileIO, riff: Riff) -> Any:
    """The ID3 tag in its own chunk; None if there is none. Raises what mutagen raises."""
    chunk = riff.first(*ID3_IDS)
    if chunk is None:
        return None
    from mutagen.id3 import ID3

    return ID3(io.BytesIO(body_of(file, chunk, MOST_BYTES)))


def rate_of(file: io.FileIO, riff: Riff) -> int:
    """Frames per second, Hz; 0 if the file does not tell."""
    found = format_of(file, riff)
    return found.rate if found else 0


def chunks_for(tags: Tags, rate: int) -> tuple[list[tuple[bytes, bytes]], list[str]]:
    """The chunks a WAV master gets, all to stand before its samples, and notes about what is not kept."""
    chunks = [(id_, _bext(body, tags.rate, rate) if id_ == b"bext" else body) for id_, body in tags.chunks]
    notes: list[str] = []
    entries = dict(tags.info)
    for name, value in tags.fields:
        id_ = TO_INFO.get(name.upper())
        if id_ and id_ not in entries:
            entries[id_] = value.encode("utf-8", "replace") + b"\0"
    if entries:
        chunks.append((b"LIST", b"INFO" + b"".join(_entry(id_, raw) for id_, raw in entries.items())))
    if tags.frames or tags.fields or tags.pictures:
        try:
            chunks.append((b"id3 ", id3_bytes(frames_for(tags))))
        except Exception as error:  # mutagen raises anything on odd values; tags never stop a master
            notes.append(f"the tags could not be written ({error})")
    return chunks, notes


def id3_bytes(frames: list[Any]) -> bytes:
    """Make an ID3v2.4 tag of frames."""
    from mutagen.id3 import ID3

    tag = ID3()
    for frame in frames:
        tag.add(frame)
    out = io.BytesIO()
    tag.save(out, v1=0, padding=lambda _: 0)
    return out.getvalue()


def text_of(raw: bytes) -> str:
    """Text of an INFO entry, which names no encoding: UTF-8, Korean Windows, or Western."""
    raw = raw.split(b"\0", 1)[0]
    try:
        return raw.decode("utf-8").strip()
    except UnicodeDecodeError:
        pass
    try:
        korean = raw.decode("cp949")
        foreign = [letter for letter in korean if ord(letter) > 0x7F]
        if len(foreign) > 1 and all(ord(letter) in HANGUL for letter in foreign):
            return korean.strip()
    except UnicodeDecodeError:
        pass
    return raw.decode("cp1252", "replace").strip()


def _bext(body: bytes, rate_before: int, rate: int) -> bytes:
    """Take the song's loudness out of bext, and keep its time of day at another sample rate."""
    if len(body) < BEXT_LOUDNESS + len(BEXT_NOT_TOLD):
        return body
    changed = bytearray(body)
    time, version = struct.unpack_from("<QH", body, BEXT_TIME)
    if rate_before and rate_before != rate:
        struct.pack_into("<Q", changed, BEXT_TIME, min(time * rate // rate_before, (1 << 64) - 1))
    if version >= 2:
        changed[BEXT_LOUDNESS : BEXT_LOUDNESS + len(BEXT_NOT_TOLD)] = BEXT_NOT_TOLD
    return bytes(changed)


def _entry(id_: bytes, raw: bytes) -> bytes:
    return id_ + struct.pack("<I", len(raw)) + raw + b"\0" * (len(raw) % 2)


def _name(chunk: Chunk) -> str:
    return chunk.id.decode("ascii", "replace").strip()
