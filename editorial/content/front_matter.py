"""The header of a page: its fields, and reading it with line numbers.

MkDocs prints a broken header into the page without a word; here it is an error with file and line.
"""

import re
from typing import Annotated, Any, Literal, TypeVar

from msgspec import Meta, Struct

from core.findings import Finding, closest_match
from core.text import yaml
from core.text.values import Date, Month
from core.text.yaml import find_yaml_traps
from editorial.content.place_names import (
    NO_PLACE_NAMES,
    OFFICE_SHORTCODE,
    PLACE_SHORTCODE,
    PlaceNames,
    fill_offices,
    fill_place_names,
    unknown_form,
    unknown_office,
)
from editorial.content.schema import StrictStruct, ValidationIssue, validate
from editorial.content.structure import Audience, Topic

OfferKind = Literal["internship", "training", "job"]
Stage = Literal["meet", "start", "train", "keep"]
Obstacle = Literal[
    "language", "paperwork", "qualification", "housing", "childcare", "mobility", "culture", "candidates"
]
Document = Literal["eu", "settlement", "residence", "section24", "gestattung", "duldung", "abroad", "unknown"]
Size = Literal["small", "medium", "large"]
_ONE_LINE, _ONE_LINE_DESCRIPTION = r"^[^\n{}<>]*$", "eine Zeile ohne { } < >"
Title = Annotated[str, Meta(min_length=1, max_length=90, pattern=_ONE_LINE, description=_ONE_LINE_DESCRIPTION)]
ShortTitle = Annotated[str, Meta(min_length=1, max_length=40, pattern=_ONE_LINE, description=_ONE_LINE_DESCRIPTION)]
Description = Annotated[str, Meta(min_length=20, max_length=240, pattern=_ONE_LINE, description=_ONE_LINE_DESCRIPTION)]
NON_EMPTY = Meta(min_length=1)
# Where a page is true: everywhere in Germany, in one federal state (ISO 3166-2:DE, "state:nw"), with another operator only
# after rewriting, or in this municipality alone.
Scope = Annotated[
    str,
    Meta(
        pattern=r"^(nation|operator|local|state:(bb|be|bw|by|hb|he|hh|mv|ni|nw|rp|sh|sl|sn|st|th))$",
        description="nation, operator, local oder state: mit dem Kürzel des Landes, zum Beispiel state:nw",
    ),
]


class FrontMatter(StrictStruct, frozen=True, kw_only=True):
    """The fields of every header; unknown keys are errors, so that a typing error is noticed."""

    title: Title
    nav_title: ShortTitle | None = None
    description: Description
    shared_version: (
        Annotated[str, Meta(pattern=r"^[0-9a-f]{12}$", description="12 Zeichen, die das Programm schreibt")] | None
    ) = None


class TranslationFrontMatter(FrontMatter, frozen=True, kw_only=True):
    """The header of a translation: its own words and who has reviewed them; facts are inherited from the German page.

    :ivar reviewed_by: who has compared the translation with the German text; until then, the page names it as unreviewed.
    """

    reviewed_by: Title | None = None
    reviewed_at: Date | None = None

    def __post_init__(self) -> None:
        """Let a review count only with the person's name and the day."""
        if (self.reviewed_by is None) != (self.reviewed_at is None):
            raise ValueError("reviewed_by: und reviewed_at: gehören zusammen")


class Offer(StrictStruct, frozen=True, kw_only=True):
    """The cost and the known languages of an offer."""

    cost: Literal["free", "partly", "varies"]
    languages: list[str] = []


class Measure(StrictStruct, frozen=True, kw_only=True):
    """When a measure of the toolkit fits; the chooser and the receipt read it."""

    wants: Annotated[list[OfferKind], NON_EMPTY]
    stages: Annotated[list[Stage], NON_EMPTY]
    obstacles: list[Obstacle] = []
    documents: Annotated[list[Document], NON_EMPTY]
    sizes: Annotated[list[Size], NON_EMPTY]
    pays: Literal["company", "agency", "shared", "nobody"]


