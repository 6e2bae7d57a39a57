"""Reading without a network: for every language the list of what a reader's device keeps, after a click only.

The list holds the language's own texts, what they load and the language's part of the search index; pages that
would only show German stay out, so that the list stays small.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from msgspec import Struct

from core.languages import Language
from editorial.build.compress import compress_file
from editorial.build.pagefind import ENTRY
from editorial.build.search import FOLDER, SCRIPT, titles_name
from editorial.build.writer import put
from editorial.content.pages import Content, Page
from editorial.content.structure import NOT_KEPT, OFFLINE_LIST

_LOADED = (re.compile(rb'="(/assets/[^"]+)"'), re.compile(rb'data-chooser="(/[^"]+)"'))  # each begins with what is rare
_ONLY_PRINTED = re.compile(r"^/assets/qr/")
SearchPart = Mapping[str, Any]  # "hash", "wasm", "page_count"


class Mark(Struct, frozen=True):
    """A kept file: its digest (SHA-256), its size on the device and on the way there, both in bytes."""

    digest: str
    stored: int
    sent: int


class Texts(Struct, frozen=True):
    """A language's own pages.

    :ivar files: their marks, by address.
    :ivar loaded: the addresses of scripts, styles and pictures that they load.
    :ivar search: the marks of the language's part of the search index; None if that was not made yet.
    """

    files: Mapping[str, Mark]
    loaded: frozenset[str]
    search: Mapping[str, Mark] | None = None


def write_lists(
    site_dir: Path, content: Content, languages: Iterable[Language], known: Mapping[str, Texts] | None = None
) -> None:
    """Write ``offline.json`` beside each language's home page.

    :param known: the texts of languages, by code, where they were read before.
    """
    for language in languages:
        texts = (known or {}).get(language.code) or read_texts(site_dir, content, language)
        search = read_search(site_dir, language) if texts.search is None else texts.search
        shared = [*sorted(texts.loaded), *([f"/{FOLDER}/{SCRIPT}"] if search else [])]
        files = {**texts.files, **{url: mark(file_of(site_dir, url)) for url in shared}, **search}
        data = {
            **measure(files),
            "pages": sum(url.endswith("/") for url in texts.files),
            "files": list(files),
        }
        target = site_dir / language.root.strip("/") / OFFLINE_LIST
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        if not target.exists() or target.read_text("utf-8") != text:
            put(target, text.encode())
        compress_file(target)


def read_texts(site_dir: Path, content: Content, language: Language) -> Texts:
    """Read the pages that a device keeps of a language."""
    pages = sorted(page.url(language) for page in content.pages.values() if is_kept(page, language))
    files: dict[str, Mark] = {}
    loaded: set[str] = set()
    for url in [*pages, language.root + NOT_KEPT]:
        path = file_of(site_dir, url)
        body = path.read_bytes()
        files[url] = mark_of(path, body)
        loaded.update(found for pattern in _LOADED for found in map(bytes.decode, pattern.findall(body)))
    return Texts(files, frozenset(url for url in loaded if not _ONLY_PRINTED.match(url)))


def read_search(
    site_dir: Path, language: Language, parts: Mapping[str, SearchPart] | None = None
) -> Mapping[str, Mark]:
    """Return the marks of a language's part of the search index, by address; empty if it has none.

    :param parts: Pagefind's list of all languages' parts; default: as it stands in the site.
    """
    if parts is None:
        entry = site_dir / FOLDER / ENTRY
        parts = json.loads(entry.read_text("utf-8"))["languages"] if entry.exists() else {}
    return search_files(site_dir / FOLDER, language.code, parts[language.code]) if language.code in parts else {}


@functools.lru_cache(maxsize=1024)
def _mark(path: Path, _written: tuple[int, int]) -> Mark:
    return mark_of(path, path.read_bytes())


def mark(path: Path) -> Mark:
    """Return the mark of a file that several languages may keep."""
    return _mark(path, (path.stat().st_mtime_ns, sent(path)))


def mark_of(path: Path, body: bytes) -> Mark:
    """Return the mark of a file with this content."""
    return Mark(hashlib.sha256(body).hexdigest(), len(body), sent(path) or len(body))


def sent(path: Path) -> int:
    """Return the size of a file's compressed copy; 0 if there is none."""
    try:
        return path.with_name(f"{path.name}.gz").stat().st_size
    except FileNotFoundError:
        return 0


def is_kept(page: Page, language: Language) -> bool:
    """Tell whether a page is kept: a text of the language's own, or the page on which all can be removed again."""
    return page.is_translated(language) or (page.front_matter.layout == "offline" and page.exists_in(language))


def search_files(folder: Path, code: str, part: SearchPart) -> dict[str, Mark]:
    """Return the marks of a language's part of the search index, by address.

    Of the list of all languages' parts the language's own row counts: what changes in others concerns nobody here.
    """
    names = [
        f"wasm.{part['wasm'] or 'unknown'}.pagefind",
        f"pagefind.{part['hash']}.pf_meta",
        titles_name(code),
        *(path.relative_to(folder).as_posix() for path in sorted(folder.glob(f"*/{code}_*"))),
    ]
    row = json.dumps(part, sort_keys=True).encode()
    own = Mark(hashlib.sha256(row).hexdigest(), len(row), len(row))
    return {f"/{FOLDER}/{ENTRY}": own, **{f"/{FOLDER}/{name}": mark(folder / name) for name in names}}


def measure(files: Mapping[str, Mark]) -> dict[str, str | int]:
    """Return a mark of all files, their size on the device and on the way there, both in bytes."""
    whole = hashlib.sha256("".join(f"{url}\0{one.digest}\0" for url, one in files.items()).encode())
    return {
        "version": whole.hexdigest()[:12],
        "stored": sum(one.stored for one in files.values()),
        "sent": sum(one.sent for one in files.values()),
    }


def file_of(site_dir: Path, url: str) -> Path:
    """Return the file behind a root-absolute address."""
    path = site_dir / unquote(url.partition("?")[0]).lstrip("/")
    return path / "index.html" if url.endswith("/") else path
