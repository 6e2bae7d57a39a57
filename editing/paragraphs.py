"""Replace one paragraph of a file and no byte outside it.

A file is handled as the text that its bytes are in UTF-8, with its own line ends and byte order mark. What the browser
shows of a paragraph has plain line ends and no indentation; what comes back gets those of the file again. An unchanged
paragraph changes nothing.
"""

from __future__ import annotations

import bisect
import hashlib
import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from core.gettext import gettext as _
from core.text.characters import find_forbidden
from core.text.text_files import MAX_PAGE_CHARS, page_text
from editorial.translations.segments import HEADER_SECTION, Document, Segment, cut_document
from editorial.translations.units import yaml_scalar

MAX_PARAGRAPH_BYTES = 64 * 1024
_ITEM = re.compile(r"(?:[-*+]|\d{1,9}[.)])[ \t]+")
_CRLF = re.compile(r"\r\n")


class EditError(Exception):
    """A change is not possible; the message names cause and remedy, for editors."""


class FileText(Struct, frozen=True, dict=True):
    """A file of Markdown: its text with its own line ends, and its paragraphs.

    :ivar raw: what the file holds, decoded; a byte order mark is its first character.
    :ivar document: the paragraphs of the text as checks and translations read it.
    :ivar offsets: where each CRLF of the file is in that text.
    """

    raw: str
    document: Document
    offsets: tuple[int, ...]

    @property
    def newline(self) -> str:
        """Return the line end of the file: that of most of its lines."""
        return "\r\n" if len(self.offsets) * 2 > self.raw.count("\n") else "\n"

    def raw_place(self, place: int) -> int:
        """Return the place in the file of a place in the text that is read."""
        return place + bisect.bisect_left(self.offsets, place) + self.raw.startswith("\ufeff")


def read_file_text(raw: str) -> FileText:
    """Return a file's text with its paragraphs.

    :raises EditError: if it is no text that pages are made of.
    """
    text = page_text(raw.encode())
    if not isinstance(text, str):
        raise EditError(text.message)
    plain = raw.removeprefix("\ufeff")
    offsets = tuple(match.start() - number for number, match in enumerate(_CRLF.finditer(plain)))
    return FileText(raw, cut_document(text), offsets)


class Place(Struct, frozen=True):
    """A paragraph in a file: what the browser shows of it, and where it is.

    :ivar id: section and number in it: ``kosten.2``.
    :ivar digest: names the bytes of the paragraph; a form sends it back.
    :ivar words: the paragraph with plain line ends and without the indentation of further lines.
    :ivar start: where it begins in the file, in characters; ``end`` is where it stops.
    """

    id: str
    segment: Segment
    digest: str
    words: str
    start: int
    end: int
    indent: str

    @property
    def section(self) -> str:
        """Return the id of the section."""
        return self.segment.section

    @property
    def kind(self) -> str:
        """Return the kind of the paragraph, see :class:`editorial.translations.segments.Segment`."""
        return self.segment.kind


def digest(raw: str) -> str:
    """Return the name of the bytes of a paragraph."""
    return hashlib.sha256(raw.encode()).hexdigest()[:16]


def list_places(file: FileText) -> list[Place]:
    """Return all paragraphs of a file in their order; those of the header first."""
    return [
        _place(file, section, index, segment)
        for section, segments in file.document.sections.items()
        for index, segment in enumerate(segments)
    ]


def _place(file: FileText, section: str, index: int, segment: Segment) -> Place:
    start, end = file.raw_place(segment.start), file.raw_place(segment.end)
    raw = file.raw[start:end]
    if section == HEADER_SECTION:
        return Place(f"{section}.{index}", segment, digest(raw), segment.text, start, end, "")
    first, *rest = raw.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    indent = _common_indent(rest) if rest else _default_indent(file.raw, start, segment.kind)
    words = "\n".join([first, *(line.removeprefix(indent) for line in rest)])
    return Place(f"{section}.{index}", segment, digest(raw), words, start, end, indent)


def _common_indent(lines: list[str]) -> str:
    """Return the white space that all lines with words begin with."""
    indents = [line[: len(line) - len(line.lstrip(" \t"))] for line in lines if line.strip()]
    found = min(indents, key=len, default="")
    while not all(indent.startswith(found) for indent in indents):
        found = found[:-1]
    return found


def _line_indent(raw: str, start: int) -> str:
    line = raw[max(raw.rfind("\n", 0, start), raw.rfind("\r", 0, start)) + 1 : start].removeprefix("\ufeff")
    return line[: len(line) - len(line.lstrip(" \t"))]


