"""Cut a page into paragraphs with their places, and bring each into a normal form.

A paragraph is the unit of a translator's work: a heading, a paragraph, one item of a list, one row of a
table, the title of a box; of the header the title, the short title and the description. White space, line
ends, wrapping, the marks of a list and the order and quotes of the header do not count.
"""

import functools
import hashlib
import re
import unicodedata
from collections.abc import Iterator

from msgspec import Struct

from core.text import yaml
from editorial.content.front_matter import HEADER
from editorial.content.place_names import PLACE_SHORTCODE

HEADER_SECTION, LEAD_SECTION = (
    "_head",
    "_top",
)  # sections of a page that have no heading: its header, and the text before the first one
FIELDS = ("title", "nav_title", "description")
HASH_LENGTH = 8

_HEADING = re.compile(r"(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*(\{[^{}]*\})?[ \t]*$")
_ID = re.compile(r"#([A-Za-z][\w-]*)")
_ADMONITION = re.compile(r'(!!!|\?\?\?\+?)[ \t]*([\w-]*)[^"]*(?:"(.*)")?[ \t]*$')
_ITEM = re.compile(r"([-*+]|\d{1,9}[.)])[ \t]+")
_DEFINITION = re.compile(r":[ \t]+")
_QUOTE = re.compile(r">[ \t]?")
_TABLE_SEPARATOR = re.compile(r"\|?:?-+:?(?:\|:?-+:?)*\|?")
_SHORTCODE = re.compile(r"\{\{.*?\}\}|\]\([^)]*\)|\{[^{}]*\}")


def is_table_separator(line: str) -> bool:
    """Return whether a line is the rule below the head of a table, for example ``|---|:-:|``; linear in its length."""
    return _TABLE_SEPARATOR.fullmatch("".join(line.split())) is not None


class Segment(Struct, frozen=True, dict=True):
    """One paragraph of a page.

    :ivar section: the id of the heading it is below; the same in all languages.
    :ivar kind: ``p``, ``h2``, ``ul``, ``ol``, ``row``, ``dd``, ``quote``, ``code``, ``box-note``, or a field of the header.
    :ivar text: its words in one line, without the marks of its kind.
    :ivar line: the line it begins in, counted from 1.
    :ivar start: where its words begin in the file, in characters; ``end`` is where they stop.
    """

    section: str
    kind: str
    text: str
    line: int
    start: int
    end: int

    @functools.cached_property
    def hash(self) -> str:
        """Return a short hash of its normal form; equal for two paragraphs with the same words."""
        normal_form = f"{self.kind}\n{normalize(self.text)}".encode()
        return hashlib.sha256(normal_form).hexdigest()[:HASH_LENGTH]

    @property
    def has_words(self) -> bool:
        """Return whether there is anything to translate besides inserts, addresses and signs; a place has forms."""
        return PLACE_SHORTCODE.search(self.text) is not None or any(
            char.isalpha() for char in _SHORTCODE.sub("", self.text)
        )


class Document(Struct, frozen=True):
    """One file: its text and its paragraphs, by section and in their order."""

    text: str
    sections: dict[str, tuple[Segment, ...]]

    def hashes(self, section: str) -> tuple[str, ...]:
        """Return the hashes of a section's paragraphs; nothing where there is no such section."""
        return tuple(paragraph.hash for paragraph in self.sections.get(section, ()))

    def kinds(self, section: str) -> tuple[str, ...]:
        """Return the kinds of a section's paragraphs."""
        return tuple(paragraph.kind for paragraph in self.sections.get(section, ()))

    def span(self, section: str) -> tuple[int, int]:
        """Return where a section's text begins and ends in the file, headline included."""
        paragraphs = self.sections[section]
        start = self.text.rfind("\n", 0, paragraphs[0].start) + 1
        line_end = self.text.find("\n", paragraphs[-1].end)
        return start, len(self.text) if line_end < 0 else line_end


def normalize(text: str) -> str:
    """Return a text without differences that no reader sees: runs of white space, and two ways to write an accent."""
    return " ".join(unicodedata.normalize("NFC", text).split())


@functools.lru_cache(maxsize=4096)
def read_document(text: str) -> Document:
    """Cut a file into its paragraphs, once for each text; see :func:`cut_document`."""
    return cut_document(text)


def cut_document(text: str) -> Document:
    """Cut a file into its paragraphs. A header that is not valid YAML has no paragraphs (the checks name it)."""
    match = HEADER.match(text)
    sections: dict[str, list[Segment]] = {}
    body = 0
    if match:
        body = match.end()
        for paragraph in _header_segments(match[1], match.start(1), text.count("\n", 0, match.start(1)) + 1):
            sections.setdefault(HEADER_SECTION, []).append(paragraph)
    for paragraph in segment_body(text[body:], body, text.count("\n", 0, body) + 1):
        sections.setdefault(paragraph.section, []).append(paragraph)
    return Document(text, {name: tuple(rows) for name, rows in sections.items()})


