"""The header of a page: what may stand in it, and reading it with line numbers.

MkDocs prints a broken header into the page without a word; here it is an error with file and line.
"""

from __future__ import annotations

import datetime
import difflib
import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from editorial import yaml_files
from editorial.findings import Finding

Audience = Literal["newcomers", "employers", "helpers", "everyone"]
Topic = Literal[
    "kim", "residence", "work", "training", "language", "recognition", "school", "childcare", "health",
    "housing", "money", "advice", "rights", "emergency", "participation", "companies", "alliance",
    "legal", "accessibility",
]  # fmt: skip
Want = Literal["internship", "training", "job"]
Stage = Literal["meet", "start", "train", "keep"]
Obstacle = Literal[
    "language", "paperwork", "qualification", "housing", "childcare", "mobility", "culture", "candidates"
]
Document = Literal["eu", "settlement", "residence", "section24", "gestattung", "duldung", "abroad", "unknown"]
Size = Literal["small", "medium", "large"]
Month = Annotated[str, StringConstraints(pattern=r"^20\d\d-(0[1-9]|1[0-2])$")]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, pattern=r"^[^\n{}<>]*$")]
Title = Annotated[Line, StringConstraints(max_length=90)]
ShortTitle = Annotated[Line, StringConstraints(max_length=40)]
Description = Annotated[Line, StringConstraints(min_length=20, max_length=240)]


class Header(BaseModel):
    """What every header holds; unknown keys are errors, so that a slip of the pen is noticed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: Title
    nav_title: ShortTitle | None = None
    description: Description


class TranslationHeader(Header):
    """The header of a translation: its own words and who has reviewed them; facts are inherited from the German page.

    :ivar reviewed_by: who has compared the translation with the German text; as long as nobody has, the page says that.
    """

    reviewed_by: Annotated[Line, StringConstraints(max_length=90)] | None = None
    reviewed_at: datetime.date | None = None

    @model_validator(mode="after")
    def a_review_has_a_name_and_a_day(self) -> TranslationHeader:
        """A review counts only with the person's name and the day."""
        if (self.reviewed_by is None) != (self.reviewed_at is None):
            raise ValueError("reviewed_by: und reviewed_at: gehören zusammen")
        return self


class Offer(BaseModel):
    """What an offer costs and in which languages it is known to be held."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cost: Literal["free", "partly", "varies"]
    languages: list[str] = []


class Measure(BaseModel):
    """When a measure of the toolkit fits; the chooser and the receipt read it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    wants: list[Want] = Field(min_length=1)
    stages: list[Stage] = Field(min_length=1)
    obstacles: list[Obstacle] = []
    documents: list[Document] = Field(min_length=1)
    sizes: list[Size] = Field(min_length=1)
    pays: Literal["company", "agency", "shared", "nobody"]


class PageHeader(Header):
    """The header of a German page: words, and every fact that does not depend on the language."""

    order: int = Field(default=1000, ge=0)
    layout: Literal["page", "home", "directory", "form", "overview", "chooser", "offline"] = "page"
    audience: list[Audience] = []
    topics: list[Topic] = []
    contact: str | None = None
    form: str | None = None
    law: list[str] = []
    links: list[str] = []
    source: list[str] = Field(min_length=1)
    as_of: Month | None = None
    review_by: datetime.date
    confirmed: bool = True
    confirm: str | None = None
    languages: list[str] | None = None
    lang: str | None = None
    offer: Offer | None = None
    measure: Measure | None = None

    @model_validator(mode="after")
    def who_confirms_is_named(self) -> PageHeader:
        """Whatever is unconfirmed names who has to confirm it."""
        if not self.confirmed and not self.confirm:
            raise ValueError("confirmed: false braucht eine Zeile confirm: (was bestätigt wer?)")
        if (self.layout == "form") != (self.form is not None):
            raise ValueError("layout: form und form: gehören zusammen")
        return self


@dataclass(frozen=True)
class Parsed:
    """A file cut in two: the header as data with its line numbers, and the text below it."""

    data: dict[str, Any]
    lines: dict[str, int]
    body: str
    body_line: int


