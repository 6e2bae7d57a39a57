"""The pages of the site: their languages, addresses, sections and related pages.

All of it is computed from the files in ``docs/``, without MkDocs.
"""

import functools
import itertools
from collections import Counter
from pathlib import Path
from urllib.parse import quote

from msgspec import Struct, field
from msgspec.structs import replace

from core.findings import ContentError, Finding
from core.languages import Language, default_language
from core.overlay import is_local, language_dirs, page_path, shown_path
from core.project import is_left_out, parts_left_out
from core.text.characters import character_findings, forbidden_in_file, forbidden_in_values
from core.text.text_files import normalize_spaces, size_finding
from core.text.text_files import read_text as read_file
from editorial.content.foreign_state import adapt_page
from editorial.content.front_matter import (
    FrontMatter,
    PageFrontMatter,
    TranslationFrontMatter,
    split_front_matter,
    validate_front_matter,
)
from editorial.content.kind_words import replace_kind_words
from editorial.content.place_names import NO_PLACE_NAMES, PlaceNames, fill_place_names, load_place_names
from editorial.content.published_files import is_hidden, is_page
from editorial.content.structure import HOME, is_in_easy_language, parent_key


class PageText(Struct, frozen=True):
    """One page in one language, as its file holds it.

    :ivar body: the text below the header, with the forms of the place's name filled in.
    :ivar source: the same as its file holds it; states of translations are computed from it.
    :ivar lines: the line of each key of the header.
    :ivar raw_front_matter: the header as it is in the file.
    """

    file: str
    front_matter: FrontMatter
    body: str
    body_line: int
    lines: dict[str, int] = field(default_factory=dict)
    raw_front_matter: str = ""
    source: str = ""

    @property
    def nav_title(self) -> str:
        """Return the short title if there is one, else the title."""
        return self.front_matter.nav_title or self.front_matter.title


class Page(Struct, frozen=True):
    """One page in all its languages.

    :ivar key: its path below a language folder without the ending: ``index``, ``arbeitgeber/mitmachen``.
    :ivar front_matter: the German header, which holds the fields that do not depend on the language.
    :ivar texts: the text by language code; German always among them.
    """

    key: str
    front_matter: PageFrontMatter
    texts: dict[str, PageText]

    @property
    def slug(self) -> str:
        """Return its path below the language's root: ``""`` for home, ``"arbeitgeber/mitmachen/"``."""
        parts = self.key.split("/")
        if parts[-1] == HOME:
            parts.pop()
        return "/".join(parts) + "/" if parts else ""

    @property
    def parent_key(self) -> str | None:
        """Return the key of the page above this one; None for home."""
        return parent_key(self.key)

    def url(self, language: Language) -> str:
        """Return its root-absolute address in a language, escaped (RFC 3986, 2.1): file names may hold umlauts and blanks."""
        return quote(language.root + self.slug)

    def file(self, language: Language) -> str:
        """Return where it is in the site, in a language."""
        return f"{(language.root + self.slug).lstrip('/')}index.html"

    def exists_in(self, language: Language) -> bool:
        """Return whether the site has this page at all in a language, translated or not."""
        return self.front_matter.languages is None or language.code in self.front_matter.languages

    def is_translated(self, language: Language) -> bool:
        """Return whether the page has a text of its own in a language."""
        return language.code in self.texts and self.exists_in(language)

    def text(self, language: Language) -> PageText:
        """Return the text in a language, or the German one where there is none."""
        return self.texts.get(language.code) or self.texts[default_language().code]


