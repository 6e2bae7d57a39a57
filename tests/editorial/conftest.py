"""A small content tree on disk, which each test bends as it needs."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path

import pytest

from core.findings import Finding
from core.languages import Language
from editorial.checks.content import check_content
from editorial.content.data.facts import Amount, Contact, Facts, Law, Link, Number, Source
from editorial.content.data.headings import load_headings
from editorial.content.pages import Content, read_content
from tests.conftest import ROOT

LANGUAGES = (
    Language("de", "Deutsch", "ltr", True),
    Language("en", "English", "ltr", False),
    Language("ar", "العربية", "rtl", False),
)
HEADER = "title: {title}\ndescription: Ein ganzer Satz über diese Seite.\n"
GERMAN = HEADER + "source: [own]\nreview_by: 2099-01-01\n"
FACTS = Facts(
    contacts={"kim": Contact(key="kim", name="KIM", source=["own"], confirmed=False, confirm="Amt")},
    companies={},
    laws={"aufenthg-60c": Law(label="§ 60c AufenthG", title="x", url="https://example.org/60c", source=["own"])},
    links={"finder": Link(name="Finder", title="x", url="https://example.org/", source=["own"])},
    numbers={"fire": Number(number="112", label="Feuerwehr", source=["own"])},
    amounts={"wage": Amount(value=13.9, unit="EUR/h", source=["own"])},
    sources={"own": Source(title="own")},
    german_terms=("Jobcenter", "Ausländerbehörde"),
    headings=load_headings(ROOT / "docs" / "data"),
)


class Tree:
    """A folder of pages; ``write`` adds or replaces one, ``check`` says what is wrong."""

    def __init__(self, docs: Path) -> None:
        self.docs = docs
        self.write("de", "index", "Start")
        self.write("de", "kontakt", "Kontakt")

    def write(self, language: str, key: str, title: str, body: str | None = None, header: str | None = None) -> Path:
        """Write one page; body and header have working defaults."""
        path = self.docs / language / f"{key}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        head = header if header is not None else (GERMAN if language == "de" else HEADER).format(title=title)
        path.write_text(f"---\n{head}---\n\n{body if body is not None else f'# {title} {{ #top }}'}\n", "utf-8")
        return path

    def read(self) -> Content:
        """Read the tree."""
        return read_content(self.docs, LANGUAGES)

    def check(self, today: datetime.date = datetime.date(2026, 11, 23)) -> list[Finding]:
        """Run all content checks."""
        return check_content(self.read(), FACTS, LANGUAGES, {"participation"}, today, self.docs)

    def check_facts(self, facts: Facts, today: datetime.date = datetime.date(2026, 11, 23)) -> list[Finding]:
        """Run all content checks with other facts."""
        return check_content(self.read(), facts, LANGUAGES, {"participation"}, today, self.docs)


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """A tree of two German pages without a fault."""
    return Tree(tmp_path / "docs")


@pytest.fixture
def only(tree: Tree) -> Callable[[], Finding]:
    """Return the one finding that the tree now has."""

    def one() -> Finding:
        found = tree.check()
        assert len(found) == 1, [str(finding) for finding in found]
        return found[0]

    return one
