"""The same server with the setting that many recommend for speed: WAL with ``synchronous=NORMAL``. It must lose."""

import sqlite3

from form_handler.storage import database
from kim.cli import main


def careless(connection: sqlite3.Connection, journal: str) -> None:
    """Set what does not wait for the disk."""
    connection.execute("PRAGMA journal_mode=wal")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA foreign_keys=1")


database.set_pragmas = careless
main()
