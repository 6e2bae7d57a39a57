"""The lock file has one form, merges well, and says clearly what is wrong with it."""

from __future__ import annotations

import datetime
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.findings import ContentError, Finding
from editorial.translations.lockfile import (
    LOCK_FILENAME,
    Entry,
    Lock,
    Section,
    check_lock,
    load_lock,
    read_lock,
    write_lock,
)
from tests.editorial.conftest import LANGUAGES
from tests.editorial.translations.conftest import DAY, NEXT, Desk

pytestmark = pytest.mark.slow

marks = st.lists(st.text("0123456789abcdef", min_size=8, max_size=8) | st.just("x"), max_size=6).map(tuple)
days = st.dates(datetime.date(2020, 1, 1), datetime.date(2100, 1, 1))
sections = st.builds(Section, marks, marks, st.none() | days)
names = st.from_regex(r"_head|_top|[a-z][a-z0-9-]{0,12}|no|null|on", fullmatch=True)
reviews = st.none() | st.tuples(days, st.text("0123456789abcdef", min_size=8, max_size=8))
entries = st.builds(Entry, days, st.dictionaries(names, sections, max_size=5), reviews)
places = st.tuples(
    st.from_regex(r"[a-z][a-z0-9-]{0,8}(/[a-z][a-z0-9-]{0,8})?", fullmatch=True), st.sampled_from(["en", "no", "uk"])
)


@given(st.dictionaries(places, entries, max_size=4).map(Lock))
def test_what_is_written_is_read_again(lock: Lock) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        write_lock(Path(folder), lock)
        assert load_lock(Path(folder)) == lock
        assert not write_lock(Path(folder), lock)


def test_writing_it_twice_changes_nothing(desk: Desk) -> None:
    before = (desk.docs / LOCK_FILENAME).read_bytes()
    desk.update(NEXT)
    assert (desk.docs / LOCK_FILENAME).read_bytes() == before
    assert list(desk.docs.glob(".*")) == []


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("version: 1\npages: {a\n", 3, "kein gültiges YAML"),
        ("version: 1\npages:\n  a:\n   en: [\n", 5, "kein gültiges YAML"),
        ("pages: {}\n", 1, "version: 1"),
        ("version: 2\npages: {}\n", 1, "version: 1"),
        ("", 1, "hier fehlt eine Ebene"),
        ("- a\n", 1, "hier fehlt eine Ebene"),
        ("version: 1\npages:\n  a: x\n", 3, "hier fehlt eine Ebene"),
        ("version: 1\npages:\n  a:\n    en:\n      top: 12345678 | 12345678\n", 4, "_at"),
        ("version: 1\npages:\n  a:\n    en:\n      _at: gestern\n", 5, "gestern"),
        ("version: 1\npages:\n  a:\n    en:\n      _at: 2026-11-23\n      top: 1234 | 12345678\n", 6, "top: 1234"),
        ("version: 1\npages:\n  a:\n    en:\n      _at: 2026-11-23\n    en:\n      _at: 2026-11-23\n", 6, "zweimal"),
        ("version: 1\n<<<<<<< HEAD\npages: {}\n=======\n", 2, "Konflikt"),
    ],
)
def test_a_broken_lock_is_one_error_with_its_line_and_stops_the_build(
    tmp_path: Path, text: str, line: int, words: str
) -> None:
    (tmp_path / LOCK_FILENAME).write_text(text)
    (found,) = check_lock(tmp_path, LANGUAGES)
    assert (found.file, found.line, found.level) == (f"docs/{LOCK_FILENAME}", line, "error")
    assert words in found.message
    assert "kim translations update" in found.hint
    with pytest.raises(ContentError):
        load_lock(tmp_path)


def test_a_lock_that_is_no_text_is_an_error(tmp_path: Path) -> None:
    (tmp_path / LOCK_FILENAME).write_bytes(b"\xff\xfe")
    assert isinstance(read_lock(tmp_path), Finding)


