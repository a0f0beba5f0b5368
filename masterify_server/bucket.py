"""Files in an S3-compatible bucket, by obstore: within time limits, whatever the bucket or a slow client does.

Threads of obstore do not survive a fork: a bucket is opened by the process that uses it, never before.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from masterify_server.refusals import UnavailableError
from masterify_server.storage import checked_name

if TYPE_CHECKING:
    from masterify_server.settings import Settings

BLOCK = 4 * 2**20
"""Bytes of one request: each has its own time limit, so that a client may take hours over a long file."""
CHECKED_S = 30.0
"""How long a bucket that answered is believed to be there."""
CONNECTING, ANSWERING, TRYING_AGAIN = timedelta(seconds=5), timedelta(seconds=30), timedelta(seconds=20)
"""To connect; for a request and its answer; and for how long one that failed is sent again."""
THREADS = "2"
"""Of obstore; they only wait and copy."""
CHECKING = timedelta(seconds=3)
_CHECK = "check/ready"


class Bucket:
    """Files in a bucket, below a prefix; ``impatient`` is the same bucket with time limits for a question that waits."""

    def __init__(self, bucket: Any, impatient: Any = None) -> None:
        self._bucket, self._impatient = bucket, impatient or bucket
        self._good_until_s = 0.0

    def put(self, path: Path, name: str) -> None:
        """Upload, in parts if it is large."""
        import obstore

        with _told():
            obstore.put(self._bucket, checked_name(name), path)
        path.unlink()

    def fetch(self, name: str, scratch: Path) -> Path:
        """Download."""
        path = scratch.absolute() / Path(checked_name(name)).name
        size = self.size(name)
        with path.open("wb") as file:
            for block in self.read(name, 0, size):
                file.write(block)
        return path

    def size(self, name: str) -> int:
        """Ask for its length."""
        import obstore

        with _told():
            return int(obstore.head(self._bucket, checked_name(name))["size"])

    def read(self, name: str, start: int, end: int) -> Iterator[bytes]:
        """Ask for range after range; the first is here when this returns, the others come as they are taken."""
        if end <= start:
            return iter(())
        return self._from(self._range(name, start, end), name, start, end)

    def delete(self, which: str) -> None:
        """Delete file by file."""
        import obstore

        with _told():
            for page in obstore.list(self._bucket, prefix=f"{checked_name(which)}/"):
                obstore.delete(self._bucket, [each["path"] for each in page])

    def jobs(self) -> Iterator[str]:
        """List with the slash as delimiter: one row a job."""
        import obstore

        with _told():
            for kind in ("in", "out"):
                yield from obstore.list_with_delimiter(self._bucket, prefix=f"{kind}/")["common_prefixes"]

    def check(self) -> None:
        """Store an empty file: whatever would keep a song from being stored shows. Asked again after a while only."""
        import obstore

        if time.monotonic() < self._good_until_s:
            return
        try:
            with _told():
                obstore.put(self._impatient, _CHECK, b"")
        except FileNotFoundError:
            raise UnavailableError("there is no such bucket") from None
        self._good_until_s = time.monotonic() + CHECKED_S

    def _from(self, first: bytes, name: str, start: int, end: int) -> Iterator[bytes]:
        yield first
        for at in range(start + BLOCK, end, BLOCK):
            try:
                yield self._range(name, at, end)
            except FileNotFoundError:
                raise UnavailableError(f"{name} was deleted while it was read") from None

    def _range(self, name: str, start: int, end: int) -> bytes:
        import obstore

        with _told():
            held = obstore.get_range(
                self._bucket, checked_name(name), start=start, end=min(end, start + BLOCK)
            )
        return held.to_bytes()


def open_bucket(settings: Settings) -> Bucket:
    """Open the S3-compatible bucket of the settings."""
    from obstore.store import S3Store

    # One thread for each core, each with an arena of its own, would use up the memory that a job may have: it would be aborted.
    os.environ.setdefault("TOKIO_WORKER_THREADS", THREADS)
    wanted = {
        "endpoint": settings.bucket_endpoint, "region": settings.bucket_region,
        "access_key_id": settings.bucket_key_id, "secret_access_key": settings.bucket_secret,
    }  # fmt: skip
    config: Any = {name: value for name, value in wanted.items() if value is not None}
    plain = (settings.bucket_endpoint or "").startswith("http://")
    url = settings.bucket_url or ""

    def opened(answering: timedelta, again: timedelta, tries: int) -> S3Store:
        return S3Store.from_url(
            url, config=config, client_options={"allow_http": plain, "connect_timeout": CONNECTING, "timeout": answering},
            retry_config={"max_retries": tries, "retry_timeout": again},
        )  # fmt: skip

    return Bucket(opened(ANSWERING, TRYING_AGAIN, 5), opened(CHECKING, CHECKING, 0))


@contextmanager
def _told() -> Iterator[None]:
    """Outages of a bucket become ours; a missing file stays Python's error."""
    from obstore.exceptions import BaseError

    try:
        yield
    except FileNotFoundError:
        raise
    except BaseError as error:
        raise UnavailableError(f"the bucket does not answer: {_why(str(error))}") from error


def _why(told: str) -> str:
    """What S3 says of it, or else what obstore does; never its pages of details.

    >>> _why("Generic S3 error: 403: <Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>")
    'AccessDenied: Access Denied'
    """
    said = re.search("<Code>([^<]+)</Code>(?:<Message>([^<]+))?", told)
    return ": ".join(filter(None, said.groups())) if said else told.partition("\n")[0]
