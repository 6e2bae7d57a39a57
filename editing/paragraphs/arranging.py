"""Add, remove and move paragraphs and sections; replace a whole section."""

from collections.abc import Iterator, Sequence

from core.gettext import gettext as _
from editing.paragraphs.reading import (
    EditError,
    FileText,
    Paragraph,
    all_segments,
    find_paragraph,
    line_indent,
    read_file_text,
    segment_index,
    segment_key,
)
from editing.paragraphs.replacing import _ITEM, check_words
from editorial.translations.segments import HEADER_SECTION, Document, Segment


def insert_after(file: FileText, place: Paragraph, words: str) -> str:
    """Return the file with a new paragraph after another one: an item after an item, a row after a row, else a paragraph.

    :raises EditError: if the words cannot be there.
    """
    words = words.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    check_words(words)
    if not words.strip():
        raise EditError(_("Write the text of the new paragraph."))
    newline, own = file.newline, line_indent(file.raw, place.start)
    end = file.raw.find("\n", place.end)
    end = len(file.raw) if end < 0 else end - (file.raw[end - 1] == "\r")
    if place.kind in ("ul", "ol") and not _ITEM.match(words):
        line = file.raw[max(file.raw.rfind("\n", 0, place.start), -1) + 1 : place.start]
        words = f"{line.strip()} {words}" if line.strip() else f"- {words}"
    if place.kind == "row" and not words.startswith("|"):
        words = f"| {words.strip('| ')} |"
    if place.section == HEADER_SECTION:
        raise EditError(_("A paragraph is added below the header of the page."))
    if place.kind.startswith("box"):
        own += "    "
    gap = newline if place.kind in ("ul", "ol", "row") else newline * 2
    text = newline.join((own if not number or place.kind not in ("ul", "ol") or _ITEM.match(line) else own + "    ") + line
                        if line.strip() else "" for number, line in enumerate(words.split("\n")))  # fmt: skip
    made = file.raw[:end] + gap + text + file.raw[end:]
    before, after = all_segments(file.document), all_segments(read_file_text(made).document)
    index = segment_index(file.document, place) + 1
    following = len(before) - index
    kept = [segment_key(one) for one in after[:index]] == [segment_key(one) for one in before[:index]]
    if not kept or [segment_key(one) for one in after[len(after) - following :]] != [
        segment_key(one) for one in before[index:]
    ]:
        raise EditError(
            _(
                "This would change other paragraphs as well. Look for signs such as #, |, > or ``` at the beginning of a line."
            )
        )
    return made


def remove_paragraph(file: FileText, place: Paragraph) -> str:
    """Return the file without a paragraph and without the lines that held only it.

    :raises EditError: if it is a part of the header, a heading with text below it, or the only paragraph of the page.
    """
    if place.section == HEADER_SECTION:
        raise EditError(_("Title and description cannot be removed."))
    if place.kind[0] == "h" and len(file.document.sections[place.section]) > 1:
        raise EditError(_("Remove or move the text below the heading first."))
    start = max(file.raw.rfind("\n", 0, place.start), file.raw.rfind("\r", 0, place.start)) + 1
    end = file.raw.find("\n", place.end)
    end = len(file.raw) if end < 0 else end + 1
    rest = file.raw[end:]
    if place.kind not in ("ul", "ol", "row") and rest[: 2 if rest.startswith("\r\n") else 1] in ("\n", "\r\n"):
        end += 2 if rest.startswith("\r\n") else 1
    made = file.raw[:start] + file.raw[end:]
    after = all_segments(read_file_text(made).document)
    before = all_segments(file.document)
    index = segment_index(file.document, place)
    if [segment_key(one) for one in after] != [segment_key(one) for one in before[:index] + before[index + 1 :]]:
        raise EditError(_("This paragraph cannot be removed by itself. Change its section."))
    return made


