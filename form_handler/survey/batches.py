"""Batches: counts of answers that may be published, and the sum of all batches as a publication."""

import datetime
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from core.clock import local_day
from form_handler.forms import FORMS
from form_handler.forms.fields import MultiChoiceField, RatingField, choice_labels
from form_handler.storage.submissions import Submission
from form_handler.storage.tables import survey_batch, survey_decision
from form_handler.survey.disclosure import publishable_cells

NO_ANSWER = "none_given"
# Publication to count and base of each cell: question, then choice.
Cells = dict[str, dict[str, tuple[int, int]]]


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


def close_batch(connection: sa.Connection, found: Sequence[Submission], now: datetime.datetime, zone: ZoneInfo) -> None:
    """Count these companies, once and for good."""
    cells: Cells = {
        name: {key: (number, len(found)) for key, number in publishable_cells(table).items()}
        for name, table in tabulate(found).items()
    }
    months = [f"{local_day(row.received_at, zone):%Y-%m}" for row in found]
    batch = add_batch(connection, len(found), min(months), max(months), cells, now)
    for row in found:
        connection.execute(
            survey_decision.update().where(survey_decision.c.number == row.number).values(batch_id=batch)
        )


def add_batch(
    connection: sa.Connection, companies: int, first: str, last: str, cells: Cells, now: datetime.datetime
) -> int:
    """Store a batch; return its id. Questions without a cell are left out."""
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


def build_publication(
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
