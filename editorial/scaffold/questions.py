"""The questions of ``kim new municipality``, their proposals, and the valid answers."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from core.states import STATE_NAMES
from editorial.content.place_names import Kind
from editorial.content.schema import validate
from editorial.content.structure import ARRIVING, PROGRAMME, SECTIONS
from editorial.scaffold.german_names import DISTRICT_NOUNS, TOWN_NOUNS, german_noun
from editorial.scaffold.municipality import Answers, built_languages, check_parts, result_pages
from editorial.scaffold.page import ScaffoldError
from form_handler.forms import FORMS

# The kinds, as they are offered.
KIND_NAMES: Mapping[Kind, str] = {
    "city": "kreisfreie Stadt", "district": "Kreis", "district_town": "Stadt oder Gemeinde in einem Kreis",
}  # fmt: skip
REQUIRED = ("name", "authority", "url")
# Answers with which the others can be tried one by one.
_EXAMPLE = {"name": "Beispielheim", "authority": "Stadt Beispielheim", "url": "https://kim.example.org/"}


class Question(Struct, frozen=True):
    """One question about a municipality.

    :ivar default: the value if nothing is typed, by the answers before; None: something must be typed.
    :ivar parse: converts a typed answer; it may raise a :class:`ScaffoldError`.
    """

    name: str
    words: str
    default: Callable[[Mapping[str, Any]], str | None]
    parse: Callable[[str], Any] = str

    def read(self, text: str, docs: Path) -> Any:
        """Return a typed answer.

        :raises ScaffoldError: with the fault and the remedy.
        """
        value = self.parse(text)
        if why := self.problem(value, docs):
            raise ScaffoldError(why)
        return value

    def problem(self, value: Any, docs: Path) -> str:
        """Return the fault of an answer by itself, without the others; empty if it has none."""
        read = validate(Answers, {**_EXAMPLE, self.name: value})
        if isinstance(read, list):
            return " ".join(f"{one.message}." for one in read)
        try:
            built_languages(docs.parent, read.languages)
            check_parts(docs, read.without)
        except ScaffoldError as error:
            return str(error)
        return ""


KIND_WORDS = {
    "stadt": "city", "kreisfreie stadt": "city", "kreis": "district", "landkreis": "district", "region": "district",
    "gemeinde": "district_town", "markt": "district_town", "kreisangehörige stadt": "district_town", "kreisstadt": "district_town",
}  # fmt: skip


def _guess_kind(answers: Mapping[str, Any]) -> str:
    noun = german_noun(str(answers.get("name", "")))
    return "district" if noun in DISTRICT_NOUNS else "district_town" if noun in TOWN_NOUNS else "city"


def _guess_authority(answers: Mapping[str, Any]) -> str:
    name, noun = str(answers.get("name", "")), german_noun(str(answers.get("name", "")))
    first, _blank, rest = name.partition(" ")
    if rest and (office := {"kreis": "Kreisverwaltung", "landkreis": "Landratsamt"}.get(first.casefold())):
        return f"{office} {rest}"
    if noun or answers.get("kind") == "district":
        return name
    return f"Stadt {name}"


def _read_state(text: str) -> str:
    """Return the letters of a state by its letters or its name."""
    by_name = {name.casefold(): code for code, name in STATE_NAMES.items()}
    word = text.casefold()
    return by_name.get(word, word)


# The address comes last: without it a file of answers is not whole, and whoever goes on is asked for the rest.
QUESTIONS = (
    Question("name", "Name des Ortes, wie er im Satz steht, zum Beispiel Beispielheim oder Kreis Beispielheim", lambda _answers: None, lambda text: " ".join(text.split())),
    Question("kind", f"Art ({', '.join(f'{kind}: {meaning}' for kind, meaning in KIND_NAMES.items())})", _guess_kind, lambda text: KIND_WORDS.get(text.casefold(), text)),
    Question("state", "Land, als Kürzel oder Name, zum Beispiel nw oder Nordrhein-Westfalen", lambda _answers: None, _read_state),
    Question("languages", "Sprachen, mit Leerzeichen, zum Beispiel de en ar (leer: alle)", lambda _answers: "", lambda text: text.replace(",", " ").split()),
    Question("authority", "Name der Verwaltung, zum Beispiel Stadt Beispielheim oder Kreisverwaltung Beispielheim", _guess_authority, lambda text: " ".join(text.split())),
    Question("programme", "Name der Website", lambda answers: f"KIM {answers.get('name', '')}".strip(), lambda text: " ".join(text.split())),
    Question("url", "Adresse der Website, zum Beispiel https://kim.example.org/", lambda _answers: None),
)  # fmt: skip


def parts_to_leave_out() -> list[str]:
    """Return the sections that a municipality may do without, as people type them."""
    return [section for section in SECTIONS if section not in (ARRIVING, PROGRAMME)]


def read_parts(text: str, docs: Path) -> list[str]:
    """Return the parts that somebody has typed.

    :raises ScaffoldError: if there is no such part.
    """
    parts = text.replace(",", " ").split()
    check_parts(docs, parts)
    return parts


def survey_parts(docs: Path, wanted: bool) -> list[str]:
    """Return what ``without:`` says of the survey: its results stay although their section is missing, or all of it is left out."""
    pages = result_pages(docs)
    if wanted:
        return [f"!{key}" for key in pages]
    return [FORMS["survey"].slug.rstrip("/"), *pages]
