"""Units of translation: one for each paragraph, and writing the answers into a file."""

import datetime
import re
from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from core.text import yaml
from editorial.content.front_matter import HEADER
from editorial.translations.lockfile import Entry
from editorial.translations.segments import FIELDS, HEADER_SECTION, Document, Segment, normalize
from editorial.translations.state import has_same_structure, stale_flags

Need = Literal["done", "stale", "new"]
KIND_LABELS = {
    "title": "Titel der Seite", "nav_title": "kurzer Titel für die Navigation", "description": "Satz für Suche und Karten",
    "p": "Absatz", "ul": "Punkt einer Liste", "ol": "Schritt einer Liste", "row": "Zeile einer Tabelle", "dd": "Erklärung",
    "quote": "Zitat", "code": "Beispiel",
}  # fmt: skip
WHOLE_SECTION_NOTE = "ganzer Abschnitt, weil er in beiden Sprachen verschieden aufgebaut ist"


class Unit(Struct, frozen=True):
    """One paragraph for a translator.

    :ivar id: page and place: ``angebote/wohnen#kosten.2``; ``angebote/wohnen#kosten`` for a whole section.
    :ivar need: ``done`` (for context), ``stale`` (the German text changed) or ``new`` (no translation yet).
    :ivar kind: the kind of paragraph; ``section`` for a whole section.
    :ivar optional: whether it may stay empty (a short title that the translation does not have).
    """

    id: str
    source: str
    target: str
    need: Need
    kind: str
    line: int
    optional: bool = False

    @property
    def is_section(self) -> bool:
        """Return whether it is a whole section with its Markdown."""
        return self.kind == "section"

    @property
    def translator_note(self) -> str:
        """Return the note for the translator."""
        if self.is_section:
            return WHOLE_SECTION_NOTE
        if self.kind.startswith("box"):
            return "Titel eines Kastens"
        return KIND_LABELS.get(self.kind, "Überschrift") + (" (darf leer bleiben)" if self.optional else "")


def units(key: str, german: Document, own: Document | None, entry: Entry | None) -> list[Unit]:
    """Return the units of one page, in the order of the German page."""
    found: list[Unit] = []
    for name, paragraphs in german.sections.items():
        if own is None or name not in own.sections:
            rows = [_unit(key, name, index, source, None, True) for index, source in enumerate(paragraphs)]
        elif has_same_structure(german, own, name):
            flags = stale_flags(german, own, name, entry) if entry else [False] * len(paragraphs)
            rows = [
                _unit(key, name, index, source, target, stale)
                for index, (source, target, stale) in enumerate(zip(paragraphs, own.sections[name], flags, strict=True))
            ]
        else:
            known = entry.sections.get(name) if entry else None
            need: Need = "stale" if entry and (known is None or known.source_hashes != german.hashes(name)) else "done"
            rows = [
                Unit(
                    f"{key}#{name}",
                    section_text(german, name),
                    section_text(own, name),
                    need,
                    "section",
                    paragraphs[0].line,
                )
            ]
        found += [row for row in rows if row]
    return found


def _unit(key: str, name: str, index: int, source: Segment, target: Segment | None, stale: bool) -> Unit | None:
    own = target.text if target else ""
    if not source.text or not (source.has_words or (target and target.has_words)):
        return None
    need: Need = ("stale" if own else "new") if stale else "done"
    place = f"{key}#{name}.{index}"
    return Unit(place, source.text, own, need, source.kind, source.line, source.kind == "nav_title" and not own)


def section_text(document: Document, name: str, texts: Mapping[int, str] | None = None) -> str:
    """Return the Markdown of a section, with some of its paragraphs replaced by texts."""
    start, end = document.span(name)
    text = document.text[start:end]
    for index, words in sorted((texts or {}).items(), reverse=True):
        paragraph = document.sections[name][index]
        text = text[: paragraph.start - start] + words + text[paragraph.end - start :]
    return text


