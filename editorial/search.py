"""The search index: Pagefind, one run for each language, so that a changed page renews its own language only."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import os
import subprocess
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pagefind_bin import get_executable

from editorial.compressed import pressed
from editorial.content import Content, Page
from editorial.files import drop, put, remove
from editorial.inputs import beside
from editorial.languages import Language
from editorial.translations.marks import without_marks

FOLDER = "pagefind"
MEMORY = Path("/dev/shm")  # noqa: S108 - a name of our own in it, for texts that are public
ENTRY = "pagefind-entry.json"
# Pagefind's ready-made interface is larger than ours, and a worker would load the engine a second time.
UNUSED = ("pagefind-ui", "pagefind-modular-ui", "pagefind-component-ui", "pagefind-highlight", "pagefind-worker", "pagefind-playground")  # fmt: skip


class SearchError(Exception):
    """Pagefind failed; the message says how."""


@dataclass(frozen=True)
class Part:
    """One language's part of the index, in its place.

    :ivar entry: what Pagefind says of it, for the list of all parts.
    :ivar old: the files of the language's part before, which nobody asks for once that list is written.
    """

    entry: dict[str, Any]
    old: frozenset[Path] = frozenset()


def index_languages(site_dir: Path, content: Content, languages: Sequence[Language]) -> list[Part]:
    """Index several languages, one process of Pagefind for each processor at a time; see :func:`index_language`."""
    if len(languages) <= 1:
        return [index_language(site_dir, content, language) for language in languages]
    from concurrent.futures import ThreadPoolExecutor  # late: mostly there is one language

    rooms: list[Path] = []
    try:
        for language in languages:
            rooms.append(lay_out(site_dir, content, language))
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            entries = list(pool.map(run_pagefind, rooms))
        return [take_in(*row, site_dir) for row in zip(rooms, entries, languages, strict=True)]
    finally:
        for room in rooms:
            remove(room)


def index_language(site_dir: Path, content: Content, language: Language) -> Part:
    """Index the texts of one language and put its part of the index below ``site_dir/pagefind``.

    Pagefind reads the texts alone: a page's frame is twice as long, and reading it takes it as long as the text.

    :raises SearchError: if Pagefind fails.
    """
    room = lay_out(site_dir, content, language)
    try:
        return take_in(room, run_pagefind(room), language, site_dir)
    finally:
        remove(room)


def lay_out(site_dir: Path, content: Content, language: Language) -> Path:
    """Lay the texts of a language out for Pagefind; return the folder, which the caller removes."""
    texts = dict(read_texts(site_dir, content, language))
    room = room_for(texts, beside(site_dir, f"search-{language.code}"))
    try:
        for place, text in texts.items():
            path = room / "texts" / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text)
    except BaseException:  # a full disk: what was laid out would keep it full
        remove(room)
        raise
    return room


def run_pagefind(room: Path) -> dict[str, Any]:
    """Have Pagefind read the texts in a folder; return what it says of the index it wrote.

    :raises SearchError: if it fails.
    """
    command = [get_executable(), "--site", str(room / "texts"), "--output-path", str(room / "index"), "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise SearchError(f"The search index could not be built: {done.stderr or done.stdout}")
    entry: dict[str, Any] = json.loads((room / "index" / ENTRY).read_text("utf-8"))
    return entry


def take_in(room: Path, entry: dict[str, Any], language: Language, site_dir: Path) -> Part:
    """Put what Pagefind wrote into its place."""
    return Part(entry, take_over(room / "index", site_dir / FOLDER, language))


def read_texts(site_dir: Path, content: Content, language: Language) -> Iterator[tuple[str, bytes]]:
    """Yield what is to be found of each page, by its place in the site, which becomes its address."""
    for page in searched_pages(content, language):
        place = f"{page.url(language).lstrip('/')}index.html"
        if text := text_of((site_dir / place).read_text("utf-8")):
            yield place, f'<!doctype html><html lang="{language.code}">{text}'.encode()


def searched_pages(content: Content, language: Language) -> list[Page]:
    """Return the pages that a search in a language finds.

    German texts that stand in for translations are left out, but for a language that has no text of its own yet.
    """
    pages = [page for page in content.pages.values() if page.exists_in(language)]
    return [page for page in pages if page.is_translated(language)] or pages


def text_of(html: str) -> str:
    """Return the part of a page that is its text, from the tag that says so; empty if there is none."""
    head, mark, rest = html.partition(" data-kim-content")
    start = head.rfind("<")
    end = rest.find("</article>" if head.startswith("<article", start) else "<!-- /kim:main -->")
    return html[start : len(head) + len(mark) + end] if mark else ""


def found_anew(
    part: Path, site_dir: Path, content: Content, languages: Sequence[Language], changed: Mapping[str, Collection[str]]
) -> list[Language]:
    """Return the languages whose search finds something else once freshly drawn pages are in place.

    A German change marks passages of the translations as old; what is found of them stays the same.

    :param part: where the fresh pages lie, as they will in the site.
    :param changed: their keys by language.
    """

    def is_new(page: Page, language: Language) -> bool:
        place = f"{page.url(language).lstrip('/')}index.html"
        old, new = (found_in((folder / place).read_text("utf-8")) for folder in (site_dir, part))
        return old != new

    return [
        language
        for language in languages
        if any(
            is_new(page, language) for page in searched_pages(content, language) if page.key in changed[language.code]
        )
    ]


def found_in(html: str) -> str:
    """Return what Pagefind reads of a page, without the marks of passages whose German text has changed."""
    return without_marks(text_of(html))


def room_for(texts: Mapping[str, bytes], beside: Path) -> Path:
    """Return an empty folder for what Pagefind reads and writes: in memory where there is plenty, else ``beside``.

    Its name follows from that of ``beside``, so that what a killed build leaves is removed by the next one.
    """
    size = 10_000_000 + 4 * sum(len(text) + 8192 for text in texts.values())
    with contextlib.suppress(OSError):
        free = os.statvfs(MEMORY)
        if free.f_bavail * free.f_frsize > 2 * size:
            return empty(MEMORY / f"kim-{hashlib.sha256(os.fsencode(beside)).hexdigest()[:16]}")
    return empty(beside)


def empty(folder: Path) -> Path:
    """Return a folder of this user alone, made anew."""
    remove(folder)
    folder.mkdir(mode=0o700, parents=True)
    return folder


def take_over(source: Path, target: Path, language: Language) -> frozenset[Path]:
    """Put one language's part, as Pagefind wrote it, beside its old one; return what is now old."""
    code = language.code
    old = {*target.glob(f"*/{code}_*"), *target.glob(f"pagefind.{code}_*")}
    put(target / titles_name(code), titles(source, language))
    for path in sorted(source.rglob("*")):
        if path.is_file() and path.name != ENTRY and not path.name.startswith(UNUSED):
            place = target / path.relative_to(source)
            data = path.read_bytes()
            if path.suffix == ".pf_index" or path.name.startswith("wasm."):
                data = pressed(data, place)
            old.discard(place)
            if not place.exists() or place.read_bytes() != data:
                put(place, data)
    return frozenset(old)


