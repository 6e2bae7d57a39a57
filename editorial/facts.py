"""Facts that many pages share, from ``docs/data/*.yml``: contacts, companies, laws, links, numbers.

Each fact says where it comes from, as of when, and whether the city has confirmed it.
"""

from __future__ import annotations

import datetime
import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from editorial import yaml_files
from editorial.findings import ContentError, Finding
from editorial.languages import ROOT
from editorial.switchboard import phone_href

DATA_DIR = ROOT / "docs" / "data"


def _as_list(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


def _as_text(value: Any) -> Any:
    return str(value) if value is not None else None


Text = Annotated[str, BeforeValidator(_as_text)]


class Fact(BaseModel):
    """What every fact carries."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: Annotated[list[str], BeforeValidator(_as_list)] = []
    as_of: Text | None = None
    review_by: datetime.date | None = None
    confirmed: bool = True
    confirm: str | None = None


class Contact(Fact):
    """An office as a reader meets it; None means that the city has not told us yet."""

    key: str = ""
    name: str
    unit: str | None = None
    address: str | None = None
    phone: Text | None = None
    email: str | None = None
    hours: str | None = None
    url: str | None = None

    @property
    def phone_href(self) -> str | None:
        """Return the number as an address of a link."""
        return phone_href(self.phone)


class Company(Fact):
    """A company that took part in the exchange, and what it has agreed to."""

    name: str
    role: str
    consent: str = "unknown"
    page: str | None = None


class Law(Fact):
    """A reference to a statute."""

    label: str
    title: str
    url: str


class Link(Fact):
    """An official page elsewhere."""

    name: str
    title: str
    url: str
    languages: list[str] = []


class Number(Fact):
    """A telephone number valid everywhere, such as an emergency number."""

    number: Text
    label: str
    free: bool = False


class Amount(Fact):
    """A sum or a share that a law or an office sets, and how long it holds."""

    value: float
    unit: str
    label: str | None = None
    valid_from: datetime.date | None = None
    valid_to: datetime.date | None = None


class Source(BaseModel):
    """Where a fact was seen."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    address: str | None = None
    seen: Text | None = None


F = TypeVar("F", bound=BaseModel)


@dataclass(frozen=True)
class Facts:
    """All shared facts, by kind and key."""

    contacts: Mapping[str, Contact]
    companies: Mapping[str, Company]
    laws: Mapping[str, Law]
    links: Mapping[str, Link]
    numbers: Mapping[str, Number]
    amounts: Mapping[str, Amount]
    sources: Mapping[str, Source]
    german_terms: tuple[str, ...] = ()
    lines: Mapping[str, Mapping[str, int]] = field(default_factory=dict, compare=False)

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
        except (yaml.YAMLError, UnicodeDecodeError) as error:
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
        if not isinstance(rows, dict) or not isinstance(node, yaml.MappingNode):
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
            try:
                extra = {"key": key} if model is Contact else {}
                result[str(key)] = model.model_validate({**row, **extra})
            except (ValidationError, TypeError) as error:
                fault = error.errors()[0] if isinstance(error, ValidationError) else {"loc": (), "msg": str(error)}
                self.findings.append(
                    Finding(shown, lines.get(str(key), 0),
                            f"„{key}“: {'.'.join(map(str, fault['loc']))}: {fault['msg']}.",
                            "Vergleichen Sie mit einem Eintrag, der stimmt.", kind="data")
                )  # fmt: skip
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
