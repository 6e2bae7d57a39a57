"""One term, one rendering: the glossary of ``docs/data/glossary.yml``."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from editorial import yaml_files
from editorial.checks.texts import blocks, plain
from editorial.content import Text
from editorial.findings import Finding

FILE = "docs/data/glossary.yml"


class Term(Struct, frozen=True):
    """A German term with what it is called in other languages.

    :ivar german: the term as it stands in German texts.
    :ivar renderings: by language, the accepted wordings; inflected forms are found by their stems.
    :ivar ambiguous: whether the German word means other things, too, so that no program can check it.
    :ivar bracket: whether the German word has to stand on the page, too, because people meet it on letters.
    """

    german: str
    renderings: dict[str, tuple[str, ...]]
    bracket: bool = False
    ambiguous: bool = False


def load_glossary(path: Path) -> list[Term] | Finding:
    """Return the glossary, or what is wrong with the file; no file is an empty glossary."""
    if not path.exists():
        return []
    try:
        rows: Any = yaml_files.load(path.read_text("utf-8")) or []
        return [
            Term(
                str(row["de"]),
                {code: tuple([words] if isinstance(words, str) else words)
                 for code, words in row.items() if code not in {"de", "bracket", "ambiguous"}},
                bool(row.get("bracket", False)),
                bool(row.get("ambiguous", False)),
            )
            for row in rows
        ]  # fmt: skip
    except (yaml_files.YAMLError, KeyError, TypeError, AttributeError) as error:
        line = getattr(getattr(error, "problem_mark", None), "line", -1) + 1
        return Finding(FILE, line, "Das Glossar ist nicht lesbar.",
                       "Jeder Eintrag hat de: und je Sprache ein Wort oder eine Liste.", kind="data")  # fmt: skip


@functools.lru_cache(maxsize=4096)
def stem_pattern(words: str) -> re.Pattern[str]:
    """Return what finds a wording in running text, inflected: each word by its first letters, at most two words between."""
    stems = [re.escape(word if len(word) < 4 else word[: max(3, len(word) - max(1, len(word) // 3))])
             for word in re.findall(r"[\w’'§]+", words)]  # fmt: skip
    return re.compile(r"(?:\S+\s+){0,2}?".join(rf"\b\w{{0,3}}{stem}\w*\W*\s*" for stem in stems), re.IGNORECASE)


def check_glossary(text: Text, german: Text, glossary: list[Term], code: str) -> Iterator[Finding]:
    """Where the German page uses a term, the translation uses its rendering or the German word; hints, not errors."""
    source = "\n".join(plain(block) for _number, block in blocks(german))
    own = list(blocks(text))
    whole = "\n".join(plain(block) for _number, block in own)
    for term in glossary:
        if term.ambiguous or code not in term.renderings:
            continue
        if term.german not in source or not re.search(rf"\b{re.escape(term.german)}(?:n|en|s|es|e)?\b", source):
            continue
        german_there = term.german in whole
        if german_there and not term.bracket:
            continue
        patterns = [stem_pattern(words) for words in term.renderings[code]]
        used = next((number for number, block in own if any(p.search(plain(block)) for p in patterns)), None)
        if used is None and not german_there:
            yield Finding(text.file, 0, f"Die deutsche Seite sagt „{term.german}“, die Übersetzung nicht.",
                          f"Im Glossar steht dafür: {' / '.join(term.renderings[code])}.", "notice", "glossary")  # fmt: skip
        elif used is not None and term.bracket and not german_there:
            yield Finding(text.file, used, f"Das deutsche Amtswort „{term.german}“ fehlt.",
                          "Setzen Sie es beim ersten Mal in Klammern dahinter.", "notice", "glossary")  # fmt: skip
