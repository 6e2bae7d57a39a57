"""Pages that hold for every municipality name none, but by an insert of ``city/place.yml``.

A page of the scope ``nation`` or ``state:…`` is taken over by other municipalities as it is. So its source names no place.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from core.findings import Finding
from core.languages import Language, default_language
from core.overlay import CITY, CITY_PAGES, is_local, shown_path
from core.project import is_left_out
from core.text import yaml
from editorial.checks.text_lines import prose_lines
from editorial.content.foreign_state import foreign_sentences
from editorial.content.local_version import FIELD, shared_has_changed
from editorial.content.pages import Content, PageText, page_files
from editorial.content.place_names import FILE as PLACE_FILE
from editorial.content.place_names import MIN_STEM, USED_FORMS, PlaceNames

MAX_ENDING_LETTERS, MAX_ADJECTIVE_LETTERS = 4, 6
# Words before a name that belong to it.
_PLACE_NOUNS = frozenset(
    {"kreis", "landkreis", "region", "städteregion", "regionalverband", "stadt", "hansestadt", "landeshauptstadt", "gemeinde", "samtgemeinde",
     "verbandsgemeinde", "markt", "amt", "flecken"}
)  # fmt: skip
_UMLAUTS = {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "(?:Ae|AE)", "Ö": "(?:Oe|OE)", "Ü": "(?:Ue|UE)"}
_CYRILLIC = re.compile("[Ѐ-ӿ]")
# An office or a kind of place with a name behind it: "Ausländerbehörde Beispielheim", "Volkshochschule in Beispielheim".
_NAMED_OFFICE = re.compile(
    r"\b(?:Stadt|Kreis|Landkreis|Landratsamt|Gemeinde|Kreisverwaltung|Stadtverwaltung|Bürgerbüro|Rathaus|Jobcenter|Ausländerbehörde|Volkshochschule|"
    r"VHS|Agentur für Arbeit|KIM|Sozialamt|Jugendamt|Standesamt|Stadtbibliothek|Polizei) "
    r"(?:in |im |von )?((?!Ihr|Sie\b)[A-ZÄÖÜ][a-zäöüß]{2,}(?:-[A-ZÄÖÜ][a-zäöüß]+)*)"
)
_CAPITALISED = re.compile(r"\b[A-ZÄÖÜ][a-zäöüß]{2,}(?:-[A-ZÄÖÜ][a-zäöüß]+)*")
# Signs inside a word that a reader does not see, or sees as emphasis.
_UNSEEN = str.maketrans({"\u00ad": "", "\u200b": "", "*": ""})
_LAST_VOWEL = re.compile(r"(?<=\w{3})[aeiouаеиоуяіїю]$")
# Words that say "the city", its administration or its mayor in each language: a page that holds for a district as well does not call it
# one. Left out: cities in general, and the names of KIM and of elections.
CITY_WORDS: Mapping[str, str] = {
    "de": r"\b(?:[Dd](?:ie|er)|[Zz]ur|[Ii]hrer?|[Uu]nserer?|[Dd]ieser?) Stadt\b|\bStadtverwaltung\b|[Oo]berbürgermeister|\b[Ss]tädtische[nrs]?\b",
    "en": r"\b(?:[Tt]he|[Tt]his|[Yy]our|[Oo]ur) city\b|\b[Mm]ayor",
    "uk": r"\bміст(?:о|у|ом|і(?! чи районі))\b|\bМісто\b|(?<!Код )(?<!які )(?<!й )\bміста\b|\b[Мм]іськ(?:а|ої|у|ою|ій) (?:рад|адміністрац)|бургоміст",
    "ru": r"\b[Гг]ород(?:у|ом|е(?! или районе))?\b|(?<!Код )(?<!какие )\bгорода\b|\b[Гг]ородск(?:ая|ой|ую) администрац|бургомистр",
    "pl": r"\b[Mm]iast(?:o|u|em)\b|\b[Mm]ieście\b|(?<!które )(?<!i )\bmiasta\b(?! lub gminy)|burmistrz",
    "tr": r"\b[Bb]elediye(?!niz| Entegrasyon)|\b[Şş]ehr[ei]",
    "ar": r"(?<!الإدارة )(?<!الانتخابات )(?<!الاندماج )البلدية|(?<!ال)بلدية|المدينة(?! أو القرية)",
    "fa": r"(?<!ادغام )(?<!ادغام در )شهرداری(?! \(K| محل|\u200c)|\bشهردار\b|\bشهر\b(?! یا روستا| و شهرستان)",
}
_INSERT = re.compile(r"\{\{.*?\}\}|\]\([^)]*\)|\{[^{}]*\}")


def is_shared(scope: str) -> bool:
    """Return whether other municipalities take over pages of this scope as they are."""
    return scope == "nation" or scope.startswith("state:")


def name_pattern(names: Iterable[str]) -> re.Pattern[str] | None:
    """Return a pattern that finds names in any of their case forms and spellings, and words that begin with them; None without names.

    Endings differ ("Бейшпільгаймі", "Beispielheimer", "Kreises Beispielheim"), so a last vowel of each word is optional and some letters
    may follow. "Kreis Beispielheim" is found as "Beispielheim" too, capitals and "ue" for "ü" as well. Arabic writes some words as one
    with the name ("لبايشبيلهايم").
    """
    names = [name for name in names if name.strip()]
    stems = {_spelled(words) for name in names for words in (name.split(), _without_noun(name.split())) if words}
    stems |= {
        _spelled([word.upper() for word in words])
        for name in names
        for words in (name.split(), _without_noun(name.split()))
        if words
    }
    stems |= {_spelled(name.lower().split()) for name in names if _CYRILLIC.match(name)}  # adjectives begin small
    return re.compile(rf"(?<!\w)[وفبكل]{{0,2}}(?:{_any_of(stems)})(?!\w)") if stems else None


def _any_of(stems: Iterable[str]) -> str:
    """Return an expression for any of some expressions, the longest first, with the first letter of several once.

    Where a word begins with another letter, one comparison excludes all of a group: a quarter of the time with 300 names.
    """
    groups: dict[str, list[str]] = {}
    for one in sorted(stems, key=lambda one: (-len(one), one)):
        groups.setdefault(one[0] if one[0].isalpha() else "", []).append(one)
    plain = groups.pop("", [])
    return "|".join([*plain, *(f"{first}(?:{'|'.join(one[1:] for one in group)})" for first, group in groups.items())])


def _without_noun(words: list[str]) -> list[str]:
    """Return a name without the noun it begins with: "Beispielheim" of "Kreis Beispielheim"; nothing if it has none."""
    return words[1:] if len(words) > 1 and words[0].casefold() in _PLACE_NOUNS and len(words[-1]) >= MIN_STEM else []


def _spelled(words: list[str]) -> str:
    """Return an expression for a name in its spellings, each word with its endings."""
    return r"[\s-]+".join(_spelled_word(word, words[at + 1 :]) for at, word in enumerate(words))


def _spelled_word(word: str, rest: list[str]) -> str:
    if word.casefold() in ("sankt", "st."):
        return r"(?:[Ss]ankt|SANKT|[Ss][Tt]\.)"
    is_adjective = bool(rest) and rest[0].casefold() in _PLACE_NOUNS and word.endswith(("er", "e"))
    stem = re.sub(r"er?$", "", word) if is_adjective else _LAST_VOWEL.sub("", word)
    if rest and len(word) < MIN_STEM:  # a preposition
        return re.escape(word)
    endings = MAX_ADJECTIVE_LETTERS if _CYRILLIC.match(word) else MAX_ENDING_LETTERS
    spelled = re.sub("[äöüÄÖÜ]", lambda umlaut: f"(?:{umlaut[0]}|{_UMLAUTS[umlaut[0]]})", re.escape(stem))
    spelled = re.sub("stadt$", "st[aä]dt", spelled)  # Darmstädter
    spelled = re.sub(r"ingen$", "ing", spelled)  # Göttinger
    return rf"{spelled}\w{{0,{endings}}}"


def load_other_names(data: Path) -> tuple[str, ...]:
    """Return names of other municipalities that shared pages must not hold, from ``docs/data/places.yml``."""
    path = data / "places.yml"
    rows = yaml.load_strings(path.read_text("utf-8")) if path.exists() else ()
    return tuple(name for row in (rows or {}).values() for name in row) if isinstance(rows, dict) else ()


def check_scope(content: Content, place: PlaceNames, other_names: Iterable[str] = ()) -> Iterator[Finding]:
    """Yield each name of a municipality in the source of a page that others take over, and "city" where it is a district.

    :param other_names: names of other municipalities, in every script in which texts write them.
    """
    own, others = name_pattern(place.names()), name_pattern(other_names)
    for page in content.pages.values():
        if not is_shared(page.front_matter.scope):
            continue
        for code, text in page.texts.items():
            if text.file.startswith(f"{CITY}/"):
                continue  # nobody else takes it over
            lines, before = list(source_lines(text)), ""
            whole = "\n".join(words for _line, words in lines)
            if place.kind != "district" and not any(one and one.search(whole) for one in (own, others)):
                continue
            for line, words in lines:
                if own and (found := own.search(words) or _search_across(own, before, words)):
                    yield Finding(
                        text.file, line, f"„{found[0]}“ steht im Text einer Seite, die auch für andere Orte gilt (scope: {page.front_matter.scope}).",
                        f"Schreiben Sie eine Form des Namens, zum Beispiel {_example(place, code)}. Gilt die Seite nur hier? Dann scope: local.",
                        code="place-name",
                    )  # fmt: skip
                elif others and (found := others.search(words)):
                    yield Finding(
                        text.file, line, f"„{found[0]}“ ist der Name eines anderen Ortes; die Seite gilt auch anderswo (scope: {page.front_matter.scope}).",
                        "Nennen Sie den Ort nicht, oder setzen Sie scope: local.", code="place-name",
                    )  # fmt: skip
                before = words
                if place.kind == "district" and code in CITY_WORDS and (found := re.search(CITY_WORDS[code], words)):
                    yield Finding(
                        text.file, line, f"„{found[0]}“: Hier ist ein Kreis, keine Stadt.",
                        f"Ist die Stelle hier eine andere? Dann schreiben Sie die Seite unter {CITY}/docs/ neu. Für alle Orte passt ein Einschub wie {_example(place, code, 'authority')}.",
                        "notice", "place-kind",
                    )  # fmt: skip


def _search_across(pattern: re.Pattern[str], before: str, words: str) -> re.Match[str] | None:
    """Return a name of several words that begins at the end of one line and ends in the next."""
    found = pattern.search(f"{before} {words}", max(0, len(before) - 60))
    return found if found and found.start() < len(before) < found.end() - 1 else None


def check_local_versions(docs: Path, content: Content) -> Iterator[Finding]:
    """Yield a notice for each own version of a shared page that has changed since the version was made."""
    for page in content.pages.values():
        for text in page.texts.values():
            if shared_has_changed(docs, text.file, text.front_matter.shared_version):
                yield Finding(
                    text.file, text.lines.get(FIELD, 1), "Die gemeinsame Seite hat sich geändert, seit diese eigene Fassung aus ihr entstand.",
                    f"Vergleichen Sie die beiden: im Browser unter „Mit der gemeinsamen Seite vergleichen“. Oder löschen Sie {text.file}, dann gilt wieder die gemeinsame Seite.",
                    "notice", "shared-changed",
                )  # fmt: skip


def check_foreign_state(docs: Path, content: Content, place: PlaceNames) -> Iterator[Finding]:
    """Yield a notice for each page and each sentence that holds in another federal state, and an error for one that is shown still."""
    foreign, code = place.foreign, default_language().code
    if not foreign.state:
        return
    for key, path in page_files(docs, code).items():
        shown = shown_path(docs, path)
        if is_local(docs, path) or is_left_out(key, content.parts):
            continue
        raw = path.read_text("utf-8", "replace")
        if key in content.left_out:
            yield Finding(
                shown, 0, "Diese Seite gilt in einem anderen Land und ist hier weggelassen.",
                f"Schreiben Sie {CITY_PAGES}/{code}/{key}.md mit dem, was in Ihrem Land gilt (scope: local), oder lassen Sie sie weg.", "notice", "state-text",
            )  # fmt: skip
            continue
        for line, words in foreign_sentences(raw, foreign, code):
            yield Finding(
                shown, line, f"„{words}“ gilt in einem anderen Land und ist hier weggelassen.",
                "Was gilt in Ihrem Land? Ändern Sie die Seite im Browser, oder schreiben Sie eine eigene Fassung unter city/docs/.", "notice", "state-text",
            )  # fmt: skip


def source_lines(text: PageText) -> Iterator[tuple[int, str]]:
    """Yield line number and words of a text as its file has them, inserts, addresses and remarks for editors left out."""
    for number, line in enumerate(text.raw_front_matter.split("\n"), 1):
        if line.startswith(("title:", "nav_title:", "description:")):
            yield number, _INSERT.sub("", line)
    for number, line in prose_lines(text, text.source):
        yield number, _INSERT.sub("", line).translate(_UNSEEN)


def check_used_forms(place: PlaceNames, languages: Iterable[Language]) -> Iterator[Finding]:
    """Yield a notice for each form that layouts use and ``city/place.yml`` lacks in a language."""
    for language in languages:
        for name in USED_FORMS:
            if place.forms and place.form(language.code, name) is None:
                yield Finding(
                    PLACE_FILE, 0, f"Die Form „{name}“ fehlt in der Sprache „{language.code}“; Vorlagen der Website zeigen sie.",
                    f"Ergänzen Sie sie unter forms: {language.code}:.", "notice", "place-name",
                )  # fmt: skip


def check_named_offices(content: Content, place: PlaceNames) -> Iterator[Finding]:
    """Yield a notice where a German page that others take over seems to name an office of some place: no list holds all places.

    A word that other pages use as well is not a name.
    """
    own = name_pattern(place.names())
    code = default_language().code
    pages = [(page, page.texts[code]) for page in content.pages.values() if code in page.texts]
    known = Counter(word for _page, text in pages for word in set(_CAPITALISED.findall(text.body)))
    for page, text in pages:
        if not is_shared(page.front_matter.scope) or text.file.startswith(f"{CITY}/"):
            continue
        for line, words in source_lines(text):
            for found in _NAMED_OFFICE.finditer(words):
                if known[found[1]] == 1 and not (own and own.search(found[0])):
                    yield Finding(
                        text.file, line, f"„{found[0]}“: Ist „{found[1]}“ der Name eines Ortes? Die Seite gilt auch anderswo (scope: {page.front_matter.scope}).",
                        f"Nennen Sie den Ort nicht; schreiben Sie eine Form des Namens, zum Beispiel {_example(place, code)}. Ist es keiner, ändern Sie den Satz.",
                        "notice", "place-name",
                    )  # fmt: skip


def _example(place: PlaceNames, code: str, wanted: str = "in") -> str:
    forms = place.forms.get(code, {})
    name = next((form for form in forms if form.startswith(wanted)), next(iter(forms), "name"))
    return f"{{{{ place.{name} }}}}"
