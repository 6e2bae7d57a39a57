"""Export to translators and import from them: byte-exact, all or nothing."""

import codecs
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from core import project
from core.findings import Finding
from core.languages import Language, default_language
from core.overlay import CITY, file_of, page_path
from core.text.characters import shorten_text
from core.text.text_files import read_page
from editorial.content.local_version import first_version, mark_version, marked_version
from editorial.content.pages import Page
from editorial.content.place_names import load_place_names
from editorial.translations.lockfile import Lock
from editorial.translations.po import parse_po, write_po
from editorial.translations.segments import Document, normalize, read_document
from editorial.translations.state import find_entry, has_same_structure
from editorial.translations.units import Unit, merge_translations, units
from editorial.translations.validation import altered_segments, has_wrong_script, page_errors, segment_errors
from editorial.translations.xliff import ExchangeError, ReturnedSegment, read_xliff, target_hash, write_xliff

ExportScope = Literal["stale", "missing", "all"]
MAX_FILE_BYTES = 20_000_000
RE_EXPORT_HINT = "Exportieren Sie neu und lassen Sie nur das übersetzen, was sich geändert hat."


class ImportRejectedError(Exception):
    """Nothing was imported; holds the findings."""

    def __init__(self, findings: list[Finding]) -> None:
        self.findings = sorted(set(findings))
        super().__init__("\n".join(str(finding) for finding in self.findings))


@dataclass
class ImportResult:
    """The result of an import.

    :ivar files: the new text of each file that changes.
    :ivar pages: the pages that were in it, by language.
    :ivar untouched: stale paragraphs that came back as they were sent out.
    :ivar skipped: pages without a single translated word.
    """

    files: dict[Path, bytes] = field(default_factory=dict)
    pages: set[tuple[str, str]] = field(default_factory=set)
    untouched: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


def page_units(docs: Path, page: Page, language: Language, lock: Lock) -> tuple[Document, Document | None, list[Unit]]:
    """Return the German file, the translation if there is one, and the units for a translator."""
    german = read_document(read_page(page_path(docs, default_language().code, page.key)))
    path = page_path(docs, language.code, page.key)
    own = read_document(read_page(path)) if page.is_translated(language) else None
    return german, own, units(page.key, german, own, find_entry(docs, lock, page, language))


def export(
    docs: Path, pages: Iterable[Page], language: Language, lock: Lock, only: ExportScope, form: str
) -> tuple[str, int]:
    """Return the file for a translator and how many paragraphs it holds.

    ``stale``: the paragraphs whose German text changed. ``missing``: pages without translation. ``all``: everything.
    """
    rows: list[tuple[str, list[Unit]]] = []
    for page in pages:
        if not page.exists_in(language):
            continue
        _, own, found = page_units(docs, page, language, lock)
        if only == "stale":
            found = [unit for unit in found if own and unit.need != "done"]
        elif only == "missing" and own:
            found = []
        if found:
            rows.append((shown_translation(docs, page, language), found))
    source = default_language().code
    write = write_po if form == "po" else write_xliff
    return write(rows, source, language.code), sum(len(found) for _, found in rows)


def read_file(path: Path) -> list[ReturnedSegment]:
    """Return the units of an XLIFF or PO file.

    :raises ExchangeError: if it cannot be read.
    """
    if path.stat().st_size > MAX_FILE_BYTES:
        raise ExchangeError(0, "Die Datei ist größer als 20 MB.", "Teilen Sie sie auf.")
    data = path.read_bytes()
    if path.suffix.lower() == ".po":
        return parse_po(data)
    if path.suffix.lower() in {".xlf", ".xliff"}:
        return read_xliff(data)
    raise ExchangeError(0, "Die Endung der Datei ist unbekannt.", "Gelesen werden .xlf, .xliff und .po.")


