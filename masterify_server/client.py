"""A thin client of the REST API: submit a song, wait for its masters, download them, verify webhooks.

>>> with Client("https://masterify.example", key="aim_live_...") as api:  # doctest: +SKIP
...     job = api.wait(api.submit("song.wav", ["spotify"])["job_id"])
...     paths = api.download(job, "masters")
"""

from __future__ import annotations

import io
import json
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx2 as httpx

from masterify_core.errors import OutputError
from masterify_core.files.placing import placed
from masterify_server.asking import API, PAUSE_S, RemoteError, address, answer, key_of, not_reached, refused
from masterify_server.names import safe_name
from masterify_server.verifying import WebhookError, verify_webhook

__all__ = ["Client", "Job", "RemoteError", "WebhookError", "verify_webhook"]

Job = dict[str, Any]
Progress = Callable[[str, float], None]
LONGEST_PAUSE_S = 5.0
TIMEOUT_S, UPLOAD_TIMEOUT_S = 30.0, 300.0
SILENCE_S = 40.0
"""An event stream says something every 15 s; one that is silent for longer has broken off."""
PATIENCE_S = 300.0
"""How long a server that is away is waited for once a job is on its way there."""
ENDED = ("done", "failed", "canceled")
CHUNK_BYTES = 1 << 18
NAME = "{stem} (Master - {platform})"