def _default_indent(raw: str, start: int, kind: str) -> str:
    """Return the indentation of a second line: a list's item goes on four blanks further in (Python-Markdown)."""
    return _line_indent(raw, start) + ("    " if kind in ("ul", "ol", "dd") else "")


def find_place(file: FileText, identity: str) -> Place | None:
    """Return the paragraph at a place, or None."""
    section, _dot, index = identity.rpartition(".")
    segments = file.document.sections.get(section, ())
    if not (index.isascii() and index.isdigit() and len(index) < 6 and int(index) < len(segments)):
        return None
    return _place(file, section, int(index), segments[int(index)])


def locate(file: FileText, identity: str, wanted: str) -> Place | None:
    """Return the paragraph that a form was made for: the one at its place, or the only one with the same bytes.

    :param wanted: the digest that the form sends.
    """
    here = find_place(file, identity)
    if here is not None and here.digest == wanted:
        return here
    same = [place for place in list_places(file) if place.digest == wanted and place.words]
    return same[0] if len(same) == 1 and same[0].section == identity.rpartition(".")[0] else None


def replace_paragraph(file: FileText, place: Place, words: str) -> str:
    """Return the file with other words in one paragraph; the same file if they are the same.

    :raises EditError: if the words cannot be there, or would change other paragraphs.
    """
    words = words.replace("\r\n", "\n").replace("\r", "\n")
    if words == place.words or (place.kind != "code" and words.strip("\n") == place.words.strip("\n")):
        return file.raw
    check_words(words)
    if place.section == HEADER_SECTION:
        return _replace_field(file, place, words)
    words = words.strip("\n").rstrip() if place.kind != "code" else words.strip("\n")
    if not words.strip():
        if place.kind.startswith("box"):
            return _checked(file, place, "")
        raise EditError(_("The paragraph is empty. To take it away, use “Remove paragraph”."))
    if (place.kind[0] == "h" or place.kind in ("row",) or place.kind.startswith("box")) and "\n" in words:
        raise EditError(_("This is one line: a heading, the row of a table or the title of a box has no line break."))
    if place.kind.startswith("box") and '"' in words:
        raise EditError(_("The title of a box has no straight quotation marks, they would end it. Use „ and “."))
    if place.kind == "row" and not (words.startswith("|") and words.endswith("|")):
        words = f"| {words.strip().strip('|').strip()} |"
    return _checked(file, place, _indented(file, place, words))


