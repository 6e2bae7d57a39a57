"""Export to translators and import from them: byte-exact, all or nothing."""

from __future__ import annotations

import codecs
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from core.findings import Finding
from core.languages import Language, default_language
from core.text_files import read_page
from editorial.content.pages import Page
from editorial.translations.lockfile import Lock
from editorial.translations.po import read_answers, write_po
from editorial.translations.segments import Document, normal, read_document
from editorial.translations.state import cut_alike, find_entry, shorten
from editorial.translations.units import Unit, put, units
from editorial.translations.validation import faults, lost_words, page_faults, wrong_script
from editorial.translations.xliff import Answer, ExchangeError, read_xliff, stand, write_xliff

Only = Literal["stale", "missing", "all"]
TOO_BIG = 20_000_000
OLD = "Exportieren Sie neu und lassen Sie nur das übersetzen, was sich geändert hat."


class Refused(Exception):
    """Nothing was imported; carries the findings that say why."""

    def __init__(self, findings: list[Finding]) -> None:
        self.findings = sorted(set(findings))
        super().__init__("\n".join(str(finding) for finding in self.findings))


@dataclass
class Imported:
    """What an import would write.

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
    """Return the German file, the translation if there is one, and what a translator needs for it."""
    german = read_document(read_page(docs / default_language().code / f"{page.key}.md"))
    path = docs / language.code / f"{page.key}.md"
    own = read_document(read_page(path)) if page.is_translated(language) else None
    return german, own, units(page.key, german, own, find_entry(docs, lock, page, language))


def export(docs: Path, pages: Iterable[Page], language: Language, lock: Lock, only: Only, form: str) -> tuple[str, int]:
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
            rows.append((f"docs/{language.code}/{page.key}.md", found))
    source = default_language().code
    write = write_po if form == "po" else write_xliff
    return write(rows, source, language.code), sum(len(found) for _, found in rows)


def read_file(path: Path) -> list[Answer]:
    """Return the units of an XLIFF or PO file.

    :raises ExchangeError: if it cannot be read.
    """
    if path.stat().st_size > TOO_BIG:
        raise ExchangeError(0, "Die Datei ist größer als 20 MB.", "Teilen Sie sie auf.")
    data = path.read_bytes()
    if path.suffix.lower() == ".po":
        return read_answers(data)
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
) -> Imported:
    """Return what the files of a translator change.

    :raises Refused: with everything that is wrong, if anything is; then nothing may be written.
    """
    result, found = Imported(), list[Finding]()
    sent: dict[tuple[str, str], list[tuple[Path, Answer]]] = {}
    for path in paths:
        try:
            answers = read_file(path)
        except ExchangeError as error:
            found.append(Finding(str(path), error.line, error.what, error.remedy))
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
        found += _one_page(docs, pages.get(key), language, lock, rows, result)
    if not found and not result.pages:
        found = [
            Finding(str(path), 0, "Nichts darin ist übersetzt.", "Nehmen Sie die ausgefüllte Datei.") for path in paths
        ]
    if found:
        raise Refused(found)
    return result


def _language(given: str, wanted: str | None, languages: tuple[Language, ...]) -> Language | str:
    base = given.replace("_", "-").partition("-")[0].lower()
    if wanted and base and base != wanted:
        return f"Die Datei ist für die Sprache „{given}“ und nicht für „{wanted}“."
    language = next((row for row in languages if row.code == (wanted or base) and not row.default), None)
    return language or f"Die Datei nennt keine Sprache, in die übersetzt wird („{given}“)."


def _one_page(
    docs: Path, page: Page | None, language: Language, lock: Lock, rows: list[tuple[Path, Answer]], result: Imported
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
                "Die Datei ist aus einer älteren Fassung oder einem anderen Programm. " + OLD,
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
        fault = _answer_fault(unit, answer, language, own is not None)
        if fault:
            found += [Finding(str(path), answer.line, f"Absatz {answer.id} {what}", remedy) for what, remedy in fault]
        elif unit and not _untouched(unit, answer):
            answers[unit.id.partition("#")[2]] = answer.target
        elif unit and unit.need == "stale":
            result.untouched.append(unit.id)
    path, last = rows[-1]
    missing = [unit for unit in wanted.values() if unit.need == "new" and not unit.optional]
    if missing and own is None:
        found.append(Finding(str(path), last.line, f"Für die Seite „{page.key}“ fehlen {len(missing)} Absätze, zum Beispiel „{shorten(missing[0].source)}“.",
                             "Die Seite hat auf Deutsch mehr Text als die Datei. " + OLD))  # fmt: skip
    if found:
        return found
    result.pages.add((page.key, language.code))
    if answers:
        found += _put(docs, page, language, german, own, answers, known, (path, last), result)
    return found


def _answer_fault(unit: Unit | None, answer: Answer, language: Language, translated: bool) -> list[tuple[str, str]]:
    if unit is None:
        return [("gibt es auf der deutschen Seite nicht mehr, oder er steht zweimal in der Datei.", OLD)]
    if normal(unit.source) != normal(answer.source):
        return [(f"beruht auf einem älteren deutschen Text („{shorten(answer.source)}“).", OLD)]
    if _untouched(unit, answer):
        return []
    if answer.stand not in {None, stand(unit.target)} and normal(answer.target) != normal(unit.target):
        return [("wurde hier inzwischen geändert; der Import würde das überschreiben.", OLD)]
    if unit.optional and not answer.target.strip():
        return []
    found = list(faults(unit, answer.target))
    if not found and wrong_script(answer.target, language):
        found = [
            (
                f"ist nicht auf {language.name} („{shorten(answer.target)}“).",
                "Prüfen Sie, ob es die richtige Datei ist.",
            )
        ]
    return found


def _untouched(unit: Unit, answer: Answer) -> bool:
    """Tell whether the words came back as they were sent out, or already stand in the page."""
    if not normal(answer.target):
        return unit.optional or (answer.stand == "neu" and bool(unit.target))
    return normal(answer.target) == normal(unit.target) or stand(answer.target) == answer.stand


def _put(
    docs: Path, page: Page, language: Language, german: Document, own: Document | None, answers: dict[str, str],
    known: list[Unit], place: tuple[Path, Answer], result: Imported,
) -> list[Finding]:  # fmt: skip
    prose = [unit for unit in known if unit.need == "new" and len(unit.source.split()) > 4]
    copied = [unit for unit in prose if normal(answers.get(unit.id.partition("#")[2], "")) == normal(unit.source)]
    if prose and len(copied) * 2 >= len(prose):
        return [Finding(str(place[0]), place[1].line, f"Die Seite „{page.key}“ ist noch deutsch: {len(copied)} von {len(prose)} Absätzen sind nur kopiert.",
                        "Übersetzen Sie sie oder lassen Sie alle Absätze der Seite leer.")]  # fmt: skip
    file, made, found = _made(page, language, german, own, answers)
    if not found:
        result.files[docs / file.removeprefix("docs/")] = with_line_ends_of(docs / file.removeprefix("docs/"), made)
    return found


def _made(
    page: Page, language: Language, german: Document, own: Document | None, answers: dict[str, str]
) -> tuple[str, str, list[Finding]]:
    """Return the path of a page, its new text, and what would be wrong with it."""
    made = put(german, own, answers)
    file = f"docs/{language.code}/{page.key}.md"
    brought = {name.partition(".")[0] for name in answers}
    alike = {name for name in german.sections if own is None or name in brought or cut_alike(german, own, name)}
    return file, made, [*page_faults(file, german, made, alike), *lost_words(file, made, answers)]


def put_answers(
    docs: Path, page: Page, language: Language, german: Document, own: Document | None,
    wanted: list[Unit], answers: dict[str, str],
) -> tuple[Path, str]:  # fmt: skip
    """Return path and new text of a page, made from answers that no file brought.

    :raises Refused: with what is wrong with them.
    """
    file, made, found = _made(page, language, german, own, answers)
    for unit in wanted:
        place = unit.id.partition("#")[2]
        found += [Finding(file, 0, f"Absatz {place} {what}", remedy) for what, remedy in faults(unit, answers[place])]
    if found:
        raise Refused(found)
    return docs / file.removeprefix("docs/"), made


def with_line_ends_of(path: Path, text: str) -> bytes:
    """Return a text with the line ends and the byte order mark that a file has now."""
    known = path.read_bytes() if path.exists() else b""
    mark = codecs.BOM_UTF8 if known.startswith(codecs.BOM_UTF8) else b""
    return mark + (text.replace("\n", "\r\n") if b"\r\n" in known else text).encode()
