"""Compressed copies: a gzip file beside each text file, which server and reverse proxy hand out as it is."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from editorial.content import Content
from editorial.files import drop, put
from editorial.languages import Language

TEXTS = frozenset({".html", ".css", ".js", ".svg", ".xml", ".txt", ".json"})
TOO_SMALL = 400  # bytes; below, the copy would hardly be smaller than the file


def texts_below(site_dir: Path) -> Iterator[Path]:
    """Yield the files of a site that are worth compressing."""
    return (path for path in site_dir.rglob("*") if path.suffix in TEXTS)


def compress(site_dir: Path) -> None:
    """Lay a copy beside each text file that has none or an older one, several at a time."""
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:  # zlib lets other threads run
        list(pool.map(compress_file, texts_below(site_dir)))


def compress_pages(site_dir: Path, content: Content, language: Language) -> None:
    """Compress the pages of one language, one after the other; the other languages have their own process."""
    for page in content.pages.values():
        if page.exists_in(language):
            compress_file(site_dir / page.url(language).lstrip("/") / "index.html")


def compress_file(path: Path) -> None:
    """Lay a copy beside one file, unless there is a current one or it is too small to gain by it."""
    small, size = path.with_name(path.name + ".gz"), path.stat()
    if size.st_size > TOO_SMALL:
        if not small.exists() or small.stat().st_mtime_ns < size.st_mtime_ns:
            put(small, gzip.compress(path.read_bytes(), compresslevel=9, mtime=0))
    else:
        drop(small)
