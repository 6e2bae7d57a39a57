"""The search words of ``docs/data/search_words.yml``: under which words readers look for a page that names them differently."""

from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta, field
from msgspec.structs import replace

from core.findings import Finding, closest_match
from core.folding import fold_text
from core.languages import default_language
from core.project import all_language_codes
from core.text import yaml
from editorial.content.data_file import read_data_file
from editorial.content.front_matter import NON_EMPTY
from editorial.content.place_names import PlaceNames, place_words
from editorial.content.schema import StrictStruct

SEARCH_WORDS_PATH = "docs/data/search_words.yml"
MAX_WORD_CHARS = 60

SearchWord = Annotated[str, Meta(min_length=2, max_length=MAX_WORD_CHARS)]


class SearchEntry(StrictStruct, frozen=True, kw_only=True):
    """Pages and the words under which they are looked for.

    :ivar pages: keys of pages, the best first.
    :ivar words: by language; the German ones hold in every language, because they are on letters and signs.
    """

    pages: Annotated[list[str], NON_EMPTY]
    words: dict[str, list[SearchWord]]


class SearchWords(StrictStruct, frozen=True, kw_only=True):
    """All search words.

    :ivar ignored: by language, words of a question that carry no meaning for the search.
    """

    entries: list[SearchEntry] = field(default_factory=list)
    ignored: dict[str, list[Annotated[str, Meta(min_length=1, max_length=MAX_WORD_CHARS)]]] = field(
        default_factory=dict
    )

    def of_language(self, code: str) -> Iterator[tuple[SearchEntry, list[str]]]:
        """Yield each entry with its words for readers of a language, the German ones included."""
        source = default_language().code
        for entry in self.entries:
            yield entry, list(dict.fromkeys([*entry.words.get(code, ()), *entry.words.get(source, ())]))


def load_search_words(path: Path) -> SearchWords | list[Finding]:
    """Return the search words, or findings if the file cannot be read; no file means no search words."""
    if not path.exists():
        return SearchWords()
    hint = "Vergleichen Sie mit einem Eintrag, der stimmt; oben in der Datei steht, was erlaubt ist."
    return read_data_file(SearchWords, path, SEARCH_WORDS_PATH, hint, code="search-words")


def ignore_place(words: SearchWords, place: PlaceNames) -> SearchWords:
    """Return the search words with the names of the municipality among those that carry no meaning for the search."""
    codes = {*words.ignored, *place.forms}
    return replace(words, ignored={code: [*words.ignored.get(code, ()), *place_words(place, code)] for code in codes})


def check_search_words(
    path: Path, pages: Collection[str], codes: Collection[str], leaves_out: Callable[[str], bool] = lambda _key: False
) -> list[Finding]:
    """Return findings on the search words: unknown pages and languages, a word in two entries, a missing language.

    :param pages: keys of the pages that exist.
    :param codes: the languages of the site, German first.
    :param leaves_out: whether the municipality has no such page on purpose.
    """
    read = load_search_words(path)
    if isinstance(read, list):
        return read
    if not read.entries:
        return []
    _data, node = yaml.load_file(path)
    return [
        *_unknown_pages(read, node, pages, leaves_out),
        *_unknown_languages(read, node, codes),
        *_repeated_words(read, node, codes),
        *_missing_languages(read, codes),
    ]


def _unknown_pages(
    read: SearchWords, node: Any, pages: Collection[str], leaves_out: Callable[[str], bool]
) -> Iterator[Finding]:
    for number, entry in enumerate(read.entries):
        for place, key in enumerate(entry.pages):
            if key not in pages and not leaves_out(key):
                near = closest_match(key, pages)
                yield _finding(
                    yaml.line_of(node, ("entries", number, "pages", place)),
                    f"Die Seite „{key}“ gibt es nicht.",
                    (f"Meinen Sie „{near}“? " if near else "") + "Sonst streichen Sie sie aus dem Eintrag.",
                )


def _unknown_languages(read: SearchWords, node: Any, codes: Collection[str]) -> Iterator[Finding]:
    """Yield each language that the site does not have once; a site with fewer languages may keep the words of others."""
    first: dict[str, tuple[str | int, ...]] = {}
    for number, entry in enumerate(read.entries):
        for code in entry.words:
            first.setdefault(code, ("entries", number, "words", code))
    for code in read.ignored:
        first.setdefault(code, ("ignored", code))
    for code, way in first.items():
        if code not in codes and code not in all_language_codes():  # one that is not built keeps its words
            yield Finding(
                SEARCH_WORDS_PATH, max(yaml.line_of(node, way), 1), f"Die Sprache „{code}“ gibt es nicht.",
                f"Es gibt: {', '.join(codes)}.", "notice", "search-words",
            )  # fmt: skip


def _repeated_words(read: SearchWords, node: Any, codes: Collection[str]) -> Iterator[Finding]:
    """Yield words that readers of one language meet in two entries."""
    source = default_language().code
    known: dict[tuple[str, str], int] = {}
    for number, entry in enumerate(read.entries):
        for code, words in entry.words.items():
            for place, word in enumerate(words):
                scopes = codes if code == source else (code,)
                other = {known.setdefault((scope, fold_text(word)), number) for scope in scopes} - {number}
                if other:
                    line = yaml.line_of(node, ("entries", min(other)))
                    yield _finding(
                        yaml.line_of(node, ("entries", number, "words", code, place)),
                        f"Das Suchwort „{word}“ steht schon in einem anderen Eintrag (ab Zeile {line}).",
                        "Lassen Sie es nur dort stehen, wo die beste Seite ist.",
                    )


def _missing_languages(read: SearchWords, codes: Collection[str]) -> Iterator[Finding]:
    for code in codes:
        gaps = [entry.pages[0] for entry in read.entries if not entry.words.get(code)]
        if gaps:
            yield Finding(
                SEARCH_WORDS_PATH, 0, f"Ohne Suchwörter in {code}: {', '.join(gaps)}.",
                f"Ergänzen Sie bei diesen Einträgen die Zeile {code}:.", "notice", "search-words",
            )  # fmt: skip


def _finding(line: int, message: str, hint: str) -> Finding:
    return Finding(SEARCH_WORDS_PATH, max(line, 1), message, hint, code="search-words")