class PageFrontMatter(FrontMatter, frozen=True, kw_only=True):
    """The header of a German page: words, and every fact that does not depend on the language."""

    order: Annotated[int, Meta(ge=0)] = 1000
    layout: Literal["page", "home", "directory", "form", "overview", "chooser", "offline", "phrases", "events"] = "page"
    audience: list[Audience] = []
    scope: Scope = "nation"
    topics: list[Topic] = []
    contact: str | None = None
    form: str | None = None
    law: list[str] = []
    links: list[str] = []
    source: Annotated[list[str], NON_EMPTY]
    as_of: Month | None = None
    review_by: Date
    confirmed: bool = True
    confirm: str | None = None
    confirmed_by: str | None = None
    confirmed_on: Date | None = None
    languages: list[str] | None = None
    lang: str | None = None
    faq: bool = False
    phrases: list[str] | None = None
    offer: Offer | None = None
    measure: Measure | None = None
    tiles: list[str] = []
    redirect_from: list[str] = []

    def __post_init__(self) -> None:
        """Unconfirmed content names who confirms it, and a form's page names its form."""
        if not self.confirmed and not self.confirm:
            raise ValueError("confirmed: false braucht eine Zeile confirm: (was bestätigt wer?)")
        if (self.layout == "form") != (self.form is not None):
            raise ValueError("layout: form und form: gehören zusammen")
        if self.tiles and self.layout != "home":
            raise ValueError("tiles: gehört nur zu layout: home")


class RawFrontMatter(Struct, frozen=True):
    """A file cut in two: the header as data with its line numbers, and the text below it.

    :ivar text: the header as it is in the file.
    :ivar node: the header as YAML nodes, with the lines of nested values.
    """

    data: dict[str, Any]
    lines: dict[str, int]
    body: str
    body_line: int
    text: str = ""
    node: Any = None


# The header of a file of Markdown, after a byte order mark if the file has one.
HEADER = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)

# The fields whose values are texts; a remark after one of them would cut it.
_STRING_KEYS = frozenset({"title", "nav_title", "description", "confirm", "reviewed_by"})
_HEADING_IN_FRONT_MATTER = re.compile(r"^#{1,6} .*\{[^{}\n]*#[^{}\n]*\}[ \t]*$", re.MULTILINE)
_KEY_BELOW = re.compile(
    rf"\s*({'|'.join(sorted({*PageFrontMatter.__struct_fields__, *TranslationFrontMatter.__struct_fields__}))}):(?=\s)"
)


def split_front_matter(text: str, file: str) -> RawFrontMatter | Finding:
    """Split a page into header and text, or return the error of the header."""
    match = HEADER.match(text.removeprefix("\ufeff"))
    if match is None:
        return Finding(
            file, 1, "Der Kopf der Seite fehlt oder ist nicht abgeschlossen.",
            "Die Datei beginnt mit einer Zeile ---, dann title: und description:, dann wieder ---.", code="header-broken",
        )  # fmt: skip
    if heading := _HEADING_IN_FRONT_MATTER.search(match[1]):
        line = match[1].count("\n", 0, heading.start()) + 2
        return Finding(
            file, line, f"Der Kopf der Seite ist vor „{heading[0].strip()}“ nicht abgeschlossen.",
            "Schreiben Sie über diese Zeile eine Zeile ---.", code="header-broken",
        )  # fmt: skip
    try:
        node = yaml.compose(match[1])
        if twice := yaml.duplicate_key(node):
            return Finding(
                file, twice[1] + 1, f"„{twice[0]}“ steht zweimal im Kopf.",
                "Löschen Sie eine der beiden Zeilen.", code="header-key",
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
            code="header-broken",
        )  # fmt: skip
    if not isinstance(data, dict):
        return Finding(
            file, 2, "Der Kopf der Seite ist leer.", "Ergänzen Sie title: und description:.", code="header-broken"
        )
    lines = {key: yaml.line_of(node, (key,)) + 1 for key in data}
    if fault := next(find_yaml_traps(match[1], node, file, 2, _STRING_KEYS, "header-value"), None):
        return fault
    body = text.removeprefix("\ufeff")[match.end() :]
    if key := _KEY_BELOW.match(body):
        line = text.count("\n", 0, len(text) - len(body) + key.start(1)) + 1
        return Finding(
            file, line, f"Der Kopf endet schon vor „{key[1]}:“.", "Löschen Sie die Zeile --- darüber.", code="header-broken"
        )  # fmt: skip
    head = text.removesuffix(body)
    return RawFrontMatter(data, lines, body, head.count("\n") + 1, head, node)