def merge_translations(german: Document, own: Document | None, answers: Mapping[str, str]) -> str:
    """Return the translation's file with the answers in it; ``answers`` by place (``kosten.2``) hold changed texts only."""
    if own is None:
        return _new_file(german, answers)
    edits: list[tuple[int, int, str]] = []
    before = ""
    for name, paragraphs in german.sections.items():
        if name not in own.sections:
            if any(row.has_words and f"{name}.{index}" not in answers for index, row in enumerate(paragraphs)):
                continue  # not among the answers, or not all of it
            made = _fill_section(german, name, answers)
            at = own.span(before)[1] if before else len(own.text)
            edits.append((at, at, f"\n\n{made}"))
            continue
        before = name if name != HEADER_SECTION else before
        if name in answers:
            edits.append((*own.span(name), answers[name].strip("\n")))
            continue
        for index in range(len(paragraphs)):
            answer = answers.get(f"{name}.{index}")
            if answer is not None:
                edits.append(_edit(own, own.sections[name][index], answer))
            elif has_same_structure(german, own, name):
                edits += _copy_shortcode(paragraphs[index], own.sections[name][index])
    text = own.text
    for start, end, words in sorted(edits, key=lambda edit: edit[0], reverse=True):
        text = text[:start] + words + text[end:]
    return text


def _copy_shortcode(source: Segment, target: Segment) -> list[tuple[int, int, str]]:
    """Take over a German paragraph that has no words, such as an insert that is alone."""
    if source.has_words or target.has_words or source.hash == target.hash or not source.text or source.kind in FIELDS:
        return []
    return [(target.start, target.end, _format_target(source.kind, source.text))]


def _edit(own: Document, target: Segment, answer: str) -> tuple[int, int, str]:
    if target.kind == "nav_title" and not target.text:
        at = own.text.index("\n", own.sections[HEADER_SECTION][0].end) + 1
        return at, at, f"nav_title: {_format_target('nav_title', answer)}\n"
    return target.start, target.end, _format_target(target.kind, answer)


def _format_target(kind: str, answer: str) -> str:
    """Return an answer as it is in a file."""
    if kind == "code":
        return answer
    line = " ".join(answer.split())
    if kind in FIELDS:
        return yaml_scalar(line)
    return f"| {line} |" if kind == "row" else line


def yaml_scalar(text: str) -> str:
    """Return a text as a value in a header: plain where YAML reads it back the same, else in single quotes."""
    try:
        plain = yaml.load(f"key: {text}") == {"key": text}
    except yaml.YAMLError:
        plain = False
    return text if plain and text else "'" + text.replace("'", "''") + "'"


def _fill_section(german: Document, name: str, answers: Mapping[str, str]) -> str:
    """Return a German section with its words replaced by the answers."""
    texts = {
        index: _format_target(paragraph.kind, answers[f"{name}.{index}"])
        for index, paragraph in enumerate(german.sections[name])
        if f"{name}.{index}" in answers
    }
    return section_text(german, name, texts)


def _new_file(german: Document, answers: Mapping[str, str]) -> str:
    head = german.sections[HEADER_SECTION]
    lines = [
        f"{field.kind}: {yaml_scalar(normalize(answers[f'{HEADER_SECTION}.{index}']))}\n"
        for index, field in enumerate(head)
        if answers.get(f"{HEADER_SECTION}.{index}")
    ]
    body = "\n\n".join(_fill_section(german, name, answers) for name in german.sections if name != HEADER_SECTION)
    return "---\n" + "".join(lines) + "---\n\n" + body + "\n"


_REVIEW = re.compile(r"^reviewed_(?:by|at):.*(?:\r?\n|\Z)", re.MULTILINE)


def set_review(text: str, name: str | None, day: datetime.date) -> str:
    """Return a page's file with another reviewer in its header; without any if ``name`` is None. No other byte changes.

    :raises ValueError: if the file has no header.
    """
    return replace_review(text, f"reviewed_by: {yaml_scalar(name)}\nreviewed_at: {day}\n" if name else "")


def review_lines(text: str) -> str:
    """Return the lines of a file's header that name the reviewer, with plain line ends; empty if there are none."""
    header = HEADER.match(text)
    return "".join(_REVIEW.findall(header[1])).replace("\r\n", "\n") if header else ""


def replace_review(text: str, lines: str) -> str:
    """Return a page's file with other lines on the reviewer at the end of its header.

    :raises ValueError: if the file has no header.
    """
    header = HEADER.match(text)
    if header is None:
        raise ValueError("no header")
    newline = "\r\n" if "\r\n" in header[0] else "\n"
    head = _REVIEW.sub("", header[1]) + lines.replace("\n", newline)
    return text[: header.start(1)] + head + text[header.end(1) :]
