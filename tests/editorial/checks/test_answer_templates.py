"""The templates for answers: every text in every language, known placeholders only, a template for every form with an address."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from core.languages import load_languages
from core.project import ROOT
from editorial.checks.answer_templates import check_answer_templates
from form_handler.forms import FORMS

FILE = ROOT / "docs" / "data" / "answer_templates.yml"
Change = Callable[[str], str]


def problems(file: Path) -> list[str]:
    return [str(one) for one in check_answer_templates(file, load_languages(), FORMS)]


def test_the_templates_of_this_site_are_whole() -> None:
    assert problems(FILE) == []


def test_a_site_with_fewer_languages_may_keep_the_texts_of_others() -> None:
    assert check_answer_templates(FILE, load_languages()[:2], FORMS) == []


CHANGES: list[tuple[str, Change, str]] = [
    ("a language is missing", lambda t: re.sub(r"      ar: \|\n(?:        .*\n|\n)+?(?=      tr)", "", t, count=1), "Sprache ar fehlt"),
    ("a text is empty", lambda t: t.replace('tr: "Merhaba,"', 'tr: ""'), "Sprache tr fehlt"),
    ("an unknown placeholder", lambda t: t.replace("Guten Tag {name}", "Guten Tag {nme}"), "{nme}"),
    ("a placeholder is missing", lambda t: t.replace("am {date} geschrieben", "geschrieben"), "{date} fehlt"),
    ("a placeholder in a text", lambda t: t.replace("vielen Dank, dass Ihr", "{name}, vielen Dank, dass Ihr"), "{name} gibt es hier nicht"),
    ("a key twice", lambda t: t.replace("key: talk", "key: thanks"), "zweimal"),
    ("an unknown form", lambda t: t.replace("forms: [survey]", "forms: [umfrage]"), "forms:"),
    ("a form without template", lambda t: t.replace("callback, ", "").replace("[callback]", "[barrier]"), "Formular callback"),
    ("an unknown block", lambda t: t.replace("templates:", "vorlagen:"), "templates:"),
    ("no YAML", lambda t: t.replace("templates:", "templates: ["), "answer_templates.yml:"),
]  # fmt: skip


@pytest.mark.usefixtures("all_languages")
@pytest.mark.parametrize(("what", "change", "words"), CHANGES, ids=[what for what, *_rest in CHANGES])
def test_a_fault_is_named_with_line_and_remedy(tmp_path: Path, what: str, change: Change, words: str) -> None:
    text = FILE.read_text("utf-8")
    changed = change(text)
    assert changed != text, what
    file = tmp_path / "answer_templates.yml"
    file.write_text(changed, "utf-8")
    found = problems(file)
    assert any(words in one and re.match(r"docs/data/answer_templates\.yml:\d+:", one) for one in found), found
