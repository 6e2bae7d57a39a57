"""The header of a page: what may stand in it, and reading it with line numbers.

MkDocs prints a broken header into the page without a word; here it is an error with file and line.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, TypeVar

from msgspec import Meta, Struct

from core import yaml
from core.findings import Finding, closest_match
from core.values import Date, Month
from core.yaml import find_yaml_traps
from editorial.content.schema import Fault, Model, read_model

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
_ONE_LINE, _ONE_LINE_IS = r"^[^\n{}<>]*$", "eine Zeile ohne { } < >"
Title = Annotated[str, Meta(min_length=1, max_length=90, pattern=_ONE_LINE, description=_ONE_LINE_IS)]
ShortTitle = Annotated[str, Meta(min_length=1, max_length=40, pattern=_ONE_LINE, description=_ONE_LINE_IS)]
Description = Annotated[str, Meta(min_length=20, max_length=240, pattern=_ONE_LINE, description=_ONE_LINE_IS)]
SOME = Meta(min_length=1)


class Header(Model, frozen=True, kw_only=True):
    """What every header holds; unknown keys are errors, so that a slip of the pen is noticed."""

    title: Title
    nav_title: ShortTitle | None = None
    description: Description


class TranslationHeader(Header, frozen=True, kw_only=True):
    """The header of a translation: its own words and who has reviewed them; facts are inherited from the German page.

    :ivar reviewed_by: who has compared the translation with the German text; as long as nobody has, the page says that.
    """

    reviewed_by: Title | None = None
    reviewed_at: Date | None = None

    def __post_init__(self) -> None:
        """Let a review count only with the person's name and the day."""
        if (self.reviewed_by is None) != (self.reviewed_at is None):
            raise ValueError("reviewed_by: und reviewed_at: gehören zusammen")


class Offer(Model, frozen=True, kw_only=True):
    """What an offer costs and in which languages it is known to be held."""

    cost: Literal["free", "partly", "varies"]
    languages: list[str] = []


class Measure(Model, frozen=True, kw_only=True):
    """When a measure of the toolkit fits; the chooser and the receipt read it."""

    wants: Annotated[list[Want], SOME]
    stages: Annotated[list[Stage], SOME]
    obstacles: list[Obstacle] = []
    documents: Annotated[list[Document], SOME]
    sizes: Annotated[list[Size], SOME]
    pays: Literal["company", "agency", "shared", "nobody"]


class PageHeader(Header, frozen=True, kw_only=True):
    """The header of a German page: words, and every fact that does not depend on the language."""

    order: Annotated[int, Meta(ge=0)] = 1000
    layout: Literal["page", "home", "directory", "form", "overview", "chooser", "offline"] = "page"
    audience: list[Audience] = []
    topics: list[Topic] = []
    contact: str | None = None
    form: str | None = None
    law: list[str] = []
    links: list[str] = []
    source: Annotated[list[str], SOME]
    as_of: Month | None = None
    review_by: Date
    confirmed: bool = True
    confirm: str | None = None
    languages: list[str] | None = None
    lang: str | None = None
    faq: bool = False
    offer: Offer | None = None
    measure: Measure | None = None

    def __post_init__(self) -> None:
        """Whatever is unconfirmed names who has to confirm it, and a form's page names its form."""
        if not self.confirmed and not self.confirm:
            raise ValueError("confirmed: false braucht eine Zeile confirm: (was bestätigt wer?)")
        if (self.layout == "form") != (self.form is not None):
            raise ValueError("layout: form und form: gehören zusammen")


class Parsed(Struct, frozen=True):
    """A file cut in two: the header as data with its line numbers, and the text below it.

    :ivar head: the header as it stands in the file.
    :ivar node: the header as YAML nodes, which know the lines of what stands inside a value.
    """

    data: dict[str, Any]
    lines: dict[str, int]
    body: str
    body_line: int
    head: str = ""
    node: Any = None


