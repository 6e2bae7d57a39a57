"""A Markdown extension that spares texts without any markup the search for it: a third of the time of Markdown.

Python-Markdown tries every inline pattern on every text and leaves alone an ``AtomicString``; most texts of a page hold
none of the characters that a pattern begins with.
"""

import re
from xml.etree import ElementTree

from markdown import Markdown
from markdown.extensions import Extension
from markdown.treeprocessors import Treeprocessor
from markdown.util import AtomicString

# The characters that the inline patterns begin with: code, escape, link, image, tag, entity, emphasis, line break; and the
# placeholders of Python-Markdown.
INLINE_SYNTAX = re.compile(r"[`\\\[\]!<>&*_\x02\x03]|  \n")


class PlainTextTreeprocessor(Treeprocessor):
    """Make texts without any of these characters atomic."""

    def run(self, root: ElementTree.Element) -> None:
        """Look at every text of the tree."""
        for element in root.iter():
            text, tail = element.text, element.tail
            if text and not INLINE_SYNTAX.search(text):
                element.text = AtomicString(text)
            if tail and not INLINE_SYNTAX.search(tail):
                element.tail = AtomicString(tail)


class PlainTextExtension(Extension):
    """The extension."""

    def extendMarkdown(self, md: Markdown) -> None:
        """Run just before the inline patterns, which have priority 20."""
        md.treeprocessors.register(PlainTextTreeprocessor(md), "kim_plain_text", 21)
