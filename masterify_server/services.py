"""What the web's handlers stand on, in one value; and where they find it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from starlette.requests import HTTPConnection, Request

from masterify_core.presets import Library
from masterify_server.crowd import Crowd
from masterify_server.metrics import Metrics
from masterify_server.plans import Plans
from masterify_server.probe import Probe
from masterify_server.settings import Settings
from masterify_server.storage import Storage
from masterify_server.store import AsyncStore
from masterify_server.upload import Limits


@dataclass(frozen=True, kw_only=True)
class Services:
    """Everything shared by the requests of one web process.

    ``uploads`` is the folder that requests are received in; ``stopping`` is set when the process is to end.
    """

    settings: Settings
    plans: Plans
    library: Library
    store: AsyncStore
    storage: Storage
    probe: Probe
    uploads: Path
    limits: Limits = field(default_factory=Limits)
    metrics: Metrics = field(default_factory=Metrics)
    crowd: Crowd = field(default_factory=Crowd)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)


def services_of(request: Request) -> Services:
    """The services of the application that a request came to."""
    services: Services = request.app.state.services
    return services


def base_url(request: Request) -> str:
    """Where the outside reaches us: as the deployment says, else as this request did."""
    told = services_of(request).settings.public_url
    if told:
        return told
    scope = request.scope
    server = scope.get("server")
    root = scope.get("app_root_path", scope.get("root_path", ""))
    return _base_url(scope["scheme"], request.headers.get("host"), server and tuple(server), root)


@lru_cache(256)  # the same few for all requests
def _base_url(scheme: str, host: str | None, server: tuple[str, int | None] | None, root: str) -> str:
    headers = [] if host is None else [(b"host", host.encode("latin-1"))]
    scope = {"type": "http", "scheme": scheme, "server": server, "root_path": root, "headers": headers}
    return str(HTTPConnection(scope).base_url).rstrip("/")