def move_paragraph(file: FileText, place: Paragraph, up: bool) -> str:
    """Return the file with a paragraph exchanged with the one before or after it in its section.

    :raises EditError: if there is none, or they are of different kinds.
    """
    section, _dot, index = place.id.rpartition(".")
    other = find_paragraph(file, f"{section}.{int(index) + (-1 if up else 1)}")
    if other is None or other.kind != place.kind or place.kind[0] == "h" or section == HEADER_SECTION:
        raise EditError(_("There is no paragraph of the same kind to change places with."))
    first, second = sorted((place, other), key=lambda one: one.start)
    raw = file.raw
    made = (
        raw[: first.start] + raw[second.start : second.end] + raw[first.end : second.start]
        + raw[first.start : first.end] + raw[second.end :]
    )  # fmt: skip
    if sorted(map(segment_key, all_segments(read_file_text(made).document))) != sorted(
        map(segment_key, all_segments(file.document))
    ):
        raise EditError(_("This paragraph cannot be moved by itself. Change its section."))
    return made


def move_section(file: FileText, section: str, up: bool) -> str:
    """Return the file with a section, its subsections included, exchanged with the one before or after it of the same level.

    :raises EditError: if there is none.
    """
    names = [name for name in file.document.sections if name != HEADER_SECTION]
    levels = [_level(file.document.sections[name]) for name in names]
    at = names.index(section) if section in names else -1
    if at < 0 or levels[at] < 2:
        raise EditError(_("This section cannot be moved."))

    def end_of(start: int) -> int:
        return next((n for n in range(start + 1, len(names)) if levels[n] <= levels[start]), len(names))

    if up:
        before = next((n for n in range(at - 1, -1, -1) if levels[n] <= levels[at]), -1)
        first, second = before, at
    else:
        first, second = at, end_of(at)
    if first < 0 or second >= len(names) or levels[first] != levels[second]:
        raise EditError(_("There is no section of the same level to change places with."))
    starts = [file.raw_offset(file.document.span(name)[0]) for name in names]
    start, middle = starts[first], starts[second]
    last = end_of(second)
    end = starts[last] if last < len(names) else len(file.raw)
    one, other = file.raw[start:middle], file.raw[middle:end]
    if last == len(names):  # the last section of a page has no blank line after it
        gap = one[len(one.rstrip("\r\n")) :]
        tail = other[len(other.rstrip("\r\n")) :]
        one, other = one.rstrip("\r\n") + tail, other.rstrip("\r\n") + gap
    made = file.raw[:start] + other + one + file.raw[end:]
    if sorted(map(segment_key, all_segments(read_file_text(made).document))) != sorted(
        map(segment_key, all_segments(file.document))
    ):
        raise EditError(_("This section cannot be moved."))
    return made


def _level(segments: Sequence[Segment]) -> int:
    kind = segments[0].kind if segments else ""
    return int(kind[1]) if kind[:1] == "h" and kind[1:].isdigit() else 0


def section_source(file: FileText, section: str) -> tuple[str, int, int] | None:
    """Return the Markdown of a section with plain line ends, and where it is in the file; None if there is none."""
    if section == HEADER_SECTION or section not in file.document.sections:
        return None
    start, end = (file.raw_offset(at) for at in file.document.span(section))
    return file.raw[start:end].replace("\r\n", "\n"), start, end


def replace_section(file: FileText, section: str, words: str) -> str:
    """Return the file with another text of one section, or without it if the text is empty.

    :raises EditError: if there is no such section, or another one would change.
    """
    found = section_source(file, section)
    if found is None:
        raise EditError(_("This section is no longer there."))
    source, start, end = found
    words = words.replace("\r\n", "\n").replace("\r", "\n")
    if words.strip("\n") == source.strip("\n"):
        return file.raw
    check_words(words)
    written = words.strip("\n").replace("\n", file.newline)
    made = file.raw[:start] + written + file.raw[end:]
    others = {name: marks for name, marks in _keys_by_section(file.document) if name != section}
    kept = dict(_keys_by_section(read_file_text(made).document))
    if any(kept.get(name) != marks for name, marks in others.items()):
        raise EditError(_("This would change other sections as well. Look for a ``` or a heading with the same id."))
    return made


def _keys_by_section(document: Document) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    for name, segments in document.sections.items():
        yield name, [segment_key(one) for one in segments]
