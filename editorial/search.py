"""The search index: Pagefind, one run for each language, so that a changed page renews its own language only."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import os
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from msgspec import Struct

from editorial.content import Content, Page
from editorial.files import drop, put, remove
from editorial.inputs import beside
from editorial.languages import Language
from editorial.pagefind import ENTRY, OtherVersion, Pagefind, whole
from editorial.translations.marks import without_marks

FOLDER = "pagefind"
MEMORY = Path("/dev/shm")  # noqa: S108 - a name of our own in it, for texts that are public
# Of Pagefind's scripts the one that finds; its ready-made interface is larger than ours, and a worker would load the
# engine a second time.
SCRIPT = "pagefind.js"
NAMED = {"index": ".pf_index", "fragment": ".pf_fragment"}  # files whose name is the mark of their content, by folder


class Part(Struct, frozen=True):
    """One language's part of the index, in its place.

    :ivar entry: what Pagefind says of it, for the list of all parts.
    :ivar old: the files of the language's part before, which nobody asks for once that list is written.
    """

    entry: dict[str, Any]
    old: frozenset[Path] = frozenset()


class LanguageIndex:
    """One language's index in the making: Pagefind reads the pages of a site, while some of them may still change.

    It reads the texts alone: a page's frame is twice as long, and reading it takes it as long as the text.

    :raises SearchError: if Pagefind fails; so do the methods.
    """

    def __init__(self, site_dir: Path, content: Content, language: Language) -> None:
        self.site_dir, self.content, self.language = site_dir, content, language
        self.target = site_dir / FOLDER
        self.size = 0
        self.room: Path | None = None
        self.there: set[str] = set()
        self.engine = Pagefind()
        try:
            self.read(site_dir)
        except BaseException:
            self.close()
            raise

    def read(self, folder: Path, keys: Collection[str] | None = None) -> None:
        """Have pages read that lie below a folder as they do in the site; they replace those that were read before.

        :param keys: which ones; default: all.
        """
        for page in searched_pages(self.content, self.language):
            if keys is None or page.key in keys:
                place = place_of(page, self.language)
                if text := text_of((folder / place).read_text("utf-8")):
                    self.size += len(text)
                    self.engine.add(place, f'<!doctype html><html lang="{self.language.code}">{text}')
        self.engine.flush()

    def begin_to_write(self) -> None:
        """Have those files of the index written that the site does not hold yet.

        Most of a page's part in an index is the text that excerpts are cut from; to press it takes as long as to index it.
        """
        self.room = room_for(self.size, beside(self.site_dir, f"search-{self.language.code}"))
        for folder, suffix in NAMED.items():
            (self.room / folder).mkdir()
            for path in (self.target / folder).glob(f"{self.language.code}_*{suffix}"):
                (self.room / folder / path.name).touch()
                self.there.add(path.name)
        self.engine.begin_to_write(self.room)

    def finish(self) -> Part:
        """Wait until the index is made, and put it into its place below ``site_dir/pagefind``.

        :raises OtherVersion: if that holds an index by another Pagefind.
        """
        assert self.room
        self.engine.wait()
        entry: dict[str, Any] = json.loads(whole(self.room / ENTRY))
        before = version_of(self.target)
        if before not in (None, entry["version"]):
            raise OtherVersion(entry["version"])
        fresh = [path for path in own_files(self.room, self.language) if path.name not in self.there]
        if before is None:  # then what does not depend on the pages is not there either
            fresh += [self.room / SCRIPT, *self.room.glob("wasm.*")]
        files = {path.relative_to(self.room).as_posix(): whole(path) for path in fresh}
        return Part(entry, take_over(files, self.target, self.language))

    def close(self) -> None:
        """End Pagefind and remove what it wrote."""
        self.engine.close()
        if self.room:
            remove(self.room)


@dataclass
class Indexes:
    """The indexes of several languages in the making; as many at a time as there are processors."""

    site_dir: Path
    content: Content
    begun: dict[str, LanguageIndex] = field(default_factory=dict)
    others: list[Language] = field(default_factory=list)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for one in self.begun.values():
            one.close()

    def begin(self, languages: Iterable[Language]) -> None:
        """Have Pagefind read what the site in place holds of some languages, which will probably have to be renewed."""
        for language in list(languages)[: os.cpu_count() or 1]:
            self.begun[language.code] = LanguageIndex(self.site_dir, self.content, language)

    def renew(self, languages: Sequence[Language], part: Path, changed: Mapping[str, Collection[str]]) -> None:
        """Begin to write the indexes of those languages that have to be renewed; the others are left alone.

        :param part: where fresh pages lie, which are not in the site yet.
        :param changed: their keys by language.
        """
        for code in self.begun.keys() - {language.code for language in languages}:
            self.begun.pop(code).close()
        for code, one in self.begun.items():
            one.read(part, changed[code])
            one.begin_to_write()
        self.others = [language for language in languages if language.code not in self.begun]

    def finish(self) -> list[Part]:
        """Return all parts in their places, once the fresh pages are in the site."""
        parts = []
        while self.begun or self.others:
            while self.begun:
                code, one = next(iter(self.begun.items()))
                parts.append(one.finish())
                self.begun.pop(code).close()
            now, self.others = self.others[: os.cpu_count() or 1], self.others[os.cpu_count() or 1 :]
            self.begin(now)
            for one in self.begun.values():
                one.begin_to_write()
        return parts


def index_language(site_dir: Path, content: Content, language: Language) -> Part:
    """Index the texts of one language and put its part of the index below ``site_dir/pagefind``.

    :raises SearchError: if Pagefind fails.
    """
    with contextlib.closing(LanguageIndex(site_dir, content, language)) as one:
        one.begin_to_write()
        return one.finish()


def place_of(page: Page, language: Language) -> str:
    """Return where a page lies in the site."""
    return f"{page.url(language).lstrip('/')}index.html"


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
    return without_marks(text_of(html))


def room_for(size: int, beside: Path) -> Path:
    """Return an empty folder for what Pagefind writes: in memory where there is plenty, else ``beside``.

    Its name follows from that of ``beside``, so that what a killed build leaves is removed by the next one.

    :param size: of the texts, in characters.
    """
    with contextlib.suppress(OSError):
        free = os.statvfs(MEMORY)
        if free.f_bavail * free.f_frsize > 2 * (10_000_000 + 4 * size):
            return empty(MEMORY / f"kim-{hashlib.sha256(os.fsencode(beside)).hexdigest()[:16]}")
    return empty(beside)


def empty(folder: Path) -> Path:
    """Return a folder of this user alone, made anew."""
    remove(folder)
    folder.mkdir(mode=0o700, parents=True)
    return folder


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
    with contextlib.suppress(OSError, ValueError):
        known = json.loads((target / titles_name(language.code)).read_text("utf-8"))
    rows = {}
    for name in sorted(used):
        path = f"fragment/{name}.pf_fragment"
        if path in files:
            page = json.loads(gzip.decompress(files[path]).removeprefix(b"pagefind_dcd"))
            rows[name] = [page["url"], page["meta"]["title"]]
        elif name in known:
            rows[name] = known[name]
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
