"""Jobs as their owners see them: admit, read, list, cancel, delete. How they run is in `store.lifecycle`."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

from masterify_server.plans import Plans
from masterify_server.refusals import RefusedError
from masterify_server.store.calls import Call, as_bool, flat, number_or_none, pairs, refused
from masterify_server.store.keys import Caller, caller_of, digest_of

Status = Literal["queued", "processing", "done", "failed", "canceled"]
STATUSES: tuple[Status, ...] = ("queued", "processing", "done", "failed", "canceled")
ENDED: tuple[Status, ...] = ("done", "failed", "canceled")
IDEMPOTENCY_S = 24 * 3600
"""How long an Idempotency-Key is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a request asks for, checked.

    Attributes
    ----------
    song_name
        The file's own name without ending, made safe; only for names of downloads, never a path.
    song_format, reference_format
        ``wav``, ``flac`` or ``mp3``, by the bytes; the uploads are ``in/{job_id}/song.{format}`` and
        ``in/{job_id}/reference.{format}``.
    language
        Of the message, should the job fail.
    base_url
        Where the request reached us: links in webhooks lead there, unless the deployment says otherwise.
    """

    platforms: tuple[str, ...]
    genre: str
    ai_service: str
    tier: str
    song_name: str
    song_format: str
    reference_format: str | None = None
    webhook_url: str | None = None
    language: str = "ko"
    base_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobError:
    """Why a job failed: the API's code, the key of its message (``INVALID_AUDIO.silent``) and its placeholders."""

    code: str
    key: str
    words: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job's record.

    Attributes
    ----------
    credits_used
        What it costs now: 0 once it was paid back.
    cost, credits_left
        What it cost, and the balance after that: the answer of the POST, whenever it is repeated.
    input
        What was measured of the song, once it is done.
    results
        A table for each platform: ``platform``, ``file`` (below ``out/{job_id}/{attempt}/``), ``format``, ``size``, ``sha256``
        and what was measured (``integrated_lufs``, ``true_peak_dbtp``, ``loudness_range_lu``, ``plr_lu``...).
    archive
        With several platforms the ZIP of all masters: ``file``, ``size``, ``sha256``.
    files_until_ms
        When the masters are (or were) deleted; None while the job has not ended.
    """

    job_id: str
    account_id: str
    status: Status
    attempt: int
    progress: int
    stage: str
    order: Order
    cost: int
    credits_left: int
    credits_used: int
    created_ms: int
    started_ms: int | None
    finished_ms: int | None
    files_until_ms: int | None
    input: Mapping[str, Any] | None
    results: Sequence[Mapping[str, Any]]
    archive: Mapping[str, Any] | None
    error: JobError | None

    @property
    def ended(self) -> bool:
        """Whether nothing will happen to it any more."""
        return self.status in ENDED

    @property
    def has_files(self) -> bool:
        """Whether it has ended and its files are still kept."""
        return (self.files_until_ms or 0) > time.time() * 1000

    @property
    def has_masters(self) -> bool:
        """Whether it was done and its files are still kept."""
        return self.status == "done" and self.has_files


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """An accepted job; ``replayed`` if the same request had been accepted before (its upload is not needed then)."""

    job: Job
    replayed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Jobs, newest first; ``after=jobs[-1].job_id`` asks for those that follow."""

    jobs: tuple[Job, ...]
    has_more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The status that a job has after (or had before) a wish, and whether the wish was granted."""

    status: Status
    granted: bool


def new_job_id() -> str:
    """A UUID4, chosen before the upload is stored."""
    return str(uuid.uuid4())


def admit(
    account_id: str,
    job_id: str,
    order: Order,
    cost: int,
    plans: Plans,
    idempotency: tuple[str, str] | None = None,
    key_id: str | None = None,
) -> Call[Admitted]:
    """Accept a job: debit, record and place in the queue in one step, or nothing of it.

    Parameters
    ----------
    cost
        Credits, from `Plans.cost`.
    idempotency
        The Idempotency-Key and a fingerprint of everything that makes the request what it is (fields and
        SHA-256 of the files).
    key_id
        The key that the request came with: it may have been revoked while the song came in.

    Raises
    ------
    RefusedError
        ``INSUFFICIENT_CREDITS`` (``left``, ``cost``), ``CONCURRENT_LIMIT`` (``limit``), ``IDEMPOTENCY_CONFLICT``,
        ``INVALID_API_KEY``, ``UNKNOWN_ACCOUNT``, ``UNKNOWN_PLAN``.
    """
    key, fingerprint = idempotency or ("", "")
    fields = {
        "platforms": ",".join(order.platforms), "genre": order.genre, "ai_service": order.ai_service, "tier": order.tier,
        "song_name": order.song_name, "song_format": order.song_format, "reference_format": order.reference_format,
        "webhook_url": order.webhook_url, "language": order.language, "base_url": order.base_url,
    }  # fmt: skip
    fixed = (account_id, key_id or "", job_id, cost, key, fingerprint, IDEMPOTENCY_S, plans.as_argument)
    return Call("admit", (*fixed, *flat(fields)), _admitted)


def read_job(job_id: str, account_id: str | None = None, key_id: str | None = None) -> Call[Job | None]:
    """A job; None if there is none, if it is another account's, or if the key that asks has been revoked."""
    wanted = (job_id, account_id or "", key_id or "")
    return Call("read_job", wanted, lambda answer: job_of(pairs(answer)) if answer else None)


