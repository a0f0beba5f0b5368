"""A job as the API shows it."""

from __future__ import annotations

from typing import Any

from masterify_server.links import download_path, signed_path
from masterify_server.rfc3339 import time_or_none, time_text
from masterify_server.store.jobs import Job
from masterify_server.wording import message

STORED_ONLY = {"file"}  # where a master is kept is nobody's business


def job_view(job: Job, base_url: str, language: str, secret: str) -> dict[str, Any]:
    """Everything about a job; the language is that of its error's message, ``secret`` signs the link that needs no key."""
    return {
        "job_id": job.job_id,
        "status": job.status,
        "progress": job.progress,
        "stage": job.stage,
        "platforms": list(job.order.platforms),
        "genre": job.order.genre,
        "ai_service": job.order.ai_service,
        "tier": job.order.tier,
        "name": job.order.song_name,
        "has_reference": job.order.reference_format is not None,
        "webhook_url": job.order.webhook_url,
        "created_at": time_text(job.created_ms),
        "started_at": time_or_none(job.started_ms),
        "finished_at": time_or_none(job.finished_ms),
        "files_until": time_or_none(job.files_until_ms),
        "credits_used": job.credits_used,
        "input": job.input,
        "results": results_view(job, base_url),
        "download_url": base_url + download_path(job.job_id) if job.status == "done" else None,
        "share_url": _share_url(job, base_url, secret),
        "error": error_view(job, language),
    }


def _share_url(job: Job, base_url: str, secret: str) -> str | None:
    """Where anybody can fetch the masters for as long as they are kept."""
    if job.status != "done" or job.files_until_ms is None:
        return None
    return base_url + signed_path(secret, job.job_id, expires=job.files_until_ms // 1000)


def results_view(job: Job, base_url: str) -> dict[str, dict[str, Any]]:
    """What was delivered, by platform."""
    return {
        table["platform"]: {
            **{name: value for name, value in table.items() if name not in STORED_ONLY},
            "download_url": base_url + download_path(job.job_id, table["platform"]),
        }
        for table in job.results
    }


def error_view(job: Job, language: str) -> dict[str, str] | None:
    """Why it failed, in the language of whoever asks."""
    if job.error is None:
        return None
    return {"code": job.error.code, "message": message(job.error.key, language, job.error.words)}


def progress_view(job: Job, language: str) -> dict[str, Any]:
    """What an event stream tells."""
    return {
        "job_id": job.job_id,
        "status": job.status,
        "progress": job.progress,
        "stage": job.stage,
        "error": error_view(job, language),
    }
