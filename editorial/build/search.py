"""The search index in a site: the pages it finds, one part for each language, and Pagefind's list of the parts."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from core.files import write_atomically
from core.folding import fold_html, unfold
from core.languages import Language
from editorial.build.page_cache import PageCache
from editorial.build.pagefind import WORDS_PER_CHUNK, SearchError, run_pagefind
from editorial.content.pages import Content, Page
from editorial.translations.stale_markers import strip_stale_markers

FOLDER = "pagefind"
ENTRY = "pagefind-entry.json"
# The script that searches. Pagefind's user interface is larger than ours, and its worker would load the engine twice.
SCRIPT = "pagefind.js"

Entry = Mapping[str, Any]
"""What Pagefind says of one part: its own version, and under ``languages`` hash, engine and number of pages."""


def index_language(site_dir: Path, content: Content, language: Language, cache: PageCache, version: str) -> Entry:
    """Write the part of the index for the pages of one language; return its entry for the list of parts.

    :param version: digest of the code that makes the index.
    :raises SearchError: if Pagefind fails.
    """
    pages = searched_texts(site_dir, content, language)
    digest = _digest(version, WORDS_PER_CHUNK, language.code, *(part for page in pages.items() for part in page))
    stored = cache.get("search", digest)
    if stored is None:
        files = _select(run_pagefind(pages), language)
        stored = msgspec.msgpack.encode(files)
        cache.put("search", digest, stored)
    files = msgspec.msgpack.decode(stored, type=dict[str, bytes])
    entry: Entry = json.loads(files.pop(ENTRY))
    for name, data in files.items():
        write_atomically(site_dir / FOLDER / name, data)  # script and engine are written by other languages as well
    return entry


def searched_pages(content: Content, language: Language) -> list[Page]:
    """Return the pages that a search in a language finds.

    German texts in the place of missing translations are left out, but for a language without any translation.
    """
    pages = [page for page in content.pages.values() if page.exists_in(language)]
    return [page for page in pages if page.is_translated(language)] or pages


def searched_texts(site_dir: Path, content: Content, language: Language) -> dict[str, str]:
    """Return the texts of the built pages as they are indexed, by their path in the site.

    Without layout, which is twice as long as the text, and without the marks of stale passages; with folded letters.
    """
    texts = {}
    for page in searched_pages(content, language):
        html = content_of((site_dir / page.file(language)).read_text("utf-8"))
        if html:
            html = fold_html(strip_stale_markers(html), language.code)
            texts[page.file(language)] = f'<!doctype html><html lang="{language.code}">{html}'
    return texts


def content_of(html: str) -> str:
    """Return the element of a page that holds its content, which bears ``data-kim-content``; empty if there is none."""
    before, mark, after = html.partition(" data-kim-content")
    start = before.rfind("<")
    end = after.find("</article>" if before.startswith("<article", start) else "<!-- /kim:main -->")
    return html[start : len(before) + len(mark) + end] if mark else ""


def _select(files: Mapping[str, bytes], language: Language) -> dict[str, bytes]:
    """Return the files that our search loads, with the titles of all results in one file.

    :raises SearchError: if Pagefind's list of parts is missing or holds another language.
    """
    entry = json.loads(files.get(ENTRY, b"{}"))
    if set(entry.get("languages", ())) - {language.code}:
        raise SearchError(f"Pagefind returned an index for {sorted(entry['languages'])} instead of {language.code}")
    own = (f"pagefind.{language.code}_", f"index/{language.code}_", f"fragment/{language.code}_", "wasm.")
    chosen = {name: data for name, data in files.items() if name.startswith(own) or name in (SCRIPT, ENTRY)}
    chosen[titles_name(language.code)] = _titles(files, language)
    return chosen


def _titles(files: Mapping[str, bytes], language: Language) -> bytes:
    """Return address and title of each page in one file, so that a list of results needs no further request."""
    rows = {}
    for name in sorted(name for name in files if name.startswith(f"fragment/{language.code}_")):
        page = json.loads(gzip.decompress(files[name]).removeprefix(b"pagefind_dcd"))
        key = name.removeprefix("fragment/").removesuffix(".pf_fragment")
        rows[key] = [quote(page["url"]), unfold(page["meta"]["title"], language.code)]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode()


def titles_name(code: str) -> str:
    """Return the name of the file with the titles of a language."""
    return f"titles.{code}.json"


def read_entry(site_dir: Path) -> dict[str, Any]:
    """Return the list of the parts of a built site; empty if there is none."""
    try:
        entry: dict[str, Any] = json.loads((site_dir / FOLDER / ENTRY).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return entry


def write_entry(site_dir: Path, entries: Iterable[Entry]) -> None:
    """Write the list of all parts, which Pagefind's script reads first."""
    merged: dict[str, Any] = {}
    languages: dict[str, Any] = {}
    for entry in entries:
        merged = merged or dict(entry)
        languages.update(entry["languages"])
    merged["languages"] = dict(sorted(languages.items()))
    write_atomically(site_dir / FOLDER / ENTRY, json.dumps(merged, ensure_ascii=False, separators=(",", ":")).encode())


def is_part_of(path: str, codes: Iterable[str]) -> bool:
    """Return whether a file of the index, by its path in the site, belongs to one of these languages alone."""
    name = path.removeprefix(f"{FOLDER}/")
    own = [(f"pagefind.{code}_", f"index/{code}_", f"fragment/{code}_", titles_name(code)) for code in codes]
    return name != path and any(name.startswith(prefixes) for prefixes in own)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
