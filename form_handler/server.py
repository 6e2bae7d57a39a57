"""The server: the built site, the forms and the mail worker, together on one port."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from gunicorn.app.base import BaseApplication
from werkzeug.middleware.proxy_fix import ProxyFix
from whitenoise import WhiteNoise

from editorial.languages import ROOT
from form_handler.app import create_app
from form_handler.security import SecureHeaders, host_is_known
from form_handler.settings import Settings
from form_handler.storage.database import Database

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

ONE_YEAR = 31536000


def make_wsgi(settings: Settings, database: Database | None = None) -> WSGIApplication:
    """Return the whole service: static files first, then the forms, security headers around both."""
    flask = create_app(settings, database)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    site = WhiteNoise(
        flask.wsgi_app,
        root=str(settings.site_dir),
        index_file=True,
        max_age=300,
        charset="utf-8",
        allow_all_origins=False,
        # Pagefind puts a hash into these names, so they never change.
        immutable_file_test=r"^/pagefind/(index|fragment)/",
        # Editors build while the server runs; in production the service is started again after a build.
        autorefresh=settings.mode == "development",
    )
    app: WSGIApplication = SecureHeaders(OnlyReads(site, flask.wsgi_app, settings), settings.tls)
    if settings.proxies:
        app = ProxyFix(app, x_for=settings.proxies, x_proto=settings.proxies)
    return app


class OnlyReads:
    """WSGI middleware: static files are for GET and HEAD on our own host names; all else is the service's affair."""

    def __init__(self, static: Any, service: WSGIApplication, settings: Settings) -> None:
        self.static = static
        self.service = service
        self.settings = settings

    def __call__(self, environ: Any, start_response: Any) -> Any:
        """Hand the request on."""
        reads = environ["REQUEST_METHOD"] in {"GET", "HEAD"} and host_is_known(environ, self.settings)
        return (self.static if reads else self.service)(environ, start_response)


class Server(BaseApplication):  # type: ignore[misc]
    """gunicorn, configured here instead of in a file."""

    def __init__(self, settings: Settings, mail_worker: subprocess.Popen[bytes]) -> None:
        self.settings = settings
        self.mail_worker = mail_worker
        super().__init__()

    def load_config(self) -> None:
        """Tell gunicorn how to run."""
        options = {
            "bind": f"{self.settings.bind}:{self.settings.port}",
            "workers": self.settings.workers,
            "worker_class": "gthread",
            "threads": 4,
            "timeout": 60,
            "graceful_timeout": 5,
            # Load once, before the workers are made: they start at once and hear Ctrl-C from the beginning.
            "preload_app": True,
            "keepalive": 15,
            "limit_request_line": 8190,
            "loglevel": "warning",
            "accesslog": None,
            "proc_name": "kim",
            "post_fork": self.forget_mail_worker,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def forget_mail_worker(self, _arbiter: Any, _worker: Any) -> None:
        """Let a server process, which is a copy of its parent, not take the mail worker for its own child."""
        self.mail_worker.returncode = 0

    def load(self) -> WSGIApplication:
        """Make the application, before the server processes are made."""
        return make_wsgi(self.settings)


def serve(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM; the mail worker is a process of its own and ends with the server."""
    parent = os.getpid()
    worker = subprocess.Popen(
        [sys.executable, "-m", "kim", "mail", "run", "--parent", str(parent)],
        # Ctrl-C reaches every process of the terminal; the mail worker is ended by us, after the server.
        start_new_session=True,
        cwd=ROOT,
    )
    try:
        Server(settings, worker).run()
    finally:
        if os.getpid() == parent:  # gunicorn's workers are copies of this process and pass here too
            worker.terminate()
            worker.wait(10)
