"""The server: the built site, the forms and the mail worker, together on one port."""

from __future__ import annotations

import gc
import logging
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from werkzeug.middleware.proxy_fix import ProxyFix

from editorial.languages import ROOT
from form_handler.app import create_app
from form_handler.security import SecureHeaders
from form_handler.settings import Settings
from form_handler.static_site import StaticSite
from form_handler.storage.database import Database

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed.wsgi import WSGIApplication

    Wrap = Callable[[WSGIApplication], WSGIApplication]

STOP_SECONDS = 10.0
RESTART_SECONDS = 5.0


def make_wsgi(settings: Settings, database: Database | None = None) -> WSGIApplication:
    """Return the whole service: static files first, then the forms, security headers around both."""
    flask = create_app(settings, database)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    app: WSGIApplication = SecureHeaders(StaticSite(flask.wsgi_app, settings), settings.tls)
    if settings.proxies:
        app = ProxyFix(app, x_for=settings.proxies, x_proto=settings.proxies)
    return app


class MailProcess:
    """The mail worker as a process of its own, started again whenever it ends before its time."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self._next_start = 0.0

    def keep(self) -> None:
        """Start the worker unless it runs; at most once in five seconds."""
        if (self.process is not None and self.process.poll() is None) or time.monotonic() < self._next_start:
            return
        self._next_start = time.monotonic() + RESTART_SECONDS
        self.process = subprocess.Popen(
            [sys.executable, "-m", "kim", "mail", "run", "--parent", str(os.getpid())],
            # Ctrl-C reaches every process of the terminal; the mail worker is ended by us, after the server.
            start_new_session=True,
            cwd=ROOT,
        )

    def stop(self) -> None:
        """End the worker. A server that answers too slowly is not waited for: that mail comes again."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Overseer(Arbiter):  # type: ignore[misc]
    """gunicorn's master process, which looks after the mail worker as well, about once a second."""

    def manage_workers(self) -> None:
        """Have the right processes running."""
        super().manage_workers()
        self.app.mail.keep()


class Server(BaseApplication):  # type: ignore[misc]
    """gunicorn, configured here instead of in a file."""

    def __init__(self, settings: Settings, mail: MailProcess, wrap: Wrap | None = None) -> None:
        self.settings = settings
        self.wrap = wrap
        self.mail = mail
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
            # One socket in the home folder for all servers of a user: nobody needs it, and two would share it.
            "control_socket_disable": True,
            "post_fork": self.forget_mail_worker,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def forget_mail_worker(self, _arbiter: Any, _worker: Any) -> None:
        """Let a server process, which is a copy of its parent, not take the mail worker for its own child."""
        if self.mail.process is not None:
            self.mail.process.returncode = 0

    def load(self) -> WSGIApplication:
        """Make the application, before the server processes are made."""
        app = make_wsgi(self.settings)
        gc.collect()
        gc.freeze()  # what is loaded now stays shared: a worker's collector would write into every object of it
        return self.wrap(app) if self.wrap else app

    def run(self) -> None:
        """Serve until a signal ends it."""
        Overseer(self).run()


def serve(settings: Settings, wrap: Wrap | None = None) -> None:
    """Serve until SIGINT or SIGTERM; the mail worker is a process of its own and ends with the server.

    :param wrap: put around the whole application; the editors' preview comes in this way.
    """
    parent = os.getpid()
    mail = MailProcess()
    try:
        Server(settings, mail, wrap).run()
    finally:
        if os.getpid() == parent:  # gunicorn's workers are copies of this process and pass here too
            mail.stop()
