"""The audit by ATAG 2.0 names every criterion, only tests that exist, and what is open; the file is the one that was made."""

from __future__ import annotations

import re

from core.languages import load_languages
from tests.atag.report import REPORT, RESULTS, load_criteria, render
from tests.conftest import ROOT

# The success criteria of the levels A and AA: https://www.w3.org/TR/ATAG20/ (24 September 2015).
PART_A = "1.1.1 1.2.1 1.2.2 2.1.1 2.1.2 2.2.1 2.2.2 3.1.1 3.1.2 3.1.3 3.2.1 3.2.2 3.2.3 3.3.1 3.4.1 3.5.1 3.6.1 3.6.2 3.6.3 3.7.1 4.1.1 4.1.2 4.2.1 4.2.2"
PART_B = "1.1.1 1.1.2 1.2.1 1.2.2 1.2.3 1.2.4 2.1.1 2.2.1 2.2.2 2.3.1 2.3.2 2.4.1 2.4.2 2.4.3 2.5.1 2.5.2 3.1.1 3.1.2 3.1.3 3.1.4 3.1.5 3.2.1 4.1.1 4.1.2 4.1.3 4.1.4 4.2.1 4.2.2"


def test_every_criterion_of_the_levels_a_and_aa_is_answered() -> None:
    rows = load_criteria()
    assert [row["id"] for row in rows] == [
        *(f"A.{one}" for one in PART_A.split()),
        *(f"B.{one}" for one in PART_B.split()),
    ]
    for row in rows:
        assert row["result"] in RESULTS
        assert row["result"] != "fail"  # only a test makes one
        assert row["note"]
        assert bool(row.get("todo")) == (row["result"] in ("partial", "not yet")), row["id"]


def test_each_test_that_the_audit_names_exists() -> None:
    for row in load_criteria():
        for name in row.get("tests") or ():
            path, _colons, function = name.partition("::")
            assert re.search(rf"^def {function}\(", (ROOT / "tests" / path).read_text("utf-8"), re.MULTILINE), name


def test_the_report_is_made_from_the_criteria() -> None:
    assert REPORT.read_text("utf-8") == render(load_criteria())


def test_a_test_that_fails_turns_its_criterion_into_a_failure() -> None:
    rows = load_criteria()
    name = next(row["tests"][0] for row in rows if row.get("tests"))
    text = render(rows, {name})
    assert "**Fail.**" in text
    assert "**Fail.**" not in render(rows)


def test_the_accessibility_statement_names_the_audit_in_every_language() -> None:
    drafts = list((ROOT / "redaktion/city/docs").glob("*/barrierefreiheit.md"))
    own = {path.parent.name: path for path in (ROOT / "city/docs").glob("*/barrierefreiheit.md")}
    assert own.keys() >= {row.code for row in load_languages()} & {path.parent.name for path in drafts}
    pages = [*drafts, *own.values()]
    assert [
        path for path in pages if "ATAG 2.0" not in path.read_text("utf-8") or "ATAG.md" not in path.read_text("utf-8")
    ] == []
