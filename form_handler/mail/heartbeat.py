"""The heartbeat of the mail worker: whether one is running."""

import contextlib
import datetime
import threading
from collections.abc import Iterator

import sqlalchemy as sa

from core.clock import is_within, utc_now
from form_handler.storage.database import DATABASE_FAULTS, Database
from form_handler.storage.state import read_time, write_state
from form_handler.storage.tables import outgoing_mail

HEARTBEAT_SECONDS = 60.0
# After this period without a heartbeat, or with an untried due mail, no worker counts as running.
MAX_SILENCE = datetime.timedelta(minutes=5)


@contextlib.contextmanager
def heartbeat(database: Database) -> Iterator[None]:
    """Record once a minute that a worker is running, in a thread: one mail may take longer than :data:`MAX_SILENCE`."""
    end = threading.Event()

    def beat() -> None:
        while not end.wait(HEARTBEAT_SECONDS):
            with contextlib.suppress(*DATABASE_FAULTS):  # the next one counts
                record_heartbeat(database, utc_now())

    record_heartbeat(database, utc_now())
    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()


def record_heartbeat(database: Database, now: datetime.datetime) -> None:
    """Record that a mail worker is running."""
    with database.transaction() as connection:
        write_state(connection, "mail_worker_seen", now.isoformat())


def last_heartbeat(database: Database) -> datetime.datetime | None:
    """Return when a mail worker was last seen running, None for never."""
    with database.read_connection() as connection:
        return read_time(connection, "mail_worker_seen")


def is_worker_missing(database: Database, now: datetime.datetime) -> bool:
    """Return whether no worker seems to run: its last heartbeat is too old, or a due mail has not been tried for too long."""
    with database.read_connection() as connection:
        seen = read_time(connection, "mail_worker_seen")
        if is_within(seen, MAX_SILENCE, now):
            return False
        waiting = sa.select(sa.func.min(outgoing_mail.c.next_attempt_at)).where(outgoing_mail.c.state == "waiting")
        oldest: datetime.datetime | None = connection.execute(waiting).scalar()
    return seen is not None or (oldest is not None and oldest < now - MAX_SILENCE)
