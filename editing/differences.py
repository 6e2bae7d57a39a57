"""What differs between two texts of a page, paragraph by paragraph and word by word, for people."""

from __future__ import annotations

import difflib
import re
from typing import Literal

from msgspec import Struct

from editing.paragraphs import Place, list_places, read_file_text

_WORDS = re.compile(r"\s+|[^\s]+")
MAX_WORDS = 2000


class Piece(Struct, frozen=True):
    """Some words of a paragraph: kept, taken away or added."""

    kind: Literal["same", "del", "ins"]
    text: str


class Difference(Struct, frozen=True):
    """One paragraph that differs.

    :ivar place: where it is now; where it stood, if it was removed.
    """

    place: str
    kind: str
    pieces: list[Piece]


def compare(before: str | None, after: str | None) -> list[Difference]:
    """Return the paragraphs that differ between two texts of a page, in the order of the page."""
    old, new = (list_places(read_file_text(text)) if text else [] for text in (before, after))
    old, new = ([place for place in places if place.words] for places in (old, new))
    found: list[Difference] = []
    matcher = difflib.SequenceMatcher(None, [_mark(one) for one in old], [_mark(one) for one in new], autojunk=False)
    for name, start, end, left, right in matcher.get_opcodes():
        if name == "equal":
            continue
        gone, come = old[start:end], new[left:right]
        for index in range(max(len(gone), len(come))):
            first = gone[index] if index < len(gone) else None
            second = come[index] if index < len(come) else None
            place = second or first
            assert place is not None
            found.append(
                Difference(
                    place.id, place.kind, compare_words(first.words if first else "", second.words if second else "")
                )
            )
    return found


def _mark(place: Place) -> tuple[str, str]:
    return place.kind, place.words


def compare_words(before: str, after: str) -> list[Piece]:
    """Return two texts as one, with the words that were taken away and added."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    if len(old) + len(new) > MAX_WORDS:
        return [Piece("del", before), Piece("ins", after)]
    found: list[Piece] = []
    for name, start, end, left, right in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if name == "equal":
            found.append(Piece("same", "".join(old[start:end])))
            continue
        found += [Piece("del", "".join(old[start:end]))] if end > start else []
        found += [Piece("ins", "".join(new[left:right]))] if right > left else []
    return found