def _header_segments(header: str, offset: int, line: int) -> Iterator[Segment]:
    """Yield title, short title and description, always in this order; an empty one where a field is missing."""
    try:
        node = yaml.compose(header)
    except yaml.YAMLError:
        return
    rows = {key.value: value for key, value in node.value} if isinstance(node, yaml.MappingNode) else {}
    for field in FIELDS:
        value = rows.get(field)
        if isinstance(value, yaml.ScalarNode):
            start, end = value.start_mark.index, value.end_mark.index
            end = start + len(header[start:end].rstrip())
            yield Segment(
                HEADER_SECTION, field, value.value, line + value.start_mark.line, offset + start, offset + end
            )
        else:
            yield Segment(HEADER_SECTION, field, "", line, offset, offset)


def segment_body(body: str, offset: int = 0, line: int = 1) -> list[Segment]:
    """Cut Markdown into paragraphs; ``offset`` and ``line`` are its position in the file."""
    return _SegmentParser(offset, line).cut(body)


class _SegmentParser:
    """Walk over the lines of a page once and close a paragraph where a new one begins."""

    def __init__(self, offset: int, line: int) -> None:
        self.at, self.line = offset, line
        self.section = LEAD_SECTION
        self.done: list[Segment] = []
        self.kind, self.words = "", [""]
        self.begin = (0, 0)
        self.end = 0
        self.fence = ""

    def cut(self, body: str) -> list[Segment]:
        for raw in body.split("\n"):
            self._feed_line(raw.rstrip("\r"))
            self.at += len(raw) + 1
            self.line += 1
        self._flush()
        return self.done

    def _feed_line(self, raw: str) -> None:
        line = raw.strip()
        left = self.at + len(raw) - len(raw.lstrip())
        if self.fence:
            self._continue(raw, raw)
            if line.startswith(self.fence):
                self._flush()
                self.fence = ""
        elif line.startswith(("```", "~~~")):
            self._flush()
            self.fence = line[:3]
            self._start("code", left, line)
        elif not line:
            self._flush()
        elif (heading := _HEADING.match(line)) is not None:
            self.heading(heading, left)
        elif line.startswith(("!!!", "???")) and (box := _ADMONITION.match(line)) is not None:
            self._flush()
            at = left + (box.start(3) if box[3] is not None else len(line))
            self.add(f"box-{box[2] or 'note'}", box[3] or "", at, at + len(box[3] or ""))
        elif line.startswith("|"):
            self._flush()
            if not is_table_separator(line):
                self.add("row", " | ".join(cells(line)), left, left + len(line))
        elif self.kind != "p" and (item := _ITEM.match(line)):
            self._flush()
            self._start("ol" if item[1][0].isdigit() else "ul", left + item.end(), line[item.end() :])
        elif line[0] == ":" and (definition := _DEFINITION.match(line)):
            self._flush()
            self._start("dd", left + definition.end(), line[definition.end() :])
        elif line[0] == ">" and (quote := _QUOTE.match(line)):
            if self.kind == "quote":
                self._continue(raw, line[quote.end() :])
            else:
                self._flush()
                self._start("quote", left + quote.end(), line[quote.end() :])
        elif self.kind:
            self._continue(raw, line)
        else:
            self._start("p", left, line)

    def heading(self, heading: re.Match[str], left: int) -> None:
        self._flush()
        named = _ID.search(heading[3] or "")
        names = {paragraph.section for paragraph in self.done}
        name = named[1] if named else f"_{len(names)}"
        while name in names:  # the checks refuse a doubled id; here it only must not be lost
            name += "_"
        self.section = name
        self.add(f"h{len(heading[1])}", heading[2], left + heading.start(2), left + heading.end(2))

    def _start(self, kind: str, at: int, words: str) -> None:
        self.kind, self.words = kind, [words]
        self.begin = (self.line, at)
        self.end = at + len(words)

    def _continue(self, raw: str, words: str) -> None:
        self.words.append(words)
        self.end = self.at + len(raw.rstrip())

    def _flush(self) -> None:
        if self.kind:
            text = "\n".join(self.words) if self.kind == "code" else " ".join(filter(None, self.words))
            self.done.append(Segment(self.section, self.kind, text, *self.begin, self.end))
        self.kind = ""

    def add(self, kind: str, text: str, start: int, end: int) -> None:
        self.done.append(Segment(self.section, kind, text, self.line, start, end))


def cells(row: str) -> list[str]:
    """Return the cells of a table's row."""
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", row.strip().strip("|"))]
