"""Publishing: a draft becomes part of the published text, then the site is built.

Each step can be killed and is then done once more, never twice: a commit is found by its trailer, the database's text is
written into the folder again, and a build is whole or not there. Nobody's files are overwritten: a publication waits while a
file has changes by hand, and names it.
"""

import contextlib
import datetime
import logging
import time
from collections.abc import Callable
from pathlib import Path

from core.clock import utc_now
from core.files import write_files
from editing import drafts
from editing.merge import merge
from editing.paths import encode_file, file_path, shown_name
from editing.publication import store
from editing.publication.git import TRAILER, GitError, MovedError, Repository
from editing.publication.preparation import RefusedError, WaitError, decode_text, prepare_files
from editing.publication.remote import Remote
from editing.publication.store import Publication
from editorial.build.build import BuildError, Report, build_site, no_report
from editorial.build.fingerprint import read_manifest
from form_handler.settings import Settings
from form_handler.storage.database import Database

RETRY_SECONDS = 15.0
MAX_MOVES = 5

logger = logging.getLogger(__name__)


class Publisher:
    """Carries out publications, one after the other.

    :param demo_survey: survey results of a demonstration, for the build.
    :param report: called at the beginning of each phase of a build.
    """

    def __init__(
        self, database: Database, settings: Settings, demo_survey: Path | None = None, report: Report = no_report
    ) -> None:
        assert settings.content_dir is not None
        self.database, self.settings, self.demo_survey, self.report = database, settings, demo_survey, report
        self.docs = settings.content_dir / "docs"
        self.author = settings.content_author or f"Redaktion KIM <{settings.mail_from}>"
        self.remote = Remote(database, self.docs, settings.content_remote, self.author)
        self.retry_at: dict[str, float] = {}

    def run_due(self, now: datetime.datetime) -> int:
        """Publish due drafts; return how many publications went live."""
        due = [one for one in store.open_publications(self.database) if one.state == "committed" or one.due_at <= now]
        due = [one for one in due if time.monotonic() >= self.retry_at.get(one.id, 0.0)]
        for one in due:
            if one.state == "waiting":
                self._attempt(one, self.commit)
        committed = [one for one in store.open_publications(self.database) if one.state == "committed"]
        committed = [one for one in committed if time.monotonic() >= self.retry_at.get(one.id, 0.0)]
        live = [one for one in committed if self._attempt(one, self.write_files)]
        for one in live:  # before the build: a change made meanwhile starts from the published text
            self.settle_drafts(one)
        if not live:
            return 0
        try:
            self.build()
        except BuildError as error:
            for one in live:
                self._postpone(one, str(error).strip())
            return 0
        for one in live:
            store.note_done(self.database, one, utc_now())
        return len(live)

    def _attempt(self, one: Publication, step: Callable[[Publication], None]) -> bool:
        """Do one step of a publication; record why it could not be done."""
        try:
            step(one)
        except RefusedError as error:
            store.note_problem(self.database, one, str(error), utc_now(), refused=True)
            logger.info("publication %s refused", one.id)
        except (WaitError, GitError, OSError) as error:
            words = str(error) if isinstance(error, WaitError) else f"Der Server konnte nicht schreiben: {error}"
            self._postpone(one, words)
        else:
            return True
        return False

    def _postpone(self, one: Publication, words: str) -> None:
        self.retry_at[one.id] = time.monotonic() + RETRY_SECONDS
        store.note_problem(self.database, one, words, utc_now())
        logger.warning("publication %s waits: %s", one.id, words)

    def commit(self, one: Publication) -> None:
        """Make a publication part of the published text: in git as a commit, else in the database.

        :raises RefusedError: if it does not fit the published text any more, or has errors.
        :raises WaitError: if somebody has changed the same files by hand.
        """
        repository = Repository.find(self.docs)
        if repository is None:
            files = prepare_files(one, self.docs, self.settings.data_dir, None, "")
            store.note_committed(self.database, one, files, "")
            return
        branch = repository.branch()
        for _attempt in range(MAX_MOVES):
            done = repository.find_publication(branch, one.id)
            if done is not None:  # killed after the commit
                paths = repository.changed_files(done)
                found = {
                    path: (
                        decode_text(path, repository.read(f"{done}^", path)),
                        decode_text(path, repository.read(done, path)),
                    )
                    for path in paths
                }
                store.note_committed(self.database, one, found, done)
                return
            head = repository.head()
            files = prepare_files(one, self.docs, self.settings.data_dir, repository, head)
            content = {
                path: None if after is None else encode_file(path, after) for path, (_before, after) in files.items()
            }
            made = repository.write_commit(head, content, self.message(one), self.author)
            try:
                repository.advance(branch, made, head)
            except MovedError:
                continue  # somebody has committed in this moment: begin again on top of it
            store.note_committed(self.database, one, files, made)
            return
        raise WaitError("Auf dem Zweig wird gerade laufend etwas anderes festgehalten. Es wird noch einmal versucht.")

    def message(self, one: Publication) -> str:
        """Return the message of the commit; it names pages and no person."""
        paths = [file.path for file in one.files]
        what = "Zurückgenommen" if one.undoes else "Veröffentlicht"
        shown = ", ".join(paths[:3]) + (f" und {len(paths) - 3} weitere" if len(paths) > 3 else "")
        return f"{what}: {shown}\n\n{TRAILER}: {one.id}\n"

    def write_files(self, one: Publication) -> None:
        """Write the files of a publication that is part of the published text into the folder.

        :raises WaitError: if somebody has changed one of them by hand since.
        """
        contents: dict[Path, bytes] = {}
        for file in self.reload(one).files:
            target = file_path(self.docs, file.path)
            disk = decode_text(file.path, target.read_bytes()) if target.is_file() else None
            if disk == file.after or self.is_newer(one, file.path, disk):
                continue
            if disk != file.before:
                raise WaitError(
                    f"{shown_name(file.path)} wurde auf dem Server von Hand geändert. Die Seite wird gebaut, sobald das geklärt ist; nichts wird überschrieben."
                )
            if file.after is None:
                target.unlink()
            else:
                contents[target] = encode_file(file.path, file.after)
        write_files(contents)
        repository = Repository.find(self.docs) if one.commit_hash else None
        if repository is not None:
            with contextlib.suppress(GitError):  # another git process holds the lock; the index may stay stale
                repository.refresh_index(
                    f"{one.commit_hash}^", one.commit_hash, [file.path for file in self.reload(one).files]
                )

    def reload(self, one: Publication) -> Publication:
        """Return a publication as it is now."""
        found = store.find_publication(self.database, one.id)
        assert found is not None
        return found

    def is_newer(self, one: Publication, path: str, disk: str | None) -> bool:
        """Return whether the file is already that of a later publication."""
        later = [other for other in store.publications_of(self.database, path) if other.created_at > one.created_at]
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
            report=self.report,
        )

    def settle_drafts(self, one: Publication) -> None:
        """End the drafts that are published; later changes of a draft stay a draft."""
        for file in self.reload(one).files:
            known = drafts.find_draft(self.database, file.path)
            if file.draft_id is None or known is None or known.id != file.draft_id:
                continue
            if known.version == file.draft_version:
                drafts.discard_draft(self.database, file.path, known.version)
            elif None not in (file.text, known.text, file.after):
                merged = merge(file.text or "", known.text or "", file.after or "", file.path)
                drafts.rebase_draft(self.database, file.path, known.version, file.after, merged.text, utc_now())

    def push(self) -> None:
        """Push published commits to the remote, see :meth:`editing.publication.remote.Remote.push`; build the site with commits from there."""
        if self.remote.push():
            self.build()
