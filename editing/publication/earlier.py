"""The German text that a translation was made from: earlier texts of the page, from the publications and from git."""

from collections.abc import Collection, Iterator
from functools import lru_cache
from pathlib import Path

from msgspec import Struct

from core.overlay import CITY_PAGES, shared_counterpart
from editing.paragraphs.arranging import section_source
from editing.paragraphs.reading import EditError, list_paragraphs, read_file_text
from editing.paths import shown_name
from editing.publication.git import GitError, Repository
from editing.publication.store import publications_of
from form_handler.storage.database import Database

MAX_VERSIONS = 60


class Earlier(Struct, frozen=True):
    """Earlier German texts of one page.

    :ivar paragraphs: the words of a paragraph by its hash.
    :ivar sections: the Markdown of a section by the hashes of its paragraphs.
    """

    paragraphs: dict[str, str]
    sections: dict[tuple[str, ...], str]


def find_earlier(
    database: Database, docs: Path, path: str, marks: Collection[str], sections: Collection[tuple[str, tuple[str, ...]]]
) -> Earlier:
    """Return the earlier words of paragraphs and sections of a German page, as far as they can be found.

    :param marks: the hashes of the paragraphs.
    :param sections: names of sections, each with the hashes of its paragraphs.
    """
    found = Earlier({}, {})
    wanted, parts = set(marks), set(sections)
    for text in _texts(database, docs, path) if wanted or parts else ():
        try:
            file = read_file_text(text)
        except EditError:
            continue
        for place in list_paragraphs(file):
            if place.segment.hash in wanted:
                found.paragraphs[place.segment.hash] = place.words
                wanted.discard(place.segment.hash)
        for name, hashes in [part for part in parts if file.document.hashes(part[0]) == part[1]]:
            source = section_source(file, name)
            if source is not None:
                found.sections[hashes] = source[0]
                parts.discard((name, hashes))
        if not wanted and not parts:
            break
    return found


def _texts(database: Database, docs: Path, path: str) -> Iterator[str]:
    for one in publications_of(database, path, MAX_VERSIONS):
        yield from (text for file in one.files if file.path == path for text in (file.after, file.before) if text)
    try:
        repository = Repository.find(docs)
        if repository is not None:
            yield from _git_texts(str(docs), path, repository.head())
            if shared_counterpart(docs, shown_name(path)):  # the shared text that a version of a shared page began with
                yield from _git_texts(str(docs), path.removeprefix(f"{CITY_PAGES}/"), repository.head())
    except GitError:
        return  # the page names the earlier text as unknown


@lru_cache(maxsize=8)
def _git_texts(docs: str, path: str, head: str) -> tuple[str, ...]:
    """Return the earlier texts of a file, the newest first; cached until the branch moves.

    :raises GitError: if git fails.
    """
    repository = Repository.find(Path(docs))
    if repository is None:
        return ()
    commits = [commit.hash for commit in repository.history(path, MAX_VERSIONS)]
    return tuple(text.decode("utf-8", "replace") for text in repository.read_all(commits, path))
