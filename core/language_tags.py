"""Passages in another language: German office words and sentences inside a Turkish or Arabic text.

WCAG 2.2 criterion 3.1.2 (Language of Parts) requires them to be marked, so that a screen reader changes its voice.
In a right-to-left line each passage is one isolate (Unicode Bidirectional Algorithm, UAX #9), so that its words,
numbers and marks keep their order. Editors only write the words; the build marks them.
"""

import functools
import html
import re
from collections.abc import Iterator
from pathlib import Path

from markupsafe import Markup, escape

from core.gettext import current_language_code
from core.languages import default_language
from core.overlay import data_files
from core.project import ROOT
from core.text import yaml

TERMS_FILE = ROOT / "docs" / "data" / "german_terms.yml"
NON_LATIN = {"ar", "fa", "uk", "ru"}
_TAG = re.compile(r"(<[^>]*>)")
_LETTER = "A-Za-zÀ-ɏ"
_BLANK = " \u00a0\u202f"
# A Latin word, signs only between letters; a section of a law; a number.
_WORD = rf"[{_LETTER}](?:[{_LETTER}0-9²³]|(?:['’./+-]|&amp;)(?=[{_LETTER}0-9]))*"
_ADDRESS = rf"https?://[^\s<>«»\"]*[{_LETTER}0-9/]|[{_LETTER}0-9._+-]+@[{_LETTER}0-9.-]*[{_LETTER}0-9]"
_SECTION = rf"§{{1,2}}[{_BLANK}]?\d+[a-z]?\b(?:(?:,[{_BLANK}]?|–)\d+[a-z]?\b)*"
_TOKEN = re.compile(rf"(?P<section>{_SECTION})|(?P<word>{_ADDRESS}|{_WORD})|(?P<number>\d[\d.,]*(?<=\d)[a-z]?)")
# Separators between two tokens of one passage: blanks, a hyphen or dash, a sign that joins, the point of an abbreviation.
_JOINT = re.compile(rf"[{_BLANK}]?(?:[–+/-]|&amp;)?[{_BLANK}]?")
_ABBREVIATIONS = {"Abs", "Art", "Nr", "S", "Dr", "St", "bzw", "ff", "Str", "Tel"}
_LAW_WORDS = {"Abs", "Absatz", "Satz", "Nr", "Nummer", "Art", "Artikel"}
# A quoted or bracketed passage without another pair inside.
_ENCLOSED = re.compile(r"[«„“\"‚‘(\[]([^«»„“”\"‚‘’()\[\]]{1,400})[»“”\"’‘)\]]")
_WORDS_OF = re.compile(rf"[{_LETTER}]+")
_ENTITY = re.compile(r"&(?:#\w+|\w+);")
# Words that distinguish a quoted German sentence from one in another language of Latin script; none of them is a word of en, tr or pl.
_GERMAN_WORDS = frozenset((Path(__file__).parent / "german_words.txt").read_text("utf-8").split())
Span = tuple[int, int, bool]  # begin, end, whether it is German


