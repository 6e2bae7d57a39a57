"""XLIFF 1.2 (OASIS standard, 2008): one ``file`` for each page, one ``trans-unit`` for each paragraph.

The file is untrusted: a document type or an entity is refused before anything is read,
so neither an XML bomb nor a reference to another file can do anything.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from editorial.translations.segments import normalize
from editorial.translations.units import Unit

NAMESPACE = "urn:oasis:names:tc:xliff:document:1.2"
# Tools that make XLIFF from PO still write 1.1, which is equivalent here.
SUPPORTED_VERSIONS = {NAMESPACE: "1.2", "urn:oasis:names:tc:xliff:document:1.1": "1.1"}
HASH_PREFIX = "Stand "
STATES = {"done": "translated", "stale": "needs-adaptation", "new": "needs-translation"}


class ExchangeError(Exception):
    """A file from outside cannot be read; the message names line, reason and remedy."""

    def __init__(self, line: int, what: str, remedy: str) -> None:
        super().__init__(what)
        self.line, self.message, self.hint = line, what, remedy


@dataclass
class ReturnedSegment:
    """One unit as it came back.

    :ivar sent_hash: the hash of the translation that was sent out, ``neu`` if there was none; None if the tool dropped it.
    """

    id: str
    line: int
    language: str
    source: str = ""
    target: str = ""
    sent_hash: str | None = None
    notes: list[str] = field(default_factory=list)


def write_xliff(pages: Iterable[tuple[str, list[Unit]]], source: str, target: str) -> str:
    """Return one file for a translator; ``pages`` are paths of files with their units."""
    out = [
        '<?xml version="1.0" encoding="UTF-8"?>\n',
        f'<xliff version="1.2" xmlns="{NAMESPACE}">\n',
    ]
    for path, rows in pages:
        out.append(
            f'<file original={quoteattr(path)} source-language="{source}" target-language="{target}" '
            'datatype="plaintext">\n<body>\n'
        )
        german = path.replace(f"docs/{target}/", f"docs/{source}/", 1)
        out += [_write_unit(row, german, source, target) for row in rows]
        out.append("</body>\n</file>\n")
    return "".join([*out, "</xliff>\n"])


def _write_unit(unit: Unit, german: str, source: str, target: str) -> str:
    approved = "yes" if unit.need == "done" else "no"
    return (
        f'<trans-unit id={quoteattr(unit.id)} approved="{approved}" xml:space="preserve">\n'
        f'<source xml:lang="{source}">{escape(unit.source)}</source>\n'
        f'<target xml:lang="{target}" state="{STATES[unit.need]}">{escape(unit.target)}</target>\n'
        '<context-group name="po-reference" purpose="location">'
        f'<context context-type="sourcefile">{escape(german)}</context>'
        f'<context context-type="linenumber">{unit.line}</context></context-group>\n'
        f'<note from="developer">{escape(format_note(unit))}</note>\n</trans-unit>\n'
    )


def format_note(unit: Unit) -> str:
    """Return the place, the note for the translator, and the digest that shows whether the words were changed.

    Some tools keep notes and drop names, so the place is here once more.
    """
    return f"{unit.id} · {unit.translator_note} · {HASH_PREFIX}{target_hash(unit.target)}"


def target_hash(target: str) -> str:
    """Return the hash of a translation as it was sent out."""
    return hashlib.sha256(normalize(target).encode()).hexdigest()[:8] if target else "neu"


def parse_target_hash(notes: str) -> str | None:
    """Return the hash that a note holds."""
    _, found, rest = notes.partition(HASH_PREFIX)
    return rest.split()[0].strip("·.,") if found and rest.split() else None


# A page may have any name that a file may have.
_SEGMENT_ID = re.compile(r"[^#\n]+#[\w-]+(?:\.\d+)?(?= ·|\Z)")


def parse_segment_id(name: str, notes: str) -> str:
    """Return the place of a unit: its own name, or, where a tool has dropped that, the one in the note."""
    found = _SEGMENT_ID.fullmatch(name) or _SEGMENT_ID.match(notes.strip())
    return found[0] if found else ""


def read_xliff(data: bytes) -> list[ReturnedSegment]:
    """Return the units of an XLIFF 1.2 file.

    :raises ExchangeError: if it is not XLIFF 1.2, or holds a document type or entities.
    """
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    reader.parser = parser
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = reader.refuse_doctype
    parser.EntityDeclHandler = reader.refuse_doctype
    parser.ExternalEntityRefHandler = reader.refuse_doctype
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise ExchangeError(
            error.lineno, f"Die Datei ist kein gültiges XML ({expat.ErrorString(error.code)}).",
            "Lassen Sie sie vom Übersetzungsprogramm noch einmal als XLIFF 1.2 speichern.",
        ) from error  # fmt: skip
    except (ValueError, LookupError) as error:  # an encoding that Python lacks
        raise ExchangeError(
            1, "Die Datei hat eine unbekannte Kodierung.", "Speichern Sie sie als XLIFF 1.2 in UTF-8."
        ) from error
    return reader.answers


class _Reader:
    """Collect units while expat parses the file."""

    parser: expat.XMLParserType

    def __init__(self) -> None:
        self.answers: list[ReturnedSegment] = []
        self.unit: ReturnedSegment | None = None
        self.language = ""
        self.into: list[str] = []
        self.seen_root = False

    def refuse_doctype(self, *_: object) -> int:
        raise ExchangeError(
            self.parser.CurrentLineNumber, "Die Datei bringt einen eigenen Dokumenttyp oder eigene Entitäten mit.",
            "XLIFF 1.2 braucht beides nicht, und es kann Schaden anrichten. Lassen Sie sich eine neue Datei geben.",
        )  # fmt: skip

    def start(self, name: str, attributes: dict[str, str]) -> None:
        space, _, tag = name.rpartition(" ")
        if not self.seen_root:
            self.seen_root = True
            if tag != "xliff" or SUPPORTED_VERSIONS.get(space, "") != attributes.get("version"):
                raise ExchangeError(
                    self.parser.CurrentLineNumber, "Das ist keine Datei im Format XLIFF 1.2.",
                    "Speichern Sie sie im Übersetzungsprogramm als XLIFF 1.2 oder als PO.",
                )  # fmt: skip
        if tag == "file":
            self.language = attributes.get("target-language", "")
        elif tag == "trans-unit":
            if attributes.get("restype") != "x-gettext-domain-header":
                self.unit = ReturnedSegment(attributes.get("id", ""), self.parser.CurrentLineNumber, self.language)
        elif self.unit and tag in {"source", "target", "note", "alt-trans"}:
            self.into.append(tag)

    def end(self, name: str) -> None:
        tag = name.rpartition(" ")[2]
        if self.into and self.into[-1] == tag:
            self.into.pop()
        elif tag == "trans-unit" and self.unit:
            notes = " ".join(self.unit.notes)
            self.unit.id, self.unit.sent_hash = parse_segment_id(self.unit.id, notes), parse_target_hash(notes)
            self.answers.append(self.unit)
            self.unit = None

    def text(self, words: str) -> None:
        if not self.unit or not self.into or "alt-trans" in self.into:
            return
        if self.into[-1] == "source":
            self.unit.source += words
        elif self.into[-1] == "target":
            self.unit.target += words
        else:
            self.unit.notes.append(words)