_HEADER = re.compile(r"\A---[ \t]*\r?\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)

# The fields whose values are texts; a remark after one of them would cut it.
_TEXTS = frozenset({"title", "nav_title", "description", "confirm", "reviewed_by"})
_TEXT_IN_HEADER = re.compile(r"^#{1,6} .*\{[^{}\n]*#[^{}\n]*\}[ \t]*$", re.MULTILINE)
_KEY_BELOW = re.compile(
    rf"\s*({'|'.join(sorted({*PageHeader.__struct_fields__, *TranslationHeader.__struct_fields__}))}):(?=\s)"
)


def split_header(text: str, file: str) -> Parsed | Finding:
    """Cut a page into header and text, or say what is wrong with the header."""
    match = _HEADER.match(text.removeprefix("\ufeff"))
    if match is None:
        return Finding(
            file, 1, "Der Kopf der Seite fehlt oder ist nicht abgeschlossen.",
            "Die Datei beginnt mit einer Zeile ---, dann title: und description:, dann wieder ---.", kind="header-broken",
        )  # fmt: skip
    if heading := _TEXT_IN_HEADER.search(match[1]):
        line = match[1].count("\n", 0, heading.start()) + 2
        return Finding(
            file, line, f"Der Kopf der Seite ist vor „{heading[0].strip()}“ nicht abgeschlossen.",
            "Schreiben Sie über diese Zeile eine Zeile ---.", kind="header-broken",
        )  # fmt: skip
    try:
        node = yaml.compose(match[1])
        if twice := yaml.duplicate_key(node):
            return Finding(
                file, twice[1] + 1, f"„{twice[0]}“ steht zweimal im Kopf.",
                "Löschen Sie eine der beiden Zeilen.", kind="header-key",
            )  # fmt: skip
        data = yaml.to_strings(node)
    except yaml.YAMLError as error:
        number, problem = yaml.explain_error(error)
        line = max(number, 1) + 1
        return Finding(
            file, line, f"Der Kopf der Seite ist kein gültiges YAML ({problem}).",
            "Nehmen Sie Leerzeichen statt des Tabulators." if "\t" in "".join(match[1].split("\n")[line - 2 : line - 1]) else
            "Nach dem Doppelpunkt hinter einem Schlüssel steht ein Leerzeichen. Setzen Sie Texte mit Doppelpunkt oder "
            "Anführungszeichen in einfache Anführungszeichen: title: 'Text: mehr'.",
            kind="header-broken",
        )  # fmt: skip
    if not isinstance(data, dict):
        return Finding(
            file, 2, "Der Kopf der Seite ist leer.", "Ergänzen Sie title: und description:.", kind="header-broken"
        )
    lines = {key: yaml.line_of(node, (key,)) + 1 for key in data}
    if fault := next(find_yaml_traps(match[1], node, file, 2, _TEXTS, "header-value"), None):
        return fault
    body = text.removeprefix("\ufeff")[match.end() :]
    if key := _KEY_BELOW.match(body):
        line = text.count("\n", 0, len(text) - len(body) + key.start(1)) + 1
        return Finding(
            file, line, f"Der Kopf endet schon vor „{key[1]}:“.", "Löschen Sie die Zeile --- darüber.", kind="header-broken"
        )  # fmt: skip
    head = text.removesuffix(body)
    return Parsed(data, lines, body, head.count("\n") + 1, head, node)


H = TypeVar("H", bound=Header)


def read_header(model: type[H], parsed: Parsed, file: str) -> H | list[Finding]:
    """Validate a header against its model; every fault names its line and its remedy."""
    read = read_model(
        model, {key: value.strip() if isinstance(value, str) else value for key, value in parsed.data.items()}
    )
    return [_finding(model, parsed, file, fault) for fault in read] if isinstance(read, list) else read


def _finding(model: type[Header], parsed: Parsed, file: str, fault: Fault) -> Finding:
    key = str(fault.where[0]) if fault.where else ""
    what, remedy = (
        f"„{fault.place or 'Kopf'}“: {fault.what}.",
        "Die Tabelle in REDAKTION.md zeigt, was hier stehen darf.",
    )
    if fault.kind == "unknown":
        what, remedy = (
            f"„{fault.place}“ kennt der Kopf dieser Seite nicht.",
            "Löschen Sie die Zeile oder prüfen Sie die Schreibweise.",
        )
        remedy = (suggest(key, model) if len(fault.where) == 1 else "") + remedy
    elif fault.kind == "missing":
        what, remedy = f"„{fault.place}“ fehlt.", "Ergänzen Sie diese Zeile im Kopf der Seite."
    line = yaml.line_of(parsed.node, fault.where) + 1 if key in parsed.lines else 1
    return Finding(file, line, what, remedy, kind="header-value" if fault.kind == "value" else "header-key")


# What editors write when they think of a key in German.
_GERMAN_KEYS = {
    "titel": "title", "beschreibung": "description", "reihenfolge": "order", "zielgruppe": "audience",
    "themen": "topics", "kontakt": "contact", "gesetz": "law", "quelle": "source", "stand": "as_of",
    "prüfen": "review_by", "pruefen": "review_by", "bestätigt": "confirmed", "bestaetigt": "confirmed",
    "sprachen": "languages", "geprüft_von": "reviewed_by", "kurztitel": "nav_title",
}  # fmt: skip


def suggest(key: str, model: type[Header]) -> str:
    """Return "Meinten Sie …? " for the key that was probably meant, or nothing."""
    known = set(model.__struct_fields__)
    wanted = _GERMAN_KEYS.get(key.casefold(), "")
    if wanted not in known:
        german = _GERMAN_KEYS.get(closest_match(key.casefold(), _GERMAN_KEYS, 0.75), "")
        close = closest_match(key.casefold(), known) or german
        wanted = close if close in known else ""
    return f"Meinten Sie `{wanted}`? " if wanted else ""