class TermMatcher:
    """Terms by their first words, or by their first sign where that is neither letter nor digit.

    One pattern of all terms finds them no faster, and takes two milliseconds to compile: for one page, a hundredth of a build.
    """

    def __init__(self, terms: tuple[str, ...]) -> None:
        self.by_word: dict[str, list[str]] = {}
        for term in sorted({html.escape(term, quote=False) for term in terms}, key=len, reverse=True):
            self.by_word.setdefault(_FIRST_WORD.match(term)[0], []).append(term)  # type: ignore[index]  # no term is empty
        begins = re.escape("".join(sorted({word[0] for word in self.by_word})))
        self.words = re.compile(rf"(?<![\w-])(?=[{begins}])(?:{_FIRST_WORD.pattern})", re.DOTALL)

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield where each term begins and ends: whole words, of several at one place the longest."""
        last = 0
        for match in self.words.finditer(text):
            start = match.start()
            if start >= last:
                for term in self.by_word.get(match[0], ()):
                    end = start + len(term)
                    if text.startswith(term, start) and not _is_word(text[end : end + 1]):
                        yield start, end
                        last = end
                        break


_FIRST_WORD = re.compile(r"\w+|.", re.DOTALL)


def _is_word(letter: str) -> bool:
    return letter.isalnum() or letter == "_"


@functools.lru_cache(maxsize=16)
def _matcher(terms: tuple[str, ...]) -> TermMatcher | None:
    return TermMatcher(terms) if terms else None


@functools.lru_cache
def load_german_terms(file: Path = TERMS_FILE) -> tuple[str, ...]:
    """Return the German words that translations contain, from the shared list and the municipality's.

    The form service renders words of the interface with them. It makes no checks; the build has made them.
    """
    terms: list[str] = []
    for path, _shown in data_files(file.parent, file.stem):
        try:
            terms += [word.strip() for word in yaml.load_file(path)[0] or () if isinstance(word, str) and word.strip()]
        except (OSError, yaml.YAMLError, TypeError):
            continue
    return tuple(terms)


@functools.lru_cache(maxsize=4096)
def _marked(words: str, language: str) -> Markup:
    return Markup(tag_german_terms(words, load_german_terms(), language, isolate=False))  # noqa: S704 - escaped by mark_german


def mark_german(words: object) -> Markup:
    """Return words of the interface, escaped, with their German passages marked: a filter of the templates.

    Words in German, the default language, stay as they are.
    """
    language = current_language_code()
    safe = escape(words)
    return safe if language == default_language().code else _marked(str(safe), language)


def tag_german_terms(fragment: str, terms: tuple[str, ...], language: str, isolate: bool = True) -> str:
    """Wrap each German passage of an HTML fragment in ``<span lang="de" dir="ltr">``.

    Passages are the terms, and sentences in quotation marks that are German by their words. In languages of another
    script a passage is a whole run of Latin words, numbers and marks: what is quoted or bracketed as a whole, a
    section of a law, words joined by blanks or dashes. A run that holds no sign of being German becomes
    ``<bdi dir="ltr">``, without a claim about its language: a name keeps its order and is not pronounced as German.
    Text inside an element that already names its language stays as it is.

    :param isolate: whether runs that hold no sign of being German become ``<bdi>``; else they stay as they are.
    """
    known = _matcher(terms)
    pieces = _TAG.split(fragment)
    inside: list[bool] = []
    for place, piece in enumerate(pieces):
        if place % 2:
            step = _tag_kind(piece)
            if step != "close":
                inside += [step == "own"] if step else []
            elif inside:
                inside.pop()
        elif piece and not piece.isspace() and True not in inside:
            pieces[place] = _mark_text(piece, known, language, isolate)
    return "".join(pieces)


_VOID = {"br", "img", "hr", "input", "wbr", "meta", "link"}
_NO_PROSE = {"script", "style", "code", "pre", "svg", "bdi", "option", "textarea"}
_NAME = re.compile(r"</?([A-Za-z0-9-]+)")


@functools.lru_cache(maxsize=4096)
def _tag_kind(tag: str) -> str:
    """Return the effect of a tag: open, close, nothing; "own" opens an element that names its language or holds no prose."""
    name = _NAME.match(tag)
    if name is None or name[1].lower() in _VOID or tag.endswith("/>"):
        return ""
    if tag.startswith("</"):
        return "close"
    return "own" if " lang=" in tag or name[1].lower() in _NO_PROSE else "open"


def _mark_text(text: str, terms: TermMatcher | None, language: str, isolate: bool) -> str:
    found = list(terms.find(text)) if terms else []
    spans = _foreign_runs(text, found) if language in NON_LATIN else _german_in_latin(text, found)
    out: list[str] = []
    last = 0
    for start, end, is_german in spans:
        if not (is_german or isolate):
            continue
        opening, closing = ('<span lang="de" dir="ltr">', "</span>") if is_german else ('<bdi dir="ltr">', "</bdi>")
        out += [text[last:start], opening, text[start:end], closing]
        last = end
    return "".join([*out, text[last:]])


def _german_in_latin(text: str, terms: list[tuple[int, int]]) -> list[Span]:
    """Return the German passages of a text whose own script is Latin: terms, and quoted sentences with German words."""
    quoted = [
        (match.start(1), match.end(1), True)
        for match in _ENCLOSED.finditer(text)
        if match[0][0] not in "([" and _is_german_sentence(match[1])
    ]
    return _merged([*quoted, *((start, end, True) for start, end in terms)])


def _is_german_sentence(text: str) -> bool:
    words = _WORDS_OF.findall(text)
    return len(words) > 1 and any(word.lower() in _GERMAN_WORDS for word in words)


def _foreign_runs(text: str, terms: list[tuple[int, int]]) -> list[Span]:
    """Return the runs of Latin words in a text of another script."""
    enclosed = [
        (match.start(1), match.end(1), _is_german_run(match[1]))
        for match in _ENCLOSED.finditer(text)
        if _is_latin(match[1])
    ]
    german = [(start, end, True) for start, end in terms]
    return _merged([*enclosed, *_bare_runs(text), *german])


def _is_latin(text: str) -> bool:
    """Return whether a text has letters, and Latin ones only."""
    letters = [char for char in _ENTITY.sub("", text) if char.isalpha()]
    return bool(letters) and all(char <= "ɏ" for char in letters)


def _is_german_run(text: str) -> bool:
    """Return whether a quoted or bracketed passage is German: several words, or one that is not an abbreviation (``KIM``, ``PDF``)
    and not a name with capitals inside (``OpenStreetMap``)."""
    words = _WORDS_OF.findall(_ENTITY.sub(" ", text))
    return len(words) > 1 or any(word[1:] == word[1:].lower() and len(word) > 3 for word in words)


def _bare_runs(text: str) -> list[Span]:
    """Return runs of adjacent tokens; a number alone is not a run."""
    runs: list[list[re.Match[str]]] = []
    for token in _TOKEN.finditer(text):
        if text[token.end() : token.end() + 1] == ";" and text[token.start() - 1 : token.start()] in ("&", "#"):
            continue  # an entity
        if runs and _joins(text, runs[-1][-1], token):
            runs[-1].append(token)
        else:
            runs.append([token])
    spans = []
    for run in runs:
        while run and run[-1]["number"] and not _is_law_number(run):
            run.pop()  # a number behind the last word belongs to the sentence
        if run:
            spans.append((run[0].start(), run[-1].end(), any(token["section"] for token in run)))
    return spans


def _joins(text: str, before: re.Match[str], after: re.Match[str]) -> bool:
    """Return whether two tokens belong to one run."""
    between = text[before.end() : after.start()]
    if between == " ":
        return True
    if between.startswith(".") and before["word"] and (before["word"] in _ABBREVIATIONS or len(before["word"]) == 1):
        between = between[1:]
    return len(between) < 8 and _JOINT.fullmatch(between) is not None


def _is_law_number(run: list[re.Match[str]]) -> bool:
    return len(run) > 1 and run[-2]["word"] in _LAW_WORDS


def _merged(spans: list[Span]) -> list[Span]:
    """Return spans in their order; those that overlap are one, and German if one of them is."""
    merged: list[Span] = []
    for start, end, is_german in sorted(spans):
        if merged and start < merged[-1][1]:
            first, last, before = merged[-1]
            merged[-1] = (first, max(last, end), before or is_german)
        else:
            merged.append((start, end, is_german))
    return merged
