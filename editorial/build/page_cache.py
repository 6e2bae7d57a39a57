"""Rendered pages, search indexes and compiled templates of earlier builds, keyed by a digest of their sources.

Each language has a file of its own, and so have the templates.

An entry is used only if its digest is the one asked for, so a cache is never out of date. A file that is damaged or
was written by another version counts as empty. A file holds what the last build used, so it grows no larger than the site.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from core.files import write_atomically

MAGIC = b"kim page cache 1\n"
TEMPLATES = "templates"


class PageCache:
    """The cache of one language.

    :param file: where it is stored; None for a cache that begins and stays empty on disk.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._found = _read(file) if file else {}
        self._used: dict[str, tuple[str, bytes]] = {}

    def holds(self, name: str, digest: str) -> bool:
        """Return whether an entry is there for exactly these sources."""
        return name in self._found and self._found[name][0] == digest

    def get(self, name: str, digest: str) -> bytes | None:
        """Return an entry, or None if it is not there or was made from other sources."""
        if not self.holds(name, digest):
            return None
        self._used[name] = self._found[name]
        return self._found[name][1]

    def put(self, name: str, digest: str, data: bytes) -> None:
        """Add an entry, in the place of an older one of the same name."""
        self._found[name] = self._used[name] = (digest, data)

    def write(self, file: Path) -> None:
        """Store the entries that were read or added since the cache was loaded."""
        data = msgspec.msgpack.encode(self._used)
        write_atomically(file, MAGIC + hashlib.sha256(data).digest() + data)


def cache_file(folder: Path, code: str) -> Path:
    """Return where the cache of a language is stored."""
    return folder / f"{code}.pages"


def restore_templates(file: Path | None, digest: str, folder: Path) -> None:
    """Write the compiled templates of an earlier build into the folder of Jinja2's bytecode cache.

    :param file: where they are stored; None if they are not.
    :param digest: of the code and the templates; those of other code are left out.
    """
    for name, (made_from, data) in (_read(file) if file else {}).items():
        if made_from == digest:
            (folder / name).write_bytes(data)


def store_templates(folder: Path, digest: str, file: Path) -> None:
    """Store the compiled templates of Jinja2's bytecode cache for :func:`restore_templates`."""
    cache = PageCache()
    for path in sorted(folder.iterdir()):
        cache.put(path.name, digest, path.read_bytes())
    cache.write(file)


def _read(file: Path) -> dict[str, tuple[str, bytes]]:
    try:
        raw = file.read_bytes()
        start = len(MAGIC) + 32
        if raw[:start] != MAGIC + hashlib.sha256(raw[start:]).digest():
            return {}
        return msgspec.msgpack.decode(raw[start:], type=dict[str, tuple[str, bytes]])
    except (OSError, msgspec.MsgspecError):
        return {}
