"""A file of Markdown as the text that its bytes are in UTF-8, and its paragraphs with their positions.

Line ends and byte order mark stay as they are. The browser shows a paragraph with plain line ends and without
indentation; the sent text gets those of the file again. An unchanged paragraph gives the same bytes.
"""

import bisect
import hashlib
import re

from msgspec import Struct

from core.text.text_files import page_text
from editorial.translations.segments import HEADER_SECTION, Document, Segment, cut_document

_CRLF = re.compile(r"\r\n")


class EditError(Exception):
    """A change is not possible; the message names cause and remedy, for editors."""


class FileText(Struct, frozen=True, dict=True):
    """A file of Markdown: its text with its own line ends, and its paragraphs.

    :ivar raw: the content of the file, decoded; a byte order mark is its first character.
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

    def raw_offset(self, place: int) -> int:
        """Return the place in the file of a place in the text that is read."""
        return place + bisect.bisect_left(self.offsets, place) + self.raw.startswith("\ufeff")


def read_file_text(raw: str) -> FileText:
    """Return a file's text with its paragraphs.

    :raises EditError: if it is not text.
    """
    text = page_text(raw.encode())
    if not isinstance(text, str):
        raise EditError(text.message)
    plain = raw.removeprefix("\ufeff")
    offsets = tuple(match.start() - number for number, match in enumerate(_CRLF.finditer(plain)))
    return FileText(raw, cut_document(text), offsets)


class Paragraph(Struct, frozen=True):
    """A paragraph in a file: the text that the browser shows, and its position.

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


def list_paragraphs(file: FileText) -> list[Paragraph]:
    """Return all paragraphs of a file in their order; those of the header first."""
    return [
        paragraph_at(file, section, index, segment)
        for section, segments in file.document.sections.items()
        for index, segment in enumerate(segments)
    ]


def paragraph_at(file: FileText, section: str, index: int, segment: Segment) -> Paragraph:
    """Return a paragraph of a file by section and number."""
    start, end = file.raw_offset(segment.start), file.raw_offset(segment.end)
    raw = file.raw[start:end]
    if section == HEADER_SECTION:
        return Paragraph(f"{section}.{index}", segment, digest(raw), segment.text, start, end, "")
    first, *rest = raw.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    indent = _common_indent(rest) if rest else _default_indent(file.raw, start, segment.kind)
    words = "\n".join([first, *(line.removeprefix(indent) for line in rest)])
    return Paragraph(f"{section}.{index}", segment, digest(raw), words, start, end, indent)


def _common_indent(lines: list[str]) -> str:
    """Return the white space that all lines with words begin with."""
    indents = [line[: len(line) - len(line.lstrip(" \t"))] for line in lines if line.strip()]
    found = min(indents, key=len, default="")
    while not all(indent.startswith(found) for indent in indents):
        found = found[:-1]
    return found


def line_indent(raw: str, start: int) -> str:
    """Return the white space at the beginning of a line, up to a position in it."""
    line = raw[max(raw.rfind("\n", 0, start), raw.rfind("\r", 0, start)) + 1 : start].removeprefix("\ufeff")
    return line[: len(line) - len(line.lstrip(" \t"))]


def _default_indent(raw: str, start: int, kind: str) -> str:
    """Return the indentation of a second line: in a list's item four blanks more (Python-Markdown)."""
    return line_indent(raw, start) + ("    " if kind in ("ul", "ol", "dd") else "")


def find_paragraph(file: FileText, identity: str) -> Paragraph | None:
    """Return the paragraph at a place, or None."""
    section, _dot, index = identity.rpartition(".")
    segments = file.document.sections.get(section, ())
    if not (index.isascii() and index.isdigit() and len(index) < 6 and int(index) < len(segments)):
        return None
    return paragraph_at(file, section, int(index), segments[int(index)])


def locate(file: FileText, identity: str, wanted: str) -> Paragraph | None:
    """Return the paragraph that a form was made for: the one at its place, or the only one with the same bytes.

    :param wanted: the digest that the form sends.
    """
    here = find_paragraph(file, identity)
    if here is not None and here.digest == wanted:
        return here
    same = [place for place in list_paragraphs(file) if place.digest == wanted and place.words]
    return same[0] if len(same) == 1 and same[0].section == identity.rpartition(".")[0] else None


def all_segments(document: Document) -> list[Segment]:
    """Return the paragraphs of all sections in their order."""
    return [segment for segments in document.sections.values() for segment in segments]


def segment_index(document: Document, place: Paragraph) -> int:
    """Return the number of a paragraph among those of all sections."""
    before = 0
    for section, segments in document.sections.items():
        if section == place.section:
            return before + int(place.id.rpartition(".")[2])
        before += len(segments)
    raise ValueError(place.id)


def segment_key(segment: Segment) -> tuple[str, str]:
    """Return kind and hash of a paragraph, by which two are compared."""
    return segment.kind, segment.hash