def import_files(
    docs: Path,
    pages: dict[str, Page],
    languages: tuple[Language, ...],
    lock: Lock,
    paths: Iterable[Path],
    code: str | None,
) -> ImportResult:
    """Return the changes of a translator's files.

    :raises Refused: with everything that is wrong, if anything is; then nothing may be written.
    """
    result, found = ImportResult(), list[Finding]()
    sent: dict[tuple[str, str], list[tuple[Path, ReturnedSegment]]] = {}
    for path in paths:
        try:
            answers = read_file(path)
        except ExchangeError as error:
            found.append(Finding(str(path), error.line, error.message, error.hint))
            continue
        except OSError as error:
            found.append(
                Finding(str(path), 0, f"Die Datei ist nicht lesbar ({error.strerror}).", "Prüfen Sie den Namen.")
            )
            continue
        if not answers:
            found.append(Finding(str(path), 0, "In der Datei steht kein Absatz.", "Nehmen Sie die ausgefüllte Datei."))
        for answer in answers:
            language = _language(answer.language, code, languages)
            if isinstance(language, str):
                found.append(Finding(str(path), answer.line, language, "Nennen Sie mit --lang die Sprache der Datei."))
                break
            sent.setdefault((answer.id.partition("#")[0], language.code), []).append((path, answer))
    for (key, name), rows in sent.items():
        language = next(row for row in languages if row.code == name)
        found += _import_page(docs, pages.get(key), language, lock, rows, result)
    if not found and not result.pages:
        found = [
            Finding(str(path), 0, "Nichts darin ist übersetzt.", "Nehmen Sie die ausgefüllte Datei.") for path in paths
        ]
    if found:
        raise ImportRejectedError(found)
    return result


def _language(given: str, wanted: str | None, languages: tuple[Language, ...]) -> Language | str:
    base = given.replace("_", "-").partition("-")[0].lower()
    if wanted and base and base != wanted:
        return f"Die Datei ist für die Sprache „{given}“ und nicht für „{wanted}“."
    language = next((row for row in languages if row.code == (wanted or base) and not row.default), None)
    return language or f"Die Datei nennt keine Sprache, in die übersetzt wird („{given}“)."


def _import_page(
    docs: Path,
    page: Page | None,
    language: Language,
    lock: Lock,
    rows: list[tuple[Path, ReturnedSegment]],
    result: ImportResult,
) -> list[Finding]:
    """Put the answers for one page into ``result``, or return why they cannot be taken."""
    path, first = rows[0]
    if page is None or not page.exists_in(language):
        key = first.id.partition("#")[0]
        what = f"Die Seite „{key}“ gibt es nicht." if key else "Der Absatz sagt nicht, wohin er gehört."
        return [
            Finding(
                str(path),
                first.line,
                what,
                "Die Datei ist aus einer älteren Fassung oder einem anderen Programm. " + RE_EXPORT_HINT,
            )
        ]
    german, own, known = page_units(docs, page, language, lock)
    wanted = {unit.id: unit for unit in known}
    if own is None and not any(answer.target.strip() for _, answer in rows):
        result.skipped.append(page.key)
        return []
    found: list[Finding] = []
    answers: dict[str, str] = {}
    for path, answer in rows:
        unit = wanted.pop(answer.id, None)
        fault = _segment_errors(unit, answer, language, own is not None)
        if fault:
            found += [Finding(str(path), answer.line, f"Absatz {answer.id} {what}", remedy) for what, remedy in fault]
        elif unit and not _is_untouched(unit, answer):
            answers[unit.id.partition("#")[2]] = answer.target
        elif unit and unit.need == "stale":
            result.untouched.append(unit.id)
    path, last = rows[-1]
    missing = [unit for unit in wanted.values() if unit.need == "new" and not unit.optional]
    if missing and own is None:
        found.append(Finding(str(path), last.line, f"Für die Seite „{page.key}“ fehlen {len(missing)} Absätze, zum Beispiel „{shorten_text(missing[0].source)}“.",
                             "Die Seite hat auf Deutsch mehr Text als die Datei. " + RE_EXPORT_HINT))  # fmt: skip
    if found:
        return found
    result.pages.add((page.key, language.code))
    if answers:
        found += _apply_answers(docs, page, language, german, own, answers, known, (path, last), result)
    return found


def _segment_errors(
    unit: Unit | None, answer: ReturnedSegment, language: Language, translated: bool
) -> list[tuple[str, str]]:
    if unit is None:
        return [("gibt es auf der deutschen Seite nicht mehr, oder er steht zweimal in der Datei.", RE_EXPORT_HINT)]
    if normalize(unit.source) != normalize(answer.source):
        return [(f"beruht auf einem älteren deutschen Text („{shorten_text(answer.source)}“).", RE_EXPORT_HINT)]
    if _is_untouched(unit, answer):
        return []
    if answer.sent_hash not in {None, target_hash(unit.target)} and normalize(answer.target) != normalize(unit.target):
        return [("wurde hier inzwischen geändert; der Import würde das überschreiben.", RE_EXPORT_HINT)]
    if unit.optional and not answer.target.strip():
        return []
    found = list(segment_errors(unit, answer.target))
    if not found and has_wrong_script(answer.target, language):
        found = [
            (
                f"ist nicht auf {language.name} („{shorten_text(answer.target)}“).",
                "Prüfen Sie, ob es die richtige Datei ist.",
            )
        ]
    return found


