"""Deleting submissions with everything that belongs to them (Art. 17 GDPR)."""

import datetime
import hashlib
from pathlib import Path

import sqlalchemy as sa

from form_handler.storage.database import Database
from form_handler.storage.events import record_event
from form_handler.storage.submissions import ConflictError, from_row
from form_handler.storage.tables import note, saved_form, submission


def delete_submissions(
    database: Database,
    numbers: list[str],
    actor: str,
    kind: str,
    now: datetime.datetime,
    mail_dir: Path | None = None,
    mark: str | None = None,
) -> int:
    """Delete submissions with mails, notes and events (Art. 17 GDPR); record only the number.

    :param mail_dir: the folder of mails that were written as files; theirs are deleted as well.
    :param mark: the result of :func:`work_digest` when the page was shown; None: not compared.
    :raises ConflictError: if somebody has worked on one of them since; then nothing is deleted.
    """
    done = 0
    with database.transaction() as connection:
        batches = [submission.c.number.in_(numbers[start : start + 500]) for start in range(0, len(numbers), 500)]
        # Locked, so that nobody can add a note between comparing and deleting.
        found = [
            row for some in batches for row in connection.execute(sa.select(submission).where(some).with_for_update())
        ]
        if found and mark is not None and mark != _work_digest(connection, numbers):
            raise ConflictError(from_row(found[0]), ["notes"])
        for some in batches:
            done += connection.execute(submission.delete().where(some)).rowcount
        references = [row.reference for row in found]
        _shorten_saved_forms(connection, references, now)
        if done:
            record_event(connection, actor, kind, now, None, str(done))
    for reference in references if mail_dir else []:
        delete_mail_files(mail_dir or Path(), reference)
    return done


def _shorten_saved_forms(connection: sa.Connection, references: list[str], now: datetime.datetime) -> None:
    """Let saved forms about deleted submissions expire after one day."""
    soon = now + datetime.timedelta(days=1)
    for reference in references:
        about = saved_form.c.path.like(f"%/v/{reference}/%") & (saved_form.c.expires_at > soon)
        connection.execute(saved_form.update().where(about).values(expires_at=soon))


def work_digest(database: Database, numbers: list[str]) -> str:
    """Return a digest of the office's work on these submissions."""
    with database.read_connection() as connection:
        return _work_digest(connection, numbers)


def _work_digest(connection: sa.Connection, numbers: list[str]) -> str:
    digest = hashlib.sha256()
    for start in range(0, len(numbers), 500):
        some = sorted(numbers)[start : start + 500]
        for table, column in ((submission, submission.c.version), (note, note.c.id)):
            query = sa.select(table.c.number, column).where(table.c.number.in_(some)).order_by(table.c.number, column)
            digest.update(repr([tuple(row) for row in connection.execute(query)]).encode())
    return digest.hexdigest()[:32]


def delete_mail_files(folder: Path, reference: str) -> None:
    """Delete the files of a submission's mails, half-written ones included."""
    for path in (*folder.glob(f"{reference}-*.eml"), *folder.glob(f".{reference}-*.part")):
        path.unlink(missing_ok=True)
