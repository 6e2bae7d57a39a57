"""Facts that many pages share, from ``docs/data/*.yml``: contacts, companies, laws, links, numbers.

Each fact says where it comes from, as of when, and whether the city has confirmed it.
"""

from __future__ import annotations

import datetime
import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from msgspec import Struct, field

from editorial import yaml_files
from editorial.findings import ContentError, Finding
from editorial.languages import ROOT
from editorial.models import Model, read_model
from editorial.switchboard import phone_href

DATA_DIR = ROOT / "docs" / "data"


class Fact(Model, frozen=True, kw_only=True):
    """What every fact carries."""

    source: list[str] = []
    as_of: str | None = None
    review_by: datetime.date | None = None
    confirmed: bool = True
    confirm: str | None = None


class Contact(Fact, frozen=True, kw_only=True):
    """An office as a reader meets it; None means that the city has not told us yet."""

    key: str = ""
    name: str
    unit: str | None = None
    address: str | None = None
    phone: str | None = None
    email: str | None = None
    hours: str | None = None
    url: str | None = None

    @property
    def phone_href(self) -> str | None:
        """Return the number as an address of a link."""
        return phone_href(self.phone)


class Company(Fact, frozen=True, kw_only=True):
    """A company that took part in the exchange, and what it has agreed to."""

    name: str
    role: str
    consent: str = "unknown"
    page: str | None = None


class Law(Fact, frozen=True, kw_only=True):
    """A reference to a statute."""

    label: str
    title: str
    url: str


class Link(Fact, frozen=True, kw_only=True):
    """An official page elsewhere."""

    name: str
    title: str
    url: str
    languages: list[str] = []


class Number(Fact, frozen=True, kw_only=True):
    """A telephone number valid everywhere, such as an emergency number."""

    number: str
    label: str
    free: bool = False


class Amount(Fact, frozen=True, kw_only=True):
    """A sum or a share that a law or an office sets, and how long it holds."""

    value: float
    unit: str
    label: str | None = None
    valid_from: datetime.date | None = None
    valid_to: datetime.date | None = None


class Source(Model, frozen=True, kw_only=True):
    """Where a fact was seen."""

    title: str
    address: str | None = None
    seen: str | None = None


F = TypeVar("F", bound=Model)

# What editors may write without quotes, though YAML then takes it for a number or a day.
_TEXTS = ("as_of", "phone", "number", "seen")


def _as_meant(row: dict[str, Any]) -> dict[str, Any]:
    """Return a fact as it is meant: one source is a list of one, and a number to call is a text."""
    texts = {name: str(row[name]) for name in _TEXTS if row.get(name) is not None}
    sources = {"source": [row["source"]]} if "source" in row and not isinstance(row["source"], list) else {}
    return {**row, **texts, **sources}


class Facts(Struct, frozen=True):
    """All shared facts, by kind and key."""

    contacts: Mapping[str, Contact]
    companies: Mapping[str, Company]
    laws: Mapping[str, Law]
    links: Mapping[str, Link]
    numbers: Mapping[str, Number]
    amounts: Mapping[str, Amount]
    sources: Mapping[str, Source]
    german_terms: tuple[str, ...] = ()
    lines: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def line(self, kind: str, key: str) -> int:
        """Return the line of ``docs/data/<kind>.yml`` in which a fact begins; 0 if it is not known."""
        return self.lines.get(kind, {}).get(key, 0)


class _Reader:
    """Reads the files of one folder and remembers what is wrong and where each fact begins."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.findings: list[Finding] = []
        self.lines: dict[str, dict[str, int]] = {}

    def load(self, name: str) -> tuple[Any, Any]:
        """Return a file as data and as YAML nodes; nothing if it is missing or broken."""
        path, shown = self.folder / f"{name}.yml", f"docs/data/{name}.yml"
        if not path.exists():
            return None, None
        try:
            text = path.read_text("utf-8")
            return yaml_files.load_and_compose(text)
        except (yaml_files.YAMLError, UnicodeDecodeError) as error:
            mark = getattr(error, "problem_mark", None)
            self.findings.append(
                Finding(shown, mark.line + 1 if mark else 0, "Die Datei ist kein gültiges YAML.",
                        " ".join(str(error).split()), kind="data")
            )  # fmt: skip
            return None, None

    def facts(self, name: str, model: type[F]) -> dict[str, F]:
        """Return one file's facts by key."""
        shown, (rows, node) = f"docs/data/{name}.yml", self.load(name)
        if rows is None:
            return {}
        if not isinstance(rows, dict) or not isinstance(node, yaml_files.MappingNode):
            self.findings.append(
                Finding(shown, 1, "Die Datei ist keine Liste von Schlüsseln.",
                        "Jeder Eintrag beginnt mit seinem Schlüssel und einem Doppelpunkt.", kind="data")
            )  # fmt: skip
            return {}
        lines = self.lines.setdefault(name, {})
        for key, _ in node.value:
            if key.value in lines:
                self.findings.append(
                    Finding(shown, key.start_mark.line + 1, f"„{key.value}“ steht zweimal in der Datei.",
                            "Löschen Sie einen der beiden Einträge.", kind="data")
                )  # fmt: skip
            lines[key.value] = key.start_mark.line + 1
        result: dict[str, F] = {}
        for key, row in rows.items():
            extra = {"key": key} if model is Contact else {}
            read = read_model(model, {**_as_meant(row), **extra} if isinstance(row, dict) else row)
            if isinstance(read, list):
                self.findings += [
                    Finding(shown, lines.get(str(key), 0), ": ".join(filter(None, (f"„{key}“", fault.place, f"{fault.what}."))),
                            "Vergleichen Sie mit einem Eintrag, der stimmt.", kind="data")
                    for fault in read
                ]  # fmt: skip
            else:
                result[str(key)] = read
        return result


@functools.lru_cache(maxsize=4)
def load_facts(folder: Path = DATA_DIR) -> Facts:
    """Return the shared facts.

    :raises ContentError: if a file is not valid YAML or a fact is incomplete.
    """
    reader = _Reader(folder)
    terms, _node = reader.load("german_terms")
    facts = Facts(
        contacts=reader.facts("contacts", Contact),
        companies=reader.facts("companies", Company),
        laws=reader.facts("laws", Law),
        links=reader.facts("links", Link),
        numbers=reader.facts("numbers", Number),
        amounts=reader.facts("amounts", Amount),
        sources=reader.facts("sources", Source),
        german_terms=tuple(str(term) for term in terms or ()),
        lines=reader.lines,
    )
    if reader.findings:
        raise ContentError(reader.findings)
    return facts
