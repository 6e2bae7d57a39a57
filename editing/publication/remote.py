"""The remote repository of the pages: pushing published commits, merging those of developers."""

import contextlib
import logging
import time
from pathlib import Path

from core.clock import utc_now
from core.files import write_files
from editing.paths import file_path, shown_name
from editing.publication import store
from editing.publication.git import GitError, Repository, is_hash
from form_handler.storage.database import Database
from form_handler.storage.state import read_state, write_state

RETRY_SECONDS = 15.0
MAX_RETRY_SECONDS = 900.0

logger = logging.getLogger(__name__)


class Remote:
    """The remote that the published pages are pushed to.

    :param name: name or address of the remote; empty: nothing is pushed.
    :param author: the author of a commit that joins two pushes.
    """

    def __init__(self, database: Database, docs: Path, name: str, author: str) -> None:
        self.database, self.docs, self.name, self.author = database, docs, name, author
        self.push_at, self.push_pause = 0.0, RETRY_SECONDS

    def push(self) -> bool:
        """Push published commits to the remote, where one is named; never forced, with growing pauses.

        :return: whether a developer's push came into the folder, so that the site is to be built.
        """
        has_joined = False
        if not self.name or time.monotonic() < self.push_at or not store.has_unpushed(self.database):
            return False
        repository = Repository.find(self.docs)
        if repository is None:
            return False
        try:
            branch = repository.branch()
            self.finish_join(repository)
            try:
                repository.push(self.name, branch)
            except GitError:
                has_joined = self.join_remote(repository, branch)
            store.note_pushed(self.database)
            self.push_pause, problem = RETRY_SECONDS, ""
        except GitError as error:
            self.push_at = time.monotonic() + self.push_pause
            self.push_pause, problem = min(self.push_pause * 2, MAX_RETRY_SECONDS), str(error)[:200]
            logger.warning("push: %s", error)
        with self.database.transaction() as connection:
            write_state(connection, "content_push", problem or None)
        return has_joined

    def join_remote(self, repository: Repository, branch: str) -> bool:
        """Merge a developer's push into the branch, or push the branch aside where both changed one place.

        :return: whether files of the developer's push came into the folder.
        :raises GitError: if they could not be merged.
        """
        theirs, ours = repository.fetch(self.name, branch), repository.head()
        if theirs == ours:
            return False
        try:
            tree = repository.run("merge-tree", "--write-tree", ours, theirs).split("\n")[0].strip()
        except GitError:
            name = f"redaktion/{utc_now():%Y-%m-%d}"
            repository.push_aside(self.name, branch, name)
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
        repository.push(self.name, branch)
        return True

    def note_join(self, commit: str | None) -> None:
        """Record the commit that joins a developer's push, so that its files are written even after a kill; None: all are."""
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
        write_files(contents)
        with contextlib.suppress(GitError):
            repository.refresh_index(f"{made}^1", made, changed)
        self.note_join(None)
