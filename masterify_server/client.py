"""A thin client of the REST API: submit a song, wait for its masters, download them, verify webhooks.

>>> with Client("https://masterify.example", key="aim_live_...") as api:  # doctest: +SKIP
...     job = api.wait(api.submit("song.wav", ["spotify"])["job_id"])
...     paths = api.download(job, "masters")
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx2 as httpx

from masterify_core.errors import MasterifyError
from masterify_core.files.placing import placed

Job = dict[str, Any]
Progress = Callable[[str, float], None]
PAUSE_S, LONGEST_PAUSE_S = 0.5, 5.0
TIMEOUT_S, UPLOAD_TIMEOUT_S = 30.0, 300.0
MOST_TRIES = 5
AGAIN = {429, 502, 503, 504}
ENDED = ("done", "failed", "canceled")
TOLERANCE_S = 300
CHUNK_BYTES = 1 << 18


class RemoteError(MasterifyError):
    """What a server refused or could not do.

    Attributes
    ----------
    remote_code
        The API's code, e.g. ``INSUFFICIENT_CREDITS``; ``NOT_REACHED`` where there was no answer.
    status
        HTTP status; 0 where there was no answer.
    request_id
        By which the server's operator finds it in the logs.
    """

    code = "remote"

    def __init__(
        self, remote_code: str, message: str, status: int = 0, request_id: str | None = None
    ) -> None:
        super().__init__(f"{message} ({remote_code}{f', request {request_id}' if request_id else ''})")
        self.remote_code, self.status, self.request_id = remote_code, status, request_id


class WebhookError(MasterifyError):
    """A webhook that is not to be believed."""

    code = "webhook"


class Client:
    """A connection to one server with one API key.

    Answers that say "later" (429, 503) and connections that fail are tried again; uploads carry an idempotency key, so
    that nothing is mastered or charged twice.
    """

    def __init__(
        self, url: str, key: str, *, language: str = "en", transport: httpx.BaseTransport | None = None
    ) -> None:
        headers = {"Authorization": f"Bearer {key}", "Accept-Language": language}
        self._http = httpx.Client(
            base_url=url.rstrip("/"), headers=headers, timeout=TIMEOUT_S, transport=transport
        )

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
        """Plan, credits and limits."""
        return self._json("GET", "/api/v1/account")

    def submit(
        self, song: str | Path, platforms: Sequence[str], *, genre: str = "other", ai_service: str = "other",
        tier: str = "standard", reference: str | Path | None = None, webhook_url: str | None = None,
        idempotency_key: str | None = None,
    ) -> Job:  # fmt: skip
        """Upload a song; the answer has ``job_id`` and ``credits_remaining``.

        Raises
        ------
        RemoteError
            Refused, e.g. ``FILE_TOO_LONG``, or not reached.
        OSError
            The song cannot be read.
        """
        fields = {"platforms": ",".join(platforms), "genre": genre, "ai_service": ai_service, "tier": tier}
        if webhook_url:
            fields["webhook_url"] = webhook_url
        headers = {"Idempotency-Key": idempotency_key or str(uuid.uuid4())}

        def send() -> httpx.Response:
            with ExitStack() as stack:
                files = {"file": (Path(song).name, stack.enter_context(Path(song).open("rb")))}
                if reference:
                    files["reference_file"] = (
                        Path(reference).name,
                        stack.enter_context(Path(reference).open("rb")),
                    )
                return self._http.post(
                    "/api/v1/master", data=fields, files=files, headers=headers, timeout=UPLOAD_TIMEOUT_S
                )

        return self._answer(send)

    def job(self, job_id: str) -> Job:
        """One job."""
        return self._json("GET", f"/api/v1/jobs/{job_id}")

    def wait(self, job_id: str, on_progress: Progress | None = None, timeout_s: float | None = None) -> Job:
        """Wait until a job has ended; the answer is the job.

        Raises
        ------
        RemoteError
            It failed or was canceled (the code is the job's), or ``TIMEOUT`` after ``timeout_s``.
        """
        deadline = time.monotonic() + timeout_s if timeout_s is not None else None
        pause_s = PAUSE_S
        while True:
            job = self.job(job_id)
            if on_progress:
                on_progress(job["stage"] or job["status"], (job["progress"] or 0) / 100)
            if job["status"] in ENDED:
                break
            if deadline is not None and time.monotonic() > deadline:
                raise RemoteError("TIMEOUT", f"job {job_id} has not ended after {timeout_s:g} s; it goes on")
            time.sleep(pause_s)
            pause_s = min(pause_s * 1.5, LONGEST_PAUSE_S)
        if job["status"] != "done":
            error = job["error"] or {"code": "CANCELED", "message": f"job {job_id} was canceled"}
            raise RemoteError(error["code"], error["message"])
        return job

    def download(
        self,
        job: Job,
        folder: str | Path,
        *,
        name: str = "{stem} (Master - {platform})",
        overwrite: bool = False,
    ) -> dict[str, Path]:
        """Fetch the masters of a finished job, each whole or not at all; the answer says where each platform's is.

        Raises
        ------
        OutputError
            One is there already, or cannot be written.
        RemoteError
            Not there any more, or not what the server measured (its checksum differs).
        """
        Path(folder).mkdir(parents=True, exist_ok=True)
        paths = {}
        for platform, result in job["results"].items():
            stem = name.format(
                stem=job["name"], platform=result["title"], platform_name=platform, genre=job["genre"]
            )
            path = Path(folder) / f"{stem}.{result['format']}"
            self._fetch(job["job_id"], platform, path, result["sha256"], overwrite=overwrite)
            paths[platform] = path
        return paths

    def delete(self, job_id: str) -> Job:
        """Cancel a job that waits, or delete the files of one that has ended."""
        return self._json("DELETE", f"/api/v1/jobs/{job_id}")

    def _fetch(self, job_id: str, platform: str, path: Path, checksum: str, *, overwrite: bool) -> None:
        digest = sha256()
        with placed(path, overwrite=overwrite) as (file, _):
            url, params = f"/api/v1/jobs/{job_id}/download", {"platform": platform}
            try:
                with self._http.stream("GET", url, params=params, timeout=UPLOAD_TIMEOUT_S) as answer:
                    if answer.status_code != 200:
                        answer.read()
                        raise _refused(answer)
                    for block in answer.iter_bytes(CHUNK_BYTES):
                        digest.update(block)
                        file.write(block)
            except httpx.HTTPError as error:
                raise _not_reached(error) from None
            if digest.hexdigest() != checksum:
                raise RemoteError("DAMAGED", f"{path.name} arrived damaged; try again")

    def _json(self, method: str, url: str) -> dict[str, Any]:
        return self._answer(lambda: self._http.request(method, url))

    def _answer(self, send: Callable[[], httpx.Response]) -> dict[str, Any]:
        """Send until there is an answer that is not "later"."""
        for attempt in range(1, MOST_TRIES + 1):
            last = attempt == MOST_TRIES
            try:
                answer = send()
            except httpx.HTTPError as error:
                if last:
                    raise _not_reached(error) from None
                time.sleep(PAUSE_S * 2**attempt)
                continue
            if answer.is_success:
                body: dict[str, Any] = answer.json()
                return body
            refused = _refused(answer)
            if last or answer.status_code not in AGAIN:
                raise refused
            time.sleep(_later_s(answer, PAUSE_S * 2**attempt))
        raise AssertionError("unreachable")


def verify_webhook(
    secret: str, headers: Mapping[str, str], body: bytes, *, now_s: float | None = None
) -> dict[str, Any]:
    """Check a webhook's signature and age; the answer is what it says.

    Parameters
    ----------
    secret
        ``whsec_…``, as it was shown once.
    headers
        Of the request, names in any case.
    body
        As it was received, not parsed and written again.
    now_s
        Seconds since 1970; the clock's by default.

    Raises
    ------
    WebhookError
        A header is missing, it is older than five minutes, or we did not sign it.

    References
    ----------
    Standard Webhooks 1.0, "Verifying webhooks".
    """
    given = {name.lower(): value for name, value in headers.items()}
    try:
        message_id, sent = given["webhook-id"], given["webhook-timestamp"]
        signatures = given["webhook-signature"].split()
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        age_s = (time.time() if now_s is None else now_s) - int(sent)
    except KeyError as missing:
        raise WebhookError(f"the header {missing} is missing") from None
    except (ValueError, binascii.Error):
        raise WebhookError("the secret or the time is not one") from None
    if abs(age_s) > TOLERANCE_S:
        raise WebhookError(f"it is {age_s:.0f} s old: more than {TOLERANCE_S} s is not believed")
    digest = hmac.digest(key, f"{message_id}.{sent}.".encode() + body, sha256)
    wanted = "v1," + base64.b64encode(digest).decode()
    if not any(hmac.compare_digest(wanted.encode(), each.encode()) for each in signatures):
        raise WebhookError("the signature is not ours")
    said: dict[str, Any] = json.loads(body)
    return said


def _refused(answer: httpx.Response) -> RemoteError:
    try:
        error = answer.json()["error"]
        return RemoteError(error["code"], error["message"], answer.status_code, error.get("request_id"))
    except (ValueError, LookupError, TypeError):
        said = f"{answer.url.host} answered {answer.status_code}, not as masterify does"
        return RemoteError("NO_MASTERIFY", said, answer.status_code)


def _not_reached(error: httpx.HTTPError) -> RemoteError:
    return RemoteError("NOT_REACHED", f"the server was not reached: {str(error) or type(error).__name__}")


def _later_s(answer: httpx.Response, otherwise_s: float) -> float:
    """What the server asks to wait, at most a minute."""
    said = answer.headers.get("Retry-After", "")
    return min(float(said), 60.0) if said.isdigit() else otherwise_s
