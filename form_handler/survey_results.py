"""From stored surveys to ``docs/data/survey.yml``: counts that may be published, and released quotations."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import yaml

from form_handler.disclosure import K, Table, harmless, shown_cells
from form_handler.forms import FORMS
from form_handler.forms.fields import AnyOf, labels_of
from form_handler.storage.database import Database
from form_handler.storage.schema import quotation, submission
from form_handler.storage.submissions import Submission, read_row

NO_ANSWER = "none_given"
HEAD = """# Ergebnisse der Umfrage bei Betrieben. Geschrieben von `kim survey publish`; bitte nicht von Hand ändern.
# Nur Zahlen, die mindestens fünf Betriebe betreffen; alles andere fehlt mit Absicht.
"""


class TooFewError(Exception):
    """There is nothing that may be published; the message says why, in German."""


def stored_surveys(database: Database) -> list[Submission]:
    """Return every survey that is not held as spam, the oldest first."""
    query = sa.select(submission).where(submission.c.form == "survey", submission.c.held.is_(False))
    with database.reading() as connection:
        return [read_row(row) for row in connection.execute(query.order_by(submission.c.received_at))]


def partitions(found: Sequence[Submission]) -> dict[str, dict[str, int]]:
    """Return every question as a partition of all companies: a choice each, or ticked and not ticked."""
    form = FORMS["survey"].form_class()
    tables: dict[str, dict[str, int]] = {}
    for name in FORMS["survey"].field_names():
        keys = [key for key in labels_of(form[name]) if key]
        if not keys:
            continue
        if isinstance(form[name], AnyOf):
            for key in keys:
                ticked = sum(1 for row in found if key in (row.answers.get(name) or ()))
                tables[f"{name}:{key}"] = {"yes": ticked, "no": len(found) - ticked}
        else:
            given = Counter(str(row.answers.get(name) or NO_ANSWER) for row in found)
            tables[name] = {key: given[key] for key in [*keys, NO_ANSWER]}
    return tables


def publication(
    found: Sequence[Submission],
    quotations: Sequence[Mapping[str, Any]],
    past: Sequence[Mapping[str, Any]],
    today: datetime.date,
) -> dict[str, Any]:
    """Return what may be published; ``past`` holds all earlier publications, the oldest first.

    :raises TooFewError: below five answers, or if so few came since an earlier publication that a difference would tell of them.
    """
    if len(found) < K:
        raise TooFewError(
            f"Bisher haben {len(found)} Betriebe geantwortet. Veröffentlicht wird ab {K}; die Seite lädt weiter ein."
        )
    for before in past:
        if not harmless(len(found) - before["answers"]):
            raise TooFewError(
                f"Seit der Veröffentlichung vom {before['published_on']} hat sich die Zahl der Antworten um weniger als {K} "
                "geändert. Aus dem Unterschied ließe sich auf einzelne Betriebe schließen; bitte warten Sie noch."
            )
    tables = {}
    totals = [before["answers"] for before in past]
    for name, table in partitions(found).items():
        earlier: list[Table] = [before["tables"].get(name, {}) for before in past]
        tables[name] = shown_cells(table, earlier, totals)
    return {
        "published_on": today,
        "answers": len(found),
        "first_answer": f"{found[0].received_at:%Y-%m}",
        "last_answer": f"{found[-1].received_at:%Y-%m}",
        "tables": tables,
        "quotations": list(quotations),
    }


def released_quotations(database: Database) -> list[dict[str, Any]]:
    """Return the quotations that the office released, with the company only where it wished to be named."""
    query = (
        sa.select(quotation, submission.c.language, submission.c.answers)
        .join(submission, submission.c.number == quotation.c.number)
        .order_by(quotation.c.released_at)
    )
    found = []
    with database.reading() as connection:
        for row in connection.execute(query):
            answers = yaml.safe_load(row.answers)
            if not answers.get("consent_quote"):
                continue
            named = row.named and answers.get("consent_named") and answers.get("company")
            found.append(
                {
                    "text": row.text,
                    "language": row.language,
                    "field": row.field,
                    "company": answers["company"] if named else None,
                }
            )
    return found


def read_published(path: Path) -> list[dict[str, Any]]:
    """Return all publications so far, the oldest first; none if nothing was published."""
    if not path.exists():
        return []
    data = yaml.safe_load(path.read_text("utf-8")) or {}
    return [*data.get("earlier", []), *([data["current"]] if data.get("current") else [])]


def publish(database: Database, path: Path, today: datetime.date) -> dict[str, Any]:
    """Write the results that may be published, whole or not at all; return them.

    :raises TooFewError: see :func:`publication`; then nothing is written.
    """
    past = read_published(path)
    current = publication(stored_surveys(database), released_quotations(database), past, today)
    earlier = [
        {"published_on": one["published_on"], "answers": one["answers"], "tables": one["tables"]} for one in past
    ]
    text = HEAD + yaml.safe_dump(
        {"current": current, "earlier": earlier}, allow_unicode=True, sort_keys=False, width=120
    )
    draft = path.with_name(f".{path.name}.part")
    draft.write_text(text, "utf-8")
    draft.rename(path)
    return current
