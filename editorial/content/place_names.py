"""The municipality in running text: ``{{ place.in }}`` becomes "in Beispielheim", "у Бейшпільгаймі" or "Beispielheim’da".

``city/place.yml`` holds the forms of each language, prepositions included. Pages, headers and translations name the form;
another municipality changes that one file. The forms are filled in where a file is read; states of
translations are computed from the unfilled text, so a new name makes no translation stale.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from msgspec import Meta
from msgspec.structs import replace

from core.findings import ContentError, Finding, closest_match
from core.project import ROOT
from editorial.content.data_file import read_data_file
from editorial.content.foreign_state import NO_FOREIGN, ForeignState, load_foreign_state
from editorial.content.kind_words import load_kind_words
from editorial.content.schema import StrictStruct

T = TypeVar("T", bound=StrictStruct)
GROUP = "place"
PLACE_SHORTCODE = re.compile(r"\{\{\s*place\.([A-Za-z0-9_]+)\s*\}\}")
OFFICE_SHORTCODE = re.compile(r"\{\{\s*office\.([A-Za-z0-9_]+)\s*\}\}")
FROM = "from"  # the form that templates use: "a company from Beispielheim"
USED_FORMS = ("name", FROM)  # forms that code uses, whether texts do or not
MIN_STEM = 3  # letters of a name without its last, by which an inflected form is known
OFFICES_FILE = "docs/data/offices.yml"
FILE = "city/place.yml"
Form = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=80,
        pattern=r"^[^\s{}<>*_`\\\[\]|~!]([^\n{}<>*_`\\\[\]|~!]*[^\s{}<>*_`\\\[\]|~!])?$",
        description="eine Zeile ohne Zeichen von Markdown und ohne Leerzeichen am Anfang und Ende",
    ),
]
FormName = Annotated[str, Meta(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", description="ein Name wie in oder of_authority")]
LanguageCode = Annotated[str, Meta(pattern=r"^[a-z]{2,3}$", description="das Kürzel einer Sprache, zum Beispiel uk")]
Kind = Literal["city", "district", "district_town"]


class PlaceNames(StrictStruct, frozen=True, kw_only=True):
    """The names of the municipality.

    :ivar kind: a city, a district (Kreis), or a town that belongs to a district; the check uses it.
    :ivar forms: by language code and name of the form.
    :ivar offices: the German names of the offices that confirm facts, by role; :func:`load_place_names` adds those of
        ``docs/data/offices.yml`` that the municipality does not name.
    :ivar unchecked: codes of languages whose forms no speaker of the language has checked; they prevent
        going public.
    :ivar kind_words: words of shared pages that depend on the kind.
    :ivar foreign: content of other federal states; no file holds it, :func:`load_place` adds it.
    :ivar is_common_word: whether the name is a word of the language ("Essen"); the check then looks for it with a
        preposition only.
    """

    kind: Kind = "city"
    is_common_word: bool = False
    unchecked: tuple[LanguageCode, ...] = ()
    forms: Mapping[LanguageCode, Mapping[FormName, Form]] = {}
    offices: Mapping[FormName, Form] = {}
    foreign: ForeignState = NO_FOREIGN
    kind_words: Mapping[str, tuple[Any, ...]] = {}

    def form(self, code: str, name: str) -> str | None:
        """Return one form, or None if ``city/place.yml`` does not have it."""
        return self.forms.get(code, {}).get(name)

    def names(self) -> Iterator[str]:
        """Yield the spellings by which a text names the place: the bare name, or whole forms if it is a common word."""
        for forms in self.forms.values():
            if self.is_common_word:
                yield from (form for form in forms.values() if form != forms.get("name"))
            elif name := forms.get("name"):
                yield name


class Offices(StrictStruct, frozen=True, kw_only=True):
    """The usual German names of offices, by role."""

    offices: Mapping[str, Form] = {}


NO_PLACE_NAMES = PlaceNames()


def unknown_form(file: str, line: int, name: str, place: PlaceNames, code: str) -> Finding:
    """Return the finding for a form that ``city/place.yml`` does not have in a language."""
    close = closest_match(name, place.forms.get(code, {}))
    hint = (f"Meinten Sie „{close}“? " if close else "") + f"Ergänzen Sie sie in {FILE} unter forms: {code}:."
    return Finding(file, line, f"Die Form {{{{ {GROUP}.{name} }}}} gibt es in der Sprache „{code}“ nicht.", hint, code="insert-unknown")  # fmt: skip


def place_path(docs: Path) -> Path:
    """Return the folder of the forms: beside the pages, or in the project if the pages are elsewhere."""
    own_file = docs.parent / FILE
    return own_file if own_file.exists() else ROOT / FILE


def load_place_names(docs: Path) -> PlaceNames:
    """Return the names of the municipality; without the file there are none.

    :raises ContentError: if the file is not valid.
    """
    read = (
        _read(
            PlaceNames,
            place_path(docs),
            FILE,
            "Die Datei hat kind: und forms: mit einer Liste von Formen je Sprache; siehe REDAKTION.md.",
        )
        or NO_PLACE_NAMES
    )
    return replace(
        read,
        offices={**load_offices(docs), **read.offices},
        foreign=load_foreign_state(docs),
        kind_words=load_kind_words(docs, read.kind),
    )


def load_offices(docs: Path) -> Mapping[str, str]:
    """Return the usual German names of offices, by role.

    :raises ContentError: if the file is not valid.
    """
    hint = "Die Datei hat offices: und darunter je Rolle einen Namen, zum Beispiel youth: Jugendamt."
    return (_read(Offices, docs / "data" / "offices.yml", OFFICES_FILE, hint) or Offices()).offices


def _read(model: type[T], path: Path, shown: str, hint: str) -> T | None:
    """Return the content of a file; None if there is none."""
    if not path.exists():
        return None
    read = read_data_file(model, path, shown, hint)
    if isinstance(read, list):
        raise ContentError(read)
    return read


def fill_place_names(text: str, place: PlaceNames, code: str) -> str:
    """Fill in the forms of a language; an unknown insert stays, and the checks name it."""
    if "{{" not in text:
        return text
    return PLACE_SHORTCODE.sub(lambda match: place.form(code, match[1]) or match[0], text)


def place_words(place: PlaceNames, code: str) -> list[str]:
    """Return the words that name the place in a language and in German, in the forms that texts use."""
    own, german = place.forms.get(code, {}), place.forms.get("de", {})
    names = [*own.get("name", "").split(), *german.get("name", "").split()]
    stems = [name[:-1].casefold() for name in names if len(name) > MIN_STEM]
    inflected = (word for form in own.values() for word in form.split() if word.casefold().startswith(tuple(stems)))
    return list(dict.fromkeys(word.casefold() for word in (*names, *inflected)))


def fill_offices(text: str, place: PlaceNames) -> str:
    """Fill in the names of offices; an unknown role stays."""
    return OFFICE_SHORTCODE.sub(lambda match: place.offices.get(match[1], match[0]), text)


def unknown_office(file: str, line: int, role: str, place: PlaceNames) -> Finding:
    """Return the finding for a role that no file names."""
    close = closest_match(role, place.offices)
    hint = (f"Meinten Sie „{close}“? " if close else "") + f"Ergänzen Sie sie in {OFFICES_FILE}."
    return Finding(file, line, f"Die Stelle {{{{ office.{role} }}}} gibt es nicht.", hint, code="insert-unknown")
