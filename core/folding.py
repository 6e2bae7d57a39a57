"""Letters that the search takes for one another: how texts go into the index, and how they are read out of it.

Pagefind folds letters that Unicode decomposes into letter and mark, in index and query alike. It does not fold other digits,
of ``ı`` and ``ł``, of two letters for one sound in Arabic script, of apostrophes. The table of those is once, in
``overrides/assets/js/folding.json``. Here a letter of the table becomes its folded form with a variation selector behind it
(U+FE00 …), which identifies the original letter. Pagefind drops the selector from the words of the index, because Unicode calls
it a mark, and keeps it in titles and excerpts, out of which the letter is made again.
"""

import functools
import json
import re
import unicodedata
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

from core.project import ROOT

TABLE = ROOT / "overrides" / "assets" / "js" / "folding.json"
SELECTOR, DROPPED = 0xFE00, 0xFE06
# Signs that people type for an apostrophe, besides those of the table.
APOSTROPHES = "´′ʹʻʽˈ＇‛‚"
# A hostile text holds many different characters; the number of cached folded characters is limited.
MAX_CACHED_CHARACTERS = 20_000
_TAG = re.compile(r"(<[^>]*>)")
_ENTITY = re.compile(r"&(?!lt;|gt;|amp;|quot;|#34;|#38;|#60;|#62;|#x22;|#x26;|#x3[ce];)#?\w+;", re.IGNORECASE)


@functools.lru_cache
def folding_table(code: str, path: Path = TABLE) -> dict[str, str]:
    """Return the letters that are folded in a language, each with its form in the index.

    :raises ValueError: if the table is not valid JSON.
    """
    table = _read_table(path)
    letters = {**table["letters"], **table["languages"].get(code, {})}
    rows = {
        letter: f"{base[0]}{chr(SELECTOR + place)}{base[1:]}"
        for base, others in letters.items()
        for place, letter in enumerate(others)
    }
    dropped = table["dropped"][""] + table["dropped"].get(code, "")
    return rows | {sign: chr(DROPPED + place) for place, sign in enumerate(dropped)}


@functools.lru_cache
def _read_table(path: Path = TABLE) -> dict[str, dict[str, Any]]:
    table: dict[str, dict[str, Any]] = json.loads(path.read_text("utf-8"))
    return table


class _PlainLetters(dict[int, str]):
    """Each character with its plain form, for :meth:`str.translate`; computed when it first occurs."""

    def __init__(self) -> None:
        super().__init__()
        table = _read_table()
        self.letters: dict[str, str] = {}
        # Of letters that two languages fold differently (Arabic and Persian yeh), the first language's form is taken.
        for rows in (table["letters"], *table["languages"].values()):
            for base, others in rows.items():
                target = self.letters.get(base, base)
                self.letters.update({letter: target for letter in others if letter != target})
        self.dropped = frozenset("".join(table["dropped"].values()) + APOSTROPHES)

    def __missing__(self, code: int) -> str:
        folded = "" if chr(code) in self.dropped else "".join(map(self._part, self._parts(chr(code))))
        if len(self) < MAX_CACHED_CHARACTERS:
            self[code] = folded
        return folded

    def _parts(self, char: str) -> str:
        return unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", char).casefold())

    def _part(self, char: str) -> str:
        category = unicodedata.category(char)
        if category in {"Mn", "Me", "Cf"} or char in self.dropped:
            return ""
        if category == "Nd":
            return str(unicodedata.decimal(char))
        if category in {"Pd", "Zs", "Zl", "Zp", "Cc"}:
            return "\n" if char == "\n" else " "
        return self.letters.get(char, char)


@functools.lru_cache
def _plain_letters() -> _PlainLetters:
    return _PlainLetters()


def fold_text(text: str) -> str:
    """Return text of any language in plain letters, for comparing it with text that was folded in the same way.

    Case, marks, kinds of digits, apostrophes, dashes and blanks, full-width and invisible characters make no difference,
    nor do the letters that the table takes for one another (``ß`` and ``ss``, ``ł`` and ``l``, Arabic and Persian yeh). Never
    for telling one person from another. Needs linear time.
    """
    return text.casefold().translate(_plain_letters())


def folding_digest() -> str:
    """Return a digest of the table by which :func:`fold_text` folds."""
    return json.dumps(_read_table(), sort_keys=True) + APOSTROPHES


def fold_html(html: str, code: str) -> str:
    """Return a page of a language as it goes into the index; tags stay as they are."""
    replace = _replacer(code, back=False)
    pieces = _TAG.split(html)
    pieces[::2] = [replace(_ENTITY.sub(lambda match: unescape(match[0]), piece)) for piece in pieces[::2]]
    return "".join(pieces)


def unfold(text: str, code: str) -> str:
    """Return a text of the index as it was written."""
    return _replacer(code, back=True)(text)


@functools.lru_cache
def _replacer(code: str, back: bool) -> Callable[[str], str]:
    table = {new: old for old, new in folding_table(code).items()} if back else folding_table(code)
    pattern = re.compile("|".join(map(re.escape, sorted(table, key=len, reverse=True))))
    return lambda text: pattern.sub(lambda match: table[match[0]], text)
