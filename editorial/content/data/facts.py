"""Facts that many pages share, from ``docs/data/*.yml``: contacts, companies, laws, links, numbers.

Each fact names its source, its date, and whether the city has confirmed it.
"""

import dataclasses
import functools
import hashlib
import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from msgspec import Meta, Struct, field, structs

from core.findings import ContentError, Finding
from core.overlay import city_dir, data_files
from core.project import ROOT
from core.states import law_portal, state_code
from core.text import yaml
from core.text.characters import character_findings, forbidden_in_file
from core.text.values import Date, Email, LocalTime, Month, Phone, Quantity, Url, phone_href
from core.text.yaml import find_yaml_traps
from editorial.content.data.headings import Headings, load_headings
from editorial.content.data.opening_hours import OpeningHours
from editorial.content.data_file import unreadable_finding
from editorial.content.place_names import PlaceNames, load_place_names
from editorial.content.schema import StrictStruct, ValidationIssue, validate
from editorial.content.structure import Audience, Topic

DATA_DIR = ROOT / "docs" / "data"
Words = Annotated[str, Meta(min_length=1)]


class Fact(StrictStruct, frozen=True, kw_only=True):
    """The fields of every fact.

    :ivar state: the federal state that it belongs to, by the letters of ISO 3166-2:DE; municipalities of others do not show it.
    :ivar confirm: the unconfirmed part, and who confirms it.
    :ivar confirmed_by: the office or function that confirmed it, never a person; ``confirmed_on`` is the day.
    """

    source: list[str] = []
    state: Annotated[str, Meta(pattern=r"^[a-z]{2}$", description="das Kürzel des Landes, zum Beispiel nw")] | None = (
        None
    )
    as_of: Month | None = None
    review_by: Date | None = None
    confirmed: bool = True
    confirm: str | None = None
    confirmed_by: str | None = None
    confirmed_on: Date | None = None


class Contact(Fact, frozen=True, kw_only=True):
    """An office as a reader meets it; None: not known yet.

    :ivar scope: where it is responsible; an office of one place is not shown by another municipality.
    """

    key: str = ""
    name: Words
    scope: Literal["local", "state", "nation"] = "local"
    unit: str | None = None
    address: str | None = None
    phone: Phone | None = None
    email: Email | None = None
    hours: OpeningHours | None = None
    appointment: Url | None = None
    url: Url | None = None

    @property
    def phone_href(self) -> str | None:
        """Return the number as an address of a link."""
        return phone_href(self.phone)


class Company(Fact, frozen=True, kw_only=True):
    """A company that took part in the exchange, and its consents."""

    name: Words
    role: str
    consent: Literal["unknown", "given", "refused"] = "unknown"
    page: str | None = None


class Law(Fact, frozen=True, kw_only=True):
    """A reference to a statute.

    :ivar url: where it is published; None: by each state, and the portal of the municipality's state is taken, if it is known.
    """

    label: Words
    title: Words
    url: Url | None = None


class Link(Fact, frozen=True, kw_only=True):
    """An official page elsewhere."""

    name: Words
    title: Words
    url: Url
    languages: list[str] = []


class Number(Fact, frozen=True, kw_only=True):
    """A telephone number valid everywhere, such as an emergency number."""

    number: Phone
    label: Words
    free: bool = False


class Amount(Fact, frozen=True, kw_only=True):
    """A sum or a share that a law or an office sets, and how long it holds."""

    value: Quantity
    unit: str
    label: str | None = None
    valid_from: Date | None = None
    valid_to: Date | None = None

    def __post_init__(self) -> None:
        """Let nothing end before it begins."""
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            raise ValueError("valid_to: liegt vor valid_from:")


class Phrase(StrictStruct, frozen=True, kw_only=True):
    """A sentence that a reader shows at a counter.

    :ivar topics: pages of these topics offer it; without topics each page that offers any does.
    :ivar words: the sentence by language; ``{language}`` means the name of the reader's language.
    """

    topics: list[Topic] = []
    words: dict[str, Annotated[str, Meta(min_length=2, max_length=160)]]


LocalizedText = Words | dict[str, Words]


