"""Takes multipart/form-data apart as it streams in: small text fields kept, files handed on piece by piece."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from masterify_server.errors import ApiError

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

LONGEST_SHOWN = 64
# RFC 8187, as urllib3 1 (the `requests` of many) writes every name that is not ASCII, with no plain name beside it.
EXTENDED_NAME = re.compile(rb";\s*filename\*\s*=\s*\"?(utf-8|iso-8859-1)'[^';]*'([^;\"\s]*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """Which fields a form may have."""

    files: Collection[str]
    texts: Collection[str]
    longest_text_bytes: int = 4096

    @property
    def known(self) -> str:
        """All of them, for messages."""
        return ", ".join((*self.files, *self.texts))


@dataclass(slots=True)
class _Part:
    """The part that is being read."""

    headers: dict[bytes, bytes] = field(default_factory=dict)
    header: bytes = b""
    value: bytes = b""
    name: str = ""
    filename: str | None = None
    begun: bool = False
    text: bytearray = field(default_factory=bytearray)

    @property
    def is_file(self) -> bool:
        """Whether it comes with a file name, be it an empty one."""
        return self.filename is not None


class Parser:
    """Feeds on pieces of a body of any size.

    Parameters
    ----------
    content_type
        The request's header.
    form
        What may come.
    on_file
        Called with field and file name where a file begins.
    on_piece
        Called with field and bytes of that file.

    Raises
    ------
    ApiError
        ``INVALID_PARAMETER``: no form, a damaged one, a field that is unknown, repeated, too long or of the
        wrong kind. Also whatever the callbacks raise.
    """

    def __init__(
        self,
        content_type: str,
        form: Form,
        on_file: Callable[[str, str], None],
        on_piece: Callable[[str, bytes], None],
    ) -> None:
        kind, options = parse_options_header(content_type)
        boundary = options.get(b"boundary", b"")
        if kind.lower() != b"multipart/form-data" or not 0 < len(boundary) <= 256:
            raise ApiError("INVALID_PARAMETER", "form")
        self.texts: dict[str, str] = {}
        self._form, self._on_file, self._on_piece = form, on_file, on_piece
        self._seen: set[str] = set()
        self._part = _Part()
        self._ended = False
        callbacks: MultipartCallbacks = {
            "on_part_begin": self._begin,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_part_data": self._content,
            "on_part_end": self._part_end,
            "on_end": self._end,
        }
        try:
            self._parser = MultipartParser(boundary, callbacks)
        except FormParserError:
            raise ApiError("INVALID_PARAMETER", "form") from None

    def feed(self, piece: bytes) -> None:
        """Take the next piece of the body."""
        try:
            self._parser.write(piece)
        except FormParserError:
            raise ApiError("INVALID_PARAMETER", "broken_form") from None

    def finish(self) -> None:
        """The body has ended: it must have been whole."""
        if not self._ended:
            raise ApiError("INVALID_PARAMETER", "broken_form")

    def _begin(self) -> None:
        self._part = _Part()

    def _header_field(self, piece: bytes, start: int, end: int) -> None:
        self._part.header += piece[start:end]

    def _header_value(self, piece: bytes, start: int, end: int) -> None:
        self._part.value += piece[start:end]

    def _header_end(self) -> None:
        part = self._part
        part.headers[part.header.lower()] = part.value
        part.header = part.value = b""

    def _headers_finished(self) -> None:
        part = self._part
        kind, options = parse_options_header(part.headers.get(b"content-disposition", b""))
        if kind != b"form-data" or b"name" not in options:
            raise ApiError("INVALID_PARAMETER", "broken_form")
        part.name = options[b"name"].decode("utf-8", "replace")
        part.filename = _filename(part.headers[b"content-disposition"], options)
        self._check(part.name, part.is_file)
        self._seen.add(part.name)
        if part.filename:
            self._begin_file()

    def _begin_file(self) -> None:
        """Hand on that a file begins; one without name and content is a form's field that was left empty."""
        self._part.begun = True
        self._on_file(self._part.name, self._part.filename or "")

    def _check(self, name: str, is_file: bool) -> None:
        form = self._form
        if name not in form.files and name not in form.texts:
            raise ApiError("INVALID_PARAMETER", "unknown", param=name[:LONGEST_SHOWN], known=form.known)
        if name in self._seen:
            raise ApiError("INVALID_PARAMETER", "repeated", param=name)
        if is_file and name not in form.files:
            raise ApiError("INVALID_PARAMETER", "not_text", param=name)
        if not is_file and name not in form.texts:
            raise ApiError("INVALID_PARAMETER", "not_a_file", param=name)

    def _content(self, piece: bytes, start: int, end: int) -> None:
        part = self._part
        if part.is_file:
            if not part.begun:
                self._begin_file()
            self._on_piece(part.name, piece[start:end])
            return
        longest = self._form.longest_text_bytes
        if len(part.text) + end - start > longest:
            raise ApiError("INVALID_PARAMETER", "too_long", param=part.name, limit=longest)
        part.text += piece[start:end]

    def _part_end(self) -> None:
        if not self._part.is_file:
            self.texts[self._part.name] = self._part.text.decode("utf-8", "replace")

    def _end(self) -> None:
        self._ended = True


def _filename(disposition: bytes, options: Mapping[bytes, bytes]) -> str | None:
    """The name of a part's file, the one in any script first; None if the part is no file."""
    found = EXTENDED_NAME.search(disposition)
    if found is not None:
        charset, quoted = (each.decode("latin-1") for each in found.groups())
        return unquote(quoted, charset, "replace")
    plain = options.get(b"filename")
    return None if plain is None else plain.decode("utf-8", "replace")
