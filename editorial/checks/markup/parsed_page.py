"""A page as the block parser of Markdown reads it, with the lines of each text.

The parser has the extensions of ``mkdocs.yml``, as in a build.
"""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element

import markdown
from msgspec import Struct

from core.project import read_config
from editorial.checks.text_lines import prose_lines
from editorial.content.pages import PageText

BUILT_IN_EXTENSIONS = ("toc", "tables", "fenced_code")  # what MkDocs adds to the extensions of mkdocs.yml


class TextPiece(Struct):
    """One text of the page's tree, before its inline marks are read.

    :ivar tag: the element; ``tail`` for text that follows one.
    :ivar number: for the first text of a list's item, its place in the list; else 0.
    :ivar depth: how many lists it is in.
    :ivar ordered: whether the innermost list is numbered.
    :ivar lines: the numbers of the page's lines that its lines come from; 0 where that is not known.
    """

    tag: str
    text: str
    number: int = 0
    depth: int = 0
    ordered: bool = False
    lines: list[int] = []


@functools.cache
def converter(fenced: bool) -> markdown.Markdown:
    """Return Markdown with the extensions of the build.

    :param fenced: whether a text may hold fences.
    """
    names, configs = [name for name in BUILT_IN_EXTENSIONS if fenced or name != "fenced_code"], dict[str, Any]()
    for row in read_config().get("markdown_extensions", ()):
        name, config = next(iter(row.items())) if isinstance(row, dict) else (row, None)
        names += [name] * (name not in names and (fenced or name != "fenced_code"))
        if config:
            configs[name] = config
    full = {name: f"markdown.extensions.{name}" for name in names}
    known = {name: path if importlib.util.find_spec(path) else name for name, path in full.items()}
    made = markdown.Markdown(
        extensions=[known[name] for name in names],
        extension_configs={known[name]: config for name, config in configs.items() if name in known},
    )
    made.parser.blockprocessors = list(made.parser.blockprocessors)  # type: ignore[assignment]  # else sorted for every block
    return made


class Link(Struct):
    """A link or a picture that the inline parser found and a look at single lines does not.

    :ivar label: what readers see of it, or a picture's alternative text.
    """

    line: int
    image: bool
    label: str
    target: str


class ParsedPage(Struct):
    """What Markdown makes of a page.

    :ivar tree: the page after the block parser.
    :ivar pieces: its texts in their order.
    """

    tree: Element
    pieces: list[TextPiece]
    source: list[tuple[int, str]]
    md: Any

    @property
    def lines(self) -> dict[int, str]:
        """Return the page's lines by their numbers, code left out."""
        return dict(self.source)


def parse_page(text: PageText) -> ParsedPage:
    """Return what the block parser makes of a page.

    :raises RecursionError: if it is nested deeper than the parser goes.
    """
    fenced = "```" in text.body or "~~~" in text.body
    md = converter(fenced).reset()
    lines = text.body.split("\n")
    for step in md.preprocessors:
        lines = step.run(lines)
    tree = md.parser.parseDocument(lines).getroot()
    assert tree is not None
    return ParsedPage(tree, list(_pieces(tree, 0, False)), prose_lines(text), md)


def _pieces(element: Element, depth: int, ordered: bool) -> Iterator[TextPiece]:
    number = 0
    for child in element:
        inner, kind = depth, ordered
        if child.tag in {"ul", "ol"}:
            inner, kind = depth + 1, child.tag == "ol"
        elif child.tag == "li":
            number += 1
        if child.text and child.text.strip():
            yield TextPiece(child.tag, child.text, number if child.tag == "li" else 0, depth, ordered)
        elif child.tag == "li" and len(child) and child[0].text and child[0].tag == "p":
            yield TextPiece("p", child[0].text, number, depth, ordered)
        below = _pieces(child, inner, kind)
        if child.tag == "li" and not (child.text and child.text.strip()) and len(child) and child[0].tag == "p":
            next(below, None)  # its first paragraph, which was given as the item's own text
        yield from below
        if child.tail and child.tail.strip():
            yield TextPiece("tail", child.tail, 0, depth, ordered)


def map_lines(page: ParsedPage) -> None:
    """Set the line numbers of each text; the tree holds the texts in the order of the page."""
    if any(piece.lines for piece in page.pieces):
        return
    squeezed = [(number, "".join(line.split())) for number, line in page.source]
    at = 0
    for piece in page.pieces:
        for line in piece.text.split("\n"):
            wanted, found = "".join(line.split()), 0
            for step in range(at, min(at + 400, len(squeezed))) if wanted else ():
                number, given = squeezed[step]
                if wanted in given if piece.tag in {"td", "th"} else _ends(given, wanted):
                    found, at = number, step + (piece.tag not in {"td", "th"})
                    break
            piece.lines.append(found)


def _ends(given: str, wanted: str) -> bool:
    return given.endswith(wanted) or given.rstrip("#").endswith(wanted)