class Event(Fact, frozen=True, kw_only=True):
    """A meeting or a course.

    :ivar title: in one language (``lang``, default German), or by language, German included.
    :ivar start: on the clocks of the municipality, as are ``end`` and the days.
    :ivar repeat: the same weekday and time each week, until the day ``until``, but not on the days ``pauses``.
    :ivar languages: spoken there, as ISO 639 codes.
    :ivar cost: in euros; 0 is free of charge, None is not known.
    :ivar contact: key in ``contacts.yml``.
    :ivar url: where to register or read more.
    """

    title: LocalizedText
    text: LocalizedText | None = None
    lang: str | None = None
    start: LocalTime
    end: LocalTime | None = None
    repeat: Literal["weekly"] | None = None
    until: Date | None = None
    pauses: list[Date] = []
    place: Words
    address: str | None = None
    languages: list[str] = []
    audience: list[Audience] = field(default_factory=lambda: ["everyone"])
    topics: list[Topic] = []
    cost: Quantity | None = None
    contact: str | None = None
    url: Url | None = None
    cancelled: bool = False

    def __post_init__(self) -> None:
        """Let nothing end before it begins, and repeat only until a day."""
        if self.end and self.end <= self.start:
            raise ValueError("end: liegt nicht nach start:")
        if (self.repeat is None) != (self.until is None):
            raise ValueError("repeat: und until: gehören zusammen")
        if self.until and self.until < self.start.date():
            raise ValueError("until: liegt vor start:")
        if self.pauses and self.repeat is None:
            raise ValueError("pauses: gehört zu repeat:")
        if isinstance(self.title, dict) and self.lang:
            raise ValueError("lang: gehört zu einem title: in einer einzigen Sprache")


class Source(StrictStruct, frozen=True, kw_only=True):
    """Where a fact was seen."""

    title: str
    address: str | None = None
    seen: str | None = None


F = TypeVar("F", bound=StrictStruct)


def normalize_row(row: dict[str, Any]) -> dict[str, Any]:
    """Return a fact as it is meant: one source is a list of one, and a text has no blanks around it."""
    row = {name: value.strip() if isinstance(value, str) else value for name, value in row.items()}
    return {**row, "source": [row["source"]]} if isinstance(row.get("source"), str) else row


class Facts(Struct, frozen=True):
    """All shared facts, by kind and key."""

    contacts: Mapping[str, Contact]
    companies: Mapping[str, Company]
    laws: Mapping[str, Law]
    links: Mapping[str, Link]
    numbers: Mapping[str, Number]
    amounts: Mapping[str, Amount]
    sources: Mapping[str, Source]
    phrases: Mapping[str, Phrase] = field(default_factory=dict)
    events: Mapping[str, Event] = field(default_factory=dict)
    german_terms: tuple[str, ...] = ()
    place: PlaceNames = PlaceNames()
    headings: Headings = Headings()
    lines: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    files: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def line(self, kind: str, key: str) -> int:
        """Return the line of its file in which a fact begins; 0 if it is not known."""
        return self.lines.get(kind, {}).get(key, 0)

    def file(self, kind: str, key: str) -> str:
        """Return the file that holds a fact, as messages name it."""
        return self.files.get(kind, {}).get(key, f"docs/data/{kind}.yml")


class _Reader:
    """Reads the files of one folder; collects faults and the line of each fact."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.findings: list[Finding] = []
        self.lines: dict[str, dict[str, int]] = {}
        self.files: dict[str, dict[str, str]] = {}

    def load(self, path: Path, shown: str) -> tuple[Any, Any]:
        """Return a file as data and as YAML nodes; nothing if it is missing or broken."""
        if not path.exists():
            return None, None
        try:
            text = path.read_bytes().decode(errors="ignore")  # a file that is not UTF-8 is named below
            if wrong := character_findings(shown, forbidden_in_file(text)):
                self.findings += wrong
                return None, None
            data, node = yaml.load_file(path)
            self.findings += find_yaml_traps(yaml.read_utf8(path), node, shown)
            return data, node
        except (OSError, yaml.YAMLError) as error:
            self.findings.append(unreadable_finding(error, shown))
        return None, None

    def words(self, name: str) -> tuple[str, ...]:
        """Return the words of a file that is a list of them, and of the municipality's own."""
        return tuple(itertools.chain(*(self._words(*file) for file in data_files(self.folder, name))))

    def _words(self, path: Path, shown: str) -> tuple[str, ...]:
        rows, node = self.load(path, shown)
        if rows is not None and not isinstance(rows, list):
            self.findings.append(
                Finding(shown, 1, "Die Datei ist keine Liste von Wörtern.",
                        "Jedes Wort steht in einer eigenen Zeile nach einem Strich und einem Leerzeichen.", code="data")
            )  # fmt: skip
            return ()
        for number, word in enumerate(rows or ()):
            if not isinstance(word, str) or not word.strip():
                self.findings.append(
                    Finding(shown, yaml.line_of(node, (number,)), "Hier fehlt ein Wort.",
                            "Setzen Sie es in Anführungszeichen, wenn es null heißt oder einen Doppelpunkt enthält.", code="data")
                )  # fmt: skip
        return tuple(word.strip() for word in rows or () if isinstance(word, str))

    def facts(self, name: str, model: type[F]) -> dict[str, F]:
        """Return the facts of one kind by key; those of the municipality take the place of the shared ones."""
        result: dict[str, F] = {}
        for path, shown in data_files(self.folder, name):
            result |= self._facts(path, shown, name, model)
        own = state_code()
        return {key: one for key, one in result.items() if not own or getattr(one, "state", None) in (None, own)}

    def contacts(self) -> dict[str, Contact]:
        """Return the contacts; where the municipality has a file of its own, local ones of the shared file are not its."""
        found = self.facts("contacts", Contact)
        own = {key for key, file in self.files.get("contacts", {}).items() if not file.startswith("docs/")}
        return {key: one for key, one in found.items() if not own or key in own or one.scope != "local"}

    def laws(self) -> dict[str, Law]:
        """Return the laws; one that each state publishes has the address of the municipality's state."""
        portal = law_portal()
        return {
            key: one if one.url else structs.replace(one, url=portal) for key, one in self.facts("laws", Law).items()
        }

    def _facts(self, path: Path, shown: str, name: str, model: type[F]) -> dict[str, F]:
        rows, node = self.load(path, shown)
        if rows is None:
            return {}
        if not isinstance(rows, dict):
            self.findings.append(
                Finding(shown, 1, "Die Datei ist keine Liste von Schlüsseln.",
                        "Jeder Eintrag beginnt mit seinem Schlüssel und einem Doppelpunkt.", code="data")
            )  # fmt: skip
            return {}
        lines = self.lines.setdefault(name, {})
        result: dict[str, F] = {}
        for key, row in rows.items():
            lines[key] = yaml.line_of(node, (key,))
            self.files.setdefault(name, {})[key] = shown
            extra = {"key": key} if model is Contact else {}
            read = validate(model, {**normalize_row(row), **extra} if isinstance(row, dict) else row)
            if isinstance(read, list):
                self.findings += [
                    Finding(shown, yaml.line_of(node, (key, *fault.path)),
                            ": ".join(filter(None, (f"„{key}“", fault.dotted_path, f"{fault.message}."))), hint_for(fault), code="data")
                    for fault in read
                ]  # fmt: skip
            else:
                result[key] = read
        return result


