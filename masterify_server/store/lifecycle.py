"""How jobs run: dispatch, claim, beat, end, reap; what worker and keeper call. Everything is fenced by the attempt."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from masterify_server.store.calls import Call, as_bool, flat, pairs
from masterify_server.store.jobs import Job, JobError, job_of

LEASE_MS = 8_000
"""How long a worker may be silent. Beats come every second; a busy machine may delay some."""

MOST_ATTEMPTS = 3
"""Workers that may die over a job before it fails and is paid back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """How long files are kept after a job has ended, ms."""

    input_ms: int
    output_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DueJobs:
    """What the keeper must look after: not dispatched, lease run out, waiting for long."""

    undispatched: tuple[str, ...]
    silent: tuple[str, ...]
    waiting: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What ``/metrics`` shows: totals (``accepted``, ``done``, ``failed``, ``canceled``, ``reaped``) and what is there now."""

    totals: Mapping[str, int]
    queued: int
    processing: int
    undispatched: int
    deliveries: int
    expiring_files: int


def next_dispatch(job_id: str) -> Call[str | None]:
    """Name of a waiting job's next queue entry; None if it does not wait (any more)."""
    return Call("dispatch", (job_id,), lambda answer: answer)


def dispatched(job_id: str) -> Call[bool]:
    """The queue entry was written: the outbox is done with it."""
    return Call("dispatched", (job_id,), as_bool)


def dispatch_again(job_id: str) -> Call[bool]:
    """The queue entry is lost: put the job into the outbox once more, under another name."""
    return Call("dispatch_again", (job_id,), as_bool)


def claim(job_id: str, worker: str, lease_ms: int = LEASE_MS) -> Call[Job | None]:
    """Take a waiting job; None if somebody else has it, or it was canceled."""
    return Call("claim", (job_id, lease_ms, worker), lambda answer: job_of(pairs(answer)) if answer else None)


def beat(job_id: str, attempt: int, progress: int, stage: str, lease_ms: int = LEASE_MS) -> Call[bool]:
    """Keep the lease and show progress (0-100); False: it is lost, stop at once."""
    return Call("beat", (job_id, attempt, lease_ms, progress, stage), as_bool)


def end_done(
    job_id: str, attempt: int, keep: Keep, *,
    measured: Mapping[str, Any], results: Sequence[Mapping[str, Any]], archive: Mapping[str, Any] | None,
) -> Call[bool]:  # fmt: skip
    """The job is done; False if it had ended or the lease is lost: then nothing changes."""
    outcome = {
        "input": _json(measured),
        "results": _json(results),
        "archive": None if archive is None else _json(archive),
    }
    return Call("end_job", (job_id, attempt, "done", keep.input_ms, keep.output_ms, *flat(outcome)), as_bool)


def end_failed(job_id: str, attempt: int, keep: Keep, error: JobError, detail: str) -> Call[bool]:
    """The job has failed and is paid back; ``detail`` is for the operator. False as `end_done`."""
    outcome = {
        "error_code": error.code,
        "error_key": error.key,
        "error_words": _json(error.words),
        "error_detail": detail,
    }
    return Call(
        "end_job", (job_id, attempt, "failed", keep.input_ms, keep.output_ms, *flat(outcome)), as_bool
    )


def reap(job_id: str, keep: Keep, attempt: int | None = None) -> Call[Literal["again", "failed", ""]]:
    """Its worker is gone: let the job wait again, or fail after `MOST_ATTEMPTS`.

    With an ``attempt`` at once, because its end was seen; without one only if the lease has run out.
    """
    wanted = "" if attempt is None else attempt
    return Call("reap", (job_id, wanted, MOST_ATTEMPTS, keep.input_ms, keep.output_ms), lambda answer: answer)


def due_jobs(undispatched_ms: int, waiting_ms: int, limit: int = 200) -> Call[DueJobs]:
    """Jobs that are in the outbox, or wait, for longer than that; and all whose lease has run out."""
    return Call("due_jobs", (undispatched_ms, waiting_ms, limit), _due)


def expired_files(limit: int = 100) -> Call[list[str]]:
    """``in:JOB`` and ``out:JOB`` of files that are to be deleted."""
    return Call("expired_files", (limit,), list)


def files_deleted(which: str, keep_record_ms: int) -> Call[bool]:
    """They are deleted; with the masters gone the record lives for as long as given."""
    return Call("files_deleted", (which, keep_record_ms), as_bool)


def forget_jobs(limit: int = 200) -> Call[int]:
    """Drop records whose time is over; answers how many. The ledger keeps what they cost."""
    return Call("forget_jobs", (limit,), int)


def counts() -> Call[Counts]:
    """Totals and present numbers."""
    return Call("counts", (), _counts)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _due(answer: Sequence[Any]) -> DueJobs:
    undispatched, silent, waiting = (tuple(each) for each in answer)
    return DueJobs(undispatched=undispatched, silent=silent, waiting=waiting)


def _counts(answer: Sequence[Any]) -> Counts:
    totals = {name: int(number) for name, number in pairs(answer[0]).items()}
    return Counts(
        totals=totals, queued=answer[1], processing=answer[2], undispatched=answer[3], deliveries=answer[4],
        expiring_files=answer[5],
    )  # fmt: skip
