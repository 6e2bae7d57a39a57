"""What Babel says of a language is asked once, and a copy that is damaged or old does no harm."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from core.formatting import format_long_date, format_month
from core.languages import load_languages
from editorial.render.sayings import Sayings


def test_a_saying_is_asked_once_for_several_builds(tmp_path: Path) -> None:
    asked: list[str] = []
    for _build in range(3):
        said = Sayings(tmp_path, "uk")
        for _page in range(2):
            assert said.say("month 2026-11", lambda: asked.append("x") or "листопад 2026 р.") == "листопад 2026 р."
        said.keep()
    assert asked == ["x"]
    assert [path.name for path in tmp_path.iterdir()] == ["uk.said.json"]


@pytest.mark.parametrize("text", ["", "{", "[1, 2]", "7", "null", "\xff"])
def test_a_damaged_copy_is_as_good_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "de.said.json").write_text(text, "latin-1")
    assert Sayings(tmp_path, "de").say("a", lambda: "b") == "b"


def test_where_nothing_may_be_written_it_is_said_all_the_same(tmp_path: Path) -> None:
    for folder in (None, tmp_path / "nowhere"):
        said = Sayings(folder, "de")
        assert said.say("a", lambda: "b") == "b"
        said.keep()
    assert not list(tmp_path.iterdir())


def test_days_and_months_are_in_the_words_of_each_language() -> None:
    languages = {row.code: row for row in load_languages()}
    day = datetime.date(2027, 3, 1)
    assert [format_long_date(day, languages[code]) for code in ("de", "en", "pl")] == ["1. März 2027", "March 1, 2027", "1 marca 2027"]  # fmt: skip
    assert [format_month("2026-11", languages[code]) for code in ("de", "tr", "uk")] == ["November 2026", "Kasım 2026", "листопад 2026\u202fр."]  # fmt: skip
    with pytest.raises(ValueError, match="month"):
        format_month("2026-13", languages["de"])
