"""Words of shared pages that depend on the kind of municipality: "the city" of a page is "the district" in a district.

``docs/data/kinds.yml`` holds them by kind and language. So no page is written for one kind alone, and a new kind is data.
Words may have a German term behind them, ``district‹Kreis›``: the first sentence of a page that says it becomes "district (Kreis)".
"""

import functools
import re
from collections.abc import Mapping
from pathlib import Path

from core.text import yaml

FILE = "kinds.yml"
_TERM = re.compile(r"‹([^›\n]*)›")
_HEAD = re.compile(r"\A---[ \t]*\n.*?\n---[ \t]*\n", re.DOTALL)
_HEADING = re.compile(r"^\s*(?:#|!!!|\?\?\?)")
Replacements = tuple[tuple[re.Pattern[str], str], ...]


def load_kind_words(docs: Path, kind: str) -> Mapping[str, Replacements]:
    """Return the replacements in shared pages for a kind of municipality, by language; empty if the file has none."""
    try:
        text = (docs / "data" / FILE).read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return {}
    return _parse(text, kind)


@functools.lru_cache(maxsize=8)
def _parse(text: str, kind: str) -> Mapping[str, Replacements]:
    try:
        rows = yaml.load_strings(text)
        own = rows.get(kind) if isinstance(rows, dict) else None
        return {
            str(code): tuple((re.compile(str(pattern)), str(words)) for pattern, words in table.items())
            for code, table in (own or {}).items()
        }
    except (yaml.YAMLError, re.error, AttributeError):  # a test of the shared file names it
        return {}


def replace_kind_words(text: str, words: Mapping[str, Replacements], code: str) -> str:
    """Return a text of a shared page with the words that fit the kind of the municipality."""
    for pattern, replacement in words.get(code, ()):
        text = pattern.sub(lambda match, to=replacement: _as_begun(match, match.expand(to)), text)  # type: ignore[misc]
    return _with_terms(text) if _TERM.search(text) else text


def _with_terms(text: str) -> str:
    """Return a page with each German term at its first mention in a sentence, unless the page has it anyway."""
    head = _HEAD.match(text)
    start = head.end() if head else 0
    given = {word for word in _TERM.findall(text) if re.search(rf"\b{re.escape(word)}", _TERM.sub("", text[start:]))}
    lines = text[start:].split("\n")
    for index, line in enumerate(lines):
        if not _HEADING.match(line):
            lines[index] = _TERM.sub(lambda match: _once(match[1], given), line)
    return _TERM.sub("", text[:start] + "\n".join(lines))


def _once(word: str, given: set[str]) -> str:
    if word in given:
        return ""
    given.add(word)
    return f" ({word})"


def _as_begun(match: re.Match[str], words: str) -> str:
    """Return words with a capital where the replaced words began with one, as a sentence does."""
    return words[:1].upper() + words[1:] if match[0][:1].isupper() else words


def is_kind_word(word: str, words: Mapping[str, Replacements]) -> bool:
    """Return whether shared German pages get a word from the kind of the municipality: "Kreis" in a district."""
    return any(re.search(rf"\b{re.escape(word)}\b", replacement) for _pattern, replacement in words.get("de", ()))
