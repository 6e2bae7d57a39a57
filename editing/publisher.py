"""Publishing: a draft becomes part of the published text, then the site is built.

Each step can be killed and is then done once more, never twice: what git has is found by its trailer, what the database has is
written into the folder again, and a build is whole or not there. Nobody's files are overwritten: what somebody has changed by
hand makes a publication wait, with a sentence.
"""

from __future__ import annotations

import contextlib
import datetime
import itertools
import logging
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from core.clock import utc_now
from core.findings import ContentError, errors
from core.languages import load_languages
from core.overlay import CITY, city_dir
from editing import drafts, publishing
from editing.findings import check_all, findings_path
from editing.git import TRAILER, GitError, MovedError, Repository, is_hash
from editing.merge import merge
from editing.paths import file_path, shown_name, split_name
from editing.publishing import Publication
from editing.spelling import accept_spelling
from editorial.build.build import BuildError, build_site
from editorial.build.fingerprint import read_manifest
from editorial.checks.content import check_content
from editorial.content.facts import load_facts
from editorial.content.pages import read_content
from editorial.translations.lockfile import LOCK_FILENAME, Lock, load_lock, write_files_atomically, write_lock
from editorial.translations.state import documents, find_entry, translation_states
from editorial.translations.update import note_sources, update_entries
from form_handler.forms import FORMS
from form_handler.settings import Settings
from form_handler.storage.database import Database
from form_handler.storage.state import read_state, write_state

RETRY_SECONDS = 15.0
MAX_RETRY_SECONDS = 900.0
MAX_MOVES = 5
LOCKS = (LOCK_FILENAME, f"{CITY}/{LOCK_FILENAME}")

logger = logging.getLogger(__name__)


class WaitError(Exception):
    """A publication cannot go on now; the message tells editors why. It is tried again."""


class RefusedError(Exception):
    """A publication cannot be carried out as it is; the message tells editors why and what to do."""