def read_job_for(secret: str, plans: Plans, job_id: str) -> Call[tuple[Caller, Job | None] | None]:
    """As `store.keys.authorize`, with a job of the caller's if there is one and the rate allows: both in one trip.

    ``job_id`` may be empty, for none.
    """
    return Call("authorize", (digest_of(secret), plans.as_argument, job_id), _caller_and_job)


def list_jobs(
    account_id: str, limit: int = 20, after: str | None = None, status: Status | None = None
) -> Call[Page | None]:
    """Jobs of an account, newest first; None if ``after`` is none of its jobs."""
    return Call(
        "list_jobs", (account_id, limit, after or "", status or ""), lambda answer: _page(answer, limit)
    )


def cancel_job(job_id: str, account_id: str, keep_output_ms: int = 0) -> Call[Change | None]:
    """End a job that still waits and pay it back; one that runs or has ended stays as it is. None: no such job."""
    return Call("cancel_job", (job_id, account_id, keep_output_ms), _change)


def delete_job(job_id: str, account_id: str) -> Call[Change | None]:
    """Let the files of an ended job expire now; not granted while it waits or runs. None: no such job."""
    return Call("delete_job", (job_id, account_id), _change)


def want_excerpts(job_id: str, account_id: str, quiet_ms: int = 3000) -> Call[bool]:
    """Tell the keeper that somebody wants to hear a done job; False if it has no masters. To be asked until they are there."""
    return Call("want_excerpts", (job_id, account_id, quiet_ms), as_bool)


def job_of(held: Mapping[str, str]) -> Job:
    """Read a job's record."""
    order = Order(
        platforms=tuple(held["platforms"].split(",")), genre=held["genre"], ai_service=held["ai_service"],
        tier=held["tier"], song_name=held["song_name"], song_format=held["song_format"],
        reference_format=held.get("reference_format"), webhook_url=held.get("webhook_url"), language=held["language"],
        base_url=held.get("base_url"),
    )  # fmt: skip
    (status,) = (each for each in STATUSES if each == held["status"])
    cost = int(held["cost"])
    return Job(
        job_id=held["job_id"], account_id=held["account_id"], status=status, attempt=int(held["attempt"]),
        progress=int(held["progress"]), stage=held["stage"], order=order, cost=cost,
        credits_left=int(held["credits_left"]), credits_used=0 if "refunded" in held else cost,
        created_ms=int(held["created_ms"]), started_ms=number_or_none(held.get("started_ms")),
        finished_ms=number_or_none(held.get("finished_ms")), files_until_ms=number_or_none(held.get("files_until_ms")),
        input=json.loads(held.get("input", "null")), results=json.loads(held.get("results", "[]")),
        archive=json.loads(held.get("archive", "null")), error=_error(held),
    )  # fmt: skip


def _error(held: Mapping[str, str]) -> JobError | None:
    if "error_code" not in held:
        return None
    code = held["error_code"]
    return JobError(
        code=code, key=held.get("error_key", code), words=json.loads(held.get("error_words", "{}"))
    )


def _admitted(answer: Sequence[Any]) -> Admitted:
    if answer[0] in ("OK", "REPLAY"):
        return Admitted(job=job_of(pairs(answer[1])), replayed=answer[0] == "REPLAY")
    if answer[0] == "INSUFFICIENT_CREDITS":
        raise refused(answer, "left", "cost")
    if answer[0] == "CONCURRENT_LIMIT":
        raise refused(answer, "limit")
    raise RefusedError(answer[0])


def _caller_and_job(answer: Any) -> tuple[Caller, Job | None] | None:
    if not answer:
        return None
    caller, job = answer
    return caller_of(json.loads(caller)), _known_job(job) if job else None


@lru_cache(512)  # who waits for a job reads the same record again and again
def _known_job(answer: str) -> Job:
    return job_of(pairs(answer))


def _page(answer: Any, limit: int) -> Page | None:
    if answer is None:
        return None
    jobs = tuple(job_of(pairs(each)) for each in answer)
    return Page(jobs=jobs[:limit], has_more=len(jobs) > limit)


def _change(answer: Any) -> Change | None:
    return Change(status=answer[0], granted=bool(answer[1])) if answer else None