_HEADER = re.compile(r"\A---[ \t]*\r?\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)


def split_header(text: str, file: str) -> Parsed | Finding:
    """Cut a page into header and text, or say what is wrong with the header."""
    match = _HEADER.match(text.removeprefix("\ufeff"))
    if match is None:
        return Finding(
            file, 1, "Der Kopf der Seite fehlt oder ist nicht abgeschlossen.",
            "Die Datei beginnt mit einer Zeile ---, dann title: und description:, dann wieder ---.", kind="header-broken",
        )  # fmt: skip
    try:
        data, node = yaml_files.load_and_compose(match[1])
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = (mark.line if mark else 0) + 2
        problem = getattr(error, "problem", None) or "nicht lesbar"
        return Finding(
            file, line, f"Der Kopf der Seite ist kein gültiges YAML ({problem}).",
            "Setzen Sie Texte mit Doppelpunkt oder Anführungszeichen in einfache Anführungszeichen: title: 'Text: mehr'.",
            kind="header-broken",
        )  # fmt: skip
    if not isinstance(data, dict) or not isinstance(node, yaml.MappingNode):
        return Finding(
            file, 2, "Der Kopf der Seite ist leer.", "Ergänzen Sie title: und description:.", kind="header-broken"
        )
    lines: dict[str, int] = {}
    for key, _ in node.value:
        if key.value in lines:
            return Finding(
                file, key.start_mark.line + 2, f"„{key.value}“ steht zweimal im Kopf.",
                "Löschen Sie eine der beiden Zeilen.", kind="header-key",
            )  # fmt: skip
        lines[key.value] = key.start_mark.line + 2
    body = text.removeprefix("\ufeff")[match.end() :]
    return Parsed(data, lines, body, text[: match.end()].count("\n") + 1)


H = TypeVar("H", bound=Header)

_REMEDIES = {
    "extra_forbidden": "Löschen Sie die Zeile oder prüfen Sie die Schreibweise.",
    "missing": "Ergänzen Sie diese Zeile im Kopf der Seite.",
    "string_too_long": "Kürzen Sie den Text.",
    "string_too_short": "Schreiben Sie einen ganzen Satz.",
    "literal_error": "Erlaubt ist nur: {expected}.",
}


def read_header(model: type[H], parsed: Parsed, file: str) -> H | list[Finding]:
    """Validate a header against its model; every fault names its line and its remedy."""
    try:
        return model.model_validate(parsed.data)
    except ValidationError as error:
        return [_fault(model, parsed, file, dict(fault)) for fault in error.errors()]


def _fault(model: type[Header], parsed: Parsed, file: str, fault: dict[str, Any]) -> Finding:
    where, key = fault["loc"], str(fault["loc"][0]) if fault["loc"] else ""
    remedy = _REMEDIES.get(fault["type"], "Die Tabelle in REDAKTION.md zeigt, was hier stehen darf.")
    remedy = remedy.format(**fault.get("ctx", {}))
    if fault["type"] == "extra_forbidden" and len(where) == 1:
        what, remedy = f"„{key}“ kennt der Kopf dieser Seite nicht.", suggest(key, model) + remedy
    elif fault["type"] == "missing":
        what = f"„{'.'.join(map(str, where))}“ fehlt."
    else:
        what = f"„{'.'.join(map(str, where)) or 'Kopf'}“: {fault['msg'].removeprefix('Value error, ')}."
    kind = "header-key" if fault["type"] in {"extra_forbidden", "missing"} else "header-value"
    return Finding(file, parsed.lines.get(key, 1), what, remedy, kind=kind)


# What editors write when they think of a key in German.
_GERMAN_KEYS = {
    "titel": "title", "beschreibung": "description", "reihenfolge": "order", "zielgruppe": "audience",
    "themen": "topics", "kontakt": "contact", "gesetz": "law", "quelle": "source", "stand": "as_of",
    "prüfen": "review_by", "pruefen": "review_by", "bestätigt": "confirmed", "bestaetigt": "confirmed",
    "sprachen": "languages", "geprüft_von": "reviewed_by", "kurztitel": "nav_title",
}  # fmt: skip


def suggest(key: str, model: type[Header]) -> str:
    """Return "Meinten Sie …? " for the key that was probably meant, or nothing."""
    known = set(model.model_fields)
    wanted = _GERMAN_KEYS.get(key.casefold(), "")
    if wanted not in known:
        german = difflib.get_close_matches(key.casefold(), _GERMAN_KEYS, 1, 0.75)
        close = difflib.get_close_matches(key.casefold(), known, 1, 0.6) or [_GERMAN_KEYS[word] for word in german]
        wanted = close[0] if close and close[0] in known else ""
    return f"Meinten Sie `{wanted}`? " if wanted else ""
