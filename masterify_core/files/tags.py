"""Tags in one neutral form, the names that formats have for them, and which are not copied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Picture:
    """A cover or another picture; ``kind`` is the number ID3 and FLAC share (3: front cover)."""

    kind: int
    mime: str
    description: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Tags:
    """Everything a song file says about the song.

    Attributes
    ----------
    fields
        Names and values as Vorbis comments have them: a name may occur more than once.
    pictures
        Covers and others.
    frames
        ID3 frames as they were found, for targets that have ID3 too; empty if the song had none.
    chunks
        RIFF chunks that a WAV master keeps as they are: bext, iXML, C2PA, …
    info
        Entries of LIST INFO as they were found, bytes and all.
    rate
        Frames per second of the song these tags belong to, Hz; 0 if not known.
    notes
        What could not be read.
    """

    fields: tuple[tuple[str, str], ...] = ()
    pictures: tuple[Picture, ...] = ()
    frames: tuple[Any, ...] = ()
    chunks: tuple[tuple[bytes, bytes], ...] = ()
    info: tuple[tuple[bytes, bytes], ...] = ()
    rate: int = 0
    notes: tuple[str, ...] = ()


NO_TAGS = Tags()

# Vorbis comment, ID3v2.4 frame, MP4 atom, LIST INFO entry; "" where a format has no such field, or one that
# is built otherwise (track numbers, comments, lyrics). The names are those of the Vorbis comment
# recommendation and of MusicBrainz Picard.
FIELDS = (
    ("TITLE", "TIT2", "\xa9nam", "INAM"),
    ("ARTIST", "TPE1", "\xa9ART", "IART"),
    ("ALBUM", "TALB", "\xa9alb", "IPRD"),
    ("ALBUMARTIST", "TPE2", "aART", ""),
    ("COMPOSER", "TCOM", "\xa9wrt", "IMUS"),
    ("LYRICIST", "TEXT", "", "IWRI"),
    ("CONDUCTOR", "TPE3", "", ""),
    ("REMIXER", "TPE4", "", ""),
    ("GENRE", "TCON", "\xa9gen", "IGNR"),
    ("DATE", "TDRC", "\xa9day", "ICRD"),
    ("ORIGINALDATE", "TDOR", "", ""),
    ("RELEASEDATE", "TDRL", "", ""),
    ("TRACKNUMBER", "", "", "ITRK"),
    ("COMMENT", "", "\xa9cmt", "ICMT"),
    ("LYRICS", "", "\xa9lyr", ""),
    ("COPYRIGHT", "TCOP", "cprt", "ICOP"),
    ("ENCODEDBY", "TENC", "", "ITCH"),
    ("ENCODER", "TSSE", "\xa9too", "ISFT"),
    ("ISRC", "TSRC", "", ""),
    ("LABEL", "TPUB", "", ""),
    ("BPM", "TBPM", "tmpo", ""),
    ("KEY", "TKEY", "", ""),
    ("LANGUAGE", "TLAN", "", "ILNG"),
    ("MOOD", "TMOO", "", ""),
    ("MEDIA", "TMED", "", "IMED"),
    ("GROUPING", "TIT1", "\xa9grp", ""),
    ("SUBTITLE", "TIT3", "", "ISBJ"),
    ("DISCSUBTITLE", "TSST", "", ""),
    ("COMPILATION", "TCMP", "cpil", ""),
    ("TITLESORT", "TSOT", "sonm", ""),
    ("ARTISTSORT", "TSOP", "soar", ""),
    ("ALBUMSORT", "TSOA", "soal", ""),
    ("ALBUMARTISTSORT", "TSO2", "soaa", ""),
    ("COMPOSERSORT", "TSOC", "soco", ""),
)
BY_ID3 = {id3: name for name, id3, _, _ in FIELDS if id3}
BY_MP4 = {mp4: name for name, _, mp4, _ in FIELDS if mp4}
BY_INFO = {info.encode(): name for name, _, _, info in FIELDS if info}
TO_ID3 = {name: id3 for name, id3, _, _ in FIELDS if id3}
TO_INFO = {name: info.encode() for name, _, _, info in FIELDS if info}

# What describes the level, the length or the coding of the song's own file is wrong for its master.
LOUDNESS_PREFIXES = ("REPLAYGAIN_", "R128_", "MP3GAIN_")
NOT_COPIED = {
    "ITUNNORM",
    "ITUNSMPB",
    "ITUNPGAP",
    "ENCODER_DELAY",
    "ENCODER_PADDING",
    "WAVEFORMATEXTENSIBLE_CHANNEL_MASK",
}
FRAMES_NOT_COPIED = {
    "RVA2", "RVAD", "EQU2", "EQUA", "RVRB",  # gains
    "TLEN", "TSIZ", "TDLY", "MLLT", "SEEK", "ASPI", "POSS", "RBUF",  # lengths and places in the file
}  # fmt: skip
OWNERS_NOT_COPIED = {"AVERAGELEVEL", "PEAKVALUE"}  # Windows Media Player's loudness, in PRIV


def is_copied(name: str) -> bool:
    """Whether a field of this name is true of the master too.

    >>> is_copied("ReplayGain_Track_Gain"), is_copied("iTunNORM"), is_copied("ISRC")
    (False, False, True)
    """
    upper = name.upper()
    return upper not in NOT_COPIED and not upper.startswith(LOUDNESS_PREFIXES)


def image_mime(data: bytes) -> str:
    """Tell the kind of a picture by its first bytes."""
    for magic, mime in ((b"\x89PNG", "image/png"), (b"GIF8", "image/gif"), (b"BM", "image/bmp")):
        if data.startswith(magic):
            return mime
    return "image/webp" if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else "image/jpeg"
