"""The order of the work list: columns that are computed when a submission is stored or changed.

A day is a calendar day in the office's time zone. The columns are indexed, so that a list of any length is read in order.
"""

import datetime
import functools
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from core.clock import local_day
from core.folding import fold_text
from form_handler.storage.search import fold_umlauts, recompute_columns
from form_handler.storage.state import read_state, write_state

OPEN_STATES = ("new", "in_work")
# The order of entries without a day: open ones behind those with a day, then closed ones.
OPEN_WITHOUT_DAY = datetime.date(9999, 12, 30)
DONE = datetime.date(9999, 12, 31)
NEWEST = 99_999_999_999  # seconds since 1970, later than any receipt
COMPANY_FIELD, COMPANY_KEY_LENGTH = "company", 200
# Raised when the computation changes; then stored columns are recomputed.
VERSION = 1
STATE_NAME = "work_mark"
# Legal forms that people write or leave out, folded, without dots.
LEGAL_FORMS = frozenset(
    ["gmbh", "ggmbh", "mbh", "ug", "haftungsbeschrankt", "ag", "gag", "kg", "kgaa", "ohg", "gbr", "ek", "ekfr", "ekfm", "ev", "eg", "se", "inc", "ltd", "llc", "co", "cie", "partg", "partgmbb", "partnerschaftsgesellschaft", "gesellschaft", "aor", "kdor", "sarl", "bv", "cokg", "inh", "inhaber", "inhaberin"]
)  # fmt: skip
INITIALS = re.compile(r"\b(?:\w\.[ ]?){2,}")


@dataclass(frozen=True)
class DueDays:
    """The days by which the office owes something; None where nothing is owed.

    :ivar interim_by: the last day for an interim notice.
    :ivar answer_by: the last day for the answer.
    """

    interim_by: datetime.date | None = None
    answer_by: datetime.date | None = None

    @property
    def next(self) -> datetime.date | None:
        """Return the nearer of both days."""
        return min((day for day in (self.interim_by, self.answer_by) if day is not None), default=None)


def due_days(
    form: str,
    state: str,
    answers: Mapping[str, Any],
    asked_at: datetime.datetime,
    interim_at: datetime.datetime | None,
    zone: ZoneInfo,
) -> DueDays:
    """Return the due days of a submission; one that is answered, closed or cannot be answered has none.

    The day of receipt is not counted, and the last day ends at midnight (§ 31(1) VwVfG NRW with §§ 187(1), 188(1) BGB),
    regardless of daylight saving time. For a barrier report § 5(2) BITVNRW requires an interim notice after two and an
    answer after six weeks.

    :param asked_at: when the sender last asked: receipt, or a reply that needs an answer.
    """
    from form_handler.forms import FORMS

    definition = FORMS.get(form)
    if definition is None or definition.answer_within_days is None or state not in OPEN_STATES:
        return DueDays()
    if not any(answers.get(name) for name in contact_fields(form)):
        return DueDays()
    asked = local_day(asked_at, zone)
    interim = definition.interim_within_days if interim_at is None else None
    return DueDays(
        asked + datetime.timedelta(days=interim) if interim is not None else None,
        asked + datetime.timedelta(days=definition.answer_within_days),
    )


@functools.lru_cache
def contact_fields(form: str) -> tuple[str, ...]:
    """Return the names of a form's fields by which the sender can be reached."""
    from form_handler.forms import FORMS
    from form_handler.forms.fields import EmailField, PhoneField

    fields = FORMS[form].form_class()._fields.items()
    return tuple(name for name, field in fields if isinstance(field, EmailField | PhoneField))


def company_key(name: str) -> str:
    """Return a company's name for comparison: without case, marks, punctuation and legal form.

    ``Müller Bau GmbH & Co. KG`` and ``mueller-bau`` are one. A name that is nothing but a legal form stays as it is.
    """
    joined = INITIALS.sub(lambda found: found[0].replace(".", "").replace(" ", "") + " ", name)
    words = [fold_umlauts(word) for word in re.findall(r"\w+", fold_text(joined))]
    return " ".join([word for word in words if word not in LEGAL_FORMS] or words)[:COMPANY_KEY_LENGTH]


def work_columns(
    form: str,
    state: str,
    answers: Mapping[str, Any],
    received_at: datetime.datetime,
    asked_at: datetime.datetime | None,
    interim_at: datetime.datetime | None,
    follow_up: datetime.date | None,
    zone: ZoneInfo,
) -> dict[str, Any]:
    """Return the computed columns: company, next due day, and the place in the work list.

    The list has open entries first, those with the nearest day on top; a follow-up day brings back closed entries, too.
    The newest comes first where the day is the same. The place is a text, so that one index gives the order.
    """
    due = due_days(form, state, answers, asked_at or received_at, interim_at, zone).next
    day = min((one for one in (due, follow_up) if one is not None), default=None)
    return {
        "company_key": company_key(str(answers.get(COMPANY_FIELD) or "")) or None,
        "due_on": due,
        "work_key": f"{day or (OPEN_WITHOUT_DAY if state in OPEN_STATES else DONE)} {NEWEST - int(received_at.timestamp()):011}",
    }


def recompute_work_columns(connection: sa.Connection, zone: ZoneInfo) -> None:
    """Compute the columns of all stored rows again, and record by which rules."""

    def compute(row: sa.Row[Any]) -> dict[str, Any]:
        answers = json.loads(row.answers)
        return work_columns(row.form, row.state, answers, row.received_at, row.asked_at, row.interim_at, row.follow_up, zone)  # fmt: skip

    read = ("form", "state", "answers", "received_at", "asked_at", "interim_at", "follow_up")
    recompute_columns(connection, read, ("company_key", "due_on", "work_key"), compute)
    write_state(connection, STATE_NAME, work_version(zone))


def has_stale_order(connection: sa.Connection, zone: ZoneInfo) -> bool:
    """Return whether the columns were computed by other rules, periods or another time zone."""
    return read_state(connection, STATE_NAME) != work_version(zone)


def work_version(zone: ZoneInfo) -> str:
    """Return a version that changes when the columns would be computed differently."""
    from form_handler.forms import FORMS

    periods = [
        (key, one.answer_within_days, one.interim_within_days, contact_fields(key)) for key, one in FORMS.items()
    ]
    return hashlib.sha256(repr([VERSION, zone.key, periods, sorted(LEGAL_FORMS)]).encode()).hexdigest()[:32]
