"""Download links that need no key: signed, for one job and platform, until a time."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from functools import lru_cache
from urllib.parse import urlencode

VALID_S = 7 * 24 * 3600


@lru_cache(4096)
def download_path(job_id: str, platform: str | None = None) -> str:
    """Where a job's masters are fetched with a key.

    >>> download_path("j1", "melon")
    '/api/v1/jobs/j1/download?platform=melon'
    """
    path = f"/api/v1/jobs/{job_id}/download"
    return f"{path}?{urlencode({'platform': platform})}" if platform else path


def signed_path(secret: str, job_id: str, platform: str | None = None, expires: int | None = None) -> str:
    """Where they are fetched without one, until ``expires`` (seconds since 1970)."""
    return _signed_path(secret, job_id, platform, int(time.time()) + VALID_S if expires is None else expires)


@lru_cache(4096)  # who waits for a job reads the same link again and again
def _signed_path(secret: str, job_id: str, platform: str | None, expires: int) -> str:
    query = {
        **({"platform": platform} if platform else {}),
        "expires": str(expires),
        "signature": _signature(secret, job_id, platform, str(expires)),
    }
    return f"/api/v1/jobs/{job_id}/download?{urlencode(query)}"


def is_valid(secret: str, job_id: str, platform: str | None, expires: str, signature: str) -> bool:
    """Whether we signed exactly this, and it has not expired."""
    wanted = _signature(secret, job_id, platform, expires)
    if not hmac.compare_digest(wanted.encode(), signature.encode("utf-8", "replace")):
        return False
    return time.time() < int(expires)


def _signature(secret: str, job_id: str, platform: str | None, expires: str) -> str:
    text = f"download\n{job_id}\n{platform or ''}\n{expires}"
    digest = hmac.digest(secret.encode(), text.encode("utf-8", "replace"), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
