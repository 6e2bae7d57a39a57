"""From confirmed survey answers to ``docs/data/survey.yml``: counts that may be published, and released quotations.

The database keeps batches and publications; the file is what the site's build reads and can be written again at any
time. The file is read back only where it says more than the database remembers: it is from before the database kept
publications, or an older backup was restored since. What it says then becomes a batch, and every answer that may be in it
counts as published.
"""

from __future__ import annotations

import datetime
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
import yaml

from core.clock import day_start, local_day
from core.files import write_file
from core.project import ROOT
from form_handler.forms import FORMS
from form_handler.forms.fields import MultiChoiceField, RatingField, choice_labels
from form_handler.storage.database import Database
from form_handler.storage.events import record_event
from form_handler.storage.submissions import Submission
from form_handler.storage.tables import quotation, submission, survey_batch, survey_decision, survey_publication
from form_handler.survey.answers import State, count_states, read_answers
from form_handler.survey.disclosure import MIN_BATCH_SIZE, THRESHOLD, publishable_cells

NO_ANSWER = "none_given"
FILE_HEADER = """# Ergebnisse der Umfrage bei Betrieben. Geschrieben von `kim survey publish`; bitte nicht von Hand ändern.
# tables: so viele Betriebe gaben diese Antwort. bases: von so vielen. Was fehlt, fehlt mit Absicht.
"""
ACTOR = "kim"
LOCK_NUMBER = 0x6B696D01
RESULTS_PATH = ROOT / "docs" / "data" / "survey.yml"
# Publication to count and base of each cell: question, then choice.
Cells = dict[str, dict[str, tuple[int, int]]]
# Line and paragraph separators, controls, surrogates, private use; and what turns the direction of a text.
_BREAKS = re.compile("[\\s\\x00-\\x1f\\x7f-\\x9f\u2028\u2029]+")
_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")


class PublicationError(Exception):
    """Publishing is not possible; the message says why and repeats nothing of an answer."""


class TooFewAnswersError(PublicationError):
    """There is nothing new that may be published."""


class _DryRun(Exception):
    """Takes a dry run's changes back."""


@dataclass(frozen=True)
class Publication:
    """What a publication says, and what it is made of.

    :ivar content: ``current`` of the file.
    :ivar states: how many answers are in which state afterwards.
    :ivar is_new: whether a publication was added; otherwise the file is written again as it was.
    """

    content: dict[str, Any]
    states: dict[State, int]
    is_new: bool


def tabulate(found: Sequence[Submission]) -> dict[str, dict[str, int]]:
    """Return every question as a partition of these companies: a choice each, or ticked and not ticked.

    The order is that in which cells are hidden: no answer first, on a scale the low levels next, else the last choices.
    """
    form = FORMS["survey"].form_class()
    tables: dict[str, dict[str, int]] = {}
    for name in FORMS["survey"].field_names():
        keys = [key for key in choice_labels(form[name]) if key]
        if not keys:
            continue
        if isinstance(form[name], MultiChoiceField):
            for key in keys:
                ticked = sum(1 for row in found if key in (row.answers.get(name) or ()))
                tables[f"{name}:{key}"] = {"yes": ticked, "no": len(found) - ticked}
        else:
            given = Counter(value if (value := row.answers.get(name)) in keys else NO_ANSWER for row in found)
            order = keys if isinstance(form[name], RatingField) else keys[::-1]
            tables[name] = {key: given[key] for key in [NO_ANSWER, *order]}
    return tables


def publish(
    database: Database, path: Path, now: datetime.datetime, dry_run: bool = False, actor: str = ACTOR
) -> Publication:
    """Record a publication (:func:`record_publication`) and write the file of the results, whole or not at all.

    :param dry_run: change neither database nor file.
    :raises TooFewAnswersError: also if neither database nor file would change.
    """
    result = record_publication(database, path, now, dry_run, actor)
    if not result.is_new and _read_text(path) == as_yaml(result.content):
        raise nothing_new(result.states)
    if not dry_run:
        write_file(path, as_yaml(result.content))
    return result