class Content(Struct, frozen=True, dict=True):
    """All pages by key, and the findings of reading them.

    :ivar left_out: keys of pages that exist and that the municipality leaves out of its site.
    :ivar parts: pages and sections that it leaves out, whether they exist or not.
    """

    pages: dict[str, Page]
    findings: list[Finding] = field(default_factory=list)
    left_out: frozenset[str] = frozenset()
    parts: tuple[str, ...] = ()

    def leaves_out(self, key: str) -> bool:
        """Return whether links to a page are removed, because the municipality has no such page."""
        return key in self.left_out or is_left_out(key, self.parts)

    @functools.cached_property
    def _related_cache(self) -> dict[tuple[str, frozenset[str], frozenset[str]], list[Page]]:
        """Related pages by language, topics and audiences, as far as computed."""
        return {}

    @functools.cached_property
    def _title_counts(self) -> dict[str, Counter[str]]:
        """Number of pages by short title, for each language as far as computed."""
        return {}

    @functools.cached_property
    def _children_by_parent(self) -> dict[str, list[Page]]:
        """The pages directly below each index page."""
        found: dict[str, list[Page]] = {}
        for page in self.pages.values():
            if page.parent_key is not None:
                found.setdefault(page.parent_key, []).append(page)
        return found

    @functools.cached_property
    def _pages_by_topic(self) -> dict[str, list[Page]]:
        """The pages on each topic."""
        found: dict[str, list[Page]] = {}
        for page in self.pages.values():
            for topic in dict.fromkeys(page.front_matter.topics):
                found.setdefault(topic, []).append(page)
        return found

    def has_language(self, language: Language) -> bool:
        """Return whether any page has a text of its own in a language."""
        return any(language.code in page.texts for page in self.pages.values())

    def children(self, key: str, language: Language) -> list[Page]:
        """Return the pages directly below a section's index page, in their order."""
        below = [page for page in self._children_by_parent.get(key, ()) if page.exists_in(language)]
        return sorted(below, key=lambda page: (page.front_matter.order, page.text(language).nav_title))

    def ancestors(self, page: Page) -> list[Page]:
        """Return the pages above this one, home first."""
        above: list[Page] = []
        key = page.parent_key
        while key is not None:
            parent = self.pages.get(key)
            if parent:
                above.insert(0, parent)
            key = parent.parent_key if parent else (None if key == HOME else HOME)
        return above

    def related(self, page: Page, language: Language, count: int = 4) -> list[Page]:
        """Return the pages that share most topics with this one, but for parent, children and home, which the page shows anyway."""
        family = {page.key, page.parent_key, HOME}
        found = self._related_by_topic(
            language, frozenset(page.front_matter.topics), frozenset(page.front_matter.audience)
        )
        others = (other for other in found if other.key not in family and other.parent_key != page.key)
        return list(itertools.islice(others, count))

    def has_duplicate_title(self, page: Page, language: Language) -> bool:
        """Return whether another page of a language has the same short title, though never the same title."""
        if language.code not in self._title_counts:
            pages = (other for other in self.pages.values() if other.exists_in(language))
            self._title_counts[language.code] = Counter(other.text(language).nav_title for other in pages)
        return self._title_counts[language.code][page.text(language).nav_title] > 1

    def _related_by_topic(self, language: Language, topics: frozenset[str], audience: frozenset[str]) -> list[Page]:
        """Return the pages of a language that share a topic with these, most topics and audiences first."""
        place = (language.code, topics, audience)
        if place not in self._related_cache:
            shared = Counter(other.key for topic in topics for other in self._pages_by_topic.get(topic, ()))
            pages = [self.pages[key] for key in shared if not is_in_easy_language(key)]
            self._related_cache[place] = sorted(
                (page for page in pages if page.exists_in(language)),
                key=lambda page: (
                    -shared[page.key], -len(audience.intersection(page.front_matter.audience)), page.front_matter.order, page.key,
                ),
            )  # fmt: skip
        return self._related_cache[place]


def page_files(docs: Path, code: str) -> dict[str, Path]:
    """Return key and path of each page of one language that is not hidden, in a stable order.

    A page of the municipality takes the place of the shared one with the same key.
    """
    found: dict[str, Path] = {}
    for folder in language_dirs(docs, code):
        for path in sorted(folder.rglob("*.md")):
            key = path.relative_to(folder).with_suffix("").as_posix()
            if not is_hidden(key) and is_page(path.name):
                found[key] = path
    return dict(sorted(found.items()))


def read_content(docs: Path, languages: tuple[Language, ...]) -> Content:
    """Read all pages of all languages below ``docs``; faults become findings, never exceptions."""
    findings: list[Finding] = []
    place = _read_place(docs, findings)
    source = next(language for language in languages if language.default)
    pages: dict[str, Page] = {}
    german, parts = page_files(docs, source.code), parts_left_out()
    left_out = {key for key in german if is_left_out(key, parts)}
    for key, path in german.items():
        if key in left_out:
            continue
        shown = shown_path(docs, path)
        text = _read_text(docs, path, shown, findings, place, source.code)
        if text is not None and isinstance(text.front_matter, PageFrontMatter):
            if place.foreign.is_foreign_scope(text.front_matter.scope):
                left_out.add(key)  # it holds in another federal state
                continue
            pages[key] = Page(key, text.front_matter, {source.code: text})
    for language in languages:
        if language.default:
            continue
        for key, path in page_files(docs, language.code).items():
            if key in left_out:
                continue
            replaced = key in german and is_local(docs, german[key]) and not is_local(docs, path)
            if replaced and key in pages and not pages[key].front_matter.shared_version:
                continue  # the shared translation of a page that the municipality has rewritten has other content
            shown = shown_path(docs, path)
            text = _read_text(docs, path, shown, findings, place, language.code)
            if key not in pages:
                if key not in german:
                    findings.append(
                        Finding(shown, 0, "Zu dieser Übersetzung gibt es keine deutsche Seite.",
                                f"Legen Sie docs/{source.code}/{key}.md an oder löschen Sie die Übersetzung.", code="no-german")
                    )  # fmt: skip
            elif text is not None:
                pages[key].texts[language.code] = text
    return Content(pages, findings, frozenset(left_out), parts)


