"""Reading without a network: for every language the list of what a reader's device stores, after a click only.

The list holds the language's own texts, what they load and the language's part of the search index; pages that
would only show German stay out, so that the list stays small.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from msgspec import Struct

from core.files import write_atomically
from core.languages import Language
from editorial.build.compress import compress_file, copy_path
from editorial.build.search import ENTRY_FILENAME, FOLDER, SCRIPT, read_entry, titles_filename
from editorial.content.pages import Content, Page
from editorial.content.structure import OFFLINE_FALLBACK, OFFLINE_LIST

_ASSET_PATTERNS = (re.compile(rb'="(/assets/[^"]+)"'), re.compile(rb'data-chooser="(/[^"]+)"'))


class FileInfo(Struct, frozen=True):
    """One file of the list: its digest (SHA-256), and its size on the device and as sent, both in bytes."""

    digest: str
    size: int
    transfer_size: int


def write_offline_lists(site_dir: Path, content: Content, languages: Iterable[Language]) -> None:
    """Write ``offline.json`` beside each language's home page, once every other file is in its place and compressed."""
    parts = read_entry(site_dir).get("languages", {})
    shared: dict[str, FileInfo] = {}  # files that several languages list

    def info(url: str) -> FileInfo:
        if url not in shared:
            shared[url] = file_info(file_of(site_dir, url))
        return shared[url]

    for language in languages:
        pages, assets = collect_pages(site_dir, content, language)
        files = {**pages, **{url: info(url) for url in sorted(assets)}}
        if language.code in parts:
            files[f"/{FOLDER}/{SCRIPT}"] = info(f"/{FOLDER}/{SCRIPT}")
            files |= search_files(site_dir / FOLDER, language.code, parts[language.code])
        data = {**totals(files), "pages": sum(url.endswith("/") for url in pages), "files": list(files)}
        target = site_dir / language.root.strip("/") / OFFLINE_LIST
        write_atomically(target, json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode())
        compress_file(target)


def collect_pages(site_dir: Path, content: Content, language: Language) -> tuple[dict[str, FileInfo], set[str]]:
    """Return the pages of a language that a device stores, and the addresses of scripts, styles and pictures they load."""
    pages: dict[str, FileInfo] = {}
    assets: set[str] = set()
    urls = sorted(page.url(language) for page in content.pages.values() if is_available_offline(page, language))
    for url in [*urls, language.root + OFFLINE_FALLBACK]:
        path = file_of(site_dir, url)
        body = path.read_bytes()
        pages[url] = _info(path, body)
        assets.update(found.decode() for pattern in _ASSET_PATTERNS for found in pattern.findall(body))
    return pages, assets


def file_info(path: Path) -> FileInfo:
    """Return digest and sizes of a file."""
    return _info(path, path.read_bytes())


def _info(path: Path, body: bytes) -> FileInfo:
    return FileInfo(hashlib.sha256(body).hexdigest(), len(body), _gzip_size(path) or len(body))


def _gzip_size(path: Path) -> int:
    """Return the size of a file's compressed copy; 0 if there is none."""
    try:
        return copy_path(path, ".gz").stat().st_size
    except FileNotFoundError:
        return 0


def is_available_offline(page: Page, language: Language) -> bool:
    """Return whether a page is stored on the device: a text of the language's own, or the page on which all can be removed again."""
    return page.is_translated(language) or (page.front_matter.layout == "offline" and page.exists_in(language))


def search_files(folder: Path, code: str, part: Mapping[str, Any]) -> dict[str, FileInfo]:
    """Return digest and sizes of a language's part of the search index, by address.

    Of the list of all languages' parts the language's own row counts: what changes in others concerns nobody here.
    """
    names = [
        f"wasm.{part['wasm'] or 'unknown'}.pagefind",
        f"pagefind.{part['hash']}.pf_meta",
        titles_filename(code),
        *(path.relative_to(folder).as_posix() for path in sorted(folder.glob(f"*/{code}_*"))),
    ]
    row = json.dumps(part, sort_keys=True).encode()
    own = FileInfo(hashlib.sha256(row).hexdigest(), len(row), len(row))
    return {f"/{FOLDER}/{ENTRY_FILENAME}": own, **{f"/{FOLDER}/{name}": file_info(folder / name) for name in names}}


def totals(files: Mapping[str, FileInfo]) -> dict[str, str | int]:
    """Return one digest of all files, and their size on the device and as sent, both in bytes."""
    whole = hashlib.sha256("".join(f"{url}\0{one.digest}\0" for url, one in files.items()).encode())
    return {
        "version": whole.hexdigest()[:12],
        "stored": sum(one.size for one in files.values()),
        "sent": sum(one.transfer_size for one in files.values()),
    }


def file_of(site_dir: Path, url: str) -> Path:
    """Return the file behind a root-absolute address."""
    path = site_dir / unquote(url.partition("?")[0]).lstrip("/")
    return path / "index.html" if url.endswith("/") else path
