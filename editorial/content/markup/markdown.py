"""Small repairs on the HTML that Markdown gives, so that it fits our pages and a strict CSP."""

from __future__ import annotations

import itertools
import posixpath
import re
from collections.abc import Collection, Iterator, Mapping
from html import escape
from urllib.parse import unquote

from core.languages import Language, default_language
from editorial.content.pages import Content, Page

# What opens a tag, a comment, a declaration or a processing instruction (HTML Standard, 13.2.5.6 tag open state).
_MARKUP_START = re.compile(r"<(?=[A-Za-z/!?])[^\s>]*>?")
_CODE = re.compile(r"(?<![\\`])(`+)(?!`)((?:(?!\n[ \t]*\n).)+?)(?<!`)\1(?!`)", re.DOTALL)
_ALIGNED = re.compile(r'<(t[hd]) style="text-align: (left|right|center);">')
_TABLE = re.compile(
    r"<h[1-6][^>]*>(?P<heading>.*?)</h[1-6]>"
    r'|(?:<p class="caption">(?P<caption>(?:(?!</p>).)*)</p>\s*)?<table>(?P<table>.*?)</table>',
    re.DOTALL,
)
_OWN_CAPTION = re.compile(r"\s*<caption[^>]*>(.*?)</caption>", re.DOTALL)
_HEADER = re.compile(r"<th\b([^>]*)>")
_ROW = re.compile(r"<tr>(.*?)</tr>", re.DOTALL)
_CELL = re.compile(r"<(t[hd])\b([^>]*)>(.*?)</\1>", re.DOTALL)
_ANY_TAG = re.compile(r"<[^>]*>")
_HIDDEN_WORDS = re.compile(r'<span class="kim-visually-hidden"[^>]*>[^<]*</span>')
_ADMONITION = re.compile(
    r'<div class="admonition (([a-z]+)[^"]*)">\n<p class="admonition-title([^>]*)>(.*?)</p>', re.DOTALL
)
_LINK_SECTION = re.compile(r'<h2 id="([^"]+)"((?:(?!</h2>).)*)</h2>((?:(?!<h[12]\b).)*</[uo]l>)', re.DOTALL)
_LEADS_ON = re.compile(r'<a\b[^>]* class="button"')  # a link with { .button }
ENTRY_CARD_HUES = 3  # entry cards have these colours in turn
_TASK_LINE = re.compile(r"\s*[-*+]\s+\[[ xX]?\]\s")
_PAGE_LINK = re.compile(r"(?<!!)\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\(([^()\s]+\.md(?:#[^()\s]*)?)\)(?:\{ *\.button *\})?")
_LINK_ENTRY = re.compile(
    r"^[ \t]*[-*+] \[(?:[^\[\]]|\[[^\[\]]*\])*\]\(([^()\s]+\.md(?:#[^()\s]*)?)\)[ \t]*(?:\n|\Z)", re.MULTILINE
)
_SECTION = re.compile(r'(?=<h2 id="([^"]+)")')
ALIGNMENT_CLASSES = {"left": "start", "right": "end", "center": "center"}


def wrap_tables(html: str, title: str = "") -> str:
    """Give each table a caption, row headers and the label of its column in each cell, inside a named scroll region.

    The caption is the paragraph of the class ``caption`` that stands right before the table, else the heading above it;
    a second table below one heading has a number. Alignment is a class, because the CSP refuses style attributes. The
    roles keep the table a table where the stylesheet shows its rows as cards (WCAG 2.2, 1.3.1 and 1.4.10).

    :param title: names a table above the first heading.
    """
    html = _ALIGNED.sub(lambda m: f'<{m[1]} class="kim-align-{ALIGNMENT_CLASSES[m[2]]}">', html)
    heading, captions = escape(title, quote=False), dict[str, int]()

    def wrap(match: re.Match[str]) -> str:
        nonlocal heading
        if match["table"] is None:
            heading = _plain_words(match["heading"])
            return match[0]
        caption, body = match["caption"], match["table"]
        if own := _OWN_CAPTION.match(body):  # the charts of the survey
            name, body = _plain_words(own[1]), body[own.end() :]
            caption = own[0]
        elif caption:
            name, caption = _plain_words(caption), f"<caption>{caption}</caption>"
        else:
            count = captions[heading] = captions.get(heading, 0) + 1
            name = heading if count == 1 else f"{heading} ({count})"
            caption = f'<caption class="kim-visually-hidden">{name}</caption>'
        label = name.replace('"', "&quot;")
        return (
            f'<div class="kim-table" role="region" tabindex="0" aria-label="{label}">'
            f'<table role="table">{caption}{_label_cells(body)}</table></div>'
        )

    return _TABLE.sub(wrap, html)


def _plain_words(html: str) -> str:
    """Return the words of inline HTML, still escaped, without what only screen readers get."""
    return " ".join(_ANY_TAG.sub("", _HIDDEN_WORDS.sub("", html)).split())


