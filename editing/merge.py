"""Merge two changes of one file, paragraph by paragraph.

``git merge-file`` takes neighbouring lines for one place, so that two items of a list conflict. Here each paragraph is a place of
its own. A text is never lost: a place that both sides changed differently is a conflict that holds both texts.
"""

import difflib
from collections.abc import Sequence

from msgspec import Struct

from editing.paragraphs.reading import list_paragraphs, read_file_text


class Conflict(Struct, frozen=True):
    """A place that both sides changed, each in its own way."""

    base: str
    mine: str
    theirs: str

    @property
    def shown(self) -> dict[str, str]:
        """Return the three texts for people: without the lines that they all begin with, the end of the heading before them."""
        rows = {name: getattr(self, name).strip().splitlines() for name in ("base", "mine", "theirs")}
        while len(left := [one for one in rows.values() if one]) > 1 and len({one[0] for one in left}) == 1:
            for one in left:
                del one[0]
        return {name: "\n".join(one).strip() for name, one in rows.items()}


class Merged(Struct, frozen=True):
    """The result of a merge: pieces of text and conflicts, in their order."""

    pieces: tuple[str | Conflict, ...]

    @property
    def conflicts(self) -> list[Conflict]:
        """Return the places that somebody has to decide."""
        return [piece for piece in self.pieces if isinstance(piece, Conflict)]

    @property
    def text(self) -> str:
        """Return the merged text, with our side where there is a conflict."""
        return self.resolve(["mine"] * len(self.conflicts))

    def resolve(self, choices: Sequence[str]) -> str:
        """Return the text with a choice for each conflict: ``mine``, ``theirs`` or ``both``.

        :raises ValueError: if a choice is none of these, or there are more or fewer than conflicts.
        """
        if len(choices) != len(self.conflicts) or not {*choices} <= {"mine", "theirs", "both"}:
            raise ValueError(choices)
        left, parts = iter(choices), []
        for piece in self.pieces:
            if isinstance(piece, str):
                parts.append(piece)
                continue
            choice = next(left)
            parts.append(
                {"mine": piece.mine, "theirs": piece.theirs, "both": join_texts(piece.mine, piece.theirs)}[choice]
            )
        return "".join(parts)


def join_texts(first: str, second: str) -> str:
    """Return two texts below each other, each with the separator before it."""
    if not first or not second or second[0] in "\r\n" or first.endswith("\n"):
        return first + second
    return f"{first}\n{second}"


def cut_atoms(raw: str) -> list[str]:
    """Return a file in pieces that each hold one paragraph and the text before it; together they are the file."""
    atoms, at = [], 0
    for place in sorted(list_paragraphs(read_file_text(raw)), key=lambda one: one.end):
        if place.end > at:
            atoms.append(raw[at : place.end])
            at = place.end
    return [*atoms, raw[at:]]


def cut_lines(raw: str) -> list[str]:
    """Return a file of facts in its lines: each holds one value, or one entry."""
    return raw.splitlines(keepends=True)


def merge(base: str, mine: str, theirs: str, path: str = "") -> Merged:
    """Return two changes of the same text brought together (three-way merge).

    :param path: the name of the file: the places of a page are its paragraphs, those of a file of facts its lines.
    """
    cut = cut_lines if path.endswith(".yml") else cut_atoms
    if mine == theirs or theirs == base:
        return Merged((mine,))
    if mine == base:
        return Merged((theirs,))
    atoms = cut(base)
    own, other = cut(mine), cut(theirs)
    changes = [*_changes(atoms, own, 0), *_changes(atoms, other, 1)]
    changes.sort(key=lambda one: (one[0], one[1], one[3]))
    pieces: list[str | Conflict] = []
    at = 0
    while changes:
        start, end = changes[0][0], changes[0][1]
        group = [changes.pop(0)]
        while changes and _overlap(start, end, changes[0]):
            end = max(end, changes[0][1])
            group.append(changes.pop(0))
        pieces += ["".join(atoms[at:start]), _settle(atoms, start, end, group)]
        at = end
    pieces.append("".join(atoms[at:]))
    return Merged(tuple(piece for piece in pieces if piece))


Change = tuple[int, int, list[str], int]


def _changes(base: list[str], other: list[str], side: int) -> list[Change]:
    """Return which pieces of the base one side replaces by which; adjacent replacements stay separate where that is possible."""
    found: list[Change] = []
    matcher = difflib.SequenceMatcher(None, base, other, autojunk=False)
    for kind, start, end, left, right in matcher.get_opcodes():
        if kind == "equal":
            continue
        if end - start == right - left:
            found += [(start + n, start + n + 1, [other[left + n]], side) for n in range(end - start)]
        else:
            found.append((start, end, other[left:right], side))
    return found


def _overlap(start: int, end: int, change: Change) -> bool:
    """Return whether a change concerns a range of the base; two insertions at one place do."""
    return change[0] < end or (change[0] == start and change[1] == start == end)


def _settle(atoms: list[str], start: int, end: int, group: list[Change]) -> str | Conflict:
    """Return the replacement of a range of the base."""
    sides = [_apply(atoms, start, end, [one for one in group if one[3] == side]) for side in (0, 1)]
    base = "".join(atoms[start:end])
    mine, theirs = sides
    if mine == theirs or theirs == base:
        return mine
    if mine == base:
        return theirs
    if not base:  # both have added something at one place
        return join_texts(mine, theirs)
    return Conflict(base, mine, theirs)


def _apply(atoms: list[str], start: int, end: int, changes: list[Change]) -> str:
    text, at = [], start
    for first, last, new, _side in sorted(changes, key=lambda one: one[:2]):
        text += [*atoms[at:first], *new]
        at = max(at, last)
    return "".join([*text, *atoms[at:end]])
