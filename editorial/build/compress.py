"""Compressed copies beside each text file of the site (gzip and brotli), which server and proxy send as they are."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import brotli
import deflate

from core.files import link_file, replace_if_same, write_atomically

COMPRESSIBLE_SUFFIXES = (".html", ".css", ".js", ".svg", ".xml", ".txt", ".json")
MIN_BYTES = 400  # of a file; the copy of a smaller one would hardly be smaller
# Levels of libdeflate. Level 10 saves 3 to 5 % more in ten times the time: for the files that every page loads, and for
# pages so long that a first visit of them comes near to 24 kB.
DEFAULT_LEVEL, MAX_LEVEL = 6, 10
LONG_PAGE_BYTES = 32_000
MAX_LEVEL_SUFFIXES = (".css", ".js")
# Qualities of brotli: 11 takes forty times as long as 9 and saves another 9 %.
DEFAULT_QUALITY, MAX_QUALITY = 9, 11
# Bits of brotli's window. With up to 16, qualities 5 to 9 use a hash table of 1 MB in the place of one of 32 MB, whose
# pages the kernel fills for each file: a page of 24 kB takes 0.6 ms instead of 9, a sitemap of 112 kB one instead of 4.
# The copies get no larger by it, those of sitemaps included.
DEFAULT_WINDOW, MAX_WINDOW = 16, 22
LONG_PAGE_QUALITY = 10  # saves 7 % of a long page in 9 ms
COPY_SUFFIXES = (".gz", ".br")


def compress_site(site_dir: Path, old_site: Path | None = None) -> None:
    """Write a copy beside each text file that has no current one, several at a time.

    :param old_site: a site whose copies are good for files that did not change.
    """
    from concurrent.futures import ThreadPoolExecutor

    def compress(path: Path) -> None:
        if old_site is not None:
            reuse_copies(path, old_site / path.relative_to(site_dir))
        compress_file(path)

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:  # libdeflate releases the interpreter's lock
        list(pool.map(compress, list(_uncompressed(str(site_dir)))))


def compress_file(path: Path) -> None:
    """Write the copies beside one file, unless they are current; remove those of a file that is too small."""
    if path.stat().st_size <= MIN_BYTES:
        for suffix in COPY_SUFFIXES:
            copy_path(path, suffix).unlink(missing_ok=True)
    elif not has_current_copies(path):
        data, often = path.read_bytes(), path.suffix in MAX_LEVEL_SUFFIXES
        long = path.suffix == ".html" and len(data) > LONG_PAGE_BYTES
        level = MAX_LEVEL if often or long else DEFAULT_LEVEL
        quality, window = (MAX_QUALITY, MAX_WINDOW) if often else (DEFAULT_QUALITY, DEFAULT_WINDOW)
        if long:
            quality = LONG_PAGE_QUALITY
        write_atomically(copy_path(path, ".gz"), bytes(deflate.gzip_compress(data, level)))
        packed = brotli.compress(data, mode=brotli.MODE_TEXT, quality=quality, lgwin=window)
        write_atomically(copy_path(path, ".br"), packed)


def reuse_copies(path: Path, old: Path) -> None:
    """Put an old file and its compressed copies in the place of a new one that holds the same."""
    if has_current_copies(old) and replace_if_same(path, old):
        for suffix in COPY_SUFFIXES:
            copy = copy_path(path, suffix)
            copy.unlink(missing_ok=True)
            link_file(copy_path(old, suffix), copy)


def copy_path(path: Path, suffix: str) -> Path:
    """Return the place of a file's compressed copy, whose name ends with one of :data:`COPY_SUFFIXES`."""
    return path.with_name(f"{path.name}{suffix}")


def has_current_copies(path: Path) -> bool:
    """Return whether the copies beside a file are at least as new as the file."""
    try:
        changed = path.stat().st_mtime_ns
        return all(copy_path(path, suffix).stat().st_mtime_ns >= changed for suffix in COPY_SUFFIXES)
    except FileNotFoundError:
        return False


def _uncompressed(folder: str) -> Iterator[Path]:
    """Yield the text files below a folder of which a copy is missing or older."""
    with os.scandir(folder) as found:
        entries = {entry.name: entry for entry in found}
    for name, entry in entries.items():
        if entry.is_dir(follow_symlinks=False):
            yield from _uncompressed(entry.path)
        elif name.endswith(COMPRESSIBLE_SUFFIXES):
            copies = [entries.get(f"{name}{suffix}") for suffix in COPY_SUFFIXES]
            changed = entry.stat().st_mtime_ns
            if any(copy is None or copy.stat().st_mtime_ns < changed for copy in copies):
                yield Path(entry.path)
