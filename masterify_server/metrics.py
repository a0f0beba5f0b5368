"""What the web process counts for Prometheus."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0)
CONTENT_TYPE = CONTENT_TYPE_LATEST


class Metrics:
    """Counters of one web process; `page` adds what the store knows of the whole service."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        labels = ("method", "route", "status")
        self._requests = Counter("masterify_requests", "Requests answered", labels, registry=self._registry)
        self._seconds = Histogram(
            "masterify_request_seconds", "Time to the end of the answer", ("method", "route"),
            buckets=SECONDS, registry=self._registry,
        )  # fmt: skip
        self._errors = Counter("masterify_errors", "Errors answered", ("code",), registry=self._registry)
        self._uploads = Counter("masterify_upload_bytes", "Bytes of songs taken", registry=self._registry)
        self._store = Gauge("masterify_store", "Counts of the store", ("what",), registry=self._registry)

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """One request has its answer; ``route`` is a template, so that no id becomes a label."""
        self._requests.labels(method, route, status).inc()
        self._seconds.labels(method, route).observe(seconds)

    def refused(self, code: str) -> None:
        """One error was answered."""
        self._errors.labels(code).inc()

    def uploaded(self, count: int) -> None:
        """So many bytes were taken."""
        self._uploads.inc(count)

    def page(self, counts: Mapping[str, int]) -> bytes:
        """Everything, in the text format of OpenMetrics."""
        for what, count in counts.items():
            self._store.labels(what).set(count)
        return bytes(generate_latest(self._registry))  # type: ignore[no-untyped-call]
