"""The publication worker: a process that carries out publications (``kim publish run``).

It loads the checks and the renderer only once somebody edits, so that it costs little where nobody does.
"""

import datetime
import logging
import threading
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa

from core.clock import utc_now
from editing.findings import check_changed, findings_path
from form_handler.server.worker_process import AnotherWorkerError, worker_lock
from form_handler.settings import Settings
from form_handler.storage.database import Database
from form_handler.storage.tables import draft, publication

POLL_SECONDS = 0.5
RETRY_SECONDS = 15.0
LOCK_FILENAME = "publish.lock"

logger = logging.getLogger(__name__)


def has_work(database: Database) -> bool:
    """Return whether there is a draft, or a publication that is not finished or not pushed."""
    open_ones = sa.select(publication.c.id).where(
        publication.c.state.in_(("waiting", "committed")) | ~publication.c.pushed
    )
    return any(database.first(query.limit(1)) for query in (sa.select(draft.c.id), open_ones))


def run_once(
    database: Database,
    settings: Settings,
    now: datetime.datetime | None = None,
    report: Callable[[str], None] = lambda _phase: None,
) -> int:
    """Publish due drafts; return how many publications went live.

    :param report: called at the beginning of each phase of the build.
    :raises AnotherWorkerError: if another publication worker runs on this data folder.
    """
    from editing.publication.publisher import Publisher

    with worker_lock(settings.data_dir / LOCK_FILENAME):
        publisher = Publisher(database, settings, report=report)
        done = publisher.run_due(now or utc_now())
        publisher.push()
        return done


def run_worker(database: Database, settings: Settings, stop: threading.Event, demo_survey: Path | None = None) -> None:
    """Publish until ``stop`` is set, and finish a publication that has begun; wait for a worker that is already running, and for a database that fails."""
    while not stop.is_set():
        try:
            with worker_lock(settings.data_dir / LOCK_FILENAME):
                _work(database, settings, stop, demo_survey)
        except AnotherWorkerError:
            stop.wait(POLL_SECONDS)
        except Exception as error:
            logger.error("publication worker: %s, trying again", type(error).__name__)
            stop.wait(RETRY_SECONDS)


def _work(database: Database, settings: Settings, stop: threading.Event, demo_survey: Path | None) -> None:
    while not stop.is_set() and not has_work(database) and not findings_path(settings.data_dir).exists():
        stop.wait(POLL_SECONDS)
    if stop.is_set():
        return
    from editing.publication.publisher import Publisher  # late: see above

    publisher = Publisher(database, settings, demo_survey)
    checked: int | None = None
    while not stop.is_set():
        publisher.run_due(utc_now())
        publisher.push()
        checked = check_changed(publisher.docs, findings_path(settings.data_dir), checked)
        stop.wait(POLL_SECONDS)
