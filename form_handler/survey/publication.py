"""From confirmed survey answers to ``city/data/survey.yml``: counts that may be published, and released quotations.

The database keeps batches and publications; the site's build reads the file, which can be written again at any
time. The file is read back only where it holds more than the database: it is from before the database kept
publications, or an older backup was restored since. Its content then becomes a batch, and every answer that may be in it
counts as published.
"""

import datetime
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from core.clock import day_start, local_day
from core.files import write_file
from form_handler.storage.database import Database
from form_handler.storage.events import record_event
from form_handler.storage.tables import submission, survey_batch, survey_decision, survey_publication
from form_handler.survey.answers import State, count_states, read_answers
from form_handler.survey.batches import add_batch, build_publication, close_batch
from form_handler.survey.disclosure import MIN_BATCH_SIZE
from form_handler.survey.quotations import released_quotations
from form_handler.survey.results_file import PublicationError, as_yaml, older_cells, read_older_file, read_text

ACTOR = "kim"
LOCK_NUMBER = 0x6B696D01


class TooFewAnswersError(PublicationError):
    """There is nothing new that may be published."""


class _DryRun(Exception):
    """Takes a dry run's changes back."""


@dataclass(frozen=True)
class Publication:
    """A publication: its content, and the answers behind it.

    :ivar content: ``current`` of the file.
    :ivar states: how many answers are in which state afterwards.
    :ivar is_new: whether a publication was added; otherwise the file is written again as it was.
    """

    content: dict[str, Any]
    states: dict[State, int]
    is_new: bool


def publish(
    database: Database, path: Path, now: datetime.datetime, dry_run: bool = False, actor: str = ACTOR
) -> Publication:
    """Record a publication (:func:`record_publication`) and write the file of the results, whole or not at all.

    :param dry_run: change neither database nor file.
    :raises TooFewAnswersError: also if neither database nor file would change.
    """
    result = record_publication(database, path, now, dry_run, actor)
    if not result.is_new and read_text(path) == as_yaml(result.content):
        raise nothing_new(result.states)
    if not dry_run:
        write_file(path, as_yaml(result.content))
    return result


def record_publication(
    database: Database, path: Path | None, now: datetime.datetime, dry_run: bool = False, actor: str = ACTOR
) -> Publication:
    """Close a batch if enough answers wait, and record its publishable numbers; :func:`write_results` writes the file.

    :param path: the file of the results, which is only read; None: there is none.
    :param dry_run: do not change the database.
    :param actor: who publishes.
    :raises TooFewAnswersError: if nothing has been published and too few answers count.
    :raises PublicationError: if a file with more than the database holds cannot be read.
    """
    results: list[Publication] = []
    try:
        with database.transaction() as connection:
            results.append(_publish(connection, path, now, database.time_zone, actor))
            if dry_run:
                raise _DryRun
    except _DryRun:
        pass
    as_yaml(results[0].content)  # refused here rather than by the build
    return results[0]


def nothing_new(states: Mapping[State, int]) -> TooFewAnswersError:
    """Return the error that nothing new can be published."""
    return TooFewAnswersError(
        f"There is nothing new to publish: {states['counts']} confirmed answers are waiting; they are counted once there "
        f"are {MIN_BATCH_SIZE}. {undecided_sentence(states)}"
    )


def withdraw(database: Database, actor: str, now: datetime.datetime) -> bool:
    """Take the current publication back; return whether there was one.

    The batches stay counted: published numbers may be known, so the same answers never come into another batch.
    """
    with database.transaction() as connection:
        current = connection.execute(_current()).first()
        if current is None or current.withdrawn_at is not None:
            return False
        done = connection.execute(
            survey_publication.update()
            .where(survey_publication.c.id == current.id, survey_publication.c.withdrawn_at.is_(None))
            .values(withdrawn_at=now, withdrawn_by=actor)
        )
        record_event(connection, actor, "survey-withdrawn", now)
    return done.rowcount == 1


def list_publications(database: Database) -> list[sa.Row[Any]]:
    """Return all publications with content, actor and time, the newest first."""
    return database.rows(survey_publication.select().order_by(survey_publication.c.id.desc()))


