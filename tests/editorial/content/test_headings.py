"""The headings that layouts and checks know: data, so that pages of a municipality may have others."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from core.findings import ContentError
from editorial.checks.markup.structure import check_section_order
from editorial.content.data.headings import Headings, load_headings
from tests.conftest import ROOT
from tests.editorial.conftest import Tree


def write(tree: Tree, folder: str, text: str) -> Path:
    path = tree.docs.parent / folder / "data" / "headings.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return tree.docs / "data"


def test_those_of_the_municipality_are_known_beside_the_shared_ones(tree: Tree) -> None:
    write(tree, "docs", "steps: [so-gehen-sie-vor]\nfurther_reading: [weiter]\n")
    data = write(tree, "city", "steps: [ablauf]\n")
    assert load_headings(data) == Headings(steps=("so-gehen-sie-vor", "ablauf"), further_reading=("weiter",))


def test_the_order_of_a_page_is_checked_by_the_headings_that_are_known(tree: Tree) -> None:
    tree.write("de", "bus", "Bus", "# Bus { #bus }\n\n## Ablauf { #ablauf }\n\nText\n\n## Preis { #preis }\n\nText")
    text = tree.read().pages["bus"].texts["de"]
    assert list(check_section_order(text, Headings(steps=("so-gehen-sie-vor",), before_steps=("kosten",)))) == []
    (found,) = check_section_order(text, Headings(steps=("ablauf",), before_steps=("preis",)))
    assert "#preis" in found.message
    assert "#ablauf" in found.message


@pytest.mark.parametrize("text", ["steps: ablauf\n", "steps: [Ablauf]\n", "step: [ablauf]\n", "- a\n", "steps: [\n"])
def test_a_file_that_is_not_right_is_refused_with_its_name(tree: Tree, text: str) -> None:
    with pytest.raises(ContentError, match=r"city/data/headings\.yml"):
        load_headings(write(tree, "city", text))


def test_no_code_template_or_script_names_a_heading_of_the_pages() -> None:
    known = load_headings(ROOT / "docs" / "data")
    ids = "|".join((*known.steps, *known.before_steps, *known.further_reading))
    wanted = re.compile(rf"""(?:\bid|labelledby|href|querySelector\()=?["']?#?(?:{ids})["']""")
    files = [
        path for name in ("core", "editing", "editorial", "form_handler", "kim") for path in (ROOT / name).rglob("*.py")
    ]
    files += [path for kind in ("*.html", "*.js", "*.css") for path in (ROOT / "overrides").rglob(kind)]
    named = {
        str(path.relative_to(ROOT))
        for path in files
        if "scaffold" not in path.parts and wanted.search(path.read_text("utf-8"))
    }
    assert named == set()