H = TypeVar("H", bound=FrontMatter)


def validate_front_matter(
    model: type[H], parsed: RawFrontMatter, file: str, place: PlaceNames = NO_PLACE_NAMES, code: str = ""
) -> H | list[Finding]:
    """Validate a header against its model; every fault names its line and its remedy.

    :param place: the forms of the place's name, which are filled into titles and description.
    :param code: the language of the text.
    """
    data = {key: value.strip() if isinstance(value, str) else value for key, value in parsed.data.items()}
    for key in ("title", "nav_title", "description", "confirm"):
        if isinstance(value := data.get(key), str):
            data[key] = fill_place_names(value, place, code)
            if key == "confirm":
                data[key] = fill_offices(data[key], place)
                if unknown := OFFICE_SHORTCODE.search(data[key]):
                    return [unknown_office(file, parsed.lines[key], unknown[1], place)]
            if unknown := PLACE_SHORTCODE.search(data[key]):
                return [unknown_form(file, parsed.lines[key], unknown[1], place, code)]
    read = validate(model, data)
    return [_finding(model, parsed, file, fault) for fault in read] if isinstance(read, list) else read


def _finding(model: type[FrontMatter], parsed: RawFrontMatter, file: str, fault: ValidationIssue) -> Finding:
    key = str(fault.path[0]) if fault.path else ""
    what, remedy = (
        f"„{fault.dotted_path or 'Kopf'}“: {fault.message}.",
        "Die Tabelle in REDAKTION.md zeigt, was hier stehen darf.",
    )
    if fault.kind == "unknown":
        what, remedy = (
            f"„{fault.dotted_path}“ kennt der Kopf dieser Seite nicht.",
            "Löschen Sie die Zeile oder prüfen Sie die Schreibweise.",
        )
        remedy = (suggest_key(key, model) if len(fault.path) == 1 else "") + remedy
    elif fault.kind == "missing":
        what, remedy = f"„{fault.dotted_path}“ fehlt.", "Ergänzen Sie diese Zeile im Kopf der Seite."
    line = yaml.line_of(parsed.node, fault.path) + 1 if key in parsed.lines else 1
    return Finding(file, line, what, remedy, code="header-value" if fault.kind == "value" else "header-key")


# German words that editors use for a key.
_GERMAN_KEYS = {
    "titel": "title", "beschreibung": "description", "reihenfolge": "order", "zielgruppe": "audience",
    "themen": "topics", "kontakt": "contact", "gesetz": "law", "quelle": "source", "stand": "as_of",
    "prüfen": "review_by", "pruefen": "review_by", "bestätigt": "confirmed", "bestaetigt": "confirmed",
    "sprachen": "languages", "geprüft_von": "reviewed_by", "kurztitel": "nav_title",
}  # fmt: skip


def suggest_key(key: str, model: type[FrontMatter]) -> str:
    """Return "Meinten Sie …? " for the key that was probably meant, or nothing."""
    known = set(model.__struct_fields__)
    wanted = _GERMAN_KEYS.get(key.casefold(), "")
    if wanted not in known:
        german = _GERMAN_KEYS.get(closest_match(key.casefold(), _GERMAN_KEYS, 0.75), "")
        close = closest_match(key.casefold(), known) or german
        wanted = close if close in known else ""
    return f"Meinten Sie `{wanted}`? " if wanted else ""