def hint_for(fault: ValidationIssue) -> str:
    """Return the remedy of a fault of a fact."""
    if (
        fault.kind == "unknown" and fault.dotted_path.isdigit()
    ):  # {value: 12,50} without quotes: a comma ends a value there
        return 'Steht davor eine Zahl mit Komma? Setzen Sie sie in Anführungszeichen: value: "12,50".'
    if fault.path and fault.path[0] == "hours":
        return (
            "So steht es richtig, je Tag eine Zeile unter hours: – monday: 8:00–12:30, 13:30–16:00 – friday: nach Vereinbarung. "
            "Die Tage heißen monday bis sunday; was fehlt, ist geschlossen. Ausnahmen zeigt REDAKTION.md."
        )
    return "Vergleichen Sie mit einem Eintrag, der stimmt."


@dataclasses.dataclass(frozen=True)
class _FactFiles:
    """The files of facts; two folders with the same content are equal."""

    digest: str
    folder: Path = dataclasses.field(compare=False)


@functools.lru_cache(maxsize=8)
def _read_once(files: _FactFiles) -> Facts:
    return read_facts(files.folder)


def load_facts(folder: Path = DATA_DIR) -> Facts:
    """Return the shared facts; files with the same content are read once.

    :raises ContentError: see :func:`read_facts`.
    """
    try:
        files = _FactFiles(_digest(folder), folder)
        facts = _read_once(files)
        if _digest(folder) == files.digest:
            return facts
    except OSError:  # named by the reader
        return read_facts(folder)
    _read_once.cache_clear()  # a file was saved while it was read
    return read_facts(folder)


def _digest(folder: Path) -> str:
    own, digest = city_dir(folder.parent), hashlib.sha256()
    for path in sorted([*folder.glob("*.yml"), *own.glob("*.yml"), *own.glob("data/*.yml")]):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(folder.parent.parent)}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def read_facts(folder: Path) -> Facts:
    """Read the shared facts of a folder again.

    :raises ContentError: if a file is not valid YAML or a fact is incomplete.
    """
    reader = _Reader(folder)
    facts = Facts(
        contacts=reader.contacts(),
        companies=reader.facts("companies", Company),
        laws=reader.laws(),
        links=reader.facts("links", Link),
        numbers=reader.facts("numbers", Number),
        amounts=reader.facts("amounts", Amount),
        sources=reader.facts("sources", Source),
        phrases=reader.facts("phrases", Phrase),
        events=reader.facts("events", Event),
        german_terms=reader.words("german_terms"),
        place=load_place_names(folder.parent),
        headings=load_headings(folder),
        lines=reader.lines,
        files=reader.files,
    )
    if reader.findings:
        raise ContentError(reader.findings)
    return facts
