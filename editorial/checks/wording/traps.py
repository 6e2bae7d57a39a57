"""Words that readers of a language stumble over, with better ones: ``docs/data/traps/<language>.yml``.

An entry is a block with ``find`` (words; ``*`` means any letters) or ``pattern`` (a regular expression), and
``say`` (the replacement). ``why`` holds the reason, ``only: headings`` looks at headings and titles alone, and
``unless`` lists longer wordings in which the words are right. An entry with ``german`` and ``needs`` instead names a translated
paragraph that lacks a word: ``german`` finds it in the German paragraph, ``needs`` in the translation.
"""

import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from core.findings import Finding
from core.languages import Language
from core.text import yaml
from editorial.checks.text_lines import blocks, counterparts, read_blocks, strip_markdown
from editorial.content.pages import Content, PageText
from editorial.content.structure import is_in_easy_language

TRAPS_FOLDER = "docs/data/traps"
KEYS = {"find", "pattern", "german", "needs", "say", "why", "only", "unless"}
FIELDS = ("title", "nav_title", "description")

# Anchors of a pattern; they do not apply to the joined texts of a page.
_ANCHOR = re.compile(r"(?<!\[)\^|\$|\\[AZ]")


class Trap(Struct, frozen=True):
    """Words to avoid.

    :ivar pattern: their pattern in running text.
    :ivar parts: letters without which they do not occur; a text without one of them is not searched.
    :ivar replacement: the words to use instead.
    :ivar reason: the reason; may be empty.
    :ivar headings: whether only headings and titles are looked at.
    :ivar unless: wordings around them that are right.
    :ivar german: the words of the German paragraph where a translation needs ``pattern``; None for words to avoid.
    """

    pattern: re.Pattern[str]
    replacement: str
    reason: str = ""
    headings: bool = False
    unless: tuple[re.Pattern[str], ...] = ()
    parts: tuple[str, ...] = ()
    german: re.Pattern[str] | None = None

    def may_be_in(self, page: str) -> bool:
        """Return whether a page's texts, one after the other, may hold the words; False means that none of them does."""
        if self.german or not all(part in page for part in self.parts):
            return False
        return bool(_ANCHOR.search(self.pattern.pattern) or self.pattern.search(page))

    def match_in(self, words: str) -> str:
        """Return the first words that should not be there; empty if there are none."""
        if self.german or not self.pattern.search(words):
            return ""
        right = [match.span() for pattern in self.unless for match in pattern.finditer(words)]
        for match in self.pattern.finditer(words):
            if match[0].strip() and not any(begin <= match.start() and match.end() <= end for begin, end in right):
                return match[0].strip()
        return ""


def load_traps(data: Path, code: str) -> list[Trap] | Finding:
    """Return a language's traps, or the errors of their file; no file means none.

    :param data: the folder ``docs/data``.
    """
    path, shown = data / "traps" / f"{code}.yml", f"{TRAPS_FOLDER}/{code}.yml"
    try:
        rows = yaml.load_list(path)
    except yaml.ListFileError as error:
        return _unreadable_finding(shown, error.line, error.reason)
    traps: list[Trap] = []
    for line, row in rows:
        trap = _trap(row)
        if isinstance(trap, str):
            return _unreadable_finding(shown, line, trap)
        traps.append(trap)
    return traps


def _trap(row: Any) -> Trap | str:
    """Return one entry, or its errors."""
    if not isinstance(row, dict):
        return "kein Eintrag mit find: und say:"
    if unknown := sorted(row.keys() - KEYS):
        return f"„{unknown[0]}“ gibt es nicht"
    unless = row.get("unless") or []
    texts = [row.get(name) or "" for name in ("find", "pattern", "say", "why", "only", "german", "needs")]
    if not all(isinstance(one, str) for one in texts) or not isinstance(unless, list | str):
        return "hier steht ein Text"
    find, pattern, say, why, only, german, needs = texts
    unless = [unless] if isinstance(unless, str) else unless
    if (
        [bool(find.strip()), bool(pattern.strip()), bool(german.strip() and needs.strip())].count(True) != 1
        or not say.strip()
        or not all(isinstance(one, str) for one in unless)
    ):
        return "es braucht find:, pattern: oder german: mit needs:, und say:"
    if only not in {"", "headings"}:
        return "only: kann nur headings sein"
    try:
        if german:
            return Trap(re.compile(needs), say, why, german=re.compile(german))
        compiled = re.compile(pattern) if pattern else words_pattern(find)
    except re.error as error:
        return f"der Ausdruck ist keiner: {error}"
    first, rest = find.strip()[:1], find.strip()[1:]
    parts = tuple(
        re.split(r"[\s*]+", rest if first.islower() else first + rest)
    )  # a small first letter finds a capital one
    return Trap(compiled, say, why, bool(only), tuple(words_pattern(one) for one in unless), parts)


