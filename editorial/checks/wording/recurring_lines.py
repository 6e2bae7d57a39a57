"""Lines that are on many pages, with one wording in each language: ``docs/data/recurring_lines.yml``.

An entry has ``words`` by language. A page with the same content in other words is named with its line, in each language:

- a translation, where the German paragraph has the line and the translated one does not;
- a sentence or heading that is listed under ``other`` or has all words of ``sign``; in German also one that has the long words of
  the line and no others, or a heading with an id from ``ids``.

Punctuation, capitals, words in brackets and a leading Arabic "and" do not matter: on its first mention an office word has the
German one in brackets.
"""

import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from msgspec import Meta, field

from core.findings import Finding
from core.languages import Language
from core.text import yaml
from editorial.checks.text_lines import Block, counterparts, read_blocks
from editorial.checks.wording.traps import words_pattern
from editorial.content.data_file import unreadable_finding
from editorial.content.front_matter import NON_EMPTY
from editorial.content.pages import Content
from editorial.content.schema import StrictStruct, validate
from editorial.content.structure import is_in_easy_language

RECURRING_LINES_PATH = "docs/data/recurring_lines.yml"
LONG_WORD = 5  # shorter words ("die", "nicht", "dann") do not distinguish lines
WORD = re.compile(r"[^\W_]+")

Wording = Annotated[str, Meta(min_length=1, max_length=300)]
LineKey = tuple[str, ...]


class RecurringLine(StrictStruct, frozen=True, kw_only=True):
    """One sentence or heading.

    :ivar words: its wording by language.
    :ivar sign: by language, words that only this line holds (``*`` means any letters); a sentence with all of them has the same content.
    :ivar other: by language, earlier or other wordings of it.
    :ivar ids: headings with these ids have the wording of this line, or of another one in the list.
    """

    words: Annotated[dict[str, Wording], NON_EMPTY]
    sign: dict[str, Annotated[list[Wording], NON_EMPTY]] = field(default_factory=dict)
    other: dict[str, list[Wording]] = field(default_factory=dict)
    ids: list[str] = field(default_factory=list)


class RecurringLines(StrictStruct, frozen=True, kw_only=True):
    """All lines by name, and where each is in the file."""

    lines: dict[str, RecurringLine] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)

    def in_language(self, code: str) -> dict[str, LineKey]:
        """Return the wording of each line in a language, as it is compared."""
        return {name: line_key(line.words[code]) for name, line in self.lines.items() if code in line.words}


def load_recurring_lines(data: Path) -> RecurringLines | list[Finding]:
    """Return the lines, or the errors of their file; no file means none.

    :param data: the folder ``docs/data``.
    """
    path = data / "recurring_lines.yml"
    if not path.exists():
        return RecurringLines()
    try:
        entries, node = yaml.load_file(path)
    except (OSError, yaml.YAMLError) as error:
        return [unreadable_finding(error, RECURRING_LINES_PATH)]
    read = validate(RecurringLines, {"lines": entries or {}})
    if isinstance(read, RecurringLines):
        return RecurringLines(lines=read.lines, places={name: yaml.line_of(node, (name,)) for name in read.lines})
    return [
        _file_finding(yaml.line_of(node, fault.path[1:]), f"„{fault.dotted_path.removeprefix('lines.')}“: {fault.message}.")
        for fault in read
    ]  # fmt: skip


def _file_finding(line: int, what: str) -> Finding:
    hint = "Vergleichen Sie mit einem Eintrag, der stimmt; oben in der Datei steht, was erlaubt ist."
    return Finding(RECURRING_LINES_PATH, line, what, hint, code="data")


@functools.lru_cache(maxsize=65536)
def line_key(words: str) -> LineKey:
    """Return a sentence as it is compared: its words in small letters, without brackets and a leading Arabic "and"."""
    found = WORD.findall(re.sub(r"\([^()]*\)", " ", words).casefold())
    if found and len(found[0]) > 2 and found[0][0] == "و":
        found[0] = found[0][1:]
    return tuple(found)


def check_all_recurring_lines(data: Path, content: Content, languages: tuple[Language, ...]) -> Iterator[Finding]:
    """Name each page that has a recurring line in other words, and missing entries of the list.

    :param data: the folder ``docs/data``.
    """
    lines = load_recurring_lines(data)
    if isinstance(lines, list):
        yield from lines
        return
    if not lines.lines:
        return
    source = next(language.code for language in languages if language.default)
    pages = [page for page in content.pages.values() if source in page.texts and not is_in_easy_language(page.key)]
    german, used = lines.in_language(source), set[str]()
    for page in pages:
        original = read_blocks(page.texts[source])
        named = [[_named(german, sentence) for sentence in block.sentences] for block in original]
        used.update(name for block in named for names in block for name in names)
        yield from check_blocks(page.texts[source].file, original, lines, source, loosely=True)
        for code in page.texts.keys() - {source}:
            translated = read_blocks(page.texts[code])
            missing = list(_missing_lines(original, named, translated, lines.in_language(code)))
            yield from (_finding(page.texts[code].file, line, name, lines, code) for line, name in missing)
            reported = {line for line, _name in missing}
            yield from (
                one for one in check_blocks(page.texts[code].file, translated, lines, code) if one.line not in reported
            )
    yield from _unused(lines, used, source)
    yield from _untranslated(lines, [row for row in languages if content.has_language(row)], source)


