"""Small repairs on the HTML that Markdown gives, so that it fits our pages and a strict CSP."""

from __future__ import annotations

import itertools
import posixpath
import re
from collections.abc import Callable, Iterator

from markupsafe import escape

from core.languages import Language, default_language
from editorial.content.pages import Content, Page
from editorial.content.structure import HOME_WAYS

# What opens a tag, a comment, a declaration or a processing instruction (HTML Standard, 13.2.5.6 tag open state).
_MARKUP_START = re.compile(r"<(?=[A-Za-z/!?])[^\s>]*>?")
_CODE = re.compile(r"(?<![\\`])(`+)(?!`)((?:(?!\n[ \t]*\n).)+?)(?<!`)\1(?!`)", re.DOTALL)
_ALIGNED = re.compile(r'<(t[hd]) style="text-align: (left|right|center);">')
_TABLE = re.compile(r"<table>(.*?)</table>", re.DOTALL)
_SECTION = re.compile(r'(?=<h2 id="([^"]+)")')
ALIGNMENT_CLASSES = {"left": "start", "right": "end", "center": "center"}


def wrap_tables(html: str, label_of: Callable[[int], str]) -> str:
    """Make tables scroll inside a named region and say alignment by class instead of a style attribute.

    ``label_of`` gives the name of the first, second, … table of the page; regions need different names.
    """
    numbers = itertools.count(1)
    html = _ALIGNED.sub(lambda m: f'<{m[1]} class="kim-{ALIGNMENT_CLASSES[m[2]]}">', html)
    return _TABLE.sub(
        lambda m: (
            f'<div class="kim-table" role="region" tabindex="0" aria-label="{escape(label_of(next(numbers)))}"><table>{m[1]}</table></div>'
        ),
        html,
    )


def wrap_home_sections(html: str) -> str:
    """Wrap each h2 section of the home page in a ``section`` and those of the entry cards in one box."""
    head, *rest = _SECTION.split(html)
    out = [f'<div class="kim-hero">{head}</div>' if head.strip() else ""]
    in_entry_cards = False
    for name, part in zip(rest[::2], rest[1::2], strict=True):
        if name in HOME_WAYS and not in_entry_cards:
            out.append('<div class="kim-entry-cards">')
            in_entry_cards = True
        elif name not in HOME_WAYS and in_entry_cards:
            out.append("</div>")
            in_entry_cards = False
        block = (
            f"kim-entry-card kim-entry-card--{HOME_WAYS.index(name) + 1}" if name in HOME_WAYS else "kim-home__section"
        )
        out.append(f'<section class="{block}" aria-labelledby="{name}">{part}</section>')
    if in_entry_cards:
        out.append("</div>")
    return "".join(out)


# MkDocs follows relative links only; a scheme of our own passes it by and is taken off again.
DEFAULT_LANGUAGE_SCHEME = "kim-home:"
MARKDOWN_PAGE_LINK = re.compile(r"(\]\(\s*<?)([^)\s>#]+\.md)(#[^)\s>]*)?")


def link_to_default_language(markdown: str, page: Page, language: Language, content: Content) -> str:
    """Let a German text shown in another language link to German pages that this language does not have.

    A page in Leichte Sprache exists at ``/leichte-sprache/`` only; a relative link from ``/ur/`` would lead nowhere.
    """
    base = posixpath.dirname(page.key)

    def home(match: re.Match[str]) -> str:
        other = content.pages.get(posixpath.normpath(posixpath.join(base, match[2])).removesuffix(".md"))
        if other is None or other.exists_in(language):
            return match[0]
        return f"{match[1]}{DEFAULT_LANGUAGE_SCHEME}{other.url(default_language())}{match[3] or ''}"

    return MARKDOWN_PAGE_LINK.sub(home, markdown)


def find_raw_html(markdown: str) -> Iterator[re.Match[str]]:
    """Yield each place of a text in Markdown where a tag, a comment or the like begins; code spans are left out."""
    return _MARKUP_START.finditer(_CODE.sub(lambda code: re.sub(r"[^\n]", " ", code[0]), markdown))