def write_results(database: Database, path: Path) -> bool:
    """Write the file of the results as the database has them, and delete it if they were taken back.

    :return: whether the file has changed; False also where the database has never published.
    :raises OSError: if the folder cannot be written.
    """
    current = database.first(_current())
    if current is None:
        return False
    if current.withdrawn_at is not None:
        there = path.exists()
        path.unlink(missing_ok=True)
        return there
    text = as_yaml(json.loads(current.content))
    if read_text(path) == text:
        return False
    write_file(path, text)
    return True


def undecided_sentence(states: Mapping[State, int]) -> str:
    """Return the sentence with the number of undecided answers."""
    number = states["undecided"]
    if not number:
        return "Every answer has been decided on."
    return f"{number} answers are undecided: kim survey list, or the inbox under “Umfrage”."


def _publish(
    connection: sa.Connection, path: Path | None, now: datetime.datetime, zone: ZoneInfo, actor: str
) -> Publication:
    if connection.dialect.name == "postgresql":  # SQLite serializes all writers
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK_NUMBER)))
    if path is not None:
        _import_file(connection, path, now, zone)
    current = connection.execute(_current()).first()
    latest = json.loads(current.content) if current is not None and current.withdrawn_at is None else None
    waiting = [one.submission for one in read_answers(connection) if one.state == "counts"]
    if len(waiting) >= MIN_BATCH_SIZE:
        close_batch(connection, waiting, now, zone)
    states = count_states(read_answers(connection))
    batches = connection.execute(survey_batch.select().order_by(survey_batch.c.id)).all()
    if not batches:
        raise TooFewAnswersError(
            f"{len(waiting)} answers count so far. Results are published from {MIN_BATCH_SIZE} on. "
            + undecided_sentence(states)
        )
    content = build_publication(batches, released_quotations(connection), local_day(now, zone))
    if latest is not None and {**content, "published_on": latest["published_on"]} == latest:
        return Publication(latest, states, False)
    connection.execute(
        survey_publication.insert().values(
            published_at=now, content=json.dumps(content, ensure_ascii=False), published_by=actor
        )
    )
    record_event(connection, actor, "survey-published", now, None, str(content["answers"]))
    return Publication(content, states, True)


def _current() -> sa.Select[Any]:
    """Select the newest publication; it may have been taken back."""
    return survey_publication.select().order_by(survey_publication.c.id.desc()).limit(1)


def _import_file(connection: sa.Connection, path: Path, now: datetime.datetime, zone: ZoneInfo) -> None:
    """Take the file's numbers beyond the database's batches as one further batch.

    Who was counted in it is not known. So every undecided or waiting answer that had come by then counts as published and
    is never counted again. Cells that today's rule would not show are left out.

    :raises PublicationError: if the database has no publication, and there is a file that cannot be read.
    """
    batches = connection.execute(survey_batch.select().order_by(survey_batch.c.id)).all()
    try:
        current = read_older_file(path)
        if current is None:
            return
        companies, cells = older_cells(path, current, batches)
    except PublicationError:
        if batches:  # the database holds the publication, and the file is written again
            return
        raise
    if companies <= 0:
        return
    day = str(current["published_on"])
    batch = add_batch(connection, companies, str(current["first_answer"]), str(current["last_answer"]), cells, now)
    connection.execute(survey_publication.insert().values(published_at=now, content=json.dumps(current, default=str)))
    after = day_start(datetime.date.fromisoformat(day) + datetime.timedelta(days=1), zone)
    known = (
        sa.select(submission.c.number)
        .outerjoin(survey_decision, survey_decision.c.number == submission.c.number)
        .where(submission.c.form == "survey", submission.c.received_at < after, survey_decision.c.batch_id.is_(None))
    )
    for number in connection.execute(known).scalars().all():
        connection.execute(survey_decision.delete().where(survey_decision.c.number == number))
        connection.execute(
            survey_decision.insert().values(
                number=number, counts=True, batch_id=batch, decided_by=ACTOR, decided_at=now
            )
        )
