"""``/healthz``, ``/readyz`` and ``/metrics``: for load balancers and for whoever runs the service."""

from __future__ import annotations

import ipaddress

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from masterify_server import metrics
from masterify_server.errors import ApiError, unavailable
from masterify_server.refusals import UnavailableError
from masterify_server.services import services_of
from masterify_server.store import lifecycle


async def healthz(_request: Request) -> JSONResponse:
    """The process answers."""
    return JSONResponse({"status": "ok"})


async def readyz(request: Request) -> JSONResponse:
    """Jobs can be taken: the store answers and is of a version that we read, files can be stored, and the probe is warm."""
    services = services_of(request)
    await services.store.prepare()
    await run_in_threadpool(services.storage.check)
    if not services.probe.is_ready or services.stopping.is_set():
        raise unavailable()
    return JSONResponse({"status": "ready"})


async def show_metrics(request: Request) -> Response:
    """Counts for Prometheus, shown to this machine and its private network only."""
    if not _is_near(request):
        raise ApiError("NOT_FOUND")
    services = services_of(request)
    try:
        counts = await services.store.do(lifecycle.counts())
    except UnavailableError:
        known = {"up": 0}
    else:
        known = {
            "up": 1, **counts.totals, "queued": counts.queued, "processing": counts.processing,
            "undispatched": counts.undispatched, "deliveries": counts.deliveries, "expiring_files": counts.expiring_files,
        }  # fmt: skip
    return Response(services.metrics.page(known), media_type=metrics.CONTENT_TYPE)


def _is_near(request: Request) -> bool:
    client = request.client.host if request.client else ""
    try:
        ip = ipaddress.ip_address(client)
    except ValueError:
        return client in ("", "testclient")  # a unix socket has no address
    return ip.is_private or ip.is_loopback
