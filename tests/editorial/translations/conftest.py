"""A copy of the real pages, and a small tree, each with its lock; every test bends its own."""

from __future__ import annotations

import datetime
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.languages import Language, load_languages
from core.overlay import city_dir
from editorial.content.pages import read_content
from editorial.translations.lockfile import LOCK_FILENAME, load_lock, write_lock
from editorial.translations.state import TranslationState, translation_states
from editorial.translations.update import accept_pages, update_lock
from tests.editorial.conftest import HEADER, LANGUAGES, Tree
from tests.project import copy_docs

DAY = datetime.date(2026, 11, 23)
NEXT = datetime.date(2026, 11, 30)
KURSE = """# Kurse { #kurse }

Ein Kurs beginnt im März.

Die Anmeldung ist offen.

## Kosten { #kosten }

- Der Kurs ist kostenlos.
- Das Buch kostet Geld.

| Tag | Ort |
|---|---|
| Montag | Rathaus |
"""
COURSES = """# Courses { #kurse }

A course begins in March.

You can register now.

## Costs { #kosten }

- The course is free.
- The book costs money.

| Day | Place |
|---|---|
| Monday | Town hall |
"""
DAWRAT = """# دورات { #kurse }

تبدأ دورة في مارس.

التسجيل مفتوح.

## التكاليف { #kosten }

- الدورة مجانية.
- الكتاب يكلف مالاً.

| اليوم | المكان |
|---|---|
| الاثنين | دار البلدية |
"""


@dataclass
class Desk:
    """A folder of pages with its lock, and what an editor does there."""

    docs: Path
    languages: tuple[Language, ...] = LANGUAGES

    def states(self) -> dict[tuple[str, str], TranslationState]:
        """Compute the state of every page."""
        return translation_states(self.docs, read_content(self.docs, self.languages), self.languages)

    def stale(self) -> dict[tuple[str, str], list[str]]:
        """Return the German words of every stale paragraph, by page and language."""
        return {place: [c.text for c in state.changed] for place, state in self.states().items() if state.is_stale}

    def update(self, today: datetime.date = NEXT) -> None:
        """Do what `kim translations update` does."""
        content = read_content(self.docs, self.languages)
        write_lock(self.docs, update_lock(self.docs, content, self.languages, load_lock(self.docs), today))

    def accept(self, key: str, *codes: str) -> None:
        """Do what `kim translations accept` does."""
        content = read_content(self.docs, self.languages)
        rows = tuple(row for row in self.languages if not codes or row.code in codes)
        write_lock(self.docs, accept_pages(self.docs, [content.pages[key]], rows, load_lock(self.docs), NEXT))

    def change(self, file: str, old: str, new: str) -> None:
        """Replace words that stand in a file exactly once."""
        path = self.docs / file
        text = path.read_text("utf-8")
        assert text.count(old) == 1, (file, old, text.count(old))
        path.write_text(text.replace(old, new), "utf-8")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """One page in three languages, written down on a day."""
    tree = Tree(tmp_path / "docs")
    tree.write("de", "kurse", "Kurse", KURSE)
    tree.write("en", "kurse", "Courses", COURSES, HEADER.format(title="Courses"))
    tree.write("ar", "kurse", "دورات", DAWRAT, "title: دورات\ndescription: جملة كاملة عن هذه الصفحة هنا.\n")
    made = Desk(tree.docs)
    made.update(DAY)
    return made


@pytest.fixture(scope="session")
def real_docs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the real pages that no test changes, all written down as following, whatever their state is today."""
    made = Desk(copy_docs(tmp_path_factory.mktemp("real")), load_languages())
    for folder in (made.docs, city_dir(made.docs)):
        (folder / LOCK_FILENAME).unlink()
    made.update(DAY)
    return made.docs.parent


@pytest.fixture
def real(real_docs: Path, tmp_path: Path) -> Desk:
    """The real pages, for one test to change."""
    shutil.copytree(real_docs, tmp_path, dirs_exist_ok=True)
    return Desk(tmp_path / "docs", load_languages())