class Publisher:
    """Carries out publications, one after the other.

    :param demo_survey: survey results of a demonstration, for the build.
    """

    def __init__(self, database: Database, settings: Settings, demo_survey: Path | None = None) -> None:
        assert settings.content_dir is not None
        self.database, self.settings, self.demo_survey = database, settings, demo_survey
        self.docs = settings.content_dir / "docs"
        self.author = settings.content_author or f"Redaktion KIM <{settings.mail_from}>"
        self.checked: object = None
        self.push_at, self.push_pause = 0.0, RETRY_SECONDS
        self.retry_at: dict[str, float] = {}

    def run_due(self, now: datetime.datetime) -> int:
        """Carry out what is due; return how many publications went live."""
        due = [
            one for one in publishing.open_publications(self.database) if one.state == "committed" or one.due_at <= now
        ]
        due = [one for one in due if time.monotonic() >= self.retry_at.get(one.id, 0.0)]
        for one in due:
            if one.state == "waiting":
                self._attempt(one, self.commit)
        committed = [one for one in publishing.open_publications(self.database) if one.state == "committed"]
        committed = [one for one in committed if time.monotonic() >= self.retry_at.get(one.id, 0.0)]
        live = [one for one in committed if self._attempt(one, self.write_files)]
        if not live:
            return 0
        try:
            self.build()
        except BuildError as error:
            for one in live:
                self._postpone(one, str(error).strip())
            return 0
        for one in live:
            publishing.note_done(self.database, one, utc_now())
            self.settle_drafts(one)
        return len(live)

    def _attempt(self, one: Publication, step: Callable[[Publication], None]) -> bool:
        """Do one step of a publication; note why it could not be done."""
        try:
            step(one)
        except RefusedError as error:
            publishing.note_problem(self.database, one, str(error), utc_now(), refused=True)
            logger.info("publication %s refused", one.id)
        except (WaitError, GitError, OSError) as error:
            words = str(error) if isinstance(error, WaitError) else f"Der Server konnte nicht schreiben: {error}"
            self._postpone(one, words)
        else:
            return True
        return False

    def _postpone(self, one: Publication, words: str) -> None:
        self.retry_at[one.id] = time.monotonic() + RETRY_SECONDS
        publishing.note_problem(self.database, one, words, utc_now())
        logger.warning("publication %s waits: %s", one.id, words)

    # --- one publication becomes part of the published text -----------------------------------------------------------

    def commit(self, one: Publication) -> None:
        """Make a publication part of the published text: in git as a commit, else in the database.

        :raises RefusedError: if it does not fit the published text any more, or has errors.
        :raises WaitError: if somebody has changed the same files by hand.
        """
        repository = Repository.find(self.docs)
        if repository is None:
            files = self.prepare(one, None, "")
            publishing.note_committed(self.database, one, files, "")
            return
        branch = repository.branch()
        for _attempt in range(MAX_MOVES):
            done = repository.find_publication(branch, one.id)
            if done is not None:  # killed after the commit
                paths = repository.changed_files(done)
                found = {
                    path: (_text(repository.read(f"{done}^", path)), _text(repository.read(done, path)))
                    for path in paths
                }
                publishing.note_committed(self.database, one, found, done)
                return
            head = repository.head()
            files = self.prepare(one, repository, head)
            content = {path: None if after is None else after.encode() for path, (_before, after) in files.items()}
            made = repository.write_commit(head, content, self.message(one), self.author)
            try:
                repository.advance(branch, made, head)
            except MovedError:
                continue  # somebody has committed in this moment: begin again on top of it
            publishing.note_committed(self.database, one, files, made)
            return
        raise WaitError("Auf dem Zweig wird gerade laufend etwas anderes festgehalten. Es wird noch einmal versucht.")

    def message(self, one: Publication) -> str:
        """Return the message of the commit; it names pages and no person."""
        paths = [file.path for file in one.files]
        what = "Zurückgenommen" if one.undoes else "Veröffentlicht"
        shown = ", ".join(paths[:3]) + (f" und {len(paths) - 3} weitere" if len(paths) > 3 else "")
        return f"{what}: {shown}\n\n{TRAILER}: {one.id}\n"

    def prepare(
        self, one: Publication, repository: Repository | None, head: str
    ) -> dict[str, tuple[str | None, str | None]]:
        """Return the files of a publication as they stand and as they will: merged, checked, with the lock file.

        :raises RefusedError: see :meth:`commit`.
        :raises WaitError: likewise.
        """
        files: dict[str, tuple[str | None, str | None]] = {}
        for file in one.files:
            if file.path in LOCKS:
                continue  # written anew each time
            current = self.current(file.path, repository, head)
            files[file.path] = (current, merge_file(file.base_text, file.text, current, file.path))
        changed = {path: after for path, (before, after) in files.items() if before != after}
        with tempfile.TemporaryDirectory(prefix="kim-publish-", dir=self.settings.data_dir) as folder:
            docs = Path(folder) / "docs"
            for source, target in ((self.docs, docs), (city_dir(self.docs), city_dir(docs))):
                if source.is_dir():
                    shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns(".*"))
            for path, after in changed.items():
                write_below(docs, path, after)
            write_lock(docs, self.check(one, docs, set(changed)))
            for path in LOCKS:
                lock = file_path(docs, path)
                before = self.current(path, repository, head)
                after = lock.read_bytes().decode() if lock.exists() else None
                if after != before:
                    files[path] = (before, after)
        return files

    def current(self, path: str, repository: Repository | None, head: str) -> str | None:
        """Return a file as it is published.

        :raises WaitError: if somebody has changed it by hand and not committed it.
        """
        target = file_path(self.docs, path)
        if target.is_symlink() or not is_below(target.parent, self.docs):
            raise WaitError(f"{shown_name(path)} ist eine Verknüpfung und keine Datei. Bitte die Technik fragen.")
        disk = target.read_bytes() if target.is_file() else None
        if repository is not None:
            committed = repository.read(head, path)
            if disk != committed:
                raise WaitError(
                    f"{shown_name(path)} wurde auf dem Server von Hand geändert und noch nicht festgehalten. "
                    "Die Veröffentlichung wartet, bis das geschehen ist; nichts wird überschrieben."
                )
        return _text(disk)

    def check(self, one: Publication, docs: Path, changed: set[str]) -> Lock:
        """Check the pages as they will be; return the lock with the translations written down.

        :raises RefusedError: with every error.
        """
        languages, today = load_languages(), datetime.date.today()
        content = read_content(docs, languages)
        keys = {key for path in changed if (key := split_name(path)[1])}
        load_facts.cache_clear()
        try:
            facts, lock = load_facts(docs / "data"), load_lock(docs)
        except ContentError as error:
            raise RefusedError(str(error)) from error
        finally:
            load_facts.cache_clear()
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
            place
            for place, state in translation_states(docs, content, languages, lock, known).items()
            if state.is_stale
        }
        only = None if any(not path.endswith(".md") for path in changed) or keys - known else known
        wrong = errors(check_content(content, facts, languages, FORMS, today, docs, stale, only))
        if wrong:
            raise RefusedError("\n".join(str(finding) for finding in wrong[:10]))
        gone = keys - known
        return Lock({place: entry for place, entry in lock.entries.items() if place[0] not in gone})

    # --- it goes live ---------------------------------------------------------------------------------------------------

    def write_files(self, one: Publication) -> None:
        """Write the files of a publication that is part of the published text into the folder.

        :raises WaitError: if somebody has changed one of them by hand since.
        """
        contents: dict[Path, bytes] = {}
        for file in self.fresh(one).files:
            target = file_path(self.docs, file.path)
            disk = _text(target.read_bytes()) if target.is_file() else None
            if disk == file.after or self.is_newer(one, file.path, disk):
                continue
            if disk != file.before:
                raise WaitError(
                    f"{shown_name(file.path)} wurde auf dem Server von Hand geändert. Die Seite wird gebaut, sobald das geklärt ist; nichts wird überschrieben."
                )
            if file.after is None:
                target.unlink()
            else:
                contents[target] = file.after.encode()
        write_files_atomically(contents)
        repository = Repository.find(self.docs) if one.commit_hash else None
        if repository is not None:
            with contextlib.suppress(GitError):  # a lock of somebody's own git; it is a service, not a promise
                repository.refresh_index(
                    f"{one.commit_hash}^", one.commit_hash, [file.path for file in self.fresh(one).files]
                )

    def fresh(self, one: Publication) -> Publication:
        """Return a publication as it is now."""
        found = publishing.find_publication(self.database, one.id)
        assert found is not None
        return found

    def is_newer(self, one: Publication, path: str, disk: str | None) -> bool:
        """Return whether the file is already that of a later publication."""
        later = [
            other for other in publishing.publications_of(self.database, path) if other.created_at > one.created_at
        ]
        return any(file.after == disk for other in later for file in other.files if file.path == path)

    def build(self) -> None:
        """Build the site; its booklets are printed if it had any.

        :raises BuildError: if that fails; the site before stays.
        """
        manifest = read_manifest(self.settings.site_dir.resolve())
        build_site(
            self.settings.site_dir,
            docs_dir=self.docs,
            pdf=bool(manifest and manifest.pdf),
            demo_survey=self.demo_survey,
        )

    def settle_drafts(self, one: Publication) -> None:
        """End the drafts that are published; what was changed in one since then stays a draft on top."""
        for file in self.fresh(one).files:
            known = drafts.find_draft(self.database, file.path)
            if file.draft_id is None or known is None or known.id != file.draft_id:
                continue
            if known.version == file.draft_version:
                drafts.discard_draft(self.database, file.path, known.version)
            elif None not in (file.text, known.text, file.after):
                merged = merge(file.text or "", known.text or "", file.after or "")
                drafts.rebase_draft(self.database, file.path, known.version, file.after, merged.text, utc_now())

    # --- remote ---------------------------------------------------------------------------------------------------------

    def push(self) -> None:
        """Push what is published to the remote, where one is named; never forced, with growing pauses."""
        if (
            not self.settings.content_remote
            or time.monotonic() < self.push_at
            or not publishing.has_unpushed(self.database)
        ):
            return
        repository = Repository.find(self.docs)
        if repository is None:
            return
        try:
            branch = repository.branch()
            self.finish_join(repository)
            try:
                repository.push(self.settings.content_remote, branch)
            except GitError:
                self.join_remote(repository, branch)
            publishing.note_pushed(self.database)
            self.push_pause, problem = RETRY_SECONDS, ""
        except GitError as error:
            self.push_at = time.monotonic() + self.push_pause
            self.push_pause, problem = min(self.push_pause * 2, MAX_RETRY_SECONDS), str(error)[:200]
            logger.warning("push: %s", error)
        with self.database.transaction() as connection:
            write_state(connection, "content_push", problem or None)

    def join_remote(self, repository: Repository, branch: str) -> None:
        """Bring the branch together with a developer's push, or push it aside where both changed one place."""
        theirs, ours = repository.fetch(self.settings.content_remote, branch), repository.head()
        if theirs == ours:
            return
        try:
            tree = repository.run("merge-tree", "--write-tree", ours, theirs).split("\n")[0].strip()
        except GitError:
            name = f"redaktion/{utc_now():%Y-%m-%d}"
            repository.push_aside(self.settings.content_remote, branch, name)
            raise GitError(
                f"the remote has changed the same places; pushed to {name} for a developer to merge"
            ) from None
        name, _open, address = self.author.rstrip(">").partition(" <")
        people = {
            f"GIT_{who}_{what}": value
            for who in ("AUTHOR", "COMMITTER")
            for what, value in (("NAME", name), ("EMAIL", address))
        }
        made = repository.run(
            "commit-tree", tree, "-p", ours, "-p", theirs, data=b"Stand der Entwicklung aufgenommen\n", env=people
        ).strip()
        self.note_join(made)
        repository.advance(branch, made, ours)
        self.finish_join(repository)
        repository.push(self.settings.content_remote, branch)
        self.build()

    def note_join(self, commit: str | None) -> None:
        """Note the commit that joins a developer's push, so that its files are written even after a kill; None: all are."""
        with self.database.transaction() as connection:
            write_state(connection, "content_join", commit)

    def finish_join(self, repository: Repository) -> None:
        """Write the files of a developer's push that was joined; a file that somebody has changed by hand stays.

        :raises GitError: if there is such a file; it is tried again.
        """
        with self.database.read_connection() as connection:
            made = read_state(connection, "content_join")
        if made is None:
            return
        if not is_hash(made) or repository.head() != made:  # killed before the branch moved, or it has moved on since
            self.note_join(None)
            return
        contents: dict[Path, bytes] = {}
        changed = repository.changed_between(f"{made}^1", made)
        for path in changed:
            disk = file_path(self.docs, path).read_bytes() if file_path(self.docs, path).is_file() else None
            before, after = repository.read(f"{made}^1", path), repository.read(made, path)
            if disk not in (before, after):
                raise GitError(f"{shown_name(path)} was changed by hand; the commits of the remote wait")
            if after is not None:
                contents[file_path(self.docs, path)] = after
            else:
                file_path(self.docs, path).unlink(missing_ok=True)
        write_files_atomically(contents)
        with contextlib.suppress(GitError):
            repository.refresh_index(f"{made}^1", made, changed)
        self.note_join(None)

    # --- the desk's findings ----------------------------------------------------------------------------------------------

    def check_pages(self) -> None:
        """Check all pages for the desk after the folder has changed."""
        if not findings_path(self.settings.data_dir).exists():
            return
        files = itertools.chain(self.docs.rglob("*"), city_dir(self.docs).rglob("*"))
        stamp = max((path.stat().st_mtime_ns for path in files if path.is_file()), default=0)
        if stamp != self.checked:
            self.checked = stamp
            check_all(self.docs, findings_path(self.settings.data_dir))


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
    merged = merge(base, text, current)
    if merged.conflicts:
        raise RefusedError(
            "Die veröffentlichte Seite wurde an derselben Stelle geändert. Öffnen Sie die Seite und wählen Sie; beide Texte sind erhalten."
        )
    return merged.text


def is_below(path: Path, docs: Path) -> bool:
    """Return whether a path is below the pages or in the municipality's folder, links followed."""
    return any(path.resolve().is_relative_to(folder.resolve()) for folder in (docs, city_dir(docs)))


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
    target.write_bytes(content.encode())


def _text(data: bytes | None) -> str | None:
    return None if data is None else data.decode("utf-8")
