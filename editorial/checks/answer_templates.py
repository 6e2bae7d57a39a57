"""Templates for answers from the inbox: whole in every language, for every form that can be answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from core.findings import Finding
from core.gettext import STAFF_LANGUAGES
from core.languages import Language
from form_handler.forms import FormDefinition
from form_handler.mail.answer_templates import find_problems

TEMPLATES_PATH = "docs/data/answer_templates.yml"


def check_answer_templates(
    file: Path, languages: Sequence[Language], forms: Mapping[str, FormDefinition]
) -> list[Finding]:
    """Return what is wrong with the templates, as errors; without the file answers are written without templates."""
    if not file.exists():
        return []
    answerable = [key for key, definition in forms.items() if definition.sender_field]
    return [
        Finding(
            TEMPLATES_PATH, line, f"Vorlagen für Antworten: {problem}",
            "Ergänzen oder berichtigen Sie den Text; die anderen Einträge der Datei zeigen, wie er aussieht.",
            code="answers",
        )
        for line, problem in find_problems(file, [row.code for row in languages], STAFF_LANGUAGES, answerable)
    ]  # fmt: skip