def _is_untouched(unit: Unit, answer: ReturnedSegment) -> bool:
    """Return whether the words came back as they were sent out, or are already in the page."""
    if not normalize(answer.target):
        return unit.optional or (answer.sent_hash == "neu" and bool(unit.target))
    return normalize(answer.target) == normalize(unit.target) or target_hash(answer.target) == answer.sent_hash


def _apply_answers(
    docs: Path, page: Page, language: Language, german: Document, own: Document | None, answers: dict[str, str],
    known: list[Unit], place: tuple[Path, ReturnedSegment], result: ImportResult,
) -> list[Finding]:  # fmt: skip
    prose = [unit for unit in known if unit.need == "new" and len(unit.source.split()) > 4]
    copied = [unit for unit in prose if normalize(answers.get(unit.id.partition("#")[2], "")) == normalize(unit.source)]
    if prose and len(copied) * 2 >= len(prose):
        return [Finding(str(place[0]), place[1].line, f"Die Seite „{page.key}“ ist noch deutsch: {len(copied)} von {len(prose)} Absätzen sind nur kopiert.",
                        "Übersetzen Sie sie oder lassen Sie alle Absätze der Seite leer.")]  # fmt: skip
    file, made, found = _render_translation(docs, page, language, german, own, answers)
    if not found:
        path = file_of(docs, file)
        result.files[path] = preserve_newlines(path, made)
    return found


def _render_translation(
    docs: Path, page: Page, language: Language, german: Document, own: Document | None, answers: dict[str, str]
) -> tuple[str, str, list[Finding]]:
    """Return the path of a page, its new text, and its errors."""
    made = merge_translations(german, own, answers)
    file = shown_translation(docs, page, language)
    if own is not None and file != page.text(language).file:  # a version of the municipality's own begins
        made = mark_version(made, marked_version(first_version(docs, file) or ""))
    brought = {name.partition(".")[0] for name in answers}
    alike = {
        name for name in german.sections if own is None or name in brought or has_same_structure(german, own, name)
    }
    return (
        file,
        made,
        [
            *page_errors(file, german, made, alike, load_place_names(docs), language.code),
            *altered_segments(file, made, answers),
        ],
    )


def shown_translation(docs: Path, page: Page, language: Language) -> str:
    """Return the file that a translation is written to, as messages name it.

    A new one is beside the text that it is made from; where others keep the shared pages, each one is in ``city/``.
    """
    source = default_language().code
    file = (
        page.text(language).file
        if page.is_translated(language)
        else page.text(default_language()).file.replace(f"docs/{source}/", f"docs/{language.code}/", 1)
    )
    return file if file.startswith(f"{CITY}/") or project.keeps_shared_pages() else f"{CITY}/{file}"


def apply_translations(
    docs: Path, page: Page, language: Language, german: Document, own: Document | None,
    wanted: list[Unit], answers: dict[str, str],
) -> tuple[Path, str]:  # fmt: skip
    """Return path and new text of a page, made from answers that no file brought.

    :raises ImportRejectedError: with their errors.
    """
    file, made, found = _render_translation(docs, page, language, german, own, answers)
    for unit in wanted:
        place = unit.id.partition("#")[2]
        found += [
            Finding(file, 0, f"Absatz {place} {what}", remedy) for what, remedy in segment_errors(unit, answers[place])
        ]
    if found:
        raise ImportRejectedError(found)
    return file_of(docs, file), made


def preserve_newlines(path: Path, text: str) -> bytes:
    """Return a text with the line ends and the byte order mark that a file has now."""
    known = path.read_bytes() if path.exists() else b""
    mark = codecs.BOM_UTF8 if known.startswith(codecs.BOM_UTF8) else b""
    return mark + (text.replace("\n", "\r\n") if b"\r\n" in known else text).encode()