def record_publication(
    database: Database, path: Path | None, now: datetime.datetime, dry_run: bool = False, actor: str = ACTOR
) -> Publication:
    """Close a batch if enough answers wait, and record what may be published; :func:`write_results` writes the file.

    :param path: the file of the results, which is only read; None: there is none.
    :param dry_run: do not change the database.
    :param actor: who publishes.
    :raises TooFewAnswersError: if nothing has been published and too few answers count.
    :raises PublicationError: if a file that says more than the database cannot be read.
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

    The batches stay counted: what was public once may be known, so the same answers never come into another batch.
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
    with database.read_connection() as connection:
        return list(connection.execute(survey_publication.select().order_by(survey_publication.c.id.desc())))


def write_results(database: Database, path: Path) -> bool:
    """Write the file of the results as the database has them, and delete it if they were taken back.

    :return: whether the file has changed; False also where the database has never published.
    :raises OSError: if the folder cannot be written.
    """
    with database.read_connection() as connection:
        current = connection.execute(_current()).first()
    if current is None:
        return False
    if current.withdrawn_at is not None:
        there = path.exists()
        path.unlink(missing_ok=True)
        return there
    text = as_yaml(json.loads(current.content))
    if _read_text(path) == text:
        return False
    write_file(path, text)
    return True


def undecided_sentence(states: Mapping[State, int]) -> str:
    """Return the sentence that says how many answers nobody has decided on."""
    number = states["undecided"]
    if not number:
        return "Every answer has been decided on."
    return f"{number} answers are undecided: kim survey list, or the inbox under “Umfrage”."


def _publish(
    connection: sa.Connection, path: Path | None, now: datetime.datetime, zone: ZoneInfo, actor: str
) -> Publication:
    if connection.dialect.name == "postgresql":  # on SQLite all writers stand in line anyway
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK_NUMBER)))
    if path is not None:
        _import_file(connection, path, now, zone)
    current = connection.execute(_current()).first()
    latest = json.loads(current.content) if current is not None and current.withdrawn_at is None else None
    waiting = [one.submission for one in read_answers(connection) if one.state == "counts"]
    if len(waiting) >= MIN_BATCH_SIZE:
        _close_batch(connection, waiting, now, zone)
    states = count_states(read_answers(connection))
    batches = connection.execute(survey_batch.select().order_by(survey_batch.c.id)).all()
    if not batches:
        raise TooFewAnswersError(
            f"{len(waiting)} answers count so far. Results are published from {MIN_BATCH_SIZE} on. "
            + undecided_sentence(states)
        )
    content = _build_publication(batches, released_quotations(connection), local_day(now, zone))
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


def _close_batch(
    connection: sa.Connection, found: Sequence[Submission], now: datetime.datetime, zone: ZoneInfo
) -> None:
    """Count these companies, once and for good."""
    cells: Cells = {
        name: {key: (number, len(found)) for key, number in publishable_cells(table).items()}
        for name, table in tabulate(found).items()
    }
    months = [f"{local_day(row.received_at, zone):%Y-%m}" for row in found]
    batch = _add_batch(connection, len(found), min(months), max(months), cells, now)
    for row in found:
        connection.execute(
            survey_decision.update().where(survey_decision.c.number == row.number).values(batch_id=batch)
        )


def _add_batch(
    connection: sa.Connection, companies: int, first: str, last: str, cells: Cells, now: datetime.datetime
) -> int:
    non_empty = {name: table for name, table in cells.items() if table}
    values = {
        "closed_at": now,
        "companies": companies,
        "first_answer": first,
        "last_answer": last,
        "tables": json.dumps(non_empty),
    }
    added = connection.execute(survey_batch.insert().values(**values)).inserted_primary_key
    assert added is not None
    return int(added[0])


def _build_publication(
    batches: Sequence[Any], quotations: Sequence[Mapping[str, Any]], today: datetime.date
) -> dict[str, Any]:
    """Return the sum of all batches as a publication; a cell counts for the batches in which it may be shown."""
    tables: dict[str, dict[str, int]] = {name: {} for name in tabulate(())}
    bases: dict[str, dict[str, int]] = {}
    for batch in batches:
        for name, cells in json.loads(batch.tables).items():
            for key, (number, base) in cells.items():
                table = tables.setdefault(name, {})
                table[key] = table.get(key, 0) + number
                of = bases.setdefault(name, {})
                of[key] = of.get(key, 0) + base
    return {
        "published_on": today.isoformat(),
        "answers": sum(batch.companies for batch in batches),
        "first_answer": min(batch.first_answer for batch in batches),
        "last_answer": max(batch.last_answer for batch in batches),
        "tables": tables,
        "bases": bases,
        "quotations": list(quotations),
    }


def released_quotations(connection: sa.Connection) -> list[dict[str, Any]]:
    """Return the quotations that the office released, with the company only where it wished to be named."""
    query = (
        sa.select(quotation, submission.c.language, submission.c.answers)
        .join(submission, submission.c.number == quotation.c.number)
        .where(submission.c.held.is_(False))
        .order_by(quotation.c.released_at, quotation.c.id)
    )
    found = []
    for row in connection.execute(query):
        answers = json.loads(row.answers)
        text = visible_line(row.text)
        if not answers.get("consent_quote") or not text:
            continue
        named = row.named and answers.get("consent_named") and answers.get("company")
        company = visible_line(str(answers["company"])) or None if named else None
        found.append({"text": text, "language": row.language, "field": row.field, "company": company})
    return found


def visible_line(text: str) -> str:
    """Return a text as one line of visible characters, with the joiners that writing systems need."""
    text = _DIRECTION.sub("", _BREAKS.sub(" ", text))
    visible = (c for c in text if unicodedata.category(c) not in {"Cc", "Cs", "Co", "Cn"})
    return unicodedata.normalize("NFC", "".join(visible)).strip()


def as_yaml(content: Mapping[str, Any]) -> str:
    """Return the file's text; reading it gives the same data."""
    document = {"current": dict(content)}
    for allow_unicode in (True, False):
        text = FILE_HEADER + yaml.safe_dump(document, allow_unicode=allow_unicode, sort_keys=False, width=120)
        if yaml.safe_load(text) == document:
            return text
    raise PublicationError("The results cannot be written as YAML. Check the released quotations.")