def test_what_it_names_and_does_not_exist_is_a_notice_until_it_is_tidied_up(desk: Desk) -> None:
    (desk.docs / "en/kurse.md").unlink()
    (found,) = check_lock(desk.docs, LANGUAGES)
    line = (desk.docs / LOCK_FILENAME).read_text("utf-8").splitlines()[found.line - 1]
    assert (found.level, line.strip()) == ("notice", "en:")
    assert "docs/en/kurse.md" in found.message
    (desk.docs / "de/kurse.md").unlink()
    assert ["„kurse“ gibt es nicht" in one.message for one in check_lock(desk.docs, LANGUAGES)] == [True, True]
    (desk.docs / "ar/kurse.md").unlink()
    desk.update()
    assert check_lock(desk.docs, LANGUAGES) == []


def test_a_page_with_a_fault_keeps_what_is_known_of_it(desk: Desk) -> None:
    path = desk.docs / "de/kurse.md"
    text = path.read_text("utf-8")
    path.write_text("---\ntitle: a: b\n---\n", "utf-8")
    before = (desk.docs / LOCK_FILENAME).read_text("utf-8")
    desk.update()
    assert (desk.docs / LOCK_FILENAME).read_text("utf-8") == before
    path.write_text(text, "utf-8")
    assert desk.stale() == {}


def test_two_translators_of_one_page_and_two_editors_of_two_sections_do_not_get_into_each_others_way(
    desk: Desk, tmp_path: Path
) -> None:
    """A three-way merge, as git and every other tool does it."""
    base = (desk.docs / LOCK_FILENAME).read_text("utf-8")
    desk.change("en/kurse.md", "The course is free.", "It is free.")
    desk.update()
    one = (desk.docs / LOCK_FILENAME).read_text("utf-8")
    (desk.docs / LOCK_FILENAME).write_text(base, "utf-8")
    desk.change("en/kurse.md", "It is free.", "The course is free.")
    desk.change("ar/kurse.md", "التسجيل مفتوح.", "التسجيل الآن.")
    desk.update()
    two = (desk.docs / LOCK_FILENAME).read_text("utf-8")
    for name, text in (("base", base), ("one", one), ("two", two)):
        (tmp_path / name).write_text(text, "utf-8")
    merged = subprocess.run(
        ["git", "merge-file", "-p", "one", "base", "two"], cwd=tmp_path, capture_output=True, check=True
    )
    (desk.docs / LOCK_FILENAME).write_bytes(merged.stdout)
    assert isinstance(read_lock(desk.docs), Lock)
    desk.change("en/kurse.md", "The course is free.", "It is free.")
    desk.update()
    assert (desk.docs / LOCK_FILENAME).read_bytes() == merged.stdout


def test_after_a_conflict_either_side_will_do(desk: Desk) -> None:
    base = (desk.docs / LOCK_FILENAME).read_text("utf-8")
    desk.change("de/kurse.md", "Ein Kurs beginnt im März.", "Ein Kurs beginnt im April.")
    desk.update()
    noticed = (desk.docs / LOCK_FILENAME).read_text("utf-8")
    desk.change("en/kurse.md", "March", "April")
    desk.change("ar/kurse.md", "مارس", "أبريل")
    desk.update()
    final = (desk.docs / LOCK_FILENAME).read_text("utf-8")
    for side in (base, noticed):
        (desk.docs / LOCK_FILENAME).write_text(side, "utf-8")
        assert desk.stale() == {}
        desk.update()
        assert (desk.docs / LOCK_FILENAME).read_text("utf-8") == final


def test_it_stays_small(real: Desk) -> None:
    text = (real.docs / LOCK_FILENAME).read_text("utf-8")
    entries = load_lock(real.docs).entries
    assert len(text) / len(entries) < 700, "100 pages in 7 languages: under half a megabyte"
    assert max(map(len, text.splitlines())) < 1000
    assert all(entry.synced_on == DAY for entry in entries.values())
