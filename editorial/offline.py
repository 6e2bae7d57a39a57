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

from editorial.compressed import compress_file
from editorial.content import Content, Page
from editorial.files import put
from editorial.languages import Language
from editorial.search import titles_name

NOT_KEPT = "not-kept.html"
LIST = "offline.json"
_LOADED = (re.compile(rb'="(/assets/[^"]+)"'), re.compile(rb'data-chooser="(/[^"]+)"'))  # each begins with what is rare
_ONLY_PRINTED = re.compile(r"^/assets/qr/")
_SEARCH = ("pagefind.js", "pagefind-entry.json")


def write_lists(site_dir: Path, content: Content, languages: tuple[Language, ...]) -> None:
    """Write ``offline.json`` beside each language's home page."""
    for language in languages:
        pages = [page.url(language) for page in content.pages.values() if is_kept(page, language)]
        files = kept_files(site_dir, sorted(pages), language)
        data = {**measure(site_dir, files), "pages": len(pages), "files": files}
        target = site_dir / language.root.strip("/") / LIST
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        if not target.exists() or target.read_text("utf-8") != text:
            put(target, text.encode())
        compress_file(target)


@functools.lru_cache(maxsize=1024)
def _read(path: Path, mtime: int) -> bytes:
    return path.read_bytes()


def read(path: Path) -> bytes:
    """Return a file, which is read once for its links and for its mark."""
    return _read(path, path.stat().st_mtime_ns)


def is_kept(page: Page, language: Language) -> bool:
    """Tell whether a page is kept: a text of the language's own, or the page on which all can be removed again."""
    return page.is_translated(language) or (page.facts.layout == "offline" and page.exists_in(language))


def kept_files(site_dir: Path, pages: list[str], language: Language) -> list[str]:
    """Return the addresses of everything a language needs without a network: pages first, then what they load."""
    pages = [*pages, language.root + NOT_KEPT]
    loaded = {
        url
        for page in pages
        for text in [read(file_of(site_dir, page))]
        for pattern in _LOADED
        for url in map(bytes.decode, pattern.findall(text))
        if not _ONLY_PRINTED.match(url)
    }
    return [*pages, *sorted(loaded), *search_files(site_dir / "pagefind", language.code)]


def search_files(folder: Path, code: str) -> list[str]:
    """Return the addresses of a language's part of the search index; none where it has no part."""
    entry = folder / "pagefind-entry.json"
    known: Mapping[str, Mapping[str, str | None]] = (
        json.loads(entry.read_text("utf-8"))["languages"] if entry.exists() else {}
    )
    if code not in known:
        return []
    names = [
        *_SEARCH,
        f"wasm.{known[code]['wasm'] or 'unknown'}.pagefind",
        f"pagefind.{known[code]['hash']}.pf_meta",
        titles_name(code),
        *(path.relative_to(folder).as_posix() for path in sorted(folder.glob(f"*/{code}_*"))),
    ]
    return [f"/pagefind/{name}" for name in names]


def measure(site_dir: Path, files: Iterable[str]) -> dict[str, str | int]:
    """Return a mark of the content, its size on the device and on the way there, both in bytes."""
    digest = hashlib.sha256()
    stored = sent = 0
    for url in files:
        path = file_of(site_dir, url)
        body = read(path)
        digest.update(url.encode() + b"\0" + body)
        packed = path.with_name(path.name + ".gz")
        stored += len(body)
        sent += packed.stat().st_size if packed.exists() else len(body)
    return {"version": digest.hexdigest()[:12], "stored": stored, "sent": sent}


def file_of(site_dir: Path, url: str) -> Path:
    """Return the file behind a root-absolute address."""
    path = site_dir / url.partition("?")[0].lstrip("/")
    return path / "index.html" if url.endswith("/") else path
