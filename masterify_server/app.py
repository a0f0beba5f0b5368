"""The web application on one screen: routes, error handlers, what lives as long as the process."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from masterify_server import errors
from masterify_server.api import (
    account,
    deliveries,
    documentation,
    downloads,
    events,
    health,
    hooks,
    jobs,
    master,
    reports,
)
from masterify_server.api.routing import resource
from masterify_server.auth import READ, WRITE, guarded
from masterify_server.dashboard import pages
from masterify_server.dashboard import routes as dashboard
from masterify_server.dashboard.sessions import is_below
from masterify_server.errors import ApiError
from masterify_server.refusals import RefusedError, UnavailableError
from masterify_server.services import Services
from masterify_server.site import docs_page
from masterify_server.site import routes as site
from masterify_server.surroundings import Surroundings, answer_of

log = logging.getLogger("masterify.web")
V1 = "/api/v1"
FILE_THREADS = 32
GONE_AWAY = 499  # nobody reads it; the log does

ROUTES = [
    resource(f"{V1}/master", POST=guarded(master.create_job, WRITE)),
    resource(f"{V1}/jobs", GET=guarded(jobs.list_jobs, READ)),
    resource(f"{V1}/jobs/{{job_id}}", GET=jobs.read_job, DELETE=guarded(jobs.delete_job, WRITE)),
    resource(f"{V1}/jobs/{{job_id}}/download", GET=downloads.download),
    resource(f"{V1}/jobs/{{job_id}}/report", GET=guarded(reports.read_report, READ)),
    resource(f"{V1}/jobs/{{job_id}}/events", GET=guarded(events.stream_events, READ)),
    resource(f"{V1}/account", GET=guarded(account.read_account, READ)),
    resource(f"{V1}/webhooks", GET=guarded(hooks.list_hooks, READ), POST=guarded(hooks.create_hook, WRITE)),
    resource(
        f"{V1}/webhooks/{{webhook_id}}",
        GET=guarded(hooks.read_hook, READ), PATCH=guarded(hooks.change_hook, WRITE), DELETE=guarded(hooks.delete_hook, WRITE),
    ),
    resource(f"{V1}/webhooks/{{webhook_id}}/test", POST=guarded(hooks.test_hook, WRITE)),
    resource(f"{V1}/webhooks/job/secret", POST=guarded(hooks.rotate_account_secret, WRITE)),
    resource(f"{V1}/webhooks/{{webhook_id}}/secret", POST=guarded(hooks.rotate_secret, WRITE)),
    resource(f"{V1}/webhooks/{{webhook_id}}/deliveries", GET=guarded(deliveries.list_deliveries, READ)),
    resource(
        f"{V1}/webhooks/{{webhook_id}}/deliveries/{{delivery_id}}/replay",
        POST=guarded(deliveries.replay_delivery, WRITE),
    ),
    resource("/healthz", GET=health.healthz),
    resource("/readyz", GET=health.readyz),
    resource("/metrics", GET=health.show_metrics),
    resource("/openapi.json", GET=documentation.openapi),
    resource("/docs", GET=docs_page.docs),
]  # fmt: skip


def build_app(services: Services) -> Surroundings:
    """Put the application together; it starts and ends the probe, and closes the store's connections."""

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        # Disks and buckets are waited for in threads: as many as may be slow at once, not as many as there are cores.
        asyncio.get_running_loop().set_default_executor(
            ThreadPoolExecutor(FILE_THREADS, thread_name_prefix="file")
        )
        services.uploads.mkdir(parents=True, exist_ok=True)
        await services.probe.start()
        try:
            yield
        finally:
            services.stopping.set()
            await services.probe.close()
            await services.store.close()

    app = Starlette(
        routes=[*ROUTES, *site.ROUTES, *dashboard.ROUTES, *dashboard.LAST],
        lifespan=lifespan,
        exception_handlers={
            RefusedError: _refused,
            UnavailableError: _unavailable,
            HTTPException: _no_route,
            ClientDisconnect: _gone_away,
            Exception: _fault,  # Starlette raises it again, for the log
        },
    )
    app.state.services = services
    app.router.redirect_slashes = False  # an address that is not ours is told as such, like every other
    return Surroundings(app, services.metrics, services.crowd)


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, RefusedError)
    if is_below(request):
        return pages.refusal(request, error)
    return answer_of(request.scope["state"], error)


def _unavailable(request: Request, error: Exception) -> Response:
    log.warning("unavailable: %s", error)
    return _refused(request, errors.unavailable())


def _no_route(request: Request, _error: Exception) -> Response:
    return _refused(request, ApiError("NOT_FOUND"))


def _fault(request: Request, _error: Exception) -> Response:
    return _refused(request, ApiError("INTERNAL_ERROR"))


def _gone_away(_request: Request, _error: Exception) -> Response:
    return Response(status_code=GONE_AWAY)
