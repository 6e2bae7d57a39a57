"""The municipality's own version of a page that all share, and which shared text it was made from.

A municipality that takes pages over never writes into ``docs/``: its change goes into ``city/docs/``, and the line
``shared_version:`` in the header names the shared text that the version began with. So an update of the shared page is not lost
unseen: the check and the editors' dashboard say that it has changed since, and what.
"""

import hashlib
import re
from pathlib import Path

from core.overlay import CITY_PAGES, shared_counterpart
from editorial.content.foreign_state import adapt_page
from editorial.content.front_matter import HEADER
from editorial.content.kind_words import replace_kind_words
from editorial.content.place_names import load_place_names

FIELD = "shared_version"
ID_CHARS = 12
_LINE = re.compile(rf"^{FIELD}:[^\n]*\n", re.MULTILINE)


def version_of(data: bytes) -> str:
    """Return the first letters of the name that git gives a file of this content, by which it is found in the history."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()[:ID_CHARS]


def marked_version(text: str) -> str:
    """Return the shared text that a page names as its base; empty if it names none."""
    header = HEADER.match(text.removeprefix("\ufeff"))
    found = _LINE.search(header[1]) if header else None
    return found[0].partition(":")[2].strip() if found else ""


def mark_version(text: str, version: str) -> str:
    """Return a page whose header names the shared text it was made from; the same text if it has no header."""
    start = int(text.startswith("\ufeff"))
    header = HEADER.match(text[start:])
    if header is None:
        return text
    newline = "\r\n" if "\r\n" in header[0] else "\n"
    begin, end = start + header.start(1), start + header.end(1)
    return f"{text[:begin]}{_LINE.sub('', text[begin:end])}{FIELD}: {version}{newline}{text[end:]}"


def first_version(docs: Path, shown: str) -> str | None:
    """Return the first text of a municipality's version of a shared page: the shared text, with its name in the header.

    None if the page has no shared counterpart.

    :raises UnicodeDecodeError: if that is not UTF-8.
    """
    shared = shared_counterpart(docs, shown)
    if shared is None:
        return None
    data = shared.read_bytes()
    place = load_place_names(docs)
    code = shown.removeprefix(f"{CITY_PAGES}/").partition("/")[0]
    return mark_version(
        adapt_page(replace_kind_words(data.decode("utf-8"), place.kind_words, code), place.foreign, code),
        version_of(data),
    )


def shared_has_changed(docs: Path, shown: str, version: str | None) -> bool:
    """Return whether the shared page is another than the one that a version of it was made from."""
    shared = shared_counterpart(docs, shown)
    return bool(version) and shared is not None and version_of(shared.read_bytes()) != version
