"""A municipality's version of a shared page beside the shared page: the changes there since, and merging them."""

import contextlib
from pathlib import Path

from msgspec import Struct

from core.overlay import shared_counterpart
from editing.merge import Merged, merge
from editing.paths import shown_name
from editing.publication.git import GitError, Repository
from editorial.content.local_version import mark_version, marked_version, version_of


class Upstream(Struct, frozen=True):
    """The shared page of a version.

    :ivar version: the shared text that the version was made from; empty if its header does not name it.
    :ivar current: the current shared text.
    :ivar before: the shared text that the version was made from; None if the history does not hold it any more.
    """

    version: str
    current: str
    now: str
    before: str | None

    @property
    def has_changed(self) -> bool:
        """Return whether the shared page has changed since the version was made."""
        return bool(self.version) and self.version != self.current

    def merge_into(self, raw: str, name: str) -> Merged:
        """Return a version of the municipality with the changes of the shared page in it.

        Without the earlier shared text each place that differs is a conflict, so that somebody decides.
        """
        base = mark_version(self.before or "", self.version)
        return merge(base, raw, mark_version(self.now, self.current), name)


def find_upstream(docs: Path, name: str, raw: str | None) -> Upstream | None:
    """Return the shared page of a version; None if the page takes the place of none.

    :param raw: the version as it is now, its draft included.
    """
    shared = shared_counterpart(docs, shown_name(name))
    if shared is None or raw is None:
        return None
    data, version = shared.read_bytes(), marked_version(raw)
    current, now = version_of(data), data.decode("utf-8", "replace")
    before = now if version == current else None
    if version and before is None:
        with contextlib.suppress(GitError):
            repository = Repository.find(docs)
            before = repository.run("cat-file", "blob", version) if repository else None
    return Upstream(version, current, now, before)
