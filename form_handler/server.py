"""The server: the built site, the forms and the mail worker, together on one port."""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from werkzeug.middleware.proxy_fix import ProxyFix

from form_handler.app import create_app
from form_handler.buffered_worker import MAX_CONNECTIONS, BufferedWorker
from form_handler.mail.worker import run_forever
from form_handler.responses import preload
from form_handler.security import SecurityHeadersMiddleware
from form_handler.settings import Settings
from form_handler.static_files import StaticSite
from form_handler.storage.database import Database

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from _typeshed.wsgi import WSGIApplication

    Wrap = Callable[[WSGIApplication], WSGIApplication]

STOP_SECONDS = 10.0
RESTART_SECONDS = 5.0
# What ps and top call the mail worker.
MAIL_NAME = "kim-mail"


def make_wsgi(settings: Settings, database: Database | None = None) -> WSGIApplication:
    """Return the whole service: static files first, then the forms, security headers around both."""
    flask = create_app(settings, database)
    preload(flask)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    app: WSGIApplication = SecurityHeadersMiddleware(StaticSite(flask.wsgi_app, settings), settings.tls)
    if settings.proxies:
        app = ProxyFix(app, x_for=settings.proxies, x_proto=settings.proxies)
    return app


class MailProcess:
    """The mail worker: a copy of the server's own process, made again whenever it ends before its time.

    A copy shares the memory of the programme it was made from; a programme of its own takes 50 MB more.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.pid: int | None = None
        self._next_start = 0.0

    def runs(self) -> bool:
        """Tell whether the worker runs. Whoever asks after its end first takes the answer: that may be gunicorn."""
        if self.pid is None:
            return False
        try:
            if os.waitpid(self.pid, os.WNOHANG) == (0, 0):
                return True
        except ChildProcessError:
            pass
        self.pid = None
        return False

    def keep(self, listeners: Sequence[Any]) -> None:
        """Start the worker unless it runs; at most once in five seconds.

        :param listeners: gunicorn's sockets; the copy lets go of them, or their port would outlive the server.
        """
        if self.runs() or time.monotonic() < self._next_start:
            return
        self._next_start = time.monotonic() + RESTART_SECONDS
        sys.stdout.flush()
        parent, pid = os.getpid(), os.fork()
        if pid:
            self.pid = pid
            return
        try:
            for listener in listeners:
                listener.sock.close()
            self._work(parent)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)  # nothing of the server's own end must happen here

    def _work(self, parent: int) -> None:
        # Ctrl-C reaches every process of the terminal; the mail worker is ended by us, after the server.
        os.setsid()
        for number in [*Arbiter.SIGNALS, signal.SIGCHLD]:
            signal.signal(number, signal.SIG_DFL)
        with contextlib.suppress(OSError):
            Path("/proc/self/comm").write_text(MAIL_NAME)
        run_forever(Database(self.settings), self.settings, parent)

    def stop(self) -> None:
        """End the worker. A server that answers too slowly is not waited for: that mail comes again."""
        deadline = time.monotonic() + STOP_SECONDS
        number = signal.SIGTERM
        while self.runs():
            assert self.pid is not None
            os.kill(self.pid, number)  # again and again: a copy that was just made does not listen yet
            if time.monotonic() > deadline:
                number = signal.SIGKILL
            time.sleep(0.02)


class Overseer(Arbiter):  # type: ignore[misc]
    """gunicorn's master process, which looks after the mail worker as well, about once a second."""

    def manage_workers(self) -> None:
        """Have the right processes running."""
        super().manage_workers()
        self.app.mail.keep(self.LISTENERS)


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
            "worker_class": BufferedWorker,
            "threads": 4,
            "worker_connections": MAX_CONNECTIONS,
            "timeout": 60,
            "graceful_timeout": 5,
            # Load once, before the workers are made: they start at once and hear Ctrl-C from the beginning.
            "preload_app": True,
            "keepalive": 15,
            "limit_request_line": 8190,
            # Only KIM_PROXIES says whose X-Forwarded headers count (ProxyFix), not the address that connects.
            "forwarded_allow_ips": "",
            "secure_scheme_headers": {},
            "loglevel": "warning",
            "accesslog": None,
            "proc_name": "kim",
            # One socket in the home folder for all servers of a user: nobody needs it, and two would share it.
            "control_socket_disable": True,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

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
    mail = MailProcess(settings)
    try:
        Server(settings, mail, wrap).run()
    finally:
        if os.getpid() == parent:  # gunicorn's workers are copies of this process and pass here too
            mail.stop()
