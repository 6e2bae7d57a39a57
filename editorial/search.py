"""The search index: Pagefind, one run for each language, so that a changed page renews its own language only."""

from __future__ import annotations

import gzip
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pagefind_bin import get_executable

from editorial.compressed import press
from editorial.content import Content
from editorial.files import drop, move, put, remove
from editorial.inputs import beside
from editorial.languages import Language

FOLDER = "pagefind"
ENTRY = "pagefind-entry.json"
# Pagefind's ready-made interface is larger than ours, and a worker would load the engine a second time.
UNUSED = ("pagefind-ui", "pagefind-modular-ui", "pagefind-component-ui", "pagefind-highlight", "pagefind-worker", "pagefind-playground")  # fmt: skip


class SearchError(Exception):
    """Pagefind failed; the message says how."""


def index_language(site_dir: Path, content: Content, language: Language, out: Path) -> None:
    """Index the texts of one language into the folder ``out``.

    Pagefind reads the texts alone: a page's frame is twice as long, and reading it takes it as long as the text.

    :raises SearchError: if Pagefind fails.
    """
    texts = beside(out, "texts")
    try:
        write_texts(site_dir, content, language, texts)
        command = [get_executable(), "--site", str(texts), "--output-path", str(out), "--quiet"]
        done = subprocess.run(command, capture_output=True, text=True)
    finally:
        remove(texts)
    if done.returncode != 0:
        raise SearchError(f"The search index could not be built: {done.stderr or done.stdout}")
    write_titles(out, language)
    for path in sorted([*out.glob("wasm.*.pagefind"), *out.glob("index/*.pf_index")]):
        press(path, site_dir / FOLDER / path.relative_to(out))


def write_texts(site_dir: Path, content: Content, language: Language, folder: Path) -> None:
    """Write what is to be found of each page into a tree like that of the site, whose paths become addresses.

    German texts that stand in for translations are left out, but for a language that has no text of its own yet.
    """
    pages = [page for page in content.pages.values() if page.exists_in(language)]
    for page in [page for page in pages if page.is_translated(language)] or pages:
        place = f"{page.url(language).lstrip('/')}index.html"
        text = text_of((site_dir / place).read_text("utf-8"))
        if text:
            path = folder / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f'<!doctype html><html lang="{language.code}">{text}', "utf-8")


def text_of(html: str) -> str:
    """Return the part of a page that is its text, from the tag that says so; empty if there is none."""
    head, mark, rest = html.partition(" data-kim-content")
    start = head.rfind("<")
    end = rest.find("</article>" if head.startswith("<article", start) else "<!-- /kim:main -->")
    return html[start : len(head) + len(mark) + end] if mark else ""


def write_titles(index: Path, language: Language) -> None:
    """Write address and title of each result into one file, so that a list of results needs no further request.

    Pagefind keeps them in a file for each page, together with the text that excerpts are cut from.
    """
    rows = {}
    for path in sorted((index / "fragment").glob(f"{language.code}_*.pf_fragment")):
        page = json.loads(gzip.decompress(path.read_bytes()).removeprefix(b"pagefind_dcd"))
        rows[path.stem] = [page["url"], page["meta"]["title"]]
    (index / titles_name(language.code)).write_text(
        json.dumps(rows, ensure_ascii=False, separators=(",", ":")), "utf-8"
    )


def titles_name(code: str) -> str:
    """Return the name of the file with the titles of a language."""
    return f"titles.{code}.json"


def gather(site_dir: Path, parts: Mapping[str, Path]) -> None:
    """Put the freshly made parts of some languages into the index below ``site_dir/pagefind``.

    :param parts: the folder of each language's part, by code; what the other languages have there stays.
    """
    old = [path for code, part in parts.items() for path in take_over(part, site_dir / FOLDER, code)]
    write_entry(site_dir, parts)
    for path in old:  # last: until the list above was there, readers asked for these
        drop(path)


def write_entry(site_dir: Path, parts: Mapping[str, Path]) -> None:
    """Write the list of all languages' parts, which Pagefind's script reads first."""
    target = site_dir / FOLDER / ENTRY
    whole: dict[str, Any] = json.loads(target.read_text("utf-8")) if target.exists() else {}
    known: dict[str, Any] = dict(whole.get("languages", {}))
    for code, part in parts.items():
        entry = json.loads((part / ENTRY).read_text("utf-8"))
        known.pop(code, None)
        known.update({name: row for name, row in entry["languages"].items() if name == code})
        whole = whole or entry
    data = {**whole, "languages": dict(sorted(known.items()))}
    put(target, json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode())


def search_texts(site_dir: Path) -> list[Path]:
    """Return those files of the index that are worth compressing."""
    return sorted(path for path in (site_dir / FOLDER).iterdir() if path.suffix in {".js", ".json"})


def take_over(source: Path, target: Path, code: str) -> set[Path]:
    """Put one language's part beside its old one, and the parts that all languages share; return what is now old."""
    old = {*target.glob(f"*/{code}_*"), *target.glob(f"pagefind.{code}_*")}
    for path in sorted(source.rglob("*")):
        if path.is_file() and path.name != ENTRY and not path.name.startswith(UNUSED):
            place = target / path.relative_to(source)
            old.discard(place)
            if not place.exists() or place.read_bytes() != path.read_bytes():
                move(path, place)
    return old