class Client:
    """A connection to one server with one API key; several threads may share it.

    Answers that say "later" (429, 503) and connections that fail are tried again; uploads carry an idempotency key, so
    that nothing is mastered or charged twice.

    Raises
    ------
    SettingError
        The address or the key cannot be one.
    RemoteError
        From every method: refused, e.g. ``INVALID_API_KEY``, or not reached.
    """

    def __init__(
        self, url: str, key: str, *, language: str = "en", transport: httpx.BaseTransport | None = None
    ) -> None:
        headers = {"Authorization": f"Bearer {key_of(key)}", "Accept-Language": language}
        self.url = address(url)
        self._http = httpx.Client(base_url=self.url, headers=headers, timeout=TIMEOUT_S, transport=transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def account(self) -> dict[str, Any]:
        """Plan, credits and limits; a server that is away is not waited for: a wrong address shows at once."""
        held: dict[str, Any] = answer(lambda: self._http.get(f"{API}/account"), tries=2).json()
        return held

    def submit(
        self, song: str | Path, platforms: Sequence[str], *, genre: str = "other", ai_service: str = "other",
        tier: str = "standard", reference: str | Path | None = None, webhook_url: str | None = None,
        idempotency_key: str | None = None, on_progress: Progress | None = None,
    ) -> Job:  # fmt: skip
        """Upload a song; the answer has ``job_id`` and ``credits_remaining``.

        Raises
        ------
        OSError
            The song or the reference cannot be read.
        """
        fields = {"platforms": ",".join(platforms), "genre": genre, "ai_service": ai_service, "tier": tier}
        if webhook_url:
            fields["webhook_url"] = webhook_url
        headers = {"Idempotency-Key": idempotency_key or str(uuid.uuid4())}
        parts = {"file": Path(song), **({"reference_file": Path(reference)} if reference else {})}
        told = _Told(sum(path.stat().st_size for path in parts.values()), on_progress)

        def send() -> httpx.Response:
            told.sent = 0
            with ExitStack() as stack:
                files = {
                    name: (path.name, stack.enter_context(_Reading(path, told)))
                    for name, path in parts.items()
                }
                return self._http.post(
                    f"{API}/master", data=fields, files=files, headers=headers, timeout=UPLOAD_TIMEOUT_S
                )

        body: Job = answer(send).json()
        return body

    def job(self, job_id: str) -> Job:
        """One job."""
        return self._json("GET", f"/jobs/{job_id}")

    def wait(self, job_id: str, on_progress: Progress | None = None, timeout_s: float | None = None) -> Job:
        """Wait until a job has ended, by its events; the answer is the job. A server that is away is waited for.

        Raises
        ------
        RemoteError
            It failed or was canceled (the code is the job's), or ``TIMEOUT`` after ``timeout_s``: it goes on then.
        """
        deadline = time.monotonic() + timeout_s if timeout_s is not None else None
        job = self._ended(job_id, on_progress or (lambda _stage, _share: None), deadline)
        if job is None:
            raise RemoteError("TIMEOUT", f"job {job_id} has not ended after {timeout_s:g} s; it goes on")
        if job["status"] != "done":
            error = job["error"] or {"code": "CANCELED", "message": f"job {job_id} was canceled"}
            raise RemoteError(error["code"], error["message"])
        return job

    def download(
        self, job: Job, folder: str | Path, *, name: str = NAME, overwrite: bool = False
    ) -> dict[str, Path]:
        """Fetch the masters of a finished job, each whole or not at all; the answer says where each platform's is.

        Raises
        ------
        OutputError
            One is there already, or cannot be written.
        RemoteError
            Not there any more, or not what the server measured (its checksum differs).
        """
        paths = {}
        for platform, result in job["results"].items():
            words = {
                "stem": job["name"],
                "platform": result["title"],
                "platform_name": platform,
                "genre": job["genre"],
            }
            paths[platform] = Path(folder) / safe_name(f"{name.format(**words)}.{result['format']}")
        for platform, path in paths.items():
            self.fetch(job, platform, path, overwrite=overwrite)
        return paths

    def fetch(self, job: Job, platform: str, path: Path, *, overwrite: bool = False) -> None:
        """Fetch one master of a finished job to a path; raises as `download`. What broke off goes on where it was."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(path, f"its folder cannot be made: {error.strerror or error}") from None
        with placed(path, overwrite=overwrite) as (file, _):
            digest = sha256()

            def receive() -> httpx.Response:
                return self._receive(job["job_id"], platform, file, digest.update)

            answer(receive)
            if digest.hexdigest() != job["results"][platform]["sha256"]:
                raise RemoteError("DAMAGED", f"{path.name} arrived damaged; try again")

    def report(self, job_id: str, kind: str) -> str:
        """The report of a finished job: ``html`` or ``json``."""
        accept = {"Accept": {"html": "text/html", "json": "application/json"}[kind]}
        return answer(lambda: self._http.get(f"{API}/jobs/{job_id}/report", headers=accept)).text

    def delete(self, job_id: str) -> Job:
        """Cancel a job that waits, or delete the files of one that has ended."""
        return self._json("DELETE", f"/jobs/{job_id}")

    def _json(self, method: str, path: str) -> dict[str, Any]:
        body: dict[str, Any] = answer(lambda: self._http.request(method, API + path)).json()
        return body

    def _ended(self, job_id: str, on_progress: Progress, deadline: float | None) -> Job | None:
        """Follow a job to its end; None if that does not come before the deadline."""
        pause_s, known = PAUSE_S, ""
        while True:
            try:
                for event_id, said in self._events(job_id, known, deadline):
                    known = event_id
                    on_progress(said["stage"] or said["status"], (said["progress"] or 0) / 100)
            except (httpx.HTTPError, RemoteError):
                pass  # whatever is wrong, the job itself will tell
            limit = min(deadline or float("inf"), time.monotonic() + PATIENCE_S)
            try:
                job: Job = answer(lambda: self._http.get(f"{API}/jobs/{job_id}"), until_s=limit).json()
            except RemoteError as error:
                if error.may_pass and deadline is not None and limit == deadline:
                    return None
                raise
            if job["status"] in ENDED:
                return job
            if deadline is not None and time.monotonic() + pause_s > deadline:
                return None
            time.sleep(pause_s)
            pause_s = min(pause_s * 1.5, LONGEST_PAUSE_S)

    def _events(
        self, job_id: str, known: str, deadline: float | None
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """Ids and data of a job's events, as they come, until the stream ends or the deadline is there."""
        headers = {"Last-Event-ID": known} if known else {}
        silence_s = SILENCE_S if deadline is None else min(SILENCE_S, max(0.1, deadline - time.monotonic()))
        url = f"{API}/jobs/{job_id}/events"
        with self._http.stream("GET", url, headers=headers, timeout=silence_s) as got:
            if not got.is_success:
                got.read()
                raise refused(got)
            event_id = ""
            for line in got.iter_lines():
                name, _, value = line.partition(": ")
                if name == "id":
                    event_id = value
                elif name == "data":
                    yield event_id, json.loads(value)
                if deadline is not None and time.monotonic() > deadline:
                    return

    def _receive(
        self, job_id: str, platform: str, file: io.FileIO, note: Callable[[bytes], None]
    ) -> httpx.Response:
        """Receive what a file still lacks, and put it behind what is there."""
        there = file.tell()
        url, params = f"{API}/jobs/{job_id}/download", {"platform": platform}
        headers = {"Range": f"bytes={there}-"} if there else {}
        with self._http.stream("GET", url, params=params, headers=headers, timeout=UPLOAD_TIMEOUT_S) as got:
            if not got.is_success:
                got.read()
            elif there and got.status_code != 206:
                raise not_reached(httpx.ReadError("the connection broke off, and the server does not go on"))
            else:
                for block in got.iter_bytes(CHUNK_BYTES):
                    note(block)
                    file.write(block)
            return got


class _Told:
    """How much of an upload has been read to be sent."""

    def __init__(self, size: int, on_progress: Progress | None) -> None:
        self.size, self.sent, self._on_progress = size, 0, on_progress

    def add(self, count: int) -> None:
        """Tell of a further piece."""
        self.sent += count
        if self._on_progress is not None and self.size:
            self._on_progress("uploading", min(1.0, self.sent / self.size))


class _Reading(io.FileIO):
    """A file that tells how much of it has been read."""

    def __init__(self, path: Path, told: _Told) -> None:
        super().__init__(path, "rb")
        self._told = told

    def read(self, size: int | None = -1, /) -> bytes:
        """Read, and tell."""
        block = super().read(-1 if size is None else size) or b""
        self._told.add(len(block))
        return block
