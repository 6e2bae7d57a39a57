"""The loaded site in a server process: pages with a draft in them, findings, and the effect on translations.

Everything is read once and cached until a file changes. Nothing here writes; a draft replaces the published text in memory.
"""

import atexit
import datetime
import functools
import itertools
import os
import shutil
import tempfile
import threading
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from core import gettext
from core.findings import Finding
from core.languages import Language, default_language
from core.overlay import city_dir, shown_page, written_page
from core.text.text_files import page_text
from editing.findings import read_findings
from editing.paths import decode_file, file_name, file_path
from editing.spelling import accept_spelling
from editorial.checks.content import check_content, check_editorial
from editorial.checks.wording.glossary import Term, load_glossary
from editorial.checks.wording.traps import check_traps, load_traps
from editorial.content.front_matter import PageFrontMatter
from editorial.content.local_version import first_version
from editorial.content.pages import Content, Page, PageText, parse_page, replace_text
from editorial.content.place_names import PlaceNames, load_place_names
from editorial.content.structure import is_in_easy_language
from editorial.render.site import SiteData, load_site_data
from editorial.translations.segments import Document, Segment, read_document
from editorial.translations.state import document_state, find_entry, stale_segments
from form_handler.forms import FORMS


class Effect(Struct, frozen=True):
    """The effect of a change of a German page on one translation.

    :ivar before: how many of its paragraphs are stale now; ``after`` with the change.
    """

    language: Language
    before: int
    after: int
    paragraphs: tuple[str, ...]


