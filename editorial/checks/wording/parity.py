"""Whether a translation has the same content. Numbers, dates and sections of laws; paragraphs left in German."""

import functools
import re
from collections.abc import Iterable, Iterator

from core.findings import Finding
from editorial.checks.text_lines import LIST_MARKER, blocks, sections, strip_markdown
from editorial.content.pages import PageText

# Arabic-Indic and Persian digits mean the same numbers.
DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹٫٬", "01234567890123456789,.")
# A number with its separators, or a section of a law such as 60c; levels such as B1 belong to neither.
NUMBER = re.compile(r"(?<![\w])(\d+(?:[.,\u00a0\u202f ]\d{3})+|\d+)([.,]\d{1,2}(?!\d))?([a-z](?!\w))?")
DIGIT = re.compile(r"\d")
MIN_WORDS = 5
MIN_WORDS_SIMILAR = 8  # a shorter line in another language may look alike: "Lesbian, gay, bisexual, trans, queer"
MAX_SHARED = 0.7  # of the sequences of three letters of a paragraph; English and German share at most 0.5
_TARGET = re.compile(r"\]\([^)]*\)")
WORD = re.compile(r"[^\W\d_]{2,}")


def numbers_in(line: str) -> list[str]:
    """Return the numbers of a line in one notation: ``1.200,50`` and ``1,200.50`` are both ``1200.50``."""
    if not DIGIT.search(line):
        return []
    line = re.sub(r"\{[^}]*\}\}?", " ", LIST_MARKER.sub("", line))
    line = re.sub(r"\]\([^)]*\)", "]", line).translate(DIGITS)
    found = []
    for whole, part, letter in NUMBER.findall(line):
        digits = re.sub(r"\D", "", whole)
        found.append(digits + (f".{part[1:]}" if part else "") + letter)
    return found


def check_numbers(text: PageText, german: PageText) -> Iterator[Finding]:
    """Section by section, a translation names the same numbers as the German page."""
    theirs = {name: (line, lines) for name, line, lines in sections(text)}
    for name, _line, lines in sections(german):
        if name not in theirs:
            continue  # the headings differ, which is a finding of its own
        begin, own = theirs[name]
        wanted = {number for _number, line in lines for number in numbers_in(line)}
        given = {number: place for place, line in reversed(own) for number in numbers_in(line)}
        missing, extra = sorted(wanted - given.keys()), sorted(given.keys() - wanted)
        if missing or extra:
            place = given[extra[0]] if extra else begin
            parts = [f"nur im Deutschen: {', '.join(missing)}"] * bool(missing)
            parts += [f"nur in der Übersetzung: {', '.join(extra)}"] * bool(extra)
            yield Finding(text.file, place, f"Andere Zahlen als im deutschen Abschnitt ({'; '.join(parts)}).",
                          "Vergleichen Sie den Abschnitt; schreiben Sie Zahlen mit Ziffern wie im Deutschen.",
                          code="numbers")  # fmt: skip


def letter_triples(text: str) -> frozenset[str]:
    """Return all sequences of three letters within the words of a text, regardless of case."""
    words = (word.casefold() for word in WORD.findall(_TARGET.sub("", text)))
    return frozenset(word[at : at + 3] for word in words for at in range(len(word) - 2))


@functools.lru_cache(maxsize=4)  # a German page and the English one are compared with each of their translations
def _paragraphs(found: tuple[str, ...]) -> tuple[frozenset[str], tuple[frozenset[str], ...], frozenset[str]]:
    """Return the paragraphs of a page as plain words, and their sequences of three letters, of each and of all."""
    words = frozenset(map(strip_markdown, found))
    parts = tuple(map(letter_triples, words))
    return words, parts, frozenset().union(*parts)


def _is_copy(triples: frozenset[str], everything: frozenset[str], parts: Iterable[frozenset[str]]) -> bool:
    least = MAX_SHARED * len(triples)
    return (
        bool(triples)
        and len(triples & everything) >= least
        and any(len(triples & part) >= least and len(triples) >= MAX_SHARED * len(part) for part in parts)
    )


def _is_in_another_script(text: str) -> bool:
    """Return whether the letters of a text alone exclude a copy of a German one: half of its characters are not ASCII.

    Of a German text 2 % are none. Letters of other scripts take two bytes in UTF-8.
    """
    return len(text.encode()) > 1.5 * len(text)


def check_untranslated(
    text: PageText, german: PageText, german_terms: tuple[str, ...] = (), word: str = "deutsch"
) -> Iterator[Finding]:
    """No paragraph is the German one, or nearly: names and office words alone may be.

    :param word: the language of the other text, which may also be one that translators read beside the German one.

    Nearly is a paragraph that shares :data:`MAX_SHARED` of its sequences of three letters with one German paragraph, such as
    the German one with a letter in front of it or of each word.
    """
    source, parts, everything = _paragraphs(tuple(block for _number, block in blocks(german)))
    for number, block in blocks(text):
        words = strip_markdown(block)
        if words not in source and (
            _is_in_another_script(words) or not _is_copy(letter_triples(words), everything, parts)
        ):
            continue
        bare = words
        for term in german_terms:
            bare = bare.replace(term, " ")
        count = len(WORD.findall(bare))
        if words not in source and (count < MIN_WORDS_SIMILAR or not _is_copy(letter_triples(bare), everything, parts)):
            continue
        if count >= MIN_WORDS:
            yield Finding(text.file, number, f"Noch {word}: „{words[:60]}{'…' if len(words) > 60 else ''}“",
                          "Übersetzen Sie den Absatz.", code="untranslated")  # fmt: skip
    if text.front_matter.description == german.front_matter.description:
        yield Finding(text.file, text.lines.get("description", 1), f"Die Beschreibung ist noch {word}.",
                      "Übersetzen Sie description:.", code="untranslated")  # fmt: skip
