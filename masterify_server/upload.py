"""Receives uploads: streamed to disk, never more than the limit, never longer than allowed, and no file left behind."""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.requests import Request

from masterify_server.errors import ApiError
from masterify_server.multipart import Form, Parser
from masterify_server.names import safe_name
from masterify_server.refusals import UnavailableError

if TYPE_CHECKING:
    from hashlib import _Hash

PREFIX = "up-"  # the keeper removes what a crash left under it
SPOOL_BYTES = 256 * 1024  # gathered before a thread writes it
FORM_BYTES = 64 * 1024  # what all of a form but its files may take


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What an upload may cost us."""

    file_bytes: int = 50 * 2**20
    stall_s: float = 20.0
    total_s: float = 900.0


@dataclass(slots=True)
class StoredFile:
    """A file that came in: where it is now, what it was called, its size and SHA-256."""

    path: Path
    name: str
    bytes: int = 0
    sha256: str = ""


@dataclass(slots=True)
class Upload:
    """A form that came in whole."""

    texts: dict[str, str] = field(default_factory=dict)
    files: dict[str, StoredFile] = field(default_factory=dict)


@asynccontextmanager
async def received(request: Request, folder: Path, form: Form, limits: Limits) -> AsyncIterator[Upload]:
    """Read the body of a request; what is still in ``folder`` of its files at the end is removed.

    Raises
    ------
    ApiError
        ``FILE_TOO_LARGE`` as soon as a file passes its limit, ``UPLOAD_TIMEOUT`` when nothing more comes, and
        what `multipart.Parser` raises.
    UnavailableError
        The disk is full, or may not be written.
    starlette.requests.ClientDisconnect
        The client hung up.
    """
    spool = _Spool(folder, limits)
    try:
        yield await _read(request, form, spool, limits)
    finally:
        await asyncio.to_thread(spool.discard)


async def _read(request: Request, form: Form, spool: _Spool, limits: Limits) -> Upload:
    parser = Parser(request.headers.get("content-type", ""), form, spool.begin, spool.add)
    most = limits.file_bytes * len(form.files) + FORM_BYTES
    promised = request.headers.get("content-length", "")
    if promised.isdigit() and int(promised) > most:
        raise too_large(limits, None)
    pieces = aiter(request.stream())
    came = 0
    try:
        async with asyncio.timeout(limits.total_s):
            while True:
                async with asyncio.timeout(limits.stall_s):
                    piece = await anext(pieces, b"")
                if not piece:
                    break
                came += len(piece)
                if came > most:
                    raise too_large(limits, None)
                parser.feed(piece)
                if spool.waiting >= SPOOL_BYTES:
                    await asyncio.to_thread(spool.flush)
        parser.finish()
        await asyncio.to_thread(spool.close)
    except TimeoutError:
        raise ApiError("UPLOAD_TIMEOUT", headers={"Connection": "close"}) from None
    except OSError as error:
        raise UnavailableError(f"the upload cannot be written: {error.strerror or error}") from error
    return Upload(parser.texts, spool.files)


def too_large(limits: Limits, param: str | None) -> ApiError:
    """Refuse a file that is over the limit."""
    return ApiError("FILE_TOO_LARGE", param=param, limit_mb=limits.file_bytes // 2**20)


class _Spool:
    """Files on their way to disk. `add` only gathers; `flush` writes and hashes, in a thread."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self.files: dict[str, StoredFile] = {}
        self.waiting = 0
        self._folder, self._limits = folder, limits
        self._open: dict[str, tuple[int, _Hash]] = {}
        self._pieces: list[tuple[str, bytes]] = []

    def begin(self, name: str, filename: str) -> None:
        number, path = tempfile.mkstemp(prefix=PREFIX, dir=self._folder)
        self._open[name] = number, hashlib.sha256()
        self.files[name] = StoredFile(Path(path), safe_name(filename))

    def add(self, name: str, piece: bytes) -> None:
        file = self.files[name]
        file.bytes += len(piece)
        if file.bytes > self._limits.file_bytes:
            raise too_large(self._limits, name)
        self._pieces.append((name, piece))
        self.waiting += len(piece)

    def flush(self) -> None:
        for name, piece in self._pieces:
            number, digest = self._open[name]
            digest.update(piece)
            left = memoryview(piece)
            while left:
                left = left[os.write(number, left) :]
        self._pieces.clear()
        self.waiting = 0

    def close(self) -> None:
        self.flush()
        for name, (number, digest) in self._open.items():
            os.close(number)
            self.files[name].sha256 = digest.hexdigest()
        self._open.clear()

    def discard(self) -> None:
        for number, _ in self._open.values():
            with suppress(OSError):
                os.close(number)
        self._open.clear()
        for file in self.files.values():
            with suppress(OSError):
                file.path.unlink(missing_ok=True)
