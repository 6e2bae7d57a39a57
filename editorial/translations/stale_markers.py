"""Notes on a stale page for readers: the paragraphs whose German text changed, marked in the page itself.

A mark is put into the Markdown where the paragraph's words begin, as a sign that no text uses; when the page has
become HTML it turns into a class on the element and a sentence for screen readers.
"""

import re

from editorial.content.markup.shortcodes import BLOCK_SHORTCODES, SHORTCODE
from editorial.translations.segments import Segment, segment_body
from editorial.translations.state import TranslationState

# Signs from Unicode's private area: one paragraph changed; something in the section below this heading changed.
PARAGRAPH_MARKER, SECTION_MARKER = "\ue000", "\ue001"
_MARKER = re.compile(rf"(<[a-z][a-z0-9]*\b[^<>]*>)?([{PARAGRAPH_MARKER}{SECTION_MARKER}])")
_SCREEN_READER_NOTE = re.compile(r'<span class="kim-visually-hidden" data-pagefind-ignore>[^<]*</span>')
_STALE_CLASS = re.compile(r' class="kim-stale"| kim-stale(?=")')
_CLASS = re.compile(r'\bclass="([^"]*)"')


def insert_stale_markers(markdown: str, state: TranslationState | None) -> str:
    """Put a sign before each paragraph of a translation whose German text changed."""
    if state is None or not state.is_stale:
        return markdown
    places = {(change.section, change.index or 0): change.index for change in state.changed if change.own_line}
    count: dict[str, int] = {}
    pieces, at = [], 0
    for paragraph in segment_body(markdown):
        index = count.setdefault(paragraph.section, 0)
        count[paragraph.section] += 1
        if (paragraph.section, index) not in places or not _is_markable(paragraph):
            continue
        start = paragraph.start
        if paragraph.kind == "row":  # into the first cell
            start += len(markdown[start:]) - len(markdown[start:].lstrip("| \t"))
        pieces += [markdown[at:start], SECTION_MARKER if places[paragraph.section, index] is None else PARAGRAPH_MARKER]
        at = start
    return "".join([*pieces, markdown[at:]])


def _is_markable(paragraph: Segment) -> bool:
    insert = SHORTCODE.fullmatch(paragraph.text.strip())
    return paragraph.kind != "code" and not (insert and ".".join(insert.groups()) in BLOCK_SHORTCODES)


def has_stale_markers(html: str) -> bool:
    """Return whether a page shows any mark."""
    return "kim-stale" in html


def strip_screen_reader_notes(html: str) -> str:
    """Return a page without the sentences of the marks, for machines that quote it."""
    return _SCREEN_READER_NOTE.sub("", html)


def strip_stale_markers(html: str) -> str:
    """Return a page as it would be without any mark."""
    return _STALE_CLASS.sub("", strip_screen_reader_notes(html))


def render_stale_markers(html: str, paragraph_words: str, section_words: str) -> str:
    """Turn the signs into a class on the element they are in and a sentence that only screen readers read."""
    if PARAGRAPH_MARKER not in html and SECTION_MARKER not in html:
        return html

    def replace_marker(match: re.Match[str]) -> str:
        tag, sign = match.groups()
        words = paragraph_words if sign == PARAGRAPH_MARKER else section_words
        label = f'<span class="kim-visually-hidden" data-pagefind-ignore>{words} </span>'
        return (add_class(tag, "kim-stale") if tag else "") + label

    return _MARKER.sub(replace_marker, html)


def add_class(tag: str, name: str) -> str:
    """Return an opening tag with one more class."""
    if _CLASS.search(tag):
        return _CLASS.sub(rf'class="\1 {name}"', tag, count=1)
    return re.sub(r"\s*/?>\Z", f' class="{name}">', tag)
