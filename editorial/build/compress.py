"""Gzip copies beside each text file of the site, which server and proxy send as they are."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import deflate

from core.files import write_atomically

COMPRESSIBLE_SUFFIXES = (".html", ".css", ".js", ".svg", ".xml", ".txt", ".json")
MIN_BYTES = 400  # of a file; the copy of a smaller one would hardly be smaller
# Levels of libdeflate. Level 10 saves 3 to 5 % more in ten times the time: for the files that every page loads.
DEFAULT_LEVEL, MAX_LEVEL = 6, 10
MAX_LEVEL_SUFFIXES = (".css", ".js")


def compress_site(site_dir: Path) -> None:
    """Write a copy beside each text file that has no current one, several at a time."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:  # libdeflate releases the interpreter's lock
        list(pool.map(compress_file, list(_uncompressed(str(site_dir)))))


def compress_file(path: Path) -> None:
    """Write a copy beside one file, unless there is a current one; remove the copy of a file that is too small."""
    if path.stat().st_size <= MIN_BYTES:
        gzip_path(path).unlink(missing_ok=True)
    elif not has_current_copy(path):
        level = MAX_LEVEL if path.suffix in MAX_LEVEL_SUFFIXES else DEFAULT_LEVEL
        write_atomically(gzip_path(path), bytes(deflate.gzip_compress(path.read_bytes(), level)))


def gzip_path(path: Path) -> Path:
    """Return the place of a file's compressed copy."""
    return path.with_name(f"{path.name}.gz")


def has_current_copy(path: Path) -> bool:
    """Return whether the copy beside a file is at least as new as the file."""
    try:
        return gzip_path(path).stat().st_mtime_ns >= path.stat().st_mtime_ns
    except FileNotFoundError:
        return False


def _uncompressed(folder: str) -> Iterator[Path]:
    """Yield the text files below a folder whose copy is missing or older."""
    with os.scandir(folder) as found:
        entries = {entry.name: entry for entry in found}
    for name, entry in entries.items():
        if entry.is_dir(follow_symlinks=False):
            yield from _uncompressed(entry.path)
        elif name.endswith(COMPRESSIBLE_SUFFIXES):
            copy = entries.get(f"{name}.gz")
            if copy is None or copy.stat().st_mtime_ns < entry.stat().st_mtime_ns:
                yield Path(entry.path)
