"""The search index in a site: which pages it finds, and where each language's part of it lies."""

from __future__ import annotations

import contextlib
import gzip
import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from core.folding import unfold
from core.languages import Language
from editorial.build.pagefind import ENTRY
from editorial.build.writer import drop, put
from editorial.content.pages import Content, Page
from editorial.translations.stale_markers import strip_stale_markers

FOLDER = "pagefind"
# Of Pagefind's scripts the one that finds; its ready-made interface is larger than ours, and a worker would load the
# engine a second time.
SCRIPT = "pagefind.js"


class Part(Struct, frozen=True):
    """One language's part of the index, in its place.

    :ivar entry: what Pagefind says of it, for the list of all parts.
    :ivar old: the files of the language's part before, which nobody asks for once that list is written.
    """

    entry: dict[str, Any]
    old: frozenset[Path] = frozenset()


def place_of(page: Page, language: Language) -> str:
    """Return where a page lies in the site."""
    return page.file(language)


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
        old, new = (found_in((folder / place_of(page, language)).read_text("utf-8")) for folder in (site_dir, part))
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
    return strip_stale_markers(text_of(html))


def own_files(folder: Path, language: Language) -> set[Path]:
    """Return the files of a language's part of the index, which all bear the mark of their content in their name."""
    return {*folder.glob(f"*/{language.code}_*"), *folder.glob(f"pagefind.{language.code}_*")}


def take_over(files: Mapping[str, bytes], target: Path, language: Language) -> frozenset[Path]:
    """Put one language's part, as Pagefind made it, beside its old one; return what is now old.

    :param files: what was made, by its path; a file that its name is the mark of may be there already.
    """
    code = language.code
    (contents,) = (path for path in files if path.startswith(f"pagefind.{code}_"))
    used = names_in(files[contents], language)
    old = {path for path in own_files(target, language) if path.name.partition(".")[0] not in used}
    put(target / titles_name(code), titles(files, target, language, used))
    for path, data in sorted(files.items()):
        place = target / path
        old.discard(place)
        if not place.exists() or place.read_bytes() != data:
            put(place, data)
    return frozenset(old)


def names_in(contents: bytes, language: Language) -> set[str]:
    """Return the names of the pages and parts that an index consists of, from its packed list of contents.

    Pagefind writes that list in CBOR, where a text stands as it is.
    """
    found = re.findall(rb"%s_[0-9a-f]{7,}" % language.code.encode(), gzip.decompress(contents))
    return {name.decode() for name in found}


def version_of(folder: Path) -> str | None:
    """Return which version of Pagefind the index in place is from; None if there is none."""
    try:
        return str(json.loads((folder / ENTRY).read_text("utf-8"))["version"])
    except (OSError, ValueError, KeyError):
        return None


def titles(files: Mapping[str, bytes], target: Path, language: Language, used: Iterable[str]) -> bytes:
    """Return address and title of each result in one file, so that a list of results needs no further request.

    Pagefind keeps them in a file for each page, together with the text that excerpts are cut from.

    :param target: where those pages lie that are not among the files because they did not change.
    """
    known: dict[str, list[str]] = {}
    with contextlib.suppress(OSError, ValueError, TypeError):  # not there, or not whole
        known = dict(json.loads((target / titles_name(language.code)).read_text("utf-8")))
    rows = {}
    for name in sorted(used):
        path = f"fragment/{name}.pf_fragment"
        if name in known:
            rows[name] = known[name]
        elif path in files or (target / path).exists():
            packed = files.get(path) or (target / path).read_bytes()
            page = json.loads(gzip.decompress(packed).removeprefix(b"pagefind_dcd"))
            rows[name] = [quote(page["url"]), unfold(page["meta"]["title"], language.code)]
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
