"""The header of a page as data: read from its file, and changed line by line."""

from typing import Any

import msgspec

from core.findings import Finding
from editing.forms.yaml_text import set_values
from editing.paragraphs.reading import EditError, digest
from editing.paragraphs.replacing import check_words
from editorial.content.front_matter import HEADER, PageFrontMatter, split_front_matter


def header_span(raw: str) -> tuple[int, int] | None:
    """Return where the YAML of a page's header begins and ends in its file, None if it has none."""
    mark = int(raw.startswith("\ufeff"))
    match = HEADER.match(raw[mark:])
    return (mark + match.start(1), mark + match.end(1)) if match else None


def header_data(raw: str) -> dict[str, Any]:
    """Return the header as texts, lists and blocks; empty if it cannot be read."""
    read = split_front_matter(raw, "")
    return {} if isinstance(read, Finding) else read.data


def header_text(raw: str) -> str:
    """Return the YAML of the header with plain line ends; empty if there is none."""
    span = header_span(raw)
    return raw[span[0] : span[1]].replace("\r\n", "\n") if span else ""


def header_digest(raw: str) -> str:
    """Return the name of a header's bytes; a form carries it back."""
    return digest(header_text(raw))


def change_header(raw: str, data: dict[str, Any]) -> str:
    """Return a page with other data in its header; only the lines of changed values are changed.

    :raises EditError: if that cannot be done, or a value holds forbidden characters.
    """
    span = header_span(raw)
    if span is None:
        raise EditError("Der Kopf der Seite fehlt oder ist nicht abgeschlossen.")
    for value in data.values():
        for text in [value] if isinstance(value, str) else value if isinstance(value, list) else ():
            if isinstance(text, str):
                check_words(text)
    order = tuple(row.encode_name for row in msgspec.structs.fields(PageFrontMatter))
    made = raw[: span[0]] + set_values(raw[span[0] : span[1]], (), data, order) + raw[span[1] :]
    read = split_front_matter(made, "")
    if isinstance(read, Finding):
        raise EditError(f"{read.message} {read.hint}")
    return made


def header_lines(raw: str) -> tuple[dict[str, int], int]:
    """Return the line of each key of a header, and its last line."""
    read = split_front_matter(raw, "")
    return ({}, 1) if isinstance(read, Finding) else (read.lines, read.body_line - 1)


def replace_header(raw: str, words: str) -> str:
    """Return a page with another text as its header, for one that could not be read.

    :raises EditError: if it still cannot be read; the message names the reason.
    """
    check_words(words)
    span = header_span(raw)
    newline = "\r\n" if "\r\n" in raw else "\n"
    text = words.strip("\n").replace("\n", newline) + newline
    start, end = span or (0, 0)
    made = raw[:start] + text + raw[end:] if span else f"---{newline}{text}---{newline}{raw}"
    read = split_front_matter(made, "")
    if isinstance(read, Finding):
        raise EditError(f"{read.message} {read.hint} (Zeile {read.line})")
    return made
