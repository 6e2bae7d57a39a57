"""The live picture of the experience survey, for the office only: every count, every text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from form_handler.forms import FORMS
from form_handler.forms.fields import choice_labels
from form_handler.storage.submissions import Submission

TEXTS = ("worked_text", "hindered_text")


@dataclass(frozen=True)
class Chart:
    """One question of the survey: its words, and label and count of each answer."""

    key: str
    title: str
    bars: list[tuple[str, int]]

    @property
    def largest(self) -> int:
        """Return the largest count, at least one."""
        return max([number for _label, number in self.bars] or [1]) or 1


def survey_charts(found: Sequence[Submission]) -> list[Chart]:
    """Return every question with choices, counted, in words of the current language."""
    definition = FORMS["survey"]
    form = definition.form_class()
    result = []
    for name in definition.field_names():
        labels = {key: label for key, label in choice_labels(form[name]).items() if key}
        if not labels:
            continue
        counted = Counter(key for row in found for key in _keys(row.answers.get(name)))
        result.append(
            Chart(name, str(form[name].label.text), [(str(words), counted[key]) for key, words in labels.items()])
        )
    return result


def _keys(value: Any) -> list[str]:
    return [str(key) for key in value] if isinstance(value, list) else [str(value)] if value else []


def survey_texts(found: Sequence[Submission]) -> list[tuple[Submission, str, str]]:
    """Return every text with the submission it belongs to and its question, the newest first."""
    form = FORMS["survey"].form_class()
    return [
        (row, str(form[name].label.text), row.answers[name]) for row in found for name in TEXTS if row.answers.get(name)
    ]
