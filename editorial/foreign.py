"""Passages in another language: German office words inside a Turkish or Arabic text.

WCAG 2.2 criterion 3.1.2 (Language of Parts) wants them marked, so that a screen reader changes its
voice, and an Arabic line keeps its order. Editors only write the word; the build marks it.
"""

from __future__ import annotations

import functools
import html
import re

NON_LATIN = {"ar", "fa", "uk", "ru"}
_TAG = re.compile(r"(<[^>]*>)")
# A run of Latin words, with a number before it; signs only between letters, so that a full stop stays outside.
_WORD = r"[A-Za-zÀ-ɏ](?:[A-Za-zÀ-ɏ0-9²³]|['’./&+-](?=[A-Za-zÀ-ɏ0-9]))*"
_LATIN_RUN = re.compile(rf"(?:\d[\d.,]*[ \u00a0])?{_WORD}(?:[ \u00a0–-]+(?:&amp;\s|[\d§]+\s)?{_WORD})*")


@functools.lru_cache(maxsize=16)
def _pattern(terms: tuple[str, ...]) -> re.Pattern[str] | None:
    if not terms:
        return None
    longest_first = sorted({html.escape(term, quote=False) for term in terms}, key=len, reverse=True)
    # Most letters begin no term: looking at the letter first is five times as fast as trying all terms there.
    first = "".join(sorted({re.escape(term[0]) for term in longest_first}))
    return re.compile(rf"(?=[{first}])(?<![\w-])(" + "|".join(map(re.escape, longest_first)) + r")(?![\w])")


def mark_german(fragment: str, terms: tuple[str, ...], language: str) -> str:
    """Wrap each German term of an HTML fragment in ``<span lang="de" dir="ltr">``.

    In languages of another script every other Latin word is set apart as well, without a language
    claim for it: a name keeps its direction and nothing is pronounced as German that is not.
    Text inside an element that already says its language stays as it is.
    """
    pattern = _pattern(terms)
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
            pieces[place] = _mark_text(piece, pattern, language)
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


def _mark_text(text: str, pattern: re.Pattern[str] | None, language: str) -> str:
    if pattern is None:
        return _isolate(text) if language in NON_LATIN else text
    out: list[str] = []
    last = 0
    for match in pattern.finditer(text):
        before = text[last : match.start()]
        out.append(_isolate(before) if language in NON_LATIN else before)
        out.append(f'<span lang="de" dir="ltr">{match[1]}</span>')
        last = match.end()
    rest = text[last:]
    out.append(_isolate(rest) if language in NON_LATIN else rest)
    return "".join(out)


def _isolate(text: str) -> str:
    return _LATIN_RUN.sub(
        lambda m: m[0] if m[0] in {"amp", "lt", "gt", "quot", "nbsp"} else f'<bdi dir="ltr">{m[0]}</bdi>', text
    )
