"""Stored text as a terminal may get it: nothing in it moves the cursor, changes colours or turns the direction."""

import json
import unicodedata

REPLACEMENT = "\ufffd"
# Format characters that writing systems need and that terminals show as a box: ZWNJ and ZWJ, soft hyphen, zero-width
# space, word joiner, byte order mark. They are left out; all other format characters are replaced.
REMOVED = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff")
MAX_COMBINING_MARKS = 4


def replace_control_characters(text: str) -> str:
    """Return text for the terminal: control, bidi and format characters neutralised, lines indented by two blanks.

    Blanks of all kinds become plain ones. More than four combining marks on one character are cut.
    """
    marks = 0
    shown: list[str] = []
    for character in text.replace("\r\n", "\n"):
        category = unicodedata.category(character)
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        if character == "\n":
            shown.append("\n  ")
        elif category == "Zs" or character == "\t":
            shown.append(" ")
        elif character in REMOVED or marks > MAX_COMBINING_MARKS:
            continue
        elif category[0] == "C" or category in {"Zl", "Zp"}:
            shown.append(REPLACEMENT)
        else:
            shown.append(character)
    return "".join(shown)


def escape_control_characters(text: str) -> str:
    """Return JSON text with every character escaped that a terminal would obey; the data stay the same."""
    return "".join(c if _is_safe(c) else _escape(c) for c in text)


def _is_safe(character: str) -> bool:
    return character == "\n" or (unicodedata.category(character)[0] != "C" and character not in "\u2028\u2029")


def _escape(character: str) -> str:
    """Return a character as JSON writes it in ASCII (RFC 8259, 7)."""
    return json.dumps(character)[1:-1]
