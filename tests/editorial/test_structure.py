"""The well-known pages: each exists, and one place names it."""

from __future__ import annotations

import re
import shutil

import pytest

from core.languages import default_language
from core.project import ROOT, is_left_out, parts_left_out
from editorial.checks.runner import run_checks
from editorial.content.pages import page_files
from editorial.content.structure import (
    NAVIGATION,
    SECTIONS,
    check_structure,
    is_in_easy_language,
    linked_pages,
    well_known_pages,
)
from tests.editorial.conftest import Tree

KEYS = set(page_files(ROOT / "docs", default_language().code))
KEYS_IN_CODE = sorted(
    {key.removesuffix("/index") for key in (*well_known_pages(), *SECTIONS)} - {"index", "kim", "offline"}
)
LITERAL = re.compile(rf"""["'/}}](?:{"|".join(KEYS_IN_CODE)})(?:/[^"'\s]*)?["']""")
# A form's definition and the toolkit say where they live; the key "kontakt" of a header in German is no page.
DEFINITIONS = (
    "editorial/content/structure.py",
    "form_handler/__init__.py",
    "form_handler/forms/",
    "form_handler/toolkit/recommend.py",
)
NOT_PAGES = {'"kontakt"': "editorial/content/front_matter.py", '"ankommen"': "editorial/content/booklets.py"}


def test_every_well_known_page_exists() -> None:
    assert list(check_structure(KEYS, "de", parts_left_out())) == []
    assert set(NAVIGATION) | set(linked_pages().values()) <= set(well_known_pages())


@pytest.mark.parametrize("key", [key for key in well_known_pages() if not is_left_out(key, parts_left_out())])
def test_a_missing_well_known_page_is_named_with_its_file_and_remedy(key: str) -> None:
    (one,) = check_structure(KEYS - {key}, "de", parts_left_out())
    assert one.file == f"docs/de/{key}.md"
    assert (one.level, one.code) == ("error", "structure")
    assert "structure.py" in one.hint


def test_the_check_of_a_project_reports_missing_well_known_pages(tree: Tree) -> None:
    shutil.copytree(ROOT / "docs" / "data", tree.docs / "data")
    found = [one.file for one in run_checks(tree.docs, words=False).findings if one.code == "structure"]
    assert "docs/de/inhalt.md" in found
    assert "docs/de/kontakt.md" not in found


def test_a_page_with_a_broken_header_is_not_reported_as_missing(tree: Tree) -> None:
    shutil.copytree(ROOT / "docs" / "data", tree.docs / "data")
    tree.write("de", "impressum", "Impressum", header="nothing\n")
    found = [one.code for one in run_checks(tree.docs, words=False).findings if one.file == "docs/de/impressum.md"]
    assert found
    assert "structure" not in found


def test_a_page_of_leichte_sprache_is_recognised_by_its_section_alone() -> None:
    assert is_in_easy_language("leichte-sprache/hilfe")
    assert not is_in_easy_language("leichte-sprache-kurs")
    assert not is_in_easy_language("kim/leichte-sprache")


def test_no_other_module_template_or_script_names_a_well_known_page() -> None:
    files = [
        path
        for folder in ("core", "editing", "editorial", "form_handler", "kim")
        for path in (ROOT / folder).rglob("*.py")
    ]
    files += [path for kind in ("*.html", "*.js", "*.css") for path in (ROOT / "overrides").rglob(kind)]
    found = []
    for path in files:
        name = path.relative_to(ROOT).as_posix()
        if name.startswith(DEFINITIONS) or "/staff" in name or "/office/" in name:
            continue
        code = (
            re.sub(r'""".*?"""|#.*', "", path.read_text("utf-8"), flags=re.DOTALL)
            if path.suffix == ".py"
            else path.read_text("utf-8")
        )
        found += [(name, match[0]) for match in LITERAL.finditer(code) if NOT_PAGES.get(match[0]) != name]
    assert found == []
