"""Replace the words of one paragraph; every other byte of the file stays."""

import re

from core.gettext import gettext as _
from core.text.characters import find_forbidden
from core.text.text_files import MAX_PAGE_CHARS
from editing.paragraphs.reading import (
    EditError,
    FileText,
    Paragraph,
    all_segments,
    line_indent,
    read_file_text,
    segment_index,
    segment_key,
)
from editorial.translations.segments import HEADER_SECTION
from editorial.translations.units import yaml_scalar

MAX_PARAGRAPH_BYTES = 64 * 1024

_ITEM = re.compile(r"(?:[-*+]|\d{1,9}[.)])[ \t]+")


def replace_paragraph(file: FileText, place: Paragraph, words: str) -> str:
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
    """Check the size and the characters of an editor's text.

    :raises EditError: if it is too long, or holds characters that nobody sees.
    """
    if len(words.encode("utf-8", "replace")) > MAX_PARAGRAPH_BYTES:
        raise EditError(_("The paragraph is too long: more than %(limit)s kB.", limit=MAX_PARAGRAPH_BYTES // 1024))
    if any(
        "\ud800" <= char <= "\udfff" or char == "\x00" or "\ue000" <= char <= "\uf8ff" for char in words
    ) or find_forbidden(words):
        raise EditError(_("The text holds characters that nobody sees. Type it anew instead of copying it."))


def _indented(file: FileText, place: Paragraph, words: str) -> str:
    """Return words as they are in the file: indentation and line ends."""
    first, *rest = words.split("\n")
    own = line_indent(file.raw, place.start)
    lines = [first]
    for line in rest:
        is_item = place.kind in ("ul", "ol") and _ITEM.match(line)
        lines.append((own if is_item else place.indent) + line if line.strip() else "")
    return file.newline.join(lines)


def _replace_field(file: FileText, place: Paragraph, words: str) -> str:
    """Return the file with another title, short title or description in its header."""
    line = " ".join(words.split())
    if place.segment.text or file.raw[place.start : place.end]:
        if not line and place.kind == "nav_title":
            raise EditError(_("To do without a short title, remove its line in the source of the page."))
        if not line:
            raise EditError(_("Title and description cannot be empty."))
        return _checked(file, place, _quoted(line, file.raw[place.start]))
    at = file.raw.index("\n", file.raw_offset(file.document.sections[HEADER_SECTION][0].end)) + 1
    made = file.raw[:at] + f"{place.kind}: {yaml_scalar(line)}{file.newline}" + file.raw[at:]
    return made if line else file.raw


def _quoted(line: str, quote: str) -> str:
    """Return a value of the header with the quotes that it had before."""
    if quote == "'":
        return "'" + line.replace("'", "''") + "'"
    if quote == '"':
        return '"' + line.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return yaml_scalar(line)


def _checked(file: FileText, place: Paragraph, written: str) -> str:
    """Return the file with other bytes in one paragraph, if all other paragraphs stay unchanged.

    :raises EditError: if another one would change, because the text opens a code block for example.
    """
    made = file.raw[: place.start] + written + file.raw[place.end :]
    if len(made) > MAX_PAGE_CHARS:
        raise EditError(_("The page would be too long: more than %(limit)s characters.", limit=MAX_PAGE_CHARS))
    before, after = all_segments(file.document), all_segments(read_file_text(made).document)
    index = segment_index(file.document, place)
    following = len(before) - index - 1
    same_start = [segment_key(one) for one in before[:index]] == [segment_key(one) for one in after[:index]]
    same_end = not following or [segment_key(one) for one in before[-following:]] == [
        segment_key(one) for one in after[-following:]
    ]
    if not same_start or not same_end or len(after) < len(before) - (written == ""):
        raise EditError(
            _(
                "This would change other paragraphs as well. Look for signs such as #, |, > or ``` at the beginning of a line."
            )
        )
    return made
