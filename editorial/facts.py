"""Facts that many pages share, from ``docs/data/*.yml``: contacts, companies, laws, links, numbers.

A public face of `editorial`: the handler reads the contacts here, so that the number to call when a
form fails is the same one that the site shows. Each fact says where it comes from, as of when, and
whether the city has confirmed it.
"""

from __future__ import annotations

import datetime
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from editorial.findings import ContentError, Finding
from editorial.languages import ROOT

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
        """Return the number as a ``tel:`` link takes it (RFC 3966), without blanks and strokes."""
        return "tel:" + "".join(c for c in self.phone if c.isdigit() or c == "+") if self.phone else None


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


def _read(folder: Path, name: str, model: type[F], findings: list[Finding]) -> dict[str, F]:
    path = folder / f"{name}.yml"
    shown = f"docs/data/{name}.yml"
    if not path.exists():
        return {}
    try:
        node = yaml.compose(path.read_text("utf-8"), Loader=yaml.SafeLoader)
        rows = yaml.safe_load(path.read_text("utf-8")) or {}
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        findings.append(Finding(shown, mark.line + 1 if mark else 0, "Die Datei ist kein gültiges YAML.", str(error)))
        return {}
    lines: dict[str, int] = {}
    for key, _ in node.value if isinstance(node, yaml.MappingNode) else []:
        if key.value in lines:
            findings.append(
                Finding(shown, key.start_mark.line + 1, f"„{key.value}“ steht zweimal in der Datei.",
                        "Löschen Sie einen der beiden Einträge.")
            )  # fmt: skip
        lines[key.value] = key.start_mark.line + 1
    result: dict[str, F] = {}
    for key, row in rows.items():
        try:
            extra = {"key": key} if model is Contact else {}
            result[str(key)] = model.model_validate({**row, **extra})
        except (ValidationError, TypeError) as error:
            fault = error.errors()[0] if isinstance(error, ValidationError) else {"loc": (), "msg": str(error)}
            findings.append(
                Finding(shown, lines.get(str(key), 0),
                        f"„{key}“: {'.'.join(map(str, fault['loc']))}: {fault['msg']}.",
                        "Vergleichen Sie mit einem Eintrag, der stimmt.")
            )  # fmt: skip
    return result


@functools.lru_cache(maxsize=4)
def load_facts(folder: Path = DATA_DIR) -> Facts:
    """Return the shared facts.

    :raises ContentError: if a file is not valid YAML or a fact is incomplete.
    """
    findings: list[Finding] = []
    terms_path = folder / "german_terms.yml"
    terms = yaml.safe_load(terms_path.read_text("utf-8")) if terms_path.exists() else []
    facts = Facts(
        contacts=_read(folder, "contacts", Contact, findings),
        companies=_read(folder, "companies", Company, findings),
        laws=_read(folder, "laws", Law, findings),
        links=_read(folder, "links", Link, findings),
        numbers=_read(folder, "numbers", Number, findings),
        amounts=_read(folder, "amounts", Amount, findings),
        sources=_read(folder, "sources", Source, findings),
        german_terms=tuple(terms or ()),
    )
    if findings:
        raise ContentError(findings)
    return facts
