"""Pages that the preview has put into the site ahead of a build: they alone look as the build would make them.

Search index, compressed copy and list for offline reading are still those of before. So the preview notes each page
beforehand, in a file of its own, and the next build makes everything about it again, whatever the page looks like.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, unquote

from editorial.build.fingerprint import previews


def note(site_dir: Path, code: str, key: str) -> None:
    """Note a page that is about to be put into the site."""
    previews(site_dir).mkdir(exist_ok=True)
    (previews(site_dir) / f"{code}-{quote(key, safe='')}").write_bytes(b"")


def noted(site_dir: Path) -> dict[Path, int]:
    """Return what is noted, with the time of each note in nanoseconds."""
    with contextlib.suppress(FileNotFoundError):
        return {path: path.stat().st_mtime_ns for path in previews(site_dir).iterdir()}
    return {}


def pages_of(notes: Mapping[Path, int]) -> dict[str, set[str]]:
    """Return the keys of the noted pages by language."""
    pages: dict[str, set[str]] = {}
    for path in notes:
        code, _stroke, key = path.name.partition("-")
        pages.setdefault(code, set()).add(unquote(key))
    return pages


def forget(notes: Mapping[Path, int]) -> None:
    """Take notes back once a build has seen the pages; one that was made again meanwhile stays for the next build."""
    for path, time in notes.items():
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime_ns == time:
                path.unlink()
    if notes:
        with contextlib.suppress(OSError):  # another one has come
            next(iter(notes)).parent.rmdir()
