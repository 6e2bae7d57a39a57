"""Words of shared pages that depend on the kind of municipality: "the city" of a page is "the district" in a district.

``docs/data/kinds.yml`` holds them by kind and language. So no page is written for one kind alone, and a new kind is data.
"""

import functools
import re
from collections.abc import Mapping
from pathlib import Path

from core.text import yaml

FILE = "kinds.yml"
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
    return text


def _as_begun(match: re.Match[str], words: str) -> str:
    """Return words with a capital where what they replace began with one, as a sentence does."""
    return words[:1].upper() + words[1:] if match[0][:1].isupper() else words


def is_kind_word(word: str, words: Mapping[str, Replacements]) -> bool:
    """Return whether shared German pages get a word from the kind of the municipality: "Kreis" in a district."""
    return any(re.search(rf"\b{re.escape(word)}\b", replacement) for _pattern, replacement in words.get("de", ()))