class Workspace:
    """The site that the editor works on; one for each process, safe for threads."""

    def __init__(self, docs: Path, findings_file: Path) -> None:
        self.docs, self.findings_file = docs, findings_file
        self._lock = threading.RLock()
        self._stamp: tuple[tuple[str, int, int], ...] = ()
        self._site: SiteData | None = None
        self._glossary: list[Term] = []
        self._run: object | None = None

    def site(self) -> SiteData:
        """Return the published site, read again if a file has changed.

        :raises ContentError: if facts or lock file cannot be read.
        """
        stamp = tuple(_stamp(self.docs))
        with self._lock:
            if self._site is None or stamp != self._stamp:
                self._site = load_site_data(self.docs)
                glossary = load_glossary(self.docs / "data" / "glossary.yml")
                self._glossary = [] if isinstance(glossary, Finding) else glossary
                self._stamp = stamp
            return self._site

    def glossary(self) -> list[Term]:
        """Return the terms with their translations."""
        self.site()
        return self._glossary

    def finding_counts(self) -> dict[str, Counter[str]]:
        """Return how many errors and notices the last check of all pages found, by file; the worker checks after each change."""
        found: dict[str, Counter[str]] = {}
        for file, level in read_findings(self.findings_file).get("found", []):
            found.setdefault(file, Counter())[level] += 1
        return found

    def findings_time(self) -> datetime.datetime | None:
        """Return when all pages were last checked, or None."""
        text = read_findings(self.findings_file).get("at")
        return datetime.datetime.fromisoformat(text) if text else None

    def published(self, path: str) -> str | None:
        """Return a published file with its own line ends, or None if there is none.

        Where the municipality has no version of a shared page yet, it is the text that the version would begin with.

        :raises UnicodeDecodeError: if it is not UTF-8.
        """
        try:
            return decode_file(path, file_path(self.docs, path).read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            return first_version(self.docs, path)

    def with_draft(self, code: str, key: str, raw: str) -> SiteData | list[Finding]:
        """Return the site with another text of one page in one language, or the errors of the text."""
        site = self.site()
        text = parse_draft(
            code, written_page(self.docs, code, key), raw, load_place_names(self.docs), site.content.pages.get(key)
        )
        if isinstance(text, list):
            return text
        content = site.content
        if key in content.pages:
            content = replace_text(content, code, key, text)
        elif isinstance(text.front_matter, PageFrontMatter):
            content = Content(
                {**content.pages, key: Page(key, text.front_matter, {code: text})},
                content.findings,
                content.left_out,
                content.parts,
            )
        else:
            return [
                Finding(
                    text.file,
                    0,
                    "Zu dieser Übersetzung gibt es keine deutsche Seite.",
                    "Legen Sie zuerst die deutsche Seite an.",
                )
            ]
        states = dict(site.states)
        language = next(row for row in site.languages if row.code == code)
        if not language.default:
            page = content.pages[key]
            entry = find_entry(self.docs, site.lock, page, language)
            own = read_document(_page_text(raw))
            states[key, code] = document_state(page, language, entry, lambda: self.document(key), lambda: own)
        return replace(site, content=content, states=states, links={})

    def document(self, key: str, code: str | None = None) -> Document:
        """Return a published page, cut into paragraphs."""
        return read_document(
            _page_text(self.published(file_name(self.docs, code or default_language().code, key)) or "")
        )

    def findings(self, site: SiteData, code: str, key: str) -> list[Finding]:
        """Return the findings on one page in one language, with or without a draft."""
        stale = {place for place, state in site.states.items() if state.is_stale}
        found = check_content(
            site.content, site.facts, site.languages, FORMS, datetime.date.today(), self.docs, stale, {key}
        )
        found += check_editorial(Content({key: site.content.pages[key]}), site.facts, self._glossary, stale)
        text = site.content.pages[key].texts.get(code)
        if text is not None and not is_in_easy_language(key):
            traps = load_traps(self.docs / "data", code)
            found += [] if isinstance(traps, Finding) else check_traps(text, traps)
        file = text.file if text is not None else shown_page(self.docs, code, key)
        return sorted({one for one in found if one.file == file})

    def effects(self, key: str, raw: str, spelling: Iterable[tuple[str, str, str]] = ()) -> list[Effect]:
        """Return the effect of a draft of a German page on each translation.

        :param spelling: section, hash before and hash after of the changes that translations need not follow.
        """
        site = self.site()
        page = site.content.pages.get(key)
        if page is None:
            return []
        german, before = read_document(_page_text(raw)), self.document(key)
        found = []
        for language in site.languages:
            if language.default or not page.is_translated(language):
                continue
            entry = find_entry(self.docs, site.lock, page, language)
            if entry is None:
                found.append(Effect(language, 0, 0, ()))
                continue
            own = self.document(key, language.code)
            stale = list(stale_segments(before, own, entry))
            after = list(stale_segments(german, own, accept_spelling(entry, spelling)))
            found.append(Effect(language, len(stale), len(after), tuple(one.text for one in after)))
        return found

    def render(self, site: SiteData, language: Language, key: str) -> str:
        """Return one page as the build writes it.

        :raises RenderError: with MkDocs' message.
        """
        from editorial.build.fingerprint import Inputs
        from editorial.build.mkdocs_runner import MkDocsRun, load_mkdocs
        from editorial.build.source import Source

        page = site.content.pages[key]
        source = Source(site, self.docs, Inputs({}, "", datetime.date.today(), ""), "", {
            f"{row.code}/{name}": "" for row in site.languages for name in site.content.pages
        })  # fmt: skip
        with self._lock, gettext.use_language(language.code):
            if not isinstance(self._run, MkDocsRun):
                self._run = load_mkdocs(self.docs)
            made = self._run.render(source, language, {key}, templates_folder())
        return made[page.file(language)].decode()


@functools.cache
def templates_folder() -> Path:
    """Return the folder of compiled templates of this process; it is removed at its end."""
    folder = tempfile.mkdtemp(prefix="kim-editing-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def parse_draft(
    code: str, shown: str, raw: str, place: PlaceNames, page: Page | None = None
) -> PageText | list[Finding]:
    """Return the text of a draft, or its errors."""
    plain = page_text(raw.encode(), shown)
    if isinstance(plain, Finding):
        return [plain]
    found: list[Finding] = []
    text = parse_page(plain, shown, found, place, code, page.texts.get(code) if page else None)
    return found if text is None else text


def paragraph_of_finding(document: Document, line: int) -> str | None:
    """Return the paragraph that a line of a file belongs to, or None for a line above all."""
    best: tuple[Segment, str] | None = None
    for section, segments in document.sections.items():
        for index, segment in enumerate(segments):
            if (
                segment.line <= line
                and (best is None or segment.line >= best[0].line)
                and (segment.text or section != "_head")
            ):
                best = (segment, f"{section}.{index}")
    return best[1] if best else None


def _page_text(raw: str) -> str:
    """Return a file's text as the build reads it; empty if it cannot be read."""
    text = page_text(raw.encode())
    return text if isinstance(text, str) else ""


def _stamp(docs: Path) -> Iterable[tuple[str, int, int]]:
    for folder, folders, names in itertools.chain(os.walk(docs), os.walk(city_dir(docs))):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            try:
                found = os.stat(f"{folder}/{name}")  # noqa: PTH116 - hundreds of files for each request
            except OSError:
                continue
            yield f"{folder}/{name}", found.st_mtime_ns, found.st_size
