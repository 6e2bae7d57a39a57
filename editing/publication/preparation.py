"""The files of a publication as they will be: merged into the published text, checked, with the lock file."""

import datetime
import shutil
import tempfile
from pathlib import Path

from core.findings import ContentError, errors
from core.languages import load_languages
from core.overlay import CITY, city_dir
from editing.merge import merge
from editing.paths import CATALOGS, decode_file, encode_file, file_path, shown_name, split_name
from editing.publication.git import Repository
from editing.publication.store import Publication
from editing.spelling import accept_spelling
from editing.translation.words import catalog_errors
from editorial.checks.content import check_content
from editorial.content.data.facts import load_facts
from editorial.content.local_version import first_version
from editorial.content.pages import read_content
from editorial.translations.lockfile import LOCK_FILENAME, Lock, load_lock, write_lock
from editorial.translations.state import documents, find_entry, translation_states
from editorial.translations.update import note_sources, update_entries
from form_handler.forms import FORMS

LOCKS = (LOCK_FILENAME, f"{CITY}/{LOCK_FILENAME}")


class WaitError(Exception):
    """A publication cannot go on now; the message names the cause, for editors. It is tried again."""


class RefusedError(Exception):
    """A publication cannot be carried out as it is; the message names cause and remedy, for editors."""


def prepare_files(
    one: Publication, docs: Path, data_dir: Path, repository: Repository | None, head: str
) -> dict[str, tuple[str | None, str | None]]:
    """Return the files of a publication before and after it: merged, checked, with the lock file.

    :param docs: the folder of the published pages.
    :param data_dir: where a copy of the pages is made for the checks.
    :raises RefusedError: if they do not fit the published text any more, or have errors.
    :raises WaitError: if somebody has changed the same files by hand.
    """
    files: dict[str, tuple[str | None, str | None]] = {}
    for file in one.files:
        if file.path in LOCKS:
            continue  # written each time
        current = read_published(docs, file.path, repository, head)
        # a version of a shared page that is not there yet begins with the current shared text
        basis = first_version(docs, file.path) if current is None else current
        after = merge_file(file.base_text, file.text, basis, file.path)
        files[file.path] = (current, current if after == basis else after)
    changed = {path: after for path, (before, after) in files.items() if before != after}
    with tempfile.TemporaryDirectory(prefix="kim-publish-", dir=data_dir) as folder:
        copy = Path(folder) / "docs"
        for source, target in ((docs, copy), (city_dir(docs), city_dir(copy))):
            if source.is_dir():
                shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns(".*"))
        for path, after in changed.items():
            write_below(copy, path, after)
        write_lock(copy, check_files(one, copy, set(changed)))
        for path in LOCKS:
            lock = file_path(copy, path)
            before = read_published(docs, path, repository, head)
            after = lock.read_bytes().decode() if lock.exists() else None
            if after != before:
                files[path] = (before, after)
    return files


def read_published(docs: Path, path: str, repository: Repository | None, head: str) -> str | None:
    """Return a file as it is published.

    :raises WaitError: if somebody has changed it by hand and not committed it.
    """
    target = file_path(docs, path)
    if target.is_symlink() or not is_below(target.parent, docs):
        raise WaitError(f"{shown_name(path)} ist eine Verknüpfung und keine Datei. Bitte die Technik fragen.")
    disk = target.read_bytes() if target.is_file() else None
    if repository is not None:
        committed = repository.read(head, path)
        if disk != committed:
            raise WaitError(
                f"{shown_name(path)} wurde auf dem Server von Hand geändert und noch nicht festgehalten. "
                "Die Veröffentlichung wartet, bis das geschehen ist; nichts wird überschrieben."
            )
    return decode_text(path, disk)


def check_files(one: Publication, docs: Path, changed: set[str]) -> Lock:
    """Check the pages as they will be; return the lock with the translations recorded.

    :raises RefusedError: with every error.
    """
    languages, today = load_languages(), datetime.date.today()
    broken = [
        problem for path in changed if path.endswith(".po")
        for problem in catalog_errors(file_path(docs, path).read_bytes().decode(), path)
    ]  # fmt: skip
    if broken:
        raise RefusedError("\n".join(broken))
    content = read_content(docs, languages)
    keys = {key for path in changed if (key := split_name(path)[1])}
    try:
        facts, lock = load_facts(docs / "data"), load_lock(docs)
    except ContentError as error:
        raise RefusedError(str(error)) from error
    entries = dict(lock.entries)
    for file in one.files:
        code, key = split_name(file.path)
        language = next((row for row in languages if row.code == code), None)
        if not file.spelling or language is None:
            continue
        if language.default:
            for place in [place for place in entries if place[0] == key]:
                entries[place] = accept_spelling(entries[place], file.spelling)
        elif key in content.pages and content.pages[key].is_translated(language):
            known_entry = find_entry(docs, lock, content.pages[key], language)
            german, own = documents(docs, key, language)
            entries[key, code] = note_sources(known_entry, german, own, file.spelling, today)
    lock = Lock(entries)
    known = {key for key in keys if key in content.pages}
    places = [
        (key, row.code)
        for key in known
        for row in languages
        if not row.default and content.pages[key].is_translated(row)
    ]
    lock = update_entries(docs, content, languages, lock, places, today)
    stale = {
        place for place, state in translation_states(docs, content, languages, lock, known).items() if state.is_stale
    }
    only = None if any(not path.endswith((".md", ".po")) for path in changed) or keys - known else known
    wrong = errors(check_content(content, facts, languages, FORMS, today, docs, stale, only))
    if wrong:
        raise RefusedError("\n".join(str(finding) for finding in wrong[:10]))
    gone = keys - known
    return Lock({place: entry for place, entry in lock.entries.items() if place[0] not in gone})


def merge_file(base: str | None, text: str | None, current: str | None, path: str) -> str | None:
    """Return a file with a change in it.

    :raises RefusedError: if the published file has changed at the same place.
    """
    if current == base:
        return text
    if current == text:
        return current
    if base is None:
        raise RefusedError(f"{shown_name(path)} gibt es inzwischen. Geben Sie der neuen Seite eine andere Adresse.")
    if current is None:
        raise RefusedError(
            f"{shown_name(path)} gibt es nicht mehr. Der Text bleibt im Entwurf; übernehmen Sie ihn in eine neue Seite."
        )
    if text is None:
        raise RefusedError(
            f"{shown_name(path)} wurde inzwischen geändert. Sehen Sie die Seite noch einmal an, bevor Sie sie entfernen."
        )
    merged = merge(base, text, current, path)
    if merged.conflicts:
        raise RefusedError(
            "Die veröffentlichte Seite wurde an derselben Stelle geändert. Öffnen Sie die Seite und wählen Sie; beide Texte sind erhalten."
        )
    return merged.text


def is_below(path: Path, docs: Path) -> bool:
    """Return whether a path is below the pages, in the municipality's folder or among the catalogs, links followed."""
    folders = (docs, city_dir(docs), docs.parent / CATALOGS)
    return any(path.resolve().is_relative_to(folder.resolve()) for folder in folders)


def write_below(docs: Path, path: str, content: str | None) -> None:
    """Write a file of a copy of the pages.

    :raises RefusedError: if the path leads out of the folder.
    """
    target = file_path(docs, path)
    if not is_below(target, docs):
        raise RefusedError(f"{shown_name(path)} liegt nicht im Ordner der Seiten.")
    if content is None:
        target.unlink(missing_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(encode_file(path, content))


def decode_text(path: str, data: bytes | None) -> str | None:
    """Return a file as publications store it; None where there is none."""
    return None if data is None else decode_file(path, data)
