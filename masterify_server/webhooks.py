"""What a webhook is sent: the documented flat body with our fields beside it, signed as Standard Webhooks says."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable
from typing import Any

from masterify_server import links
from masterify_server.rfc3339 import time_text
from masterify_server.store.deliveries import Delivery
from masterify_server.store.jobs import Job
from masterify_server.wording import message

SECRET_PREFIX = "whsec_"  # noqa: S105 - how secrets begin, not one


def body_of(delivery: Delivery, public_url: str | None, secret: str) -> bytes:
    """Word a message: ``event``, ``job_id``, ``status``, ``error_message`` as documented, and ours.

    The same delivery gives the same bytes but for the expiry of its links. ``secret`` signs those, and
    without a ``public_url`` they lead to where the job's request came in.
    """
    body: dict[str, Any] = {
        "event": delivery.event,
        "job_id": None,
        "status": "test",
        "error_message": None,
        "id": delivery.message_id,
        "created_at": time_text(delivery.created_ms),
    }
    if delivery.job is not None:
        body |= _about(delivery.job, public_url or delivery.job.order.base_url or "", secret)
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def headers_of(delivery: Delivery, body: bytes, at_s: int) -> dict[str, str]:
    """Headers of one try; with two secrets (one is being replaced) it is signed with both."""
    return {
        "content-type": "application/json",
        "webhook-id": delivery.message_id,
        "webhook-timestamp": str(at_s),
        "webhook-signature": signatures(delivery.secrets, delivery.message_id, at_s, body),
    }


def signatures(secrets: Iterable[str], message_id: str, at_s: int, body: bytes) -> str:
    """Sign with each secret (``whsec_`` and base64): ``v1,`` and the HMAC-SHA256, separated by blanks.

    References
    ----------
    Standard Webhooks 1.0, "Signature scheme".
    """
    text = f"{message_id}.{at_s}.".encode() + body
    made = (base64.b64encode(hmac.digest(_key(secret), text, hashlib.sha256)).decode() for secret in secrets)
    return " ".join(f"v1,{signature}" for signature in made)


def _about(job: Job, base_url: str, secret: str) -> dict[str, Any]:
    about: dict[str, Any] = {
        "job_id": job.job_id,
        "status": job.status,
        "platforms": list(job.order.platforms),
        "error_message": None,
        "error": None,
        "download_url": None,
        "results": {},
    }
    if job.error is not None:
        words = message(job.error.key, job.order.language, job.error.words)
        about |= {"error_message": words, "error": {"code": job.error.code, "message": words}}
    if job.status == "done":
        about["download_url"] = base_url + links.signed_path(secret, job.job_id)
        about["results"] = {
            table["platform"]: {
                **{name: value for name, value in table.items() if name != "file"},
                "download_url": base_url + links.signed_path(secret, job.job_id, table["platform"]),
            }
            for table in job.results
        }
    return about


def _key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(SECRET_PREFIX))
