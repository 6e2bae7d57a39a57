"""Every template, the staff area included: tables have names and headers, and errors take the focus (WCAG 2.2, 1.3.1, 3.3.1)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import ROOT

OVERRIDES = ROOT / "overrides"
TEMPLATES = sorted(OVERRIDES.rglob("*.html"))
EACH = pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.relative_to(OVERRIDES).as_posix())
_TABLE = re.compile(r"(<table\b[^>]*>)(.*?)</table>", re.DOTALL)
_SUMMARY = re.compile(r'<div class="kim-summary"[^>]*\bid="[^"]*"[^>]*>')


@EACH
def test_each_table_has_a_name_and_each_header_its_scope(template: Path) -> None:
    for tag, rest in _TABLE.findall(template.read_text("utf-8")):
        assert "<caption" in rest or re.search(r"\baria-label(ledby)?=", tag), tag
        headers = re.findall(r"<th\b[^>]*>", rest)
        assert headers
        assert [header for header in headers if not re.search(r"\bscope=", header)] == []


@EACH
def test_the_list_of_errors_takes_the_focus_when_the_page_comes(template: Path) -> None:
    for tag in _SUMMARY.findall(template.read_text("utf-8")):
        assert 'tabindex="-1"' in tag
        assert " autofocus" in tag