def _label_cells(table: str) -> str:
    """Make the first cell of each row a header and give the others the words of their column's header."""
    head, separator, body = table.partition("<tbody>")
    labels = [_plain_words(cell[3]).replace('"', "&quot;") for cell in _CELL.finditer(head)]

    def row(match: re.Match[str]) -> str:
        return f'<tr role="row">{"".join(map(cell, itertools.count(), _CELL.finditer(match[1])))}</tr>'

    def cell(place: int, match: re.Match[str]) -> str:
        tag, attributes, words = match.groups()
        if tag == "th" or (place == 0 and len(labels) > 1 and words.strip()):
            scope = "" if "scope=" in attributes else ' scope="row"'
            return f'<th role="rowheader"{scope}{attributes}>{words}</th>'
        label = f' data-label="{labels[place]}"' if place < len(labels) and labels[place] else ""
        return f'<td role="cell"{label}{attributes}>{words}</td>'

    def header(match: re.Match[str]) -> str:
        scope = "" if "scope=" in match[1] else ' scope="col"'
        return f'<th role="columnheader"{scope}{match[1]}>'

    head = _HEADER.sub(header, head).replace("<thead>", '<thead role="rowgroup">').replace("<tr>", '<tr role="row">')
    return head + separator.replace("<tbody>", '<tbody role="rowgroup">') + _ROW.sub(row, body)


def name_admonitions(html: str, words: Mapping[str, str]) -> str:
    """Make each box a note that says its kind in a word before its title; colour and icon alone do not reach everybody.

    WCAG 2.2, 1.3.1 (Info and Relationships) and 1.4.1 (Use of Color). A title that holds the word says it once.

    :param words: the word of each kind, in the language of the text.
    """

    def name(match: re.Match[str]) -> str:
        classes, kind, attributes, title = match.groups()
        if kind == "path":  # a diagram
            return match[0]
        word = words.get(kind, words["note"])
        box = f'<div class="admonition {classes}" role="note">\n<p class="admonition-title{attributes}>'
        if word.casefold() in _plain_words(title).casefold():
            return f"{box}{title}</p>"
        return f'{box}<span class="kim-admonition-kind" data-pagefind-ignore>{word}: </span>{title}</p>'

    return _ADMONITION.sub(name, html)


# A step to tick: `- [ ] Words { #id }`. The id is the same in all languages, so that a tick holds in each of them.
TASK_MARK = re.compile(r"\[[ xX]?\]\s+")
TASK_ID = re.compile(r"\s\{\s*#([a-z][a-z0-9-]*)\s*\}\s*$")
_TASK = re.compile(
    r"<li>(\s*<p>)?\[[ xX]?\]\s+((?:(?!</?li>|</p>|\n<[uo]l>).)*?)\s\{\s*#([a-z][a-z0-9-]*)\s*\}(?=\s*</)", re.DOTALL
)


def mark_tasks(html: str) -> str:
    """Turn the items of a list that are written as tasks into ones that a reader can tick; without script it is a list."""
    return _TASK.sub(r'<li class="kim-task" id="\3">\1\2', html) if "<li>" in html and "[" in html else html


def task_ids(markdown: str) -> list[str]:
    """Return the ids of the tasks of a text in Markdown, in their order."""
    return [
        found[1]
        for line in markdown.split("\n")
        if _TASK_LINE.match(line) and (found := TASK_ID.search(line)) is not None
    ]


def wrap_home_sections(html: str) -> str:
    """Wrap each h2 section of the home page in a ``section``; those with a button are entry cards, neighbours in one box."""
    head, *rest = _SECTION.split(html)
    out = [f'<div class="kim-hero">{head}</div>' if head.strip() else ""]
    cards, in_entry_cards = 0, False
    for name, part in zip(rest[::2], rest[1::2], strict=True):
        is_card = _LEADS_ON.search(part) is not None
        if is_card != in_entry_cards:
            out.append('<div class="kim-entry-cards">' if is_card else "</div>")
            in_entry_cards = is_card
        block = f"kim-entry-card kim-entry-card--{cards % ENTRY_CARD_HUES + 1}" if is_card else "kim-home__section"
        cards += is_card
        out.append(f'<section class="{block}" aria-labelledby="{name}">{part}</section>')
    if in_entry_cards:
        out.append("</div>")
    return "".join(out)


def split_further_reading(html: str, ids: Collection[str]) -> tuple[str, str, str]:
    """Return a page without the section of links to related pages, and that section with its heading one level down, and its id.

    What follows the last list of the section, such as the note that this is no legal advice, stays with the text.

    :param ids: the ids that the heading of such a section has.
    """
    match = next((one for one in _LINK_SECTION.finditer(html) if one[1] in ids), None)
    if match is None:
        return html, "", ""
    name, heading, links = match.groups()
    return html[: match.start()] + html[match.end() :], f'<h3 id="{name}"{heading}</h3>{links}', name


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


def unlink_left_out(markdown: str, page: Page, content: Content) -> str:
    """Take away links to pages that the municipality leaves out: their words stay, a list entry that is only a link goes."""
    if not (content.left_out or content.parts):
        return markdown
    base = posixpath.dirname(page.key)

    def is_gone(target: str) -> bool:
        key = posixpath.normpath(posixpath.join(base, unquote(target.partition("#")[0]))).removesuffix(".md")
        return content.leaves_out(key)

    markdown = _LINK_ENTRY.sub(lambda match: "" if is_gone(match[1]) else match[0], markdown)
    return _PAGE_LINK.sub(lambda match: match[1] if is_gone(match[2]) else match[0], markdown)


def find_raw_html(markdown: str) -> Iterator[re.Match[str]]:
    """Yield each place of a text in Markdown where a tag, a comment or the like begins; code spans are left out."""
    return _MARKUP_START.finditer(_CODE.sub(lambda code: re.sub(r"[^\n]", " ", code[0]), markdown))
