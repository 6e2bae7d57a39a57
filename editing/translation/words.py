"""The words of the interface: one sentence of a catalog is replaced, and no byte of another one changes."""

import gettext as stdlib_gettext
import hashlib
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from babel.messages.pofile import PoFileError, escape, read_po, unescape
from msgspec import Struct

from core.catalogs import check_words
from core.languages import Language
from core.overlay import CITY
from editing.differences import Difference, Piece, compare_words
from editing.paths import CATALOGS

MAX_WORDS_BYTES = 4000
_STRING = re.compile(r'^(msgid|msgid_plural|msgstr(?:\[\d+\])?)?[ \t]*("(?:[^"\\]|\\.)*")[ \t]*$')
_PLURAL = re.compile(r"nplurals=(\d+);\s*plural=([^;\\]+)")


class Entry(Struct, frozen=True):
    """One sentence of the interface.

    :ivar id: names it in addresses and forms.
    :ivar english: the sentence, or its singular and its plural.
    :ivar words: its translation: one, or one for each plural form of the language.
    :ivar start: where its words begin in the file; ``end`` is where they stop.
    """

    id: str
    english: tuple[str, ...]
    words: tuple[str, ...]
    start: int
    end: int

    @property
    def is_translated(self) -> bool:
        """Return whether every form has words."""
        return all(self.words)

    @property
    def digest(self) -> str:
        """Return a name for its words; a form sends it back."""
        return _digest("\0".join(self.words))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def catalog_name(docs: Path, code: str) -> str:
    """Return the name of the catalog of a language as drafts and publications store it: the municipality's own if only it has one."""
    own, shared = f"{CITY}/locale/{code}.po", f"{CATALOGS}/{code}.po"
    return own if (docs.parent / own).exists() and not (docs.parent / shared).exists() else shared


def list_entries(text: str) -> list[Entry]:
    """Return the sentences of a catalog in their order; its header is none of them."""
    return [entry for entry in _entries(text) if entry.english[0]]


def _entries(text: str) -> Iterator[Entry]:
    fields: dict[str, str] = {}
    name, start, end, at = "", -1, -1, 0
    for line in text.splitlines(keepends=True):
        match = _STRING.match(line.rstrip("\r\n"))
        if match and match[1] == "msgid" and fields:
            yield _entry(fields, start, end)
            fields, start = {}, -1
        if match:
            name = match[1] or name
            fields[name] = fields.get(name, "") + unescape(match[2])
            if name.startswith("msgstr"):
                start, end = (at if start < 0 else start), at + len(line.rstrip("\r\n"))
        at += len(line)
    if fields:
        yield _entry(fields, start, end)


def _entry(fields: Mapping[str, str], start: int, end: int) -> Entry:
    english = tuple(fields[name] for name in ("msgid", "msgid_plural") if name in fields)
    words = tuple(value for name, value in fields.items() if name.startswith("msgstr"))
    return Entry(_digest("\0".join(english)), english or ("",), words, start, end)


def replace_words(text: str, entry: Entry, words: Sequence[str]) -> str:
    """Return a catalog with other words for one sentence; the same text if they are the same."""
    if tuple(words) == entry.words:
        return text
    newline = "\r\n" if "\r\n" in text else "\n"
    names = ["msgstr"] if len(entry.english) == 1 else [f"msgstr[{number}]" for number in range(len(words))]
    lines = [f"{name} {escape(one)}" for name, one in zip(names, words, strict=True)]
    return text[: entry.start] + newline.join(lines) + text[entry.end :]


def word_errors(entry: Entry, words: Sequence[str], language: Language) -> list[str]:
    """Return why words cannot be stored, as sentences in German with the remedy."""
    if any(len(one.encode("utf-8", "replace")) > MAX_WORDS_BYTES for one in words):
        return [f"Der Text ist zu lang: mehr als {MAX_WORDS_BYTES} Byte. Kürzen Sie ihn."]
    return [f"{one.message} {one.hint}".strip() for one in check_words(entry.english, words, language)]


def plural_examples(text: str) -> list[str]:
    """Return for each plural form of a catalog some numbers that take it: ``1, 21, 31`` for example."""
    found = _PLURAL.search(text)
    if found is None:
        return ["1", "2, 3, 4"]
    form = stdlib_gettext.c2py(found[2])
    numbers: list[list[int]] = [[] for _ in range(int(found[1]))]
    for number in range(1, 130):
        if len(numbers[form(number)]) < 4:
            numbers[form(number)].append(number)
    if not numbers[form(0)]:
        numbers[form(0)].append(0)
    return [", ".join(map(str, row)) for row in numbers]


def catalog_errors(text: str, name: str) -> list[str]:
    """Return why a catalog cannot be published: it must be readable as a whole."""
    try:
        read_po(io.BytesIO(text.encode()), abort_invalid=True)
    except (PoFileError, ValueError, LookupError) as error:
        return [f"{name} ist beschädigt ({error}). Holen Sie die Datei aus dem Verlauf zurück."]
    return []


def compare_catalogs(before: str, after: str) -> list[Difference]:
    """Return the sentences whose words differ between two texts of a catalog."""
    old = {one.id: one.words for one in list_entries(before)}
    return [
        Difference(
            one.id,
            "words",
            [
                Piece("same", f"{one.english[0]}\n"),
                *compare_words("\n".join(old.get(one.id, ())), "\n".join(one.words)),
            ],
        )
        for one in list_entries(after)
        if old.get(one.id) != one.words
    ]