def check_blocks(
    file: str, found: list[Block], lines: RecurringLines, code: str, loosely: bool = False
) -> Iterator[Finding]:
    """Name the sentences with the content of a recurring line in other words.

    :param loosely: also those that only have the same long words, and headings by their ids.
    """
    exact = set(lines.in_language(code).values())
    wordings = _OtherWordings(lines, code, loosely)
    section = ""
    for block in found:
        is_heading, section = block.section != section, block.section
        for sentence in block.sentences:
            key = line_key(sentence)
            if not key or key in exact:
                continue
            if named := (is_heading and wordings.by_id.get(section)) or wordings.find(key, sentence):
                yield _finding(file, block.line, named, lines, code)


class _OtherWordings:
    """The wordings that a language does not use, for a look-up of each sentence; see :func:`check_blocks`.

    :ivar by_id: names of lines by the ids of headings.
    """

    def __init__(self, lines: RecurringLines, code: str, loosely: bool) -> None:
        self.by_id: dict[str, str] = {}
        self._by_key: dict[LineKey, str] = {}
        self._by_long_words: dict[frozenset[str], str] = {}
        self._signs: list[tuple[str, list[re.Pattern[str]]]] = []
        for name, line in lines.lines.items():
            if code not in line.words:
                continue
            for one in line.other.get(code, ()):
                self._by_key.setdefault(line_key(one), name)
            if sign := line.sign.get(code):
                self._signs.append((name, [words_pattern(one) for one in sign]))
            if loosely:
                self.by_id |= dict.fromkeys(line.ids, name)
                if len(words := long_words(line_key(line.words[code]))) > 1:
                    self._by_long_words.setdefault(words, name)

    def find(self, key: LineKey, sentence: str) -> str | None:
        """Return the name of the line that a sentence rephrases.

        :param key: the sentence as it is compared.
        """
        signed = (name for name, signs in self._signs if all(one.search(sentence) for one in signs))
        return self._by_key.get(key) or next(signed, None) or self._by_long_words.get(long_words(key))


@functools.lru_cache(maxsize=65536)
def long_words(key: LineKey) -> frozenset[str]:
    """Return the words by which lines differ."""
    return frozenset(word for word in key if len(word) >= LONG_WORD)


def _named(wordings: dict[str, LineKey], sentence: str) -> list[str]:
    """Return the names of the lines that a sentence is."""
    key = line_key(sentence)
    return [name for name, wording in wordings.items() if wording == key]


def _missing_lines(
    original: list[Block], named: list[list[list[str]]], translated: list[Block], wordings: dict[str, LineKey]
) -> Iterator[tuple[int, str]]:
    """Yield line and name where the German block is a recurring line and the translated one has other words."""
    for number, other in counterparts(original, translated):
        given = {line_key(sentence) for sentence in translated[other].sentences}
        for names in named[number]:
            known = [name for name in names if name in wordings]
            if known and not any(wordings[name] in given for name in known):
                yield translated[other].line, known[0]


def _finding(file: str, line: int, name: str, lines: RecurringLines, code: str) -> Finding:
    words = lines.lines[name].words[code]
    where = f"{RECURRING_LINES_PATH}:{lines.places[name]}"
    return Finding(file, line, f"Diese Zeile steht auf vielen Seiten und lautet überall: „{words}“",
                   f"Übernehmen Sie den Wortlaut. Soll die Zeile überall anders lauten, ändern Sie {where}.",
                   "notice", "lines")  # fmt: skip


def _unused(lines: RecurringLines, used: set[str], source: str) -> Iterator[Finding]:
    for name in sorted(lines.lines.keys() - used):
        yield Finding(
            RECURRING_LINES_PATH, lines.places[name],
            f"Diese Zeile steht auf keiner Seite: „{lines.lines[name].words.get(source, name)}“",
            "Haben Sie den Wortlaut geändert? Tragen Sie den früheren unter other: ein; dann nennt `kim check` jede Seite, und "
            "`kim translations lines` ersetzt ihn. Sonst löschen Sie den Eintrag.",
            "notice", "lines",
        )  # fmt: skip


def _untranslated(lines: RecurringLines, languages: list[Language], source: str) -> Iterator[Finding]:
    for name, line in lines.lines.items():
        for row in languages:
            if row.code not in line.words:
                yield Finding(
                    RECURRING_LINES_PATH, lines.places[name],
                    f"{row.name}: Für „{line.words.get(source, name)}“ fehlt der Wortlaut.",
                    f"Ergänzen Sie unter words: die Zeile {row.code}: …", "notice", "lines",
                )  # fmt: skip


def replace_other_wordings(text: str, lines: RecurringLines, code: str) -> str:
    """Return the source of a page with each wording that is listed under ``other`` replaced by the present one.

    Whole sentences and headings only: the wording begins a line, an item or a sentence, and ends it.
    """
    for line in lines.lines.values():
        for other in line.other.get(code, ()) if code in line.words else ():
            words = r"\s+".join(re.escape(word) for word in other.split())
            whole = rf"(?m)(^(?:#+ |[-*+] |\d+\. )?\s*\[?|[.!?؟] ){words}(?=\]|\s*(?:$|\{{ ?#| (?=[^a-z])))"
            new = line.words[code].replace("\\", r"\\")
            text = re.sub(whole, rf"\g<1>{new}", text)
    return text