def _read_text(path: Path) -> str | None:
    try:
        return path.read_text("utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        return None


def _import_file(connection: sa.Connection, path: Path, now: datetime.datetime, zone: ZoneInfo) -> None:
    """Take what the file says beyond the database's batches as one further batch.

    Who was counted in it is not known. So every undecided or waiting answer that had come by then counts as published and
    is never counted again. Cells that today's rule would not show are left out.

    :raises PublicationError: if the database has no publication, and there is a file that cannot be read.
    """
    batches = connection.execute(survey_batch.select().order_by(survey_batch.c.id)).all()
    try:
        current = read_older_file(path)
        if current is None:
            return
        companies, cells = _older_cells(path, current, batches)
    except PublicationError:
        if batches:  # the database has what was published, and the file is written anew
            return
        raise
    if companies <= 0:
        return
    day = str(current["published_on"])
    batch = _add_batch(connection, companies, str(current["first_answer"]), str(current["last_answer"]), cells, now)
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


def read_older_file(path: Path) -> dict[str, Any] | None:
    """Return the latest publication of a results file, None if there is none.

    :raises PublicationError: if it cannot be read; the message says where and repeats nothing of it.
    """
    if not path.exists():
        return None
    try:
        data = yaml.safe_load(path.read_text("utf-8"))
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark is not None else str(path)
        raise PublicationError(
            f"{where}: the earlier results cannot be read. Without them the difference would reveal single companies. "
            "Restore the file: git checkout -- " + str(path)
        ) from None
    current = data.get("current") if isinstance(data, dict) else None
    return current if isinstance(current, dict) else None


def _older_cells(path: Path, current: Mapping[str, Any], batches: Sequence[Any]) -> tuple[int, Cells]:
    """Return companies and cells of a file beyond those of the known batches, as far as today's rule shows them."""
    try:
        whole = int(current["answers"])
        companies = whole - sum(batch.companies for batch in batches)
        datetime.date.fromisoformat(str(current["published_on"]))
        if not all(re.fullmatch(r"\d{4}-\d\d", str(current[name])) for name in ("first_answer", "last_answer")):
            raise ValueError("month")
        bases = current.get("bases") or {}
        cells: Cells = {}
        for name, table in current["tables"].items():
            for key, number in table.items():
                # YAML 1.1 took the keys yes and no for truth values where they were not quoted.
                word = {True: "yes", False: "no"}.get(key, str(key)) if isinstance(key, bool) else str(key)
                known = [json.loads(batch.tables).get(str(name), {}).get(word, (0, 0)) for batch in batches]
                base = int(bases.get(name, {}).get(key, whole)) - sum(pair[1] for pair in known)
                more = int(number) - sum(pair[0] for pair in known)
                if THRESHOLD <= more <= base - THRESHOLD:
                    cells.setdefault(str(name), {})[word] = (more, base)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise PublicationError(
            f"{path}: the earlier results are incomplete. Restore the file: git checkout -- {path}"
        ) from None
    return companies, cells
