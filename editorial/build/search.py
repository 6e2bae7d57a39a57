"""The search index in a site: the pages it finds, one part for each language, and Pagefind's list of the parts.

Beside Pagefind's files each language has one of ours, which the dialog loads first: title, address and audience of every
page, the search words of ``docs/data/search_words.yml``, and the interface words that only the dialog shows.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from core.files import write_atomically
from core.folding import fold_html, unfold
from core.gettext import gettext as _
from core.gettext import use_language
from core.languages import Language, default_language
from editorial.build.page_cache import PageCache
from editorial.build.pagefind import WORDS_PER_CHUNK, SearchError, run_pagefind
from editorial.content.data.search_words import SearchWords
from editorial.content.pages import Content, Page
from editorial.content.structure import AUDIENCE_LABELS
from editorial.render.typography import NO_BREAK_SPACE
from editorial.translations.stale_markers import strip_stale_markers

FOLDER = "pagefind"
ENTRY_FILENAME = "pagefind-entry.json"
# The script that searches. Pagefind's user interface is larger than ours, and its worker would load the engine twice.
SCRIPT = "pagefind.js"

Entry = Mapping[str, Any]
"""What Pagefind says of one part: its own version, and under ``languages`` hash, engine and number of pages."""


def index_language(
    site_dir: Path, content: Content, language: Language, words: SearchWords, cache: PageCache, version: str
) -> Entry:
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
    entry: Entry = json.loads(files.pop(ENTRY_FILENAME))
    titles = json.loads(files.pop(titles_filename(language.code)))
    with use_language(language.code):
        files[titles_filename(language.code)] = _dump(dialog_data(titles, content, language, words))
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
            html = fold_html(strip_stale_markers(strip_place(html)).replace(NO_BREAK_SPACE, " "), language.code)
            texts[page.file(language)] = f'<!doctype html><html lang="{language.code}">{html}'
    return texts


_PAGE_INFO = re.compile(r"<!-- kim:page-info -->.*?<!-- /kim:page-info -->\n?", re.DOTALL)


def strip_place(html: str) -> str:
    """Return a page's text without the line under its heading, which belongs to the layout."""
    return _PAGE_INFO.sub("", html)


def content_of(html: str) -> str:
    """Return the element of a page that holds its content, which bears ``data-kim-content``; empty if there is none."""
    before, mark, after = html.partition(" data-kim-content")
    start = before.rfind("<")
    end = after.find("</article>" if before.startswith("<article", start) else "<!-- /kim:main -->")
    return html[start : len(before) + len(mark) + end] if mark else ""


def _select(files: Mapping[str, bytes], language: Language) -> dict[str, bytes]:
    """Return the files that our search loads, and the titles of all results.

    :raises SearchError: if Pagefind's list of parts is missing or holds another language.
    """
    entry = json.loads(files.get(ENTRY_FILENAME, b"{}"))
    if set(entry.get("languages", ())) - {language.code}:
        raise SearchError(f"Pagefind returned an index for {sorted(entry['languages'])} instead of {language.code}")
    own = (f"pagefind.{language.code}_", f"index/{language.code}_", f"fragment/{language.code}_", "wasm.")
    chosen = {name: data for name, data in files.items() if name.startswith(own) or name in (SCRIPT, ENTRY_FILENAME)}
    chosen[titles_filename(language.code)] = _titles(files, language)
    return chosen


def _titles(files: Mapping[str, bytes], language: Language) -> bytes:
    """Return address and title of each page in one file, so that a list of results needs no further request."""
    rows = {}
    for name in sorted(name for name in files if name.startswith(f"fragment/{language.code}_")):
        page = json.loads(gzip.decompress(files[name]).removeprefix(b"pagefind_dcd"))
        key = name.removeprefix("fragment/").removesuffix(".pf_fragment")
        rows[key] = [quote(page["url"]), unfold(page["meta"]["title"], language.code)]
    return _dump(rows)


def _dump(data: Any) -> bytes:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()


def dialog_data(
    titles: Mapping[str, list[str]], content: Content, language: Language, words: SearchWords
) -> dict[str, Any]:
    """Return the data of the search dialog that need no index, in the current language.

    ``pages`` holds for each page its id in the index (empty for a page that is not translated and therefore not in it),
    address, title and audience by the number of its label; ``words`` lists search words with the numbers of their pages,
    the best first.

    :param titles: address and title of the indexed pages by their ids.
    """
    labels = {"everyone": _("Everyone"), **{name: str(label) for name, label in AUDIENCE_LABELS.items()}}
    numbers = {name: number for number, name in enumerate(labels)}
    by_url = {page.url(language): page for page in content.pages.values() if page.exists_in(language)}
    rows: list[list[Any]] = []
    places: dict[str, int] = {}
    for key, (url, title) in titles.items():
        page = by_url.get(url)
        if page is not None:
            places[page.key] = len(rows)
        audience = sorted(numbers[name] for name in page.front_matter.audience) if page else []
        rows.append([key, url, title, audience])
    targets: list[list[Any]] = []
    for entry, chosen in words.of_language(language.code):
        found = []
        for name in entry.pages:
            page = content.pages.get(name)
            if page is None or not page.exists_in(language) or not chosen:
                continue
            if name not in places:
                places[name] = len(rows)
                text = page.text(default_language()).front_matter
                audience = sorted(numbers[one] for one in page.front_matter.audience)
                rows.append(["", page.url(language), text.title, audience])
            found.append(places[name])
        if found:
            targets.append([chosen, found])
    return {
        "pages": rows,
        "words": targets,
        "ignored": words.ignored.get(language.code, []),
        "audiences": list(labels.values()),
        "labels": {
            "none": _("Nothing found for “%(words)s”.", words="{words}"),
            "similar": _("Similar:"),
            "german": _("not translated yet"),
            "empty": _("Type a word of at least two letters."),
        },
    }


def titles_filename(code: str) -> str:
    """Return the name of the file with the titles of a language."""
    return f"titles.{code}.json"


def read_entry(site_dir: Path) -> dict[str, Any]:
    """Return the list of the parts of a built site; empty if there is none."""
    try:
        entry: dict[str, Any] = json.loads((site_dir / FOLDER / ENTRY_FILENAME).read_text("utf-8"))
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
    write_atomically(site_dir / FOLDER / ENTRY_FILENAME, _dump(merged))


def is_part_of(path: str, codes: Iterable[str]) -> bool:
    """Return whether a file of the index, by its path in the site, belongs to one of these languages alone."""
    name = path.removeprefix(f"{FOLDER}/")
    own = [(f"pagefind.{code}_", f"index/{code}_", f"fragment/{code}_", titles_filename(code)) for code in codes]
    return name != path and any(name.startswith(prefixes) for prefixes in own)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
