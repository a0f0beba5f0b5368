"""Tells the kind of a file by its bytes, never by its name."""

from __future__ import annotations

import io
from typing import Literal

Kind = Literal["wav", "aiff", "flac", "ogg", "mpeg", "sndfile", "pyav", "unknown"]
W64_ID = bytes.fromhex("726966662e91cf11a5d628db04c10000")
# What stands at the start of kinds that need FFmpeg, and the name of its demuxer for them.
DEMUXERS = (
    (0, b"\x1a\x45\xdf\xa3", "matroska"),
    (0, bytes.fromhex("3026b2758e66cf11"), "asf"),
    (0, b"wvpk", "wv"),
    (0, b"MAC ", "ape"),
    (0, b"TTA1", "tta"),
    (0, b"#!AMR", "amr"),
    (4, b"ftyp", "mov"),
    (4, b"moov", "mov"),
    (4, b"mdat", "mov"),
    (4, b"wide", "mov"),
)
MOST_TAGS = 8


def kind_of(file: io.FileIO) -> tuple[Kind, str, int]:
    """Tell the kind, FFmpeg's name for it ("" if it has none) and where it starts, past any ID3v2 tags."""
    start = after_id3(file)
    file.seek(start)
    head = file.read(16)
    if head[:4] in (b"RIFF", b"RIFX", b"RF64", b"BW64"):
        return ("wav", "wav", start) if head[8:12] == b"WAVE" else ("unknown", "", start)
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return "aiff", "aiff", start
    if head[:4] == b"fLaC":
        return "flac", "flac", start
    if head[:4] == b"OggS":
        return "ogg", "ogg", start
    if head[:4] in (b".snd", b"caff") or head == W64_ID:
        return "sndfile", "", start
    for at, magic, demuxer in DEMUXERS:
        if head[at : at + len(magic)] == magic:
            return "pyav", demuxer, start
    if len(head) >= 4 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:  # MPEG sync, but no layer: ADTS
        return "pyav", "aac", start
    return "unknown", "", start


def after_id3(file: io.FileIO) -> int:
    """Where the audio starts: some programs put ID3v2 before FLAC and WAV too, or write it twice."""
    at = 0
    for _ in range(MOST_TAGS):
        file.seek(at)
        head = file.read(10)
        if len(head) < 10 or head[:3] != b"ID3" or max(head[6:10]) > 0x7F:
            break
        footer = 10 if head[5] & 0x10 else 0
        at += 10 + footer + (head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9])
    return at