def reload_page(content: Content, docs: Path, code: str, key: str) -> Content | list[Finding]:
    """Return the content with one file read again, or the error of the file.

    The page must exist already; a new or a vanished file concerns other pages as well, so everything is read again.
    """
    findings: list[Finding] = []
    path = page_path(docs, code, key)
    shown = shown_path(docs, path)
    raw = read_file(path, shown)
    if isinstance(raw, Finding):
        return [raw]
    place = _read_place(docs, findings)
    plain = _for_state(normalize_spaces(raw), docs, path, place, code)
    text = parse_page(plain, shown, findings, place, code, content.pages[key].texts.get(code))
    return findings if text is None else replace_text(content, code, key, text)


def replace_text(content: Content, code: str, key: str, text: PageText) -> Content:
    """Return the content with another text of a page that is there."""
    page, german = content.pages[key], code == default_language().code
    facts = text.front_matter if german and isinstance(text.front_matter, PageFrontMatter) else page.front_matter
    fresh = Page(key, facts, {**page.texts, code: text})
    return Content({**content.pages, key: fresh}, content.findings, content.left_out, content.parts)


def _read_place(docs: Path, findings: list[Finding]) -> PlaceNames:
    try:
        return load_place_names(docs)
    except ContentError as error:
        findings += error.findings
        return NO_PLACE_NAMES


def _read_text(
    docs: Path, path: Path, shown: str, findings: list[Finding], place: PlaceNames, code: str
) -> PageText | None:
    """Return the text of a file, or None and a finding."""
    raw = read_file(path, shown)
    if isinstance(raw, Finding):
        findings.append(raw)
        return None
    return parse_page(_for_state(normalize_spaces(raw), docs, path, place, code), shown, findings, place, code)


def _for_state(raw: str, docs: Path, path: Path, place: PlaceNames, code: str) -> str:
    """Return a shared page for this municipality: without content of other federal states, with the words of the kind."""
    if is_local(docs, path):
        return raw
    return adapt_page(replace_kind_words(raw, place.kind_words, code), place.foreign, code)


def parse_page(
    raw: str, shown: str, findings: list[Finding], place: PlaceNames, code: str, known: PageText | None = None
) -> PageText | None:
    """Return the text of a page as :func:`core.text.text_files.page_text` gives it, or None and a finding.

    :param known: the page as it was before; a header that stayed the same is not read again.
    """
    model: type[FrontMatter] = PageFrontMatter if code == default_language().code else TranslationFrontMatter
    if refused := size_finding(raw, shown):
        findings.append(refused)
        return None
    if wrong := character_findings(shown, forbidden_in_file(raw)):
        findings += wrong
        return None
    if not raw.strip():
        findings.append(
            Finding(shown, 0, "Die Datei ist leer.",
                    "Füllen Sie sie oder löschen Sie sie." if model is PageFrontMatter else
                    "Füllen Sie sie oder löschen Sie sie; ohne Datei zeigt die Seite den deutschen Text.", code="file-empty")
        )  # fmt: skip
        return None
    if (
        known
        and known.raw_front_matter
        and raw.startswith(known.raw_front_matter)
        and (body := raw.removeprefix(known.raw_front_matter)).strip()
    ):
        return replace(known, body=fill_place_names(body, place, code), source=body)
    parsed = split_front_matter(raw, shown)
    if isinstance(parsed, Finding):
        findings.append(parsed)
        return None
    if not parsed.body.strip():
        findings.append(
            Finding(shown, parsed.body_line, "Unter dem Kopf steht kein Text.",
                    "Schreiben Sie den Text oder löschen Sie die Datei.", code="file-empty")
        )  # fmt: skip
        return None
    if wrong := character_findings(shown, forbidden_in_values(parsed.node if "\\" in parsed.text else None), 1):
        findings += wrong
        return None
    header = validate_front_matter(model, parsed, shown, place, code)
    if isinstance(header, list):
        findings.extend(header)
        return None
    body = fill_place_names(parsed.body, place, code)
    return PageText(shown, header, body, parsed.body_line, parsed.lines, parsed.text, parsed.body)
