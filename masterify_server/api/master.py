"""``POST /api/v1/master``: what a program asks for, and what it is answered."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse

from masterify_server.api.accepting import Asked, Buyer, accept
from masterify_server.api.order_form import FORM, idempotency_key
from masterify_server.errors import ApiError
from masterify_server.services import Services, services_of
from masterify_server.store.keys import Caller


async def create_job(request: Request, caller: Caller) -> JSONResponse:
    """Accept a song, or say why not; the answer to a repeated Idempotency-Key is the first one's."""
    key = idempotency_key(request)
    if key is None:  # a repetition is answered whatever is left by now
        _refuse_early(services_of(request), caller)
    buyer = Buyer(account_id=caller.account_id, key_id=caller.key_id)

    async def asked_of(texts: Mapping[str, str]) -> Asked:
        return Asked(wishes=texts, idempotency_key=key)

    admitted = await accept(request, buyer, FORM, asked_of)
    job = admitted.job
    headers = {"Location": f"/api/v1/jobs/{job.job_id}"}
    if admitted.replayed:
        headers["Idempotent-Replayed"] = "true"
    return JSONResponse(
        {
            "job_id": job.job_id,
            "status": "queued",
            "platforms": list(job.order.platforms),
            "credits_used": job.cost,
            "credits_remaining": job.credits_left,
        },
        status_code=201,
        headers=headers,
    )


def _refuse_early(services: Services, caller: Caller) -> None:
    """Refuse what could not be admitted before 50 MB are sent; `admit` has the last word."""
    limit = services.plans.plan(caller.plan).concurrent_jobs
    cheapest = min(services.plans.credits.values())
    if caller.credits < cheapest:
        raise ApiError("INSUFFICIENT_CREDITS", cost=cheapest, left=caller.credits)
    if caller.active_jobs >= limit:
        raise ApiError("CONCURRENT_LIMIT", limit=limit)
