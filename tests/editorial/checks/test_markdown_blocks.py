"""What editors type, as a table: each case says what the check finds, and what readers would see."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from editorial.checks.markup.parsed_page import converter
from tests.editorial.conftest import Tree

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "cases" / "markup.yml").read_text("utf-8"))
SIGNS = {"«NBSP»": "\u00a0", "«TAB»": "\t"}
FIRST = 10  # the line of the page in which a case's text begins


def text_of(case: dict[str, Any]) -> str:
    """Return what the editor typed."""
    text = str(case["text"])
    for name, sign in SIGNS.items():
        text = text.replace(name, sign)
    return text


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_what_readers_would_see_broken_is_found_at_its_line(tree: Tree, case: dict[str, Any]) -> None:
    tree.write("de", "kurse", "Kurse", f"# Kurse {{ #kurse }}\n\n{text_of(case)}")
    found = tree.check()
    kinds = {(one.line - FIRST + 1, one.code) for one in found}
    assert kinds == {(int(line), kind) for line, kind in (row.split() for row in case["finds"])}, list(map(str, found))
    assert all(one.hint and one.reason for one in found)
    body = tree.read().pages["kurse"].texts["de"].body
    assert case["shows"] in converter(True).reset().convert(body)
