"""Metrics for Prometheus, on an address of their own (``KIM_METRICS``): counts of all server processes, and the state of the service.

The counts are those of prometheus_client's multiprocess mode: each process writes its own file into one folder, and the process that
is asked adds them up. No label holds input of a person: forms, endpoints and statuses are those of the programme.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, g, request
from werkzeug.wrappers import Response

from core.clock import utc_now
from form_handler.operations.health import check_health
from form_handler.settings import Settings
from form_handler.storage.database import Database

if TYPE_CHECKING:
    from prometheus_client.core import Metric

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"  # read by prometheus_client when it is imported
DURATION_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


def use_folder(folder: Path) -> None:
    """Count into files in this folder; call it before the first count."""
    os.environ[FOLDER_VARIABLE] = str(folder)


def count_requests(app: Flask) -> None:
    """Count the requests of the service by endpoint and status, and their seconds."""
    from prometheus_client import Counter, Histogram

    requests = Counter("kim_requests", "Requests to the service.", ["endpoint", "status"], registry=None)
    seconds = Histogram(
        "kim_request_seconds", "Seconds to answer.", ["endpoint"], registry=None, buckets=DURATION_BUCKETS
    )
    stored = Counter("kim_forms_stored", "Forms stored.", ["form", "held"], registry=None)
    app.extensions["kim_forms_stored"] = stored

    def begin() -> None:
        g.began = time.monotonic()

    def end(response: Response) -> Response:
        endpoint = request.endpoint or "none"
        requests.labels(endpoint, str(response.status_code)).inc()
        seconds.labels(endpoint).observe(time.monotonic() - g.get("began", time.monotonic()))
        return response

    app.before_request_funcs.setdefault(None, []).insert(0, begin)
    app.after_request(end)


def count_stored_form(app: Flask, form: str, held: bool) -> None:
    """Count a form that was stored."""
    counter = app.extensions.get("kim_forms_stored")
    if counter is not None:
        counter.labels(form, str(held).lower()).inc()


class HealthCollector:
    """The state of the service at the moment of asking, as gauges."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database = database
        self.settings = settings

    def collect(self) -> Iterator[Metric]:
        """Yield the measured values and whether each part is well."""
        from prometheus_client.core import GaugeMetricFamily

        findings = check_health(self.database, self.settings, utc_now())
        well = GaugeMetricFamily("kim_ok", "1: this part of the service is well.", labels=["part"])
        for one in findings:
            well.add_metric([one.name], float(one.status == "ok"))
        yield well
        for one in findings:
            for name, value in one.values.items():
                yield GaugeMetricFamily(f"kim_{name}", f"{name.replace('_', ' ').capitalize()}.", value=value)


class MetricsMiddleware:
    """WSGI middleware: answers ``/metrics`` on the address of the metrics, and everything else on the other ones."""

    def __init__(self, app: WSGIApplication, database: Database, settings: Settings) -> None:
        from prometheus_client import CollectorRegistry, make_wsgi_app, multiprocess

        self.app = app
        self.port = str(settings.metrics_address[1]) if settings.metrics_address else ""
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        registry.register(HealthCollector(database, settings))
        self.metrics: Any = make_wsgi_app(registry)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer; the port is that of the socket that took the connection, not the Host header."""
        if environ["SERVER_PORT"] != self.port:
            return self.app(environ, start_response)
        if environ.get("PATH_INFO") != "/metrics":
            start_response("404 Not Found", [("Content-Type", "text/plain"), ("Content-Length", "0")])
            return []
        found: Iterable[bytes] = self.metrics(environ, start_response)
        return found


def forget_process(pid: int) -> None:
    """Forget the gauges of a server process that has ended."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(pid)  # type: ignore[no-untyped-call]
