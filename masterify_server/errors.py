"""The refusals of the API: stable codes, their HTTP statuses, and the one shape they are answered in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from masterify_server.refusals import RefusedError

RETRY_S = 5

STATUSES: Mapping[str, int] = {
    "FILE_TOO_LARGE": 400,
    "UNSUPPORTED_FORMAT": 400,
    "FILE_TOO_LONG": 400,
    "INVALID_PLATFORM": 400,
    "INVALID_PARAMETER": 400,
    "INVALID_AUDIO": 400,
    "INVALID_WEBHOOK_URL": 400,
    "INVALID_API_KEY": 401,
    "INSUFFICIENT_CREDITS": 402,
    "PLAN_REQUIRED": 403,
    "SCOPE_REQUIRED": 403,
    "JOB_NOT_FOUND": 404,
    "NOT_FOUND": 404,
    "METHOD_NOT_ALLOWED": 405,
    "UPLOAD_TIMEOUT": 408,
    "JOB_NOT_READY": 409,
    "IDEMPOTENCY_CONFLICT": 409,
    "WEBHOOK_LIMIT": 409,
    "RESULT_EXPIRED": 410,
    "RANGE_NOT_SATISFIABLE": 416,
    "RATE_LIMIT": 429,
    "CONCURRENT_LIMIT": 429,
    "INTERNAL_ERROR": 500,
    "UNAVAILABLE": 503,
}
"""Codes never change once released; each has one status."""


class ApiError(RefusedError):
    """A request is refused by the web itself; the store raises plain `RefusedError`.

    Parameters
    ----------
    code
        One of `STATUSES`.
    detail
        Which of the code's messages; ``""`` is its general one.
    param
        The field, query parameter or header at fault.
    headers
        Sent along, e.g. ``Retry-After``.
    facts
        What the message's ``{placeholders}`` stand for.

    Examples
    --------
    >>> error = ApiError("INVALID_PARAMETER", "missing", param="file")
    >>> error.key, STATUSES[error.code]
    ('INVALID_PARAMETER.missing', 400)
    """

    def __init__(
        self,
        code: str,
        detail: str = "",
        *,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
        **facts: Any,
    ) -> None:
        super().__init__(code, param, **facts)
        self.key = f"{code}.{detail}" if detail else code
        self.headers = dict(headers or {})


def unavailable(detail: Literal["", "unsure"] = "") -> ApiError:
    """Refuse because something that the service stands on is not there; the client may come back.

    ``unsure`` is for the one moment in which it cannot be known whether a job was accepted.
    """
    return ApiError("UNAVAILABLE", detail, headers={"Retry-After": str(RETRY_S)}, seconds=RETRY_S)


def body_of(code: str, message: str, request_id: str, param: str | None = None) -> dict[str, Any]:
    """Answer the envelope of every error.

    >>> body_of("NOT_FOUND", "Nothing here.", "req_1")
    {'error': {'code': 'NOT_FOUND', 'message': 'Nothing here.', 'request_id': 'req_1'}}
    """
    error = {"code": code, "message": message, "request_id": request_id}
    if param is not None:
        error["param"] = param
    return {"error": error}
