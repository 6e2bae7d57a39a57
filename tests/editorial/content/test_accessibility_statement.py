"""The accessibility statement says of the tests what is true, whatever it is."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
import yaml

from core.findings import Finding
from core.gettext import use_language
from core.languages import default_language, load_languages
from editorial.content.data.accessibility import (
    RESULTS_PATH,
    AccessibilityRun,
    load_accessibility_run,
)
from editorial.content.schema import validate
from editorial.render.fragments import render_accessibility_run
from tests.conftest import ROOT

CLEAN = {"date": datetime.date(2026, 11, 23), "pages": 788, "languages": 8, "looks": 4, "engine": "axe-core 4.12.1",
         "browser": "Chromium 156", "rules": [], "other": 0}  # fmt: skip


def full_test(**changes: object) -> AccessibilityRun:
    read = validate(AccessibilityRun, {**CLEAN, **changes})
    assert isinstance(read, AccessibilityRun)
    return read


def drawn(**changes: object) -> str:
    with use_language("de"):
        return render_accessibility_run(full_test(**changes), default_language())


def test_without_a_run_it_says_that_there_was_none() -> None:
    with use_language("de"):
        assert "gab es noch nicht" in render_accessibility_run(None, default_language())


def test_a_clean_run_is_told_with_its_date_and_its_limits() -> None:
    text = drawn()
    assert "23. November 2026" in text
    assert "788 Seiten in 8 Sprachen" in text
    assert "keinen Verstoß" in text
    assert "nur einen Teil der Barrieren" in text


def test_what_was_found_is_told_too() -> None:
    text = drawn(rules=[{"rule": "color-contrast", "pages": 3}], other=12)
    assert "color-contrast" in text
    assert "Auf 12 Seiten" in text
    assert "keinen Verstoß" not in text


def test_every_language_tells_it() -> None:
    for language in load_languages():
        with use_language(language.code):
            assert "788" in render_accessibility_run(full_test(), language)


@pytest.mark.parametrize("text", ["date: [", "date: gestern\n", "- 1\n"])
def test_a_broken_result_is_a_finding_and_not_a_lie(tmp_path: Path, text: str) -> None:
    path = tmp_path / "accessibility.yml"
    path.write_text(text)
    found = load_accessibility_run(path)
    assert isinstance(found, Finding)
    assert "make test-all" in found.hint


def test_the_result_in_the_project_can_be_read() -> None:
    run = load_accessibility_run(ROOT / RESULTS_PATH)
    if not (ROOT / RESULTS_PATH).exists():  # a municipality that has not run `make test-all` yet
        assert run is None
        return
    assert isinstance(run, AccessibilityRun)
    assert yaml.safe_load((ROOT / RESULTS_PATH).read_text("utf-8"))["pages"] == run.pages
