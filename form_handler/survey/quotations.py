"""Quotations that the office has released, as one line of visible characters each."""

import json
import re
import unicodedata
from typing import Any

import sqlalchemy as sa

from form_handler.storage.tables import quotation, submission

# Line and paragraph separators, controls, surrogates, private use; and characters that change the direction of a text.
_BREAKS = re.compile("[\\s\\x00-\\x1f\\x7f-\\x9f\u2028\u2029]+")
_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")


def released_quotations(connection: sa.Connection) -> list[dict[str, Any]]:
    """Return the quotations that the office released, with the company only with its consent."""
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
