"""Tables of the staff area are cards below 64em: every table is one, and each of its cells says what it holds."""

from __future__ import annotations

import re

import pytest

from tests.conftest import ROOT

TEMPLATES = sorted((ROOT / "overrides" / "partials" / "staff").rglob("*.html"))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_every_table_becomes_cards_on_a_phone(path) -> None:  # type: ignore[no-untyped-def]
    for table in re.findall(r"<table.*?</table>", path.read_text("utf-8"), re.DOTALL):
        assert re.match(r'<table class="[^"]*kim-staff-table--cards[^"]*" role="table"', table), table[:200]
        for cell in re.findall(r"<td\b[^>]*>", table):
            assert 'role="cell"' in cell, cell
            assert "data-label=" in cell or "kim-staff-table__" in cell, cell
