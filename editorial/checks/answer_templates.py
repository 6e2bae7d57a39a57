"""Templates for answers from the inbox: whole in every language, for every form that can be answered."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from core.findings import Finding
from core.gettext import STAFF_LANGUAGES
from core.languages import Language
from core.project import draft_languages, own_language_codes
from form_handler.forms import FormDefinition
from form_handler.mail.answer_templates import find_problems, load_answer_texts

TEMPLATES_PATH = "docs/data/answer_templates.yml"
OWN_PATH = "city/data/answer_templates.yml"


def _missing_in_own_languages(file: Path, languages: Sequence[Language]) -> list[Finding]:
    """Return a finding for each language that only the municipality has and in which texts are missing."""
    load_answer_texts.cache_clear()
    texts = load_answer_texts(file)
    found = []
    for language in languages:
        named = {**texts.frame, **{one.key: one.text for one in texts.templates}}
        missing = [name for name, by_language in named.items() if language.code not in by_language]
        if missing and language.code not in draft_languages():
            found.append(
                Finding(OWN_PATH, 0, f"Vorlagen für Antworten: Auf {language.name} fehlen: {', '.join(missing)}.",
                        f"Ergänzen Sie sie dort wie in {TEMPLATES_PATH}, je Eintrag mit key: und text: {{{language.code}: …}}.", code="answers")
            )  # fmt: skip
    return found


def check_answer_templates(
    file: Path, languages: Sequence[Language], forms: Mapping[str, FormDefinition]
) -> list[Finding]:
    """Return the errors of the templates; without the file answers are written without templates."""
    if not file.exists():
        return []
    own = [row for row in languages if row.code in own_language_codes()]
    languages = [row for row in languages if row not in own]
    answerable = [key for key, definition in forms.items() if definition.sender_field]
    return _missing_in_own_languages(file, own) + [
        Finding(
            TEMPLATES_PATH, line, f"Vorlagen für Antworten: {problem}",
            "Ergänzen oder berichtigen Sie den Text; die anderen Einträge der Datei zeigen, wie er aussieht.",
            code="answers",
        )
        for line, problem in find_problems(file, [row.code for row in languages], STAFF_LANGUAGES, answerable)
    ]  # fmt: skip
