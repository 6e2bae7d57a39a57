"""Passages in another language: German office words inside a Turkish or Arabic text.

WCAG 2.2 criterion 3.1.2 (Language of Parts) wants them marked, so that a screen reader changes its
voice, and an Arabic line keeps its order. Editors only write the word; the build marks it.
"""

from __future__ import annotations

import functools
import html
import re
from collections.abc import Iterator

NON_LATIN = {"ar", "fa", "uk", "ru"}
_TAG = re.compile(r"(<[^>]*>)")
# A run of Latin words, with a number before it; signs only between letters, so that a full stop stays outside.
_WORD = r"[A-Za-zÀ-ɏ](?:[A-Za-zÀ-ɏ0-9²³]|['’./&+-](?=[A-Za-zÀ-ɏ0-9]))*"
_LATIN_RUN = rf"(?:\d[\d.,]*[ \u00a0])?{_WORD}(?:[ \u00a0–-]+(?:&amp;\s|[\d§]+\s)?{_WORD})*"


class Terms:
    """Terms to look for: where one may begin, and those that begin with a letter.

    One pattern of all terms finds them no faster, and takes two milliseconds to compile: for one page, a hundredth of a build.
    """

    def __init__(self, terms: tuple[str, ...]) -> None:
        self.by_letter: dict[str, list[str]] = {}
        for term in sorted({html.escape(term, quote=False) for term in terms}, key=len, reverse=True):
            self.by_letter.setdefault(term[0], []).append(term)
        self.begin = re.compile(rf"(?<![\w-])[{re.escape(''.join(sorted(self.by_letter)))}]")

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield where each term begins and ends: whole words, of several at one place the longest."""
        last = 0
        for match in self.begin.finditer(text):
            start = match.start()
            if start >= last:
                ends = (start + len(term) for term in self.by_letter[match[0]] if text.startswith(term, start))
                end = next((end for end in ends if not _is_word(text[end : end + 1])), None)
                if end is not None:
                    yield start, end
                    last = end


def _is_word(letter: str) -> bool:
    return letter.isalnum() or letter == "_"


@functools.lru_cache(maxsize=16)
def _known(terms: tuple[str, ...]) -> Terms | None:
    return Terms(terms) if terms else None


def mark_german(fragment: str, terms: tuple[str, ...], language: str) -> str:
    """Wrap each German term of an HTML fragment in ``<span lang="de" dir="ltr">``.

    In languages of another script every other Latin word is set apart as well, without a language
    claim for it: a name keeps its direction and nothing is pronounced as German that is not.
    Text inside an element that already says its language stays as it is.
    """
    known = _known(terms)
    pieces = _TAG.split(fragment)
    inside: list[bool] = []
    for place, piece in enumerate(pieces):
        if place % 2:
            step = _step(piece)
            if step != "close":
                inside += [step == "own"] if step else []
            elif inside:
                inside.pop()
        elif piece and not piece.isspace() and True not in inside:
            pieces[place] = _mark_text(piece, known, language)
    return "".join(pieces)


_VOID = {"br", "img", "hr", "input", "wbr", "meta", "link"}
_NO_PROSE = {"script", "style", "code", "pre", "svg", "bdi"}
_NAME = re.compile(r"</?([A-Za-z0-9-]+)")


@functools.lru_cache(maxsize=4096)
def _step(tag: str) -> str:
    """Return what a tag does: open, close, nothing; "own" opens what names its language or holds no prose."""
    name = _NAME.match(tag)
    if name is None or name[1].lower() in _VOID or tag.endswith("/>"):
        return ""
    if tag.startswith("</"):
        return "close"
    return "own" if " lang=" in tag or name[1].lower() in _NO_PROSE else "open"


def _mark_text(text: str, terms: Terms | None, language: str) -> str:
    out: list[str] = []
    last = 0
    for start, end in terms.find(text) if terms else ():
        out += [_isolate(text[last:start], language), f'<span lang="de" dir="ltr">{text[start:end]}</span>']
        last = end
    return "".join([*out, _isolate(text[last:], language)])


def _isolate(text: str, language: str) -> str:
    """Set Latin words apart, in a language of another script."""
    if language not in NON_LATIN:
        return text
    return re.sub(
        _LATIN_RUN,
        lambda m: m[0] if m[0] in {"amp", "lt", "gt", "quot", "nbsp"} else f'<bdi dir="ltr">{m[0]}</bdi>',
        text,
    )
