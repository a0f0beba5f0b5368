"""What an account's plan allows, for pages that say so before it is hit."""

from __future__ import annotations

from starlette.requests import Request

from masterify_server.dashboard.visit import Visit
from masterify_server.plans import UNLIMITED
from masterify_server.services import services_of


def limit_of(request: Request, visit: Visit, name: str) -> int | None:
    """A limit of the account's plan; None if there is none. A plan that the deployment no longer knows allows nothing."""
    plan = services_of(request).plans.plans.get(visit.account.plan)
    limit: int = 0 if plan is None else getattr(plan, name)
    return None if limit == UNLIMITED else limit
