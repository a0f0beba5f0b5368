"""Finds the links of a chained Ogg file: whole streams one after the other, as radio and ``cat`` make them."""

from __future__ import annotations

from dataclasses import dataclass
from mmap import mmap

FIRST, LAST = 2, 4  # page flags, RFC 3533
HEADER_BYTES = 27
MOST_LINKS = 1000


@dataclass(frozen=True, slots=True)
class Link:
    """One stream: its bytes, and whether it has an end mark."""

    start: int
    stop: int
    ends: bool


def links(data: mmap, start: int) -> list[Link]:
    """List the links in order; bytes that are no page end the search."""
    found: list[Link] = []
    at, flags, after_data = start, 0, False
    while data[at : at + 4] == b"OggS" and at + HEADER_BYTES <= len(data) and len(found) < MOST_LINKS:
        page = data[at + 5]
        if page & FIRST and after_data:
            found.append(Link(start, at, bool(flags & LAST)))
            start, after_data = at, False
        after_data = after_data or not page & FIRST
        flags = page
        segments = data[at + 26]
        body = at + HEADER_BYTES + segments
        at = body + sum(data[at + HEADER_BYTES : body])
        if at > len(data):  # the last page is cut off
            flags = 0
    found.append(Link(start, len(data), bool(flags & LAST)))
    return found
