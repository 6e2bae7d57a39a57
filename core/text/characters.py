"""Characters that source texts may not hold: readers and programs would see something else than editors."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from core.findings import Finding

_LRI, _RLI, _FSI, _PDI = "\u2066", "\u2067", "\u2068", "\u2069"
_NONCHARACTERS = "".join(rf"\U{plane:04x}fffe\U{plane:04x}ffff" for plane in range(1, 17))
# Controls but tab and line end, line separators, bidi embeddings and overrides, deprecated format characters, tags,
# interlinear annotations, the replacement character, the byte order mark inside a text, private use, noncharacters.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u206a-\u206f\ufeff\ufff9-\ufffd"
    "\ue000-\uf8ff\ufdd0-\ufdef\ufffe\uffff\U000e0000-\U000e007f\U000f0000-\U0010ffff"
    + _NONCHARACTERS.encode().decode("unicode_escape")
    + r"]|\r(?!\n)"
)
_ISOLATES = re.compile(f"[{_LRI}{_RLI}{_FSI}{_PDI}]")
# Characters that may be typed but not written as an HTML reference, where nobody can check that they are in pairs.
UNBALANCED = "ein Richtungszeichen ohne Gegenstück (U+2066 bis U+2069)"
DIRECTION_CHARACTERS = dict.fromkeys((_LRI, _RLI, _FSI, _PDI), "ein Richtungszeichen")


@dataclass(frozen=True, slots=True)
class ForbiddenCharacter:
    """A forbidden character.

    :ivar line: its line, counted from 1.
    :ivar name: what it is, in German, with its code point.
    """

    line: int
    name: str


def find_forbidden(text: str) -> ForbiddenCharacter | None:
    """Return the first forbidden character of a text, or None."""
    found = _FORBIDDEN.search(text)
    return ForbiddenCharacter(text.count("\n", 0, found.start()) + 1, describe(found[0])) if found else None


def forbidden_in_file(text: str) -> Iterator[ForbiddenCharacter]:
    """Yield the forbidden characters of a file, at most one for each line, and isolates that are not in pairs.

    A byte order mark at the very beginning is allowed. Isolates are balanced within one line, as each is part of one
    paragraph (Unicode Standard Annex 9, BD9).
    """
    text = text.removeprefix("\ufeff")
    chars = "".join(set(text))  # some hundred of several thousand
    if not ("\r" in chars or _FORBIDDEN.search(chars) or _ISOLATES.search(chars)):
        return
    for number, line in enumerate(text.split("\n"), 1):
        if found := _FORBIDDEN.search(f"{line}\n"):
            yield ForbiddenCharacter(number, describe(found[0]))
        elif not _is_balanced(line):
            yield ForbiddenCharacter(number, UNBALANCED)


def forbidden_in_values(node: Any) -> Iterator[ForbiddenCharacter]:
    """Yield the forbidden characters in the values of a YAML text, those included that are written as escapes (``\\u202e``).

    :param node: the text as YAML nodes (:func:`core.text.yaml.compose`), or None.
    """
    waiting = [node] if node is not None else []
    seen: set[int] = set()  # an alias may denote a node that holds it
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if not isinstance(one.value, str):
            waiting += [part for pair in one.value for part in (pair if isinstance(pair, tuple) else (pair,))]
        elif found := _FORBIDDEN.search(one.value):
            yield ForbiddenCharacter(one.start_mark.line + 1, describe(found[0]))
        elif not all(map(_is_balanced, one.value.split("\n"))):
            yield ForbiddenCharacter(one.start_mark.line + 1, UNBALANCED)


def character_findings(file: str, places: Iterable[ForbiddenCharacter], lines_before: int = 0) -> list[Finding]:
    """Return findings for an editor.

    :param lines_before: the number of lines before the text that was searched.
    """
    return [
        Finding(file, place.line + lines_before, f"In der Zeile steht {place.name}.",
                "Löschen Sie das Zeichen; meist kam es beim Kopieren mit. Tippen Sie die Stelle neu, wenn Sie es nicht sehen.",
                code="character")
        for place in places
    ]  # fmt: skip


def _is_balanced(line: str) -> bool:
    depth = 0
    for char in _ISOLATES.findall(line):
        depth += -1 if char == _PDI else 1
        if depth < 0:
            return False
    return depth == 0


_CONTROLS = {
    "\x0b": "ein Zeilenumbruch aus Word; hier endet dafür eine Zeile mit zwei Leerzeichen", "\x0c": "ein Seitenumbruch aus Word",
    "\x1e": "ein geschützter Bindestrich aus Word", "\x1f": "ein bedingter Trennstrich aus Word", "\x85": "ein Zeilenende anderer Systeme",
    "\ufeff": "ein unsichtbares Zeichen (BOM) mitten im Text",
}  # fmt: skip


def describe(char: str) -> str:
    """Return the name of a forbidden character in German, with its code point."""
    code = ord(char[0])
    kind = _CONTROLS.get(char[0], "ein Steuerzeichen")
    if 0xF000 <= code <= 0xF0FF:
        kind = "ein Zeichen aus einer Symbolschrift von Word, oft der Punkt einer Aufzählung, der hier „- “ heißt"
    elif unicodedata.category(char[0]) == "Co":
        kind = "ein Zeichen ohne festgelegte Bedeutung, meist aus einer Symbolschrift"
    elif 0x202A <= code <= 0x202E:
        kind = "ein Zeichen, das die Schreibrichtung umkehrt"
    elif code in {0x2028, 0x2029}:
        kind = "ein unsichtbarer Zeilenumbruch"
    elif code == 0xFFFD:
        kind = "das Zeichen für verlorene Buchstaben"
    elif unicodedata.category(char[0]) == "Cn":
        kind = "ein Zeichen, das es in Unicode nicht gibt"
    return f"{kind} (U+{code:04X})"


def shorten_text(text: str, length: int = 60) -> str:
    """Return a text of at most ``length`` characters: cut after a word, with an ellipsis."""
    return text if len(text) <= length else text[: length - 1].rsplit(" ", 1)[0] + " …"


def shorten_value(value: str, length: int = 60) -> str:
    """Return a value from outside for a message: unprintable characters as escapes, at most ``length`` characters."""
    shown = "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in value)
    return shown if len(shown) <= length else f"{shown[: length - 1]}…"
