"""Which survey answers count: the office's decision on each, and at most one answer of each company."""

import datetime
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import sqlalchemy as sa

from core.errors import KindError
from form_handler.forms.contact_details import mailbox_key
from form_handler.storage.database import Database
from form_handler.storage.events import record_event
from form_handler.storage.submissions import Submission, from_row
from form_handler.storage.tables import submission, survey_decision
from form_handler.storage.work_list import company_key

State = Literal["undecided", "counts", "excluded", "duplicate", "published"]
FREE_TEXTS = ("worked_text", "hindered_text", "company", "email", "consent_quote", "consent_named")


class DecisionError(KindError):
    """A decision on an answer is not possible.

    :ivar kind: why: ``missing``, ``held`` (suspected spam) or ``published``.
    """


@dataclass(frozen=True)
class SurveyAnswer:
    """One answer to the survey and whether it counts.

    :ivar state: ``undecided``: does not count until the office decides; ``counts``: waits for the next batch;
        ``excluded``: the office excluded it; ``duplicate``: another answer of the same company counts;
        ``published``: counted in a batch, for good.
    :ivar same_company: references of other answers with the same company or e-mail address.
    :ivar same_answers: references of other answers that ticked and chose exactly the same.
    """

    submission: Submission
    state: State
    same_company: list[str] = field(default_factory=list)
    same_answers: list[str] = field(default_factory=list)


def read_answers(connection: sa.Connection) -> list[SurveyAnswer]:
    """Return all answers that are not held as spam or are published, the oldest first, each with its state."""
    query = (
        sa.select(submission, survey_decision.c.counts, survey_decision.c.batch_id)
        .outerjoin(survey_decision, survey_decision.c.number == submission.c.number)
        .where(
            submission.c.form == "survey",
            # Published answers stay counted when they turn out to be spam, or its company could be counted again.
            submission.c.held.is_(False) | survey_decision.c.batch_id.is_not(None),
        )
        .order_by(submission.c.received_at, submission.c.number)
    )
    rows = [(from_row(row), row.counts, row.batch_id) for row in connection.execute(query)]
    groups = _groups([found for found, _counts, _batch in rows])
    same = _index((group, found.reference) for (found, _c, _b), group in zip(rows, groups, strict=True))
    alike = _index((_selected_choices(found), found.reference) for found, _c, _b in rows)
    taken = {group for (_found, _counts, batch), group in zip(rows, groups, strict=True) if batch is not None}
    result = []
    for (found, counts, batch), group in zip(rows, groups, strict=True):
        state: State = "published" if batch is not None else "undecided" if counts is None else "excluded"
        if batch is None and counts:
            state = "duplicate" if group in taken else "counts"
            taken.add(group)
        others = [reference for reference in same[group] if reference != found.reference]
        twins = [reference for reference in alike[_selected_choices(found)] if reference != found.reference]
        result.append(SurveyAnswer(found, state, others, twins))
    return result


def list_answers(database: Database) -> list[SurveyAnswer]:
    """Return all answers with their state; see :func:`read_answers`."""
    with database.read_connection() as connection:
        return read_answers(connection)


def count_states(found: Iterable[SurveyAnswer]) -> dict[State, int]:
    """Return how many answers are in each state."""
    states: dict[State, int] = {"undecided": 0, "counts": 0, "excluded": 0, "duplicate": 0, "published": 0}
    for one in found:
        states[one.state] += 1
    return states


def decide(database: Database, reference: str, counts: bool | None, actor: str, now: datetime.datetime) -> None:
    """Write down whether an answer counts; None takes the decision back.

    :raises DecisionError: if there is no such answer, or if it was published: published counts never change.
    """
    query = (
        sa.select(submission.c.number, submission.c.held, survey_decision.c.batch_id)
        .outerjoin(survey_decision, survey_decision.c.number == submission.c.number)
        .where(submission.c.form == "survey", submission.c.reference == reference.strip().upper())
    )
    with database.transaction() as connection:
        found = connection.execute(query).first()
        if found is None:
            raise DecisionError("missing", "There is no such answer to the survey.")
        if found.held:
            raise DecisionError("held", "This answer is held as suspected spam. Release it first.")
        if found.batch_id is not None:
            raise DecisionError(
                "published",
                "This answer is published already. Published counts never change, because the difference would reveal this company.",
            )
        connection.execute(survey_decision.delete().where(survey_decision.c.number == found.number))
        if counts is not None:
            connection.execute(
                survey_decision.insert().values(number=found.number, counts=counts, decided_by=actor, decided_at=now)
            )
        kind = {True: "survey-counts", False: "survey-excluded", None: "survey-reopened"}[counts]
        record_event(connection, actor, kind, now, found.number)


def _keys(found: Submission) -> list[str]:
    company = company_key(str(found.answers.get("company") or "")).replace(" ", "")
    address = str(found.answers.get("email") or "")
    return [*([f"company {company}"] if company else []), *([f"mail {mailbox_key(address)}"] if address else [])]


def _groups(found: Sequence[Submission]) -> list[int]:
    """Return a number for each answer; answers that share a company or an address, also by way of others, share it."""
    parent = list(range(len(found)))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    first: dict[str, int] = {}
    for index, one in enumerate(found):
        for key in _keys(one):
            parent[root(index)] = root(first.setdefault(key, index))
    return [root(index) for index in range(len(found))]


def _selected_choices(found: Submission) -> str:
    """Return the choices, without the texts."""
    answers: Mapping[str, Any] = found.answers
    chosen = {name: value for name, value in answers.items() if name not in FREE_TEXTS and value}
    return json.dumps(chosen, sort_keys=True)


def _index(pairs: Iterable[tuple[Any, str]]) -> dict[Any, list[str]]:
    found: dict[Any, list[str]] = {}
    for key, reference in pairs:
        found.setdefault(key, []).append(reference)
    return found
