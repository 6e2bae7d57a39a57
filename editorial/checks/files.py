"""The files beside pages: each one that will not be published is named, and each forbidden character in a file of facts."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from core.findings import Finding
from core.languages import Language
from core.overlay import city_dir, shown_path
from core.project import CITY_SETTINGS, all_language_codes
from core.text import yaml
from core.text.characters import character_findings, forbidden_in_file, forbidden_in_values
from editorial.content.published_files import (
    ASSET_SUFFIXES,
    PAGE_LIKE_SUFFIXES,
    is_asset,
    is_hidden,
    is_leftover_copy,
    is_page,
    suffix,
)

LOCK_FILENAME = "translations.lock.yml"
_INSERT, _CONFIRM = re.compile(r"\{\{.*?(?:\}\}|$)"), re.compile(r"\bconfirm:")
SHARED_FOLDER = "assets"  # the folder of files for all languages


def check_files(docs: Path, languages: tuple[Language, ...]) -> Iterator[Finding]:
    """Name every file that is neither page nor data nor of a published kind; hidden files are ignored."""
    codes = {language.code for language in languages} | all_language_codes()  # a language that is not built stays
    for folder, folders, names in os.walk(docs):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(folder, name).relative_to(docs).as_posix()
            if not is_hidden(path) and path != LOCK_FILENAME:
                yield from _check_file(path, codes)


def _check_file(path: str, codes: set[str]) -> Iterator[Finding]:
    top, _slash, inner = path.partition("/")
    shown, kind = f"docs/{path}", suffix(path)
    if is_leftover_copy(path):
        yield Finding(shown, 0, "Die Datei ist eine Kopie oder ein Rest und wird nicht veröffentlicht.",
                      "Löschen Sie sie, oder geben Sie ihr einen eigenen Namen.", "notice", "file-unpublished")  # fmt: skip
    elif inner and top == "data":
        if kind != ".yml":
            yield Finding(shown, 0, "Die Datei wird nicht gelesen; Daten stehen in Dateien mit der Endung .yml.",
                          "Löschen Sie sie, oder benennen Sie sie um.", "notice", "file-unpublished")  # fmt: skip
    elif kind in PAGE_LIKE_SUFFIXES:
        if top not in codes or not inner:
            yield Finding(shown, 0, "Die Seite liegt in keinem Ordner einer Sprache.",
                          f"Legen Sie sie in einen dieser Ordner, oder löschen Sie sie: {', '.join(sorted(codes))}.",
                          code="file-unpublished")  # fmt: skip
        elif not is_page(path):
            stem = path.rpartition(".")[0]
            name = "index" if stem.rpartition("/")[2] == "README" else stem.rpartition("/")[2]
            yield Finding(shown, 0, "Die Datei heißt nicht wie eine Seite und wird nicht veröffentlicht.",
                          f"Benennen Sie sie um, zum Beispiel in {name}.md.", code="file-unpublished")  # fmt: skip
    elif not is_asset(path) or (top not in codes and top != SHARED_FOLDER):
        known = ", ".join(sorted(ASSET_SUFFIXES))
        yield Finding(shown, 0, "Die Datei wird nicht veröffentlicht.",
                      f"Löschen Sie sie. Veröffentlicht werden Seiten (.md) und {known} in den Ordnern der Sprachen und in docs/assets/.",
                      "notice", "file-unpublished")  # fmt: skip


def check_data_characters(docs: Path) -> Iterator[Finding]:
    """Files of facts hold no forbidden characters; those that cannot be read as YAML are reported where they are read."""
    for path in sorted((docs / "data").glob("*.yml")):
        shown = f"docs/data/{path.name}"
        try:
            text = path.read_bytes().decode()
            found = character_findings(shown, forbidden_in_file(text))
            found += character_findings(shown, forbidden_in_values(yaml.compose(text) if "\\" in text else None))
        except (OSError, UnicodeDecodeError, yaml.YAMLError):
            continue
        yield from found


def check_data_inserts(docs: Path) -> Iterator[Finding]:
    """Files of facts and settings hold no insert: readers would see the braces. A line ``confirm:`` is filled for the editors."""
    city = city_dir(docs)
    for path in [
        *sorted((docs / "data").glob("*.yml")),
        *sorted((city / "data").glob("*.yml")),
        city.parent / CITY_SETTINGS,
    ]:
        try:
            lines = path.read_text("utf-8").splitlines() if path.is_file() else []
        except (OSError, UnicodeDecodeError):  # named where the file is read
            continue
        for number, line in enumerate(lines, 1):
            if (
                (found := _INSERT.search(line))
                and not line.lstrip().startswith("#")
                and not _CONFIRM.search(line[: found.start()])
            ):
                yield Finding(
                    shown_path(docs, path), number, f"{found[0]} wird hier nicht gefüllt; Lesende sähen die Klammern.",
                    "Schreiben Sie den Namen aus. Einschübe gelten in Seiten und in confirm:.", code="insert-unknown",
                )  # fmt: skip
