"""The same server with the setting that many recommend for speed: WAL with ``synchronous=NORMAL``. It must lose.

Checkpoints sync the log. They are off, so that the outcome does not depend on whether one came just before the cut.
"""

import sqlite3

from form_handler.server.worker_process import WorkerProcess
from form_handler.storage import database
from kim.cli import main


def careless(connection: sqlite3.Connection, journal: str) -> None:
    """Set what does not wait for the disk."""
    connection.execute("PRAGMA journal_mode=wal")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA wal_autocheckpoint=0")
    connection.execute("PRAGMA foreign_keys=1")


database.set_pragmas = careless
# The mail worker is a process of its own with the right settings: its commits would sync what the server wrote.
WorkerProcess.start = lambda self: None  # type: ignore[method-assign]
WorkerProcess.stop = lambda self: None  # type: ignore[method-assign]
main()
