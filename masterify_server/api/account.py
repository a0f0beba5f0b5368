"""``/api/v1/account``: plan, credits, limits and what is used of them."""

from __future__ import annotations

from dataclasses import fields

from starlette.requests import Request
from starlette.responses import JSONResponse

from masterify_server.errors import ApiError
from masterify_server.plans import UNLIMITED
from masterify_server.rfc3339 import time_text
from masterify_server.services import services_of
from masterify_server.store import accounts
from masterify_server.store.keys import Caller


async def read_account(request: Request, caller: Caller) -> JSONResponse:
    """Show the caller's account; a limit that does not exist is null."""
    services = services_of(request)
    account = await services.store.do(accounts.read_account(caller.account_id))
    if account is None:
        raise ApiError("INTERNAL_ERROR")
    plan = services.plans.plan(account.plan)
    limits = {field.name: getattr(plan, field.name) for field in fields(plan)}
    return JSONResponse(
        {
            "account_id": account.account_id,
            "name": account.name,
            "plan": account.plan,
            "credits": account.credits,
            "created_at": time_text(account.created_ms),
            "costs": dict(services.plans.credits),
            "limits": {name: None if limit == UNLIMITED else limit for name, limit in limits.items()},
            "use": {
                "api_keys": account.api_keys,
                "webhooks": account.webhooks,
                "active_jobs": account.active_jobs,
                "jobs": account.jobs,
            },
        }
    )
