"""Gzip copies beside each text file of the site, which server and proxy send as they are."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import deflate

from core.languages import Language
from editorial.build.writer import drop, put
from editorial.content.pages import Content

TEXTS = (".html", ".css", ".js", ".svg", ".xml", ".txt", ".json")
TOO_SMALL = 400  # bytes; below, the copy would hardly be smaller than the file
# Levels of libdeflate: the first gives 34 bytes a page more than the hardest usual one in two thirds of its time; the
# second 3 to 5 % less in ten times the time of the first, for the few files that all pages load.
USUAL, HARD = 6, 10
SHARED = (".css", ".js")


def texts_below(site_dir: Path) -> Iterator[Path]:
    """Yield the files of a site that are worth compressing."""
    for folder, _folders, names in os.walk(site_dir):
        yield from (Path(folder, name) for name in names if name.endswith(TEXTS))


def without_copy(folder: str) -> Iterator[Path]:
    """Yield those of them whose copy is not there or older, with as few looks at the disk as can be."""
    with os.scandir(folder) as found:
        entries = {entry.name: entry for entry in found}
    for name, entry in entries.items():
        if entry.is_dir(follow_symlinks=False):
            yield from without_copy(entry.path)
        elif name.endswith(TEXTS):
            small = entries.get(f"{name}.gz")
            if small is None or small.stat().st_mtime_ns < entry.stat().st_mtime_ns:
                yield Path(entry.path)


def compress(site_dir: Path) -> None:
    """Lay a copy beside each text file that has none or an older one, several at a time."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:  # libdeflate lets other threads run
        list(pool.map(compress_file, list(without_copy(str(site_dir)))))


def compress_pages(site_dir: Path, content: Content, language: Language) -> None:
    """Compress the pages of one language, one after the other; the other languages have their own process."""
    for page in content.pages.values():
        if page.exists_in(language):
            compress_file(site_dir / page.file(language))
    for path in (site_dir / language.root.strip("/")).glob("*.html"):  # those for readers without page or network
        compress_file(path)


def compress_file(path: Path) -> None:
    """Lay a copy beside one file, unless there is a current one or it is too small to gain by it."""
    if path.stat().st_size <= TOO_SMALL:
        drop(copy_of(path))
    elif not has_copy(path):
        level = HARD if path.suffix in SHARED else USUAL
        put(copy_of(path), bytes(deflate.gzip_compress(path.read_bytes(), level)))


def copy_of(path: Path) -> Path:
    """Return the place of a file's compressed copy."""
    return path.with_name(f"{path.name}.gz")


def has_copy(path: Path) -> bool:
    """Tell whether the copy beside a file is current."""
    try:
        return copy_of(path).stat().st_mtime_ns >= path.stat().st_mtime_ns
    except FileNotFoundError:
        return False