def titles(index: Path, language: Language) -> bytes:
    """Return address and title of each result in one file, so that a list of results needs no further request.

    Pagefind keeps them in a file for each page, together with the text that excerpts are cut from.
    """
    rows = {}
    for path in sorted((index / "fragment").glob(f"{language.code}_*.pf_fragment")):
        page = json.loads(gzip.decompress(path.read_bytes()).removeprefix(b"pagefind_dcd"))
        rows[path.stem] = [page["url"], page["meta"]["title"]]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode()


def titles_name(code: str) -> str:
    """Return the name of the file with the titles of a language."""
    return f"titles.{code}.json"


def write_entry(site_dir: Path, parts: Iterable[Part]) -> None:
    """Write the list of all languages' parts, which Pagefind's script reads first, and drop what is now old."""
    target = site_dir / FOLDER / ENTRY
    whole: dict[str, Any] = json.loads(target.read_text("utf-8")) if target.exists() else {}
    known: dict[str, Any] = dict(whole.get("languages", {}))
    old: set[Path] = set()
    for part in parts:
        known.update(part.entry["languages"])
        whole = whole or part.entry
        old |= part.old
    data = {**whole, "languages": dict(sorted(known.items()))}
    put(target, json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode())
    for path in old:  # last: until the list was there, readers asked for these
        drop(path)


def search_texts(site_dir: Path) -> list[Path]:
    """Return those files of the index that are worth compressing."""
    return sorted(path for path in (site_dir / FOLDER).iterdir() if path.suffix in {".js", ".json"})
