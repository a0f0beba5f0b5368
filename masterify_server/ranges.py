"""Conditional and partial answers for files: ETag, If-None-Match, Range, If-Range (RFC 9110, 13 and 14)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from starlette.datastructures import Headers

from masterify_server.errors import ApiError

ONE_RANGE = re.compile(r"bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes ``start`` to ``stop`` (not included) of a file of ``size`` bytes; ``status`` is 200, 206 or 304."""

    status: int
    start: int
    stop: int
    size: int

    @property
    def headers(self) -> dict[str, str]:
        """Lengths, as the answer tells them."""
        if self.status == 304:
            return {}
        told = {"Content-Length": str(self.stop - self.start)}
        if self.status == 206:
            told["Content-Range"] = f"bytes {self.start}-{self.stop - 1}/{self.size}"
        return told


def wanted(method: str, headers: Headers, size: int, etag: str) -> Part:
    """Which part of a file a request wants; ``etag`` is a strong one, with its quotation marks.

    A range counts with GET only (RFC 9110, 14.2).
    Several ranges at once are answered with the whole file, as is a range of something that changed.

    Raises
    ------
    ApiError
        ``RANGE_NOT_SATISFIABLE``: it starts past the end.
    """
    held = headers.get("if-none-match")
    if held is not None and _matches(held, etag):
        return Part(304, 0, 0, size)
    found = ONE_RANGE.fullmatch(headers.get("range", "").strip()) if method == "GET" else None
    is_current = headers.get("if-range", etag).strip() == etag
    if found is None or not is_current or found.groups() == ("", ""):
        return Part(200, 0, size, size)
    first, last = found.groups()
    if not first:  # the last so many bytes
        start, stop = max(0, size - int(last)), size
    else:
        start, stop = int(first), min(size, int(last) + 1) if last else size
    if first and last and int(last) < int(first):
        return Part(200, 0, size, size)  # not a range at all: to be ignored
    if start >= size or stop <= start:
        raise ApiError("RANGE_NOT_SATISFIABLE", headers={"Content-Range": f"bytes */{size}"}, size=size)
    return Part(206, start, stop, size)


def _matches(held: str, etag: str) -> bool:
    """Weak comparison, as If-None-Match asks for."""
    if held.strip() == "*":
        return True
    return any(each.strip().removeprefix("W/") == etag for each in held.split(","))
