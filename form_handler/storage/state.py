"""State of the service itself: last known time, last purge, heartbeat of the mail worker."""

import datetime

import sqlalchemy as sa

from form_handler.storage.tables import service_state

# The clock is implausible if it is so far before or after the last time that the service has seen.
MAX_CLOCK_BACK = datetime.timedelta(days=1)
MAX_CLOCK_AHEAD = datetime.timedelta(days=30)
# The kind of the event by which the retention of a submission counts, where its own time came from a wrong clock.
CLOCK_EVENT = "clock"


def read_state(connection: sa.Connection, name: str) -> str | None:
    """Return a value, or None."""
    value: str | None = connection.execute(
        sa.select(service_state.c.value).where(service_state.c.name == name)
    ).scalar()
    return value


def write_state(connection: sa.Connection, name: str, value: str | None) -> None:
    """Store a value; None deletes it."""
    connection.execute(service_state.delete().where(service_state.c.name == name))
    if value is not None:
        connection.execute(service_state.insert().values(name=name, value=value))


def read_time(connection: sa.Connection, name: str) -> datetime.datetime | None:
    """Return a time that :func:`write_state` stored in ISO 8601, or None."""
    value = read_state(connection, name)
    return datetime.datetime.fromisoformat(value) if value else None
