"""Letters that the search takes for one another: how texts go into the index, and how they are read out of it.

Pagefind folds what Unicode takes apart into letter and mark, in index and query alike. It knows nothing of other digits,
of ``ı`` and ``ł``, of two letters for one sound in Arabic script, of apostrophes. The table of those stands once, in
``overrides/assets/search.js``. Here a letter of the table becomes its folded form with a variation selector behind it
(U+FE00 …), which says which letter it was. Pagefind drops the selector from the words of the index, because Unicode calls
it a mark, and keeps it in titles and excerpts, out of which the letter is made again.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path

from editorial.languages import ROOT

SCRIPT = ROOT / "overrides" / "assets" / "search.js"
SELECTOR, DROPPED = 0xFE00, 0xFE06
_TABLE = re.compile(r"^const FOLDING = (\{.*?^\});", re.DOTALL | re.MULTILINE)
_TAG = re.compile(r"(<[^>]*>)")
_ENTITY = re.compile(r"&(?!lt;|gt;|amp;|quot;|#34;|#38;|#60;|#62;|#x22;|#x26;|#x3[ce];)#?\w+;", re.IGNORECASE)


@functools.lru_cache
def folds(code: str, script: Path = SCRIPT) -> dict[str, str]:
    """Return the letters that are folded in a language, each with its form in the index.

    :raises ValueError: if the script holds no table.
    """
    found = _TABLE.search(script.read_text("utf-8"))
    if found is None:
        raise ValueError(f"{script}: no table FOLDING in it; take the file from the last release")
    table = json.loads(found[1])
    letters = {**table["letters"], **table["languages"].get(code, {})}
    rows = {
        letter: f"{base[0]}{chr(SELECTOR + place)}{base[1:]}"
        for base, others in letters.items()
        for place, letter in enumerate(others)
    }
    dropped = table["dropped"][""] + table["dropped"].get(code, "")
    return rows | {sign: chr(DROPPED + place) for place, sign in enumerate(dropped)}


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
    table = {new: old for old, new in folds(code).items()} if back else folds(code)
    pattern = re.compile("|".join(map(re.escape, sorted(table, key=len, reverse=True))))
    return lambda text: pattern.sub(lambda match: table[match[0]], text)
