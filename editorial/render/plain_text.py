"""Markdown in two thirds of the time.

Python-Markdown tries every inline pattern on every text; most paragraphs of ours hold no emphasis, link or code.
It leaves alone what is an ``AtomicString``; so texts without any sign that a pattern begins with are made one.
It sorts its list of block processors anew for every block; once a page begins, the list stays as it is.
And it writes a list of headings as HTML, which no template of ours shows.
"""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

from markdown import Markdown
from markdown.extensions import Extension
from markdown.preprocessors import Preprocessor
from markdown.treeprocessors import Treeprocessor
from markdown.util import AtomicString

# What the inline patterns of Python-Markdown begin with: code, escape, link, image, tag, entity, emphasis, line break;
# and the mark of what it has put aside.
SIGN = re.compile(r"[`\\\[\]!<>&*_\x02\x03]|  \n")


class PlainTexts(Treeprocessor):
    """Mark the texts that hold none of the signs."""

    def run(self, root: ElementTree.Element) -> None:
        """Look at every text of the tree."""
        for element in root.iter():
            text, tail = element.text, element.tail
            if text and not SIGN.search(text):
                element.text = AtomicString(text)
            if tail and not SIGN.search(tail):
                element.tail = AtomicString(tail)


class Settled(Preprocessor):
    """Make lists of the registries in which every extension has put what it has to, and leave out what nobody reads."""

    def run(self, lines: list[str]) -> list[str]:
        """Change nothing in the text."""
        self.md.parser.blockprocessors = list(self.md.parser.blockprocessors)  # type: ignore[assignment]
        inline: Any = self.md.treeprocessors["inline"]
        inline.inlinePatterns = list(self.md.inlinePatterns)
        contents: Any = self.md.treeprocessors["toc"]
        contents.build_toc_div = lambda tokens: ElementTree.Element("div")
        return lines


class PlainText(Extension):
    """The extension that :class:`PlainTexts` and :class:`Settled` come with."""

    def extendMarkdown(self, md: Markdown) -> None:
        """Come just before Markdown's own inline patterns, which have priority 20, and before all preprocessors."""
        md.treeprocessors.register(PlainTexts(md), "kim_plain_text", 21)
        md.preprocessors.register(Settled(md), "kim_settled", 100)
