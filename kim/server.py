"""The server in the foreground, with the conditions of its start."""

from __future__ import annotations

import errno
import logging
import os
import socket
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from form_handler.layout import missing_pages
from form_handler.mail.heartbeat import last_heartbeat
from form_handler.operations.logs import configure_logging, log_event
from form_handler.settings import Settings
from kim.database import open_database, require_sound, require_writable

if TYPE_CHECKING:
    from form_handler.server.run import Middleware


_log = logging.getLogger(__name__)


def ensure_port_free(bind: str, port: int) -> None:
    """End with a sentence if the server cannot listen on an address; else a browser would show another program's site.

    :raises click.ClickException: if the port is in use.
    """
    address = f"{bind}:{port}"
    try:
        family = socket.getaddrinfo(bind.strip("[]"), port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((bind.strip("[]"), port))
    except socket.gaierror as error:
        raise click.ClickException(f"KIM_BIND={bind}: this is no address of this machine.") from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise click.ClickException(
                f"{address}: another program is running there. End it, or take another port: "
                f"PORT={port % 65535 + 1} make run"
            ) from error
        raise click.ClickException(f"{address}: this address cannot be used ({error.strerror}).") from error


def require_site(settings: Settings) -> None:
    """End with a sentence if there is no built site; warn if pages are missing in it.

    A site without some of its pages is served all the same: the forms work without their layout.

    :raises click.ClickException: if there is no built site.
    """
    place = settings.site_dir
    if not (place / "index.html").is_file() and not (place / "404.html").is_file():
        raise click.ClickException(
            f"{place} holds no built site. Build it first: kim build, or name its folder in KIM_SITE_DIR."
        )
    missing = missing_pages(place)
    if missing:
        message = (
            f"{place} lacks {len(missing)} pages that the forms need, {missing[0]} among them. "
            "Forms work without their layout. Build the site again: kim build"
        )
        log_event(_log, logging.WARNING, "site_incomplete", message)


def serve_foreground(
    settings: Settings,
    middleware: Middleware | None = None,
    worker_env: Mapping[str, str] | None = None,
    publish_options: Sequence[str] = (),
) -> None:
    """Serve site and forms in the foreground; in development with the workers as child processes.

    :param middleware: put around the application.
    :param worker_env: environment of the workers, by default that of this process.
    :param publish_options: further options of the publication worker.
    """
    from editing.views import register
    from form_handler.server.run import listen_addresses, serve
    from form_handler.server.worker_process import WorkerProcess

    configure_logging(settings.log_format)
    require_site(settings)
    require_writable(settings)
    database = open_database(settings, settings.mode == "development", service=True)
    require_sound(settings, database)
    seen = last_heartbeat(database)
    database.engine.dispose()
    if not os.environ.get("LISTEN_FDS"):  # else systemd holds the sockets and hands them on (sd_listen_fds(3))
        for host, number in listen_addresses(settings):
            ensure_port_free(host, number)
    mails = "through the mail server" if settings.smtp_url else f"as files in {settings.mail_dir}"
    if settings.mode == "production":
        when = f"last seen {seen.astimezone(settings.time_zone):%Y-%m-%d %H:%M}" if seen else "never seen so far"
        mails += f", by the service of its own: kim mail run ({when})"
    address = f"http://{settings.bind}:{settings.port}"
    if settings.log_format == "json":
        log_event(_log, logging.INFO, "started", f"Site and forms: {address}. Mails: {mails}", address=address)
    else:
        click.echo(
            f"Site and forms:    {address}\n"
            f"What came in:      kim submissions list\n"
            f"Mails:             {mails}\n"
            f"Stop:              Ctrl-C"
        )
    workers = []
    if settings.mode == "development":
        commands = [("mail", "run"), ("publish", "run", *publish_options)]
        workers = [WorkerProcess(*words, env=worker_env) for words in commands]
    serve(settings, middleware, workers, register)
