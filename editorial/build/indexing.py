"""Making the search index: one run of Pagefind for each language, so that a changed page renews its own language only."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from core.folding import fold_html
from core.languages import Language
from editorial.build.fingerprint import beside
from editorial.build.pagefind import ENTRY, OtherVersion, Pagefind, whole
from editorial.build.search import (
    FOLDER,
    SCRIPT,
    Part,
    own_files,
    place_of,
    searched_pages,
    take_over,
    text_of,
    version_of,
)
from editorial.build.writer import remove
from editorial.content.pages import Content

MEMORY = Path("/dev/shm")  # noqa: S108 - a name of our own in it, for texts that are public
NAMED = {"index": ".pf_index", "fragment": ".pf_fragment"}  # files whose name is the mark of their content, by folder


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
                    text = fold_html(text, self.language.code)
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