def check_words(words: str) -> None:
    """Check the size and the characters of what an editor typed.

    :raises EditError: if it is too long, or holds characters that nobody sees.
    """
    if len(words.encode("utf-8", "replace")) > MAX_PARAGRAPH_BYTES:
        raise EditError(_("The paragraph is too long: more than %(limit)s kB.", limit=MAX_PARAGRAPH_BYTES // 1024))
    if any(
        "\ud800" <= char <= "\udfff" or char == "\x00" or "\ue000" <= char <= "\uf8ff" for char in words
    ) or find_forbidden(words):
        raise EditError(_("The text holds characters that nobody sees. Type it anew instead of copying it."))


def _indented(file: FileText, place: Place, words: str) -> str:
    """Return words as they are in the file: indentation and line ends."""
    first, *rest = words.split("\n")
    own = _line_indent(file.raw, place.start)
    lines = [first]
    for line in rest:
        is_item = place.kind in ("ul", "ol") and _ITEM.match(line)
        lines.append((own if is_item else place.indent) + line if line.strip() else "")
    return file.newline.join(lines)


def _replace_field(file: FileText, place: Place, words: str) -> str:
    """Return the file with another title, short title or description in its header."""
    line = " ".join(words.split())
    if place.segment.text or file.raw[place.start : place.end]:
        if not line and place.kind == "nav_title":
            raise EditError(_("To do without a short title, remove its line in the source of the page."))
        if not line:
            raise EditError(_("Title and description cannot be empty."))
        return _checked(file, place, _quoted(line, file.raw[place.start]))
    at = file.raw.index("\n", file.raw_place(file.document.sections[HEADER_SECTION][0].end)) + 1
    made = file.raw[:at] + f"{place.kind}: {yaml_scalar(line)}{file.newline}" + file.raw[at:]
    return made if line else file.raw


def _quoted(line: str, quote: str) -> str:
    """Return a value of the header with the quotes that it had before."""
    if quote == "'":
        return "'" + line.replace("'", "''") + "'"
    if quote == '"':
        return '"' + line.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return yaml_scalar(line)


def _checked(file: FileText, place: Place, written: str) -> str:
    """Return the file with other bytes in one paragraph, if all other paragraphs stay what they are.

    :raises EditError: if another one would change, because what was typed opens a code block for example.
    """
    made = file.raw[: place.start] + written + file.raw[place.end :]
    if len(made) > MAX_PAGE_CHARS:
        raise EditError(_("The page would be too long: more than %(limit)s characters.", limit=MAX_PAGE_CHARS))
    before, after = _all(file.document), _all(read_file_text(made).document)
    index = _index(file.document, place)
    following = len(before) - index - 1
    same_start = [_mark(one) for one in before[:index]] == [_mark(one) for one in after[:index]]
    same_end = not following or [_mark(one) for one in before[-following:]] == [
        _mark(one) for one in after[-following:]
    ]
    if not same_start or not same_end or len(after) < len(before) - (written == ""):
        raise EditError(
            _(
                "This would change other paragraphs as well. Look for signs such as #, |, > or ``` at the beginning of a line."
            )
        )
    return made


def _all(document: Document) -> list[Segment]:
    return [segment for segments in document.sections.values() for segment in segments]


def _index(document: Document, place: Place) -> int:
    before = 0
    for section, segments in document.sections.items():
        if section == place.section:
            return before + int(place.id.rpartition(".")[2])
        before += len(segments)
    raise ValueError(place.id)


def _mark(segment: Segment) -> tuple[str, str]:
    return segment.kind, segment.hash


# --- more than a paragraph ------------------------------------------------------------------------------------------


def insert_after(file: FileText, place: Place, words: str) -> str:
    """Return the file with a new paragraph after another one: an item after an item, a row after a row, else a paragraph.

    :raises EditError: if the words cannot be there.
    """
    words = words.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    check_words(words)
    if not words.strip():
        raise EditError(_("Write the text of the new paragraph."))
    newline, own = file.newline, _line_indent(file.raw, place.start)
    end = file.raw.find("\n", place.end)
    end = len(file.raw) if end < 0 else end - (file.raw[end - 1] == "\r")
    if place.kind in ("ul", "ol") and not _ITEM.match(words):
        line = file.raw[max(file.raw.rfind("\n", 0, place.start), -1) + 1 : place.start]
        words = f"{line.strip()} {words}" if line.strip() else f"- {words}"
    if place.kind == "row" and not words.startswith("|"):
        words = f"| {words.strip('| ')} |"
    if place.section == HEADER_SECTION:
        raise EditError(_("A paragraph is added below the header of the page."))
    if place.kind.startswith("box"):
        own += "    "
    gap = newline if place.kind in ("ul", "ol", "row") else newline * 2
    text = newline.join((own if not number or place.kind not in ("ul", "ol") or _ITEM.match(line) else own + "    ") + line
                        if line.strip() else "" for number, line in enumerate(words.split("\n")))  # fmt: skip
    made = file.raw[:end] + gap + text + file.raw[end:]
    before, after = _all(file.document), _all(read_file_text(made).document)
    index = _index(file.document, place) + 1
    following = len(before) - index
    kept = [_mark(one) for one in after[:index]] == [_mark(one) for one in before[:index]]
    if not kept or [_mark(one) for one in after[len(after) - following :]] != [_mark(one) for one in before[index:]]:
        raise EditError(
            _(
                "This would change other paragraphs as well. Look for signs such as #, |, > or ``` at the beginning of a line."
            )
        )
    return made


def remove_paragraph(file: FileText, place: Place) -> str:
    """Return the file without a paragraph and without the lines that held only it.

    :raises EditError: if it is a part of the header, a heading with text below it, or the only paragraph of the page.
    """
    if place.section == HEADER_SECTION:
        raise EditError(_("Title and description cannot be removed."))
    if place.kind[0] == "h" and len(file.document.sections[place.section]) > 1:
        raise EditError(_("Remove or move the text below the heading first."))
    start = max(file.raw.rfind("\n", 0, place.start), file.raw.rfind("\r", 0, place.start)) + 1
    end = file.raw.find("\n", place.end)
    end = len(file.raw) if end < 0 else end + 1
    rest = file.raw[end:]
    if place.kind not in ("ul", "ol", "row") and rest[: 2 if rest.startswith("\r\n") else 1] in ("\n", "\r\n"):
        end += 2 if rest.startswith("\r\n") else 1
    made = file.raw[:start] + file.raw[end:]
    after = _all(read_file_text(made).document)
    before = _all(file.document)
    index = _index(file.document, place)
    if [_mark(one) for one in after] != [_mark(one) for one in before[:index] + before[index + 1 :]]:
        raise EditError(_("This paragraph cannot be removed by itself. Change its section."))
    return made


def move_paragraph(file: FileText, place: Place, up: bool) -> str:
    """Return the file with a paragraph exchanged with the one before or after it in its section.

    :raises EditError: if there is none, or they are of different kinds.
    """
    section, _dot, index = place.id.rpartition(".")
    other = find_place(file, f"{section}.{int(index) + (-1 if up else 1)}")
    if other is None or other.kind != place.kind or place.kind[0] == "h" or section == HEADER_SECTION:
        raise EditError(_("There is no paragraph of the same kind to change places with."))
    first, second = sorted((place, other), key=lambda one: one.start)
    raw = file.raw
    made = (
        raw[: first.start] + raw[second.start : second.end] + raw[first.end : second.start]
        + raw[first.start : first.end] + raw[second.end :]
    )  # fmt: skip
    if sorted(map(_mark, _all(read_file_text(made).document))) != sorted(map(_mark, _all(file.document))):
        raise EditError(_("This paragraph cannot be moved by itself. Change its section."))
    return made


def move_section(file: FileText, section: str, up: bool) -> str:
    """Return the file with a section, its subsections included, exchanged with the one before or after it of the same level.

    :raises EditError: if there is none.
    """
    names = [name for name in file.document.sections if name != HEADER_SECTION]
    levels = [_level(file.document.sections[name]) for name in names]
    at = names.index(section) if section in names else -1
    if at < 0 or levels[at] < 2:
        raise EditError(_("This section cannot be moved."))

    def end_of(start: int) -> int:
        return next((n for n in range(start + 1, len(names)) if levels[n] <= levels[start]), len(names))

    if up:
        before = next((n for n in range(at - 1, -1, -1) if levels[n] <= levels[at]), -1)
        first, second = before, at
    else:
        first, second = at, end_of(at)
    if first < 0 or second >= len(names) or levels[first] != levels[second]:
        raise EditError(_("There is no section of the same level to change places with."))
    starts = [file.raw_place(file.document.span(name)[0]) for name in names]
    start, middle = starts[first], starts[second]
    last = end_of(second)
    end = starts[last] if last < len(names) else len(file.raw)
    one, other = file.raw[start:middle], file.raw[middle:end]
    if last == len(names):  # the last section of a page has no blank line after it
        gap = one[len(one.rstrip("\r\n")) :]
        tail = other[len(other.rstrip("\r\n")) :]
        one, other = one.rstrip("\r\n") + tail, other.rstrip("\r\n") + gap
    made = file.raw[:start] + other + one + file.raw[end:]
    if sorted(map(_mark, _all(read_file_text(made).document))) != sorted(map(_mark, _all(file.document))):
        raise EditError(_("This section cannot be moved."))
    return made


def _level(segments: Sequence[Segment]) -> int:
    kind = segments[0].kind if segments else ""
    return int(kind[1]) if kind[:1] == "h" and kind[1:].isdigit() else 0


def section_source(file: FileText, section: str) -> tuple[str, int, int] | None:
    """Return the Markdown of a section with plain line ends, and where it is in the file; None if there is none."""
    if section == HEADER_SECTION or section not in file.document.sections:
        return None
    start, end = (file.raw_place(at) for at in file.document.span(section))
    return file.raw[start:end].replace("\r\n", "\n"), start, end


def replace_section(file: FileText, section: str, words: str) -> str:
    """Return the file with another text of one section, or without it if the text is empty.

    :raises EditError: if there is no such section, or another one would change.
    """
    found = section_source(file, section)
    if found is None:
        raise EditError(_("This section is no longer there."))
    source, start, end = found
    words = words.replace("\r\n", "\n").replace("\r", "\n")
    if words.strip("\n") == source.strip("\n"):
        return file.raw
    check_words(words)
    written = words.strip("\n").replace("\n", file.newline)
    made = file.raw[:start] + written + file.raw[end:]
    others = {name: marks for name, marks in _marks(file.document) if name != section}
    kept = dict(_marks(read_file_text(made).document))
    if any(kept.get(name) != marks for name, marks in others.items()):
        raise EditError(_("This would change other sections as well. Look for a ``` or a heading with the same id."))
    return made


def _marks(document: Document) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    for name, segments in document.sections.items():
        yield name, [_mark(one) for one in segments]
