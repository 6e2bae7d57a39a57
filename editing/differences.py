"""Differences between two texts of a page, paragraph by paragraph and word by word, for people."""

import difflib
import re
from typing import Any, Literal

from msgspec import Struct

from editing.forms.facts import KINDS, entry_title, read_entries
from editing.forms.labels import field_label
from editing.paragraphs.reading import EditError, Paragraph, list_paragraphs, read_file_text
from editorial.content.front_matter import RawFrontMatter, split_front_matter
from editorial.content.local_version import FIELD
from editorial.translations.segments import FIELDS

_WORDS = re.compile(r"\s+|[^\s]+")
MAX_WORDS = 2000


class Piece(Struct, frozen=True):
    """Some words of a paragraph: unchanged, removed or added."""

    kind: Literal["same", "del", "ins"]
    text: str


class Difference(Struct, frozen=True):
    """One paragraph that differs.

    :ivar place: its position now; its former position, if it was removed.
    :ivar label: its kind, where it is not a paragraph: a field of an entry or of a header.
    """

    place: str
    kind: str
    pieces: list[Piece]
    label: str = ""


def compare_files(path: str, before: str | None, after: str | None) -> list[Difference]:
    """Return the differences between two texts of a file: paragraphs and header of a page, fields of entries of a file of facts."""
    if path.endswith(".md"):
        return [*compare_headers(before, after), *compare(before, after)]
    return compare_facts(path, before, after) if path.endswith(".yml") else []


def compare_headers(before: str | None, after: str | None) -> list[Difference]:
    """Return the fields of a page's header that differ, but for those that are paragraphs as well."""
    old, new = (_header(text) for text in (before, after))
    if not old or not new:
        return []
    names = [
        name for name in dict.fromkeys([*old, *new]) if name not in (*FIELDS, FIELD) and old.get(name) != new.get(name)
    ]
    return [_value("PageFrontMatter", (name,), old.get(name), new.get(name), "") for name in names]


def _header(text: str | None) -> dict[str, Any]:
    read = split_front_matter(text.removeprefix("\ufeff"), "") if text else None
    return read.data if isinstance(read, RawFrontMatter) else {}


def compare_facts(path: str, before: str | None, after: str | None) -> list[Difference]:
    """Return the fields that differ between two states of a file of facts, entry by entry."""
    kind = path.rpartition("/")[2].removesuffix(".yml")
    model = KINDS[kind].__name__ if kind in KINDS else ""
    try:
        old, new = (read_entries(text or "") for text in (before, after))
    except EditError:
        return [Difference("", "code", compare_words(before or "", after or ""))]
    found: list[Difference] = []
    for key in dict.fromkeys([*old, *new]):
        left, right = old.get(key), new.get(key)
        if left == right:
            continue
        title = entry_title(right if right is not None else left, key)
        rows = [one if isinstance(one, dict) else {"": one} if one is not None else {} for one in (left, right)]
        for name in dict.fromkeys([*rows[0], *rows[1]]):
            if rows[0].get(name) != rows[1].get(name):
                found.append(_value(model, (name,), rows[0].get(name), rows[1].get(name), title))
    return found


def _value(model: str, way: tuple[str], before: Any, after: Any, title: str) -> Difference:
    label = field_label(way, model) if way[0] else ""
    words = [_in_words(one) for one in (before, after)]
    return Difference("", "p", compare_words(*words), " · ".join(filter(None, (title, label))))


def _in_words(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{field_label((name,), '')}: {_in_words(one)}" for name, one in value.items())
    if isinstance(value, list):
        return ", ".join(map(_in_words, value))
    return "" if value is None else str(value)


def compare(before: str | None, after: str | None) -> list[Difference]:
    """Return the paragraphs that differ between two texts of a page, in the order of the page."""
    old, new = (list_paragraphs(read_file_text(text)) if text else [] for text in (before, after))
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


def _mark(place: Paragraph) -> tuple[str, str]:
    return place.kind, place.words


def compare_words(before: str, after: str) -> list[Piece]:
    """Return two texts as one, with the removed and the added words."""
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
