"""The numbers that the next publication would show of each question, the hidden ones, and the reasons; for the office before it publishes."""

import datetime
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.gettext import gettext as _
from form_handler.forms import FORMS
from form_handler.forms.fields import choice_labels
from form_handler.storage.database import Database
from form_handler.survey.answers import read_answers
from form_handler.survey.batches import NO_ANSWER, tabulate
from form_handler.survey.disclosure import MIN_BATCH_SIZE, THRESHOLD, publishable_cells
from form_handler.survey.publication import Publication, TooFewAnswersError, record_publication
from form_handler.survey.results_file import PublicationError

Reason = Literal["", "few", "most", "other"]


@dataclass(frozen=True)
class CellPreview:
    """One answer to a question in the next batch.

    :ivar count: how many companies of the batch gave it.
    :ivar reason: why it is hidden: fewer than the threshold gave it (``few``), fewer did not (``most``), or others that are
        hidden could be computed from it (``other``); empty if it is shown.
    :ivar published: the numbers on the site afterwards: companies, and of how many; None if nothing.
    """

    label: str
    count: int
    reason: Reason
    published: tuple[int, int] | None


@dataclass(frozen=True)
class QuestionPreview:
    """A question with its answers."""

    label: str
    cells: list[CellPreview]

    @property
    def is_hidden(self) -> bool:
        """Return whether the site would show nothing of it."""
        return all(cell.published is None for cell in self.cells)


@dataclass(frozen=True)
class PublicationPreview:
    """A preview of the next publication.

    :ivar publication: its content; None if nothing can be.
    :ivar error: why nothing can be published, for operators; empty if it can.
    :ivar companies: how many companies the next batch has; 0 while too few answers wait.
    :ivar waiting: how many confirmed answers wait.
    :ivar digest: changes whenever something else would be published.
    """

    publication: Publication | None
    error: str
    companies: int
    waiting: int
    questions: list[QuestionPreview]
    digest: str


def preview_publication(database: Database, path: Path | None, now: datetime.datetime) -> PublicationPreview:
    """Return the publication that would be made now; nothing is changed.

    :param path: the file of the results, see :func:`form_handler.survey.publication.record_publication`.
    """
    found, error = None, ""
    try:
        found = record_publication(database, path, now, dry_run=True)
    except TooFewAnswersError:
        pass
    except PublicationError as problem:
        error = str(problem)
    with database.read_connection() as connection:
        waiting = [one.submission for one in read_answers(connection) if one.state == "counts"]
    batch = waiting if len(waiting) >= MIN_BATCH_SIZE else []
    content = found.content if found is not None else {"tables": {}, "bases": {}}
    form = FORMS["survey"].form_class()
    questions = []
    for name, table in (tabulate(batch) if batch else {}).items():
        field, _colon, choice = name.partition(":")
        labels = choice_labels(form[field])
        title = str(form[field].label.text) + (f" – {labels[choice]}" if choice else "")
        words = {"yes": _("Yes"), "no": _("No")} if choice else {key: str(label) for key, label in labels.items()}
        words[NO_ANSWER] = _("no answer")
        shown, cells = publishable_cells(table), []
        for key, count in table.items():
            number = content["tables"].get(name, {}).get(key)
            published = (number, content["bases"][name][key]) if number is not None else None
            cells.append(CellPreview(words[key], count, hidden_reason(table, shown, key), published))
        questions.append(QuestionPreview(title, cells))
    stated = {key: value for key, value in content.items() if key != "published_on"}
    digest = hashlib.sha256(json.dumps(stated, sort_keys=True).encode()).hexdigest()[:32]
    return PublicationPreview(found, error, len(batch), len(waiting), questions, digest)


def hidden_reason(table: dict[str, int], shown: dict[str, int], key: str) -> Reason:
    """Return why a cell of a batch is hidden; see :mod:`form_handler.survey.disclosure`."""
    if key in shown:
        return ""
    if table[key] < THRESHOLD:
        return "few"
    return "most" if sum(table.values()) - table[key] < THRESHOLD else "other"
