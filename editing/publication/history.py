"""The earlier texts of a page: from git where the pages are in a checkout, else from the database."""

import datetime
from pathlib import Path

from msgspec import Struct

from core.overlay import CITY_PAGES, shared_counterpart
from editing.paths import shown_name
from editing.publication.git import Commit, GitError, Repository, is_hash
from editing.publication.store import find_publication, publications_of
from editorial.content.local_version import mark_version, version_of
from form_handler.storage.database import Database

MAX_VERSIONS = 50
BEFORE = ".before"  # after the number of a publication: the text that was there before it


class Version(Struct, frozen=True):
    """One earlier text of a page.

    :ivar id: the commit, or the publication; an address holds it.
    :ivar actor: who published it, for the office; empty for a change that came by git.
    :ivar publication: the publication that made it; or empty.
    """

    id: str
    at: datetime.datetime
    actor: str
    subject: str
    publication: str


def list_versions(database: Database, docs: Path, path: str) -> list[Version]:
    """Return the versions of a file, the newest first.

    :raises GitError: if git fails.
    """
    published = {one.id: one for one in publications_of(database, path, MAX_VERSIONS)}
    repository = Repository.find(docs)
    if repository is None:
        rows = sorted(published.values(), key=lambda one: one.created_at, reverse=True)
        found = [Version(one.id, one.finished_at or one.created_at, one.actor, "", one.id) for one in rows]
        return [*found, Version(f"{rows[-1].id}{BEFORE}", rows[-1].created_at, "", "", "")] if rows else []
    found = []
    for commit in _commits(repository, docs, path):
        at = datetime.datetime.fromtimestamp(commit.seconds, datetime.UTC)
        one = published.get(commit.publication)
        found.append(
            Version(commit.hash, at, one.actor if one else "", commit.subject, commit.publication if one else "")
        )
    return found


def _shared_name(docs: Path, path: str) -> str:
    """Return the name of the shared page that a municipality's version takes the place of; empty if it takes that of none."""
    return path.removeprefix(f"{CITY_PAGES}/") if shared_counterpart(docs, shown_name(path)) else ""


def _commits(repository: Repository, docs: Path, path: str) -> list[Commit]:
    """Return the commits of a file, and behind them those of the shared page that it began with."""
    shared = _shared_name(docs, path)
    own = repository.history(path, MAX_VERSIONS)
    return [*own, *(repository.history(shared, MAX_VERSIONS) if shared else ())]


def read_version(database: Database, docs: Path, path: str, identity: str) -> str | None:
    """Return the text of a version of a file, None if there is none.

    :raises GitError: if git fails.
    """
    repository = Repository.find(docs)
    if repository is None:
        one = find_publication(database, identity.removesuffix(BEFORE))
        return (
            next(
                (file.before if identity.endswith(BEFORE) else file.after for file in one.files if file.path == path),
                None,
            )
            if one
            else None
        )
    if not is_hash(identity) or identity not in {commit.hash for commit in _commits(repository, docs, path)}:
        return None
    data, shared = repository.read(identity, path), _shared_name(docs, path)
    try:
        if data is None and shared and (data := repository.read(identity, shared)) is not None:
            return mark_version(data.decode("utf-8"), version_of(data))
        return None if data is None else data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise GitError(f"docs/{path} is not UTF-8 in {identity}") from error
