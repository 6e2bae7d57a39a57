"""Reading a page's text line by line, for all checks."""

import functools
import re
from collections.abc import Iterator

from msgspec import Struct

from editorial.content.pages import PageText

HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*$")
HEADING_ID = re.compile(r"\{[^{}]*#([a-z][a-z0-9-]*)[^{}]*\}\s*$")
# As Python-Markdown reads it: an address may hold spaces, and brackets in pairs ("Plan (1).png").
LINK = re.compile(
    r"(!?)\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\(\s*<?((?:[^()<>\"\s]|\([^()]*\)| +(?![\"\s)]))+)>?(?:\s+\"[^\"]*\")?\s*\)"
)
LIST_MARKER = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+")
SENTENCE_END = re.compile(r"(?<=[.!?؟])\s+")
_INSERT = re.compile(r"\{\{.*?\}\}")
_ATTRIBUTES = re.compile(r"\{[^{}]*\}")
_BLOCK_MARK = re.compile(r"^(?:(?:!!!|\?\?\?\+?)\s*[\w-]*\s*)?(?:#+\s*)?")
_INLINE_MARKS = re.compile(r"[*_`|>]")
BLOCK_START = re.compile(r"\s*(?:[-*+] |\d+[.)] |#|\||!!!|\?\?\?|>)")


def prose_lines(text: PageText, body: str | None = None) -> list[tuple[int, str]]:
    """Return line number and line of a page's body, code blocks left out.

    :param body: the body as its file has it (:attr:`PageText.source`); default: with the names filled in.
    """
    return _prose_lines(text.body if body is None else body, text.body_line)


@functools.lru_cache(maxsize=64)  # all checks of a page call this one after the other
def _prose_lines(body: str, first: int) -> list[tuple[int, str]]:
    found = list(enumerate(body.split("\n"), first))
    if "```" not in body and "~~~" not in body:
        return found
    from markdown.extensions.fenced_code import FencedBlockPreprocessor  # late: it loads Pygments

    code = set[int]()
    for block in FencedBlockPreprocessor.FENCED_BLOCK_RE.finditer(body):
        begin = first + body.count("\n", 0, block.start())
        code.update(range(begin, begin + block[0].rstrip("\n").count("\n") + 1))
    return [(number, line) for number, line in found if number not in code]


def blocks(text: PageText) -> list[tuple[int, str]]:
    """Return line number and text of each paragraph, heading, list item, table row and box title."""
    return _blocks(text.body, text.body_line)


@functools.lru_cache(maxsize=2048)  # several checks read each page
def _blocks(body: str, first: int) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    begin, words = 0, ""
    for number, line in _prose_lines(body, first):
        if not line.strip() or BLOCK_START.match(line):
            if words:
                found.append((begin, words))
            begin, words = number, line.strip()
        else:
            begin = begin if words else number
            words = f"{words} {line.strip()}".strip()
    if words:
        found.append((begin, words))
    return found


@functools.lru_cache(maxsize=65536)
def strip_markdown(block: str) -> str:
    """Return a block as it is read: without marks, link targets, ids and inserts."""
    if "{" in block or "[" in block:
        block = LINK.sub(r"\2", _INSERT.sub("…", block))
        block = _ATTRIBUTES.sub("", block)
    block = LIST_MARKER.sub("", _BLOCK_MARK.sub("", block))
    return " ".join(_INLINE_MARKS.sub(" ", block).split()).strip(' "')


def sections(text: PageText) -> Iterator[tuple[str, int, list[tuple[int, str]]]]:
    """Yield id, line and lines of each part of a page between two headings; the id is empty before the first."""
    name, begin, lines = "", text.body_line, list[tuple[int, str]]()
    for number, line in prose_lines(text):
        heading = HEADING.match(line)
        if heading:
            if lines:
                yield name, begin, lines
            named = HEADING_ID.search(line)
            name, begin, lines = named[1] if named else "", number, [(number, line)]
        else:
            lines.append((number, line))
    yield name, begin, lines


def split_sentences(words: str) -> list[str]:
    """Return the sentences of a paragraph; a small letter begins none ("urząd ds. cudzoziemców")."""
    found = list[str]()
    for part in SENTENCE_END.split(words):
        if found and part[:1].islower():
            found[-1] += f" {part}"
        else:
            found.append(part)
    return found


class Block(Struct, frozen=True):
    """A paragraph, heading or list item.

    :ivar section: the id of the heading above it, or its own.
    :ivar sentences: its text, sentence by sentence.
    """

    section: str
    line: int
    sentences: list[str]


def read_blocks(text: PageText) -> list[Block]:
    """Return the blocks of a page in their order; rows of tables are left out."""
    found, section = list[Block](), ""
    for line, block in blocks(text):
        if block.startswith("|"):
            continue
        if HEADING.match(block):
            named = HEADING_ID.search(block)
            section = named[1] if named else ""
            found.append(Block(section, line, [strip_markdown(block)]))
        else:
            found.append(Block(section, line, split_sentences(strip_markdown(block))))
    return found


def counterparts(german: list[Block], translated: list[Block]) -> Iterator[tuple[int, int]]:
    """Yield which block of a translation belongs to which German one, as their numbers.

    Blocks belong together by their section and their place in it, where both sections have as many of them; else another check
    names it.
    """
    theirs: dict[str, list[int]] = {}
    for number, block in enumerate(translated):
        theirs.setdefault(block.section, []).append(number)
    mine: dict[str, list[int]] = {}
    for number, block in enumerate(german):
        mine.setdefault(block.section, []).append(number)
    for section, numbers in mine.items():
        others = theirs.get(section, [])
        if len(others) == len(numbers):
            yield from zip(numbers, others, strict=True)
