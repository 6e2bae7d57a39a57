"""Host names that look like another one (Unicode Technical Standard 39, chapter 4; as browsers decide what to show)."""

from __future__ import annotations

import re
import unicodedata

# Letters of the Latin script that nobody takes for another one: with a visible accent, and ß. Not ı, ĸ, ŉ, ſ.
_ACCENTED = frozenset(map(chr, range(0xDF, 0x17F))) - frozenset("÷ıĸŉŀ")


def find_disguise(host: str) -> str:
    """Return the part of a host name that may be taken for another name, or nothing.

    A label of one script other than Latin is allowed below a top-level domain of that script only; a label that mixes
    scripts, or holds Latin letters that look like others, is not. A label in Punycode (RFC 3492) is read as it is shown.
    """
    labels = [_shown(label) for label in host.casefold().split(".") if label]
    scripts = [_scripts(label) for label in labels]
    for label, own in zip(labels, scripts, strict=True):
        if not own <= {"LATIN"} and (len(own) > 1 or own != scripts[-1]):
            return label
        if any(char not in _ACCENTED for char in label if not char.isascii()) and own <= {"LATIN"}:
            return label
    return ""


def _shown(label: str) -> str:
    if not label.startswith("xn--"):
        return unicodedata.normalize("NFC", label)
    try:
        return label.removeprefix("xn--").encode("ascii").decode("punycode")
    except (UnicodeError, ValueError):
        return label


def _scripts(label: str) -> set[str]:
    """Return the scripts of a label's letters, by the first word of their names: ``LATIN``, ``CYRILLIC``, ``CJK``."""
    return {re.split(r"[ -]", unicodedata.name(char, "?"))[0] for char in label if char.isalpha()}