@functools.lru_cache(maxsize=4096)
def words_pattern(words: str) -> re.Pattern[str]:
    """Return the pattern of words as written: whole words, any white space between them, ``*`` for any letters.

    A small first letter finds a capital one too, as at the beginning of a sentence. An Arabic word is also found behind the
    letters that are written together with it ("and", "so", "in", "for", "the").
    """
    parts = [re.escape(part).replace(r"\*", r"\w*") for part in words.split()]
    first = words.strip()[:1]
    if first.islower():
        parts[0] = f"[{first}{first.upper()}]{parts[0][1:]}"
    begin = r"(?<!\w)" if first.isalnum() else ""
    if "\u0621" <= first <= "\u064a":
        begin += "[وف]?(?:[بلك]?ال|لل|[بلك])?"
    end = r"(?!\w)" if words.strip()[-1:].isalnum() or words.strip()[-1:] == "*" else ""
    return re.compile(begin + r"\s+".join(parts) + end)


def _unreadable_finding(shown: str, line: int, why: str) -> Finding:
    return Finding(shown, line, f"Die Liste der Stolperwörter ist nicht lesbar ({why}).",
                   "Jeder Eintrag hat find: (oder pattern:) und say:; ein Beispiel steht oben in docs/data/traps/de.yml.",
                   code="data")  # fmt: skip


def check_traps(text: PageText, traps: list[Trap]) -> Iterator[Finding]:
    """Name words on a page that readers stumble over, each trap once; hints, not errors."""
    if not traps:
        return
    parts = [(text.lines.get(name, 0), str(getattr(text.front_matter, name) or ""), True) for name in FIELDS[:2]]
    parts.append((text.lines.get(FIELDS[2], 0), text.front_matter.description or "", False))
    parts += [(line, strip_markdown(block), block.startswith("#")) for line, block in blocks(text)]
    whole = "\n".join(words for _line, words, _heading in parts)
    for trap in traps:
        if not trap.may_be_in(whole):
            continue
        for line, words, heading in parts:
            if (heading or not trap.headings) and (found := trap.match_in(words)):
                yield _finding(text.file, line, found, trap)
                break


def check_missing_words(text: PageText, german: PageText, traps: list[Trap]) -> Iterator[Finding]:
    """Name translated paragraphs that lack a word which the German one calls for, such as "please"."""
    needed = [(trap.german, trap) for trap in traps if trap.german]
    if not needed:
        return
    original, translated = read_blocks(german), read_blocks(text)
    for number, other in counterparts(original, translated):
        source, words = " ".join(original[number].sentences), " ".join(translated[other].sentences)
        for pattern, trap in needed:
            if (found := pattern.search(source)) and not trap.pattern.search(words):
                why = f" {trap.reason}" if trap.reason else ""
                yield Finding(text.file, translated[other].line, f"Im Deutschen steht „{found[0]}“; hier fehlt das Wort.{why}",
                              f"Ergänzen Sie: {trap.replacement}", "notice", "traps")  # fmt: skip


def check_all_traps(data: Path, content: Content, languages: tuple[Language, ...]) -> Iterator[Finding]:
    """Look for the traps of every language on its pages and name the errors of the lists.

    :param data: the folder ``docs/data``.
    """
    for language in languages:
        traps = load_traps(data, language.code)
        if isinstance(traps, Finding):
            yield traps
            continue
        source = next(row.code for row in languages if row.default)
        for page in content.pages.values():
            if language.code in page.texts and not is_in_easy_language(page.key):
                yield from check_traps(page.texts[language.code], traps)
                if source in page.texts and language.code != source:
                    yield from check_missing_words(page.texts[language.code], page.texts[source], traps)


def check_messages(shown: str, messages: list[tuple[int, str]], traps: list[Trap]) -> Iterator[Finding]:
    """Name such words in a catalogue of the interface.

    :param messages: line and wording of each message.
    """
    for trap in traps:
        for line, words in messages:
            if not trap.headings and (found := trap.match_in(words)):
                yield _finding(shown, line, found, trap)


def _finding(file: str, line: int, found: str, trap: Trap) -> Finding:
    why = f" {trap.reason}" if trap.reason else ""
    return Finding(
        file, line, f"Hier stolpern Lesende: „{found}“.{why}", f"Besser: {trap.replacement}", "notice", "traps"
    )
