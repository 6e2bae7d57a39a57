"""The mail worker: a process that delivers mails and purges once a day (``kim mail run``)."""

import contextlib
import logging
import threading
import time
from collections.abc import Iterator

from core.clock import utc_now
from form_handler.mail.heartbeat import heartbeat
from form_handler.operations.logs import log_event
from form_handler.server.worker_process import AnotherWorkerError, worker_lock
from form_handler.settings import Settings
from form_handler.staff.reports.digest import queue_account_mails
from form_handler.storage.database import Database, describe_fault
from form_handler.worker.delivery import deliver_due, deliver_next, release_interrupted
from form_handler.worker.purge import purge_if_due

POLL_SECONDS = 1.0
# The pause after each mail, so that forms are stored between two mails.
THROTTLE_SECONDS = 0.05
# How often the worker checks whether the daily purge is due.
PURGE_CHECK_SECONDS = 600.0
# How often it queues due mails to colleagues: digests, and new barrier reports.
QUEUE_SECONDS = 5.0
logger = logging.getLogger(__name__)


@contextlib.contextmanager
def mail_worker_lock(database: Database, settings: Settings) -> Iterator[None]:
    """Be the only mail worker of an SQLite database during the block.

    Mails that are still recorded as being sent were left by a killed worker and are due at once. On PostgreSQL several workers
    run at the same time, on several machines; there a claim expires.

    :raises AnotherWorkerError: if another worker is running.
    """
    if not database.is_sqlite:
        yield
        return
    with worker_lock(settings.data_dir / "mail.lock"):
        release_interrupted(database, utc_now())
        yield


def run_once(database: Database, settings: Settings) -> int:
    """Send due mails; return how many mails were sent.

    :raises AnotherWorkerError: see :func:`mail_worker_lock`.
    """
    with mail_worker_lock(database, settings):
        queue_account_mails(database, utc_now())
        return deliver_due(database, settings)


def run_worker(database: Database, settings: Settings, stop: threading.Event) -> None:
    """Deliver and purge until ``stop`` is set, and finish a mail in delivery; wait for a worker that is already running, and for a database that fails."""
    is_waiting = had_fault = False
    while not stop.is_set():
        try:
            with mail_worker_lock(database, settings), heartbeat(database):
                is_waiting = False
                if had_fault:
                    logger.info("The mail worker works again.")
                had_fault = False
                _work(database, settings, stop)
        except AnotherWorkerError:
            if not is_waiting:
                logger.info("Another mail worker is running on this database; this one waits until it ends.")
            is_waiting = True
        except Exception as error:
            had_fault = True
            logger.error("mail worker: %s, trying again each second", describe_fault(error))
        stop.wait(POLL_SECONDS)


def _work(database: Database, settings: Settings, stop: threading.Event) -> None:
    next_purge = next_queue = 0.0
    while not stop.is_set():
        if time.monotonic() >= next_purge:
            next_purge = time.monotonic() + PURGE_CHECK_SECONDS
            for line in purge_if_due(database, settings, utc_now()):
                log_event(logger, logging.INFO, "purge", line)
        if time.monotonic() >= next_queue:
            next_queue = time.monotonic() + QUEUE_SECONDS
            queue_account_mails(database, utc_now())
        delivered = deliver_next(database, settings, utc_now) is not None
        stop.wait(THROTTLE_SECONDS if delivered else POLL_SECONDS)
