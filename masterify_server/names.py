"""File names of strangers, made harmless: for keeping, for archives and for Content-Disposition."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

LONGEST_BYTES = 180  # leaves room for " (Master - Apple Music).flac" below the 255 that file systems take
FALLBACK = "song"
# Control characters, those that turn the writing direction, and what some file system or header gives a meaning.
FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff<>:\"|?*/\\;]")
# Windows means devices by these, whatever follows the dot.
DEVICES = {"con", "prn", "aux", "nul", *(f"{kind}{n}" for kind in ("com", "lpt") for n in range(1, 10))}


def safe_name(given: str) -> str:
    r"""Keep what a person would call the song, in any language; drop paths and everything that could do harm.

    >>> safe_name("../../etc/%22노래%22.flac"), safe_name("C:\\music\\a.wav"), safe_name("..."), safe_name("CON.wav")
    ('노래.flac', 'a.wav', 'song', '_CON.wav')
    """
    # Browsers write quotation marks and line ends of a name so (HTML standard, multipart/form-data).
    for code in ("%22", "%0D", "%0A", "%0d", "%0a"):
        given = given.replace(code, "")
    name = unicodedata.normalize("NFC", given.replace("\\", "/").rsplit("/", 1)[-1])
    name = "".join(c for c in FORBIDDEN.sub("", name) if not 0xD800 <= ord(c) <= 0xDFFF)
    name = _shortened(" ".join(name.split())).strip(" .")
    if name.split(".")[0].casefold() in DEVICES:
        name = f"_{name}"
    return name or FALLBACK


def stem_of(name: str) -> str:
    """Name without its ending.

    >>> stem_of("노래.mp3"), stem_of("no ending"), stem_of(".wav")
    ('노래', 'no ending', 'song')
    """
    stem, dot, ending = name.rpartition(".")
    if not dot:
        return name or FALLBACK
    return stem or (FALLBACK if ending.isalnum() else name)


def disposition(name: str, kind: str = "attachment") -> str:
    r"""Word a Content-Disposition header (RFC 6266): the name in any script, and one in ASCII for old programs.

    >>> disposition("봄 노래.wav")
    'attachment; filename="_ __.wav"; filename*=UTF-8\'\'%EB%B4%84%20%EB%85%B8%EB%9E%98.wav'
    """
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\%' else "_" for c in name)
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _shortened(name: str) -> str:
    """Cut the stem, not the ending, at a whole character."""
    if len(name.encode()) <= LONGEST_BYTES:
        return name
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending) > 8:
        stem, ending = name, ""
    tail = f".{ending}" if ending else ""
    room = LONGEST_BYTES - len(tail.encode())
    return stem.encode()[:room].decode(errors="ignore") + tail
