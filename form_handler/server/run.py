"""The server: the built site and the forms on one port."""

import gc
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from wsgiref.types import WSGIApplication

from gunicorn.app.base import BaseApplication
from gunicorn.workers.base import Worker
from werkzeug.middleware.proxy_fix import ProxyFix

from core.overlay import CITY
from form_handler.app import Extension, create_app
from form_handler.operations import metrics
from form_handler.operations.logs import ServerLogger
from form_handler.responses import preload
from form_handler.security import SecurityHeadersMiddleware
from form_handler.server.buffered_worker import MAX_CONNECTIONS, BufferedWorker
from form_handler.server.static_files import StaticSite
from form_handler.server.worker_process import WorkerProcess
from form_handler.settings import Settings
from form_handler.storage.database import Database
from form_handler.survey.results_file import RESULTS_PATH

Middleware = Callable[[WSGIApplication], WSGIApplication]


def make_wsgi(settings: Settings, database: Database | None = None, extend: Extension | None = None) -> WSGIApplication:
    """Return the whole service: static files first, then the forms, security headers around both."""
    flask = create_app(settings, database, extend)
    flask.extensions["kim_results_file"] = results_file(settings)
    preload(flask)
    app: WSGIApplication = SecurityHeadersMiddleware(StaticSite(flask.wsgi_app, settings), settings.tls)
    if settings.proxies:
        app = ProxyFix(app, x_for=settings.proxies, x_proto=settings.proxies)
    if settings.metrics_address:
        app = metrics.MetricsMiddleware(app, flask.extensions["kim_database"], settings)
    return app


def results_file(settings: Settings) -> Path:
    """Return the file of the survey's results; a demonstration has one of its own."""
    demonstration = (settings.data_dir / "demonstration").exists()
    if demonstration:
        return settings.data_dir / "survey.yml"
    return settings.content_dir / CITY / "data" / "survey.yml" if settings.content_dir else RESULTS_PATH


class Server(BaseApplication):  # type: ignore[misc]
    """gunicorn, configured here instead of in a file."""

    def __init__(
        self, settings: Settings, middleware: Middleware | None = None, extend: Extension | None = None
    ) -> None:
        self.settings = settings
        self.middleware, self.extend = middleware, extend
        super().__init__()

    def load_config(self) -> None:
        """Set gunicorn's options."""
        options = {
            # systemd's sockets take the place of these (LISTEN_FDS, sd_listen_fds(3)).
            "bind": [f"{host}:{port}" for host, port in listen_addresses(self.settings)],
            "workers": self.settings.workers,
            "worker_class": BufferedWorker,
            "threads": 4,
            "worker_connections": MAX_CONNECTIONS,
            "timeout": 60,
            "graceful_timeout": 5,
            # Loaded once, before the workers are forked: they share its memory and start at once.
            "preload_app": True,
            "keepalive": 15,
            "limit_request_line": 8190,
            # Only KIM_PROXIES determines whose X-Forwarded headers count (ProxyFix), not the address that connects.
            "forwarded_allow_ips": "",
            "secure_scheme_headers": {},
            "loglevel": "warning",
            "logger_class": ServerLogger,
            "child_exit": forget_worker,
            "accesslog": None,
            "proc_name": "kim",
            # gunicorn's control socket is in the home folder and would be shared by all servers of a user.
            "control_socket_disable": True,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> WSGIApplication:
        """Make the application, before the workers are forked."""
        app = make_wsgi(self.settings, extend=self.extend)
        gc.collect()
        gc.freeze()  # a collector that runs in a worker writes into objects, which copies their shared memory pages
        return self.middleware(app) if self.middleware else app


def listen_addresses(settings: Settings) -> list[tuple[str, int]]:
    """Return the addresses that the server listens on: site and forms, then the metrics if they are wanted."""
    return [(settings.bind, settings.port), *([settings.metrics_address] if settings.metrics_address else [])]


def forget_worker(_arbiter: object, worker: Worker) -> None:
    """Forget the metrics of a server process that has ended."""
    if metrics.FOLDER_VARIABLE in os.environ:
        metrics.forget_process(worker.pid)


def serve(
    settings: Settings,
    middleware: Middleware | None = None,
    workers: Sequence[WorkerProcess] = (),
    extend: Extension | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM.

    :param middleware: put around the whole application, for example the editors' preview.
    :param workers: run as long as the server; none where they are services of their own.
    :param extend: adds pages of a package above this one to the application.
    """
    parent = os.getpid()
    folder = tempfile.TemporaryDirectory(prefix="kim-metrics-") if settings.metrics_address else None
    if folder is not None:
        metrics.use_folder(Path(folder.name))
    for worker in workers:
        worker.start()
    try:
        Server(settings, middleware, extend).run()
    finally:
        if os.getpid() == parent:  # gunicorn's forked workers pass here, too
            for worker in workers:
                worker.stop()
            if folder is not None:
                folder.cleanup()
