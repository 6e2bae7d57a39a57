"""Links, anchors, pictures and titles."""

import os
import posixpath
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote

from core.findings import Finding, closest_match
from core.languages import Language, default_language
from core.overlay import language_dirs, page_path
from editorial.checks.markup.parsed_page import Link as RenderedLink
from editorial.checks.markup.structure import heading_ids
from editorial.checks.text_lines import LINK, prose_lines
from editorial.content.pages import Content, Page, PageText
from editorial.content.published_files import DECORATIVE, IMAGE_SUFFIXES, is_leftover_copy, suffix

EXTERNAL = re.compile(r"(?:https?|ftp)://|(?<![\w.-])www\.", re.IGNORECASE)
MAX_IMAGE_BYTES = 200_000
# Link texts without information on the target (WCAG 2.4.4), in all languages.
GENERIC_LINK_TEXTS = frozenset((Path(__file__).parent / "generic_texts.txt").read_text("utf-8").splitlines())


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a hint that names the closest match; empty if none is close."""
    close = closest_match(word, known)
    return f"Meinten Sie „{close}“?" if close else ""


def _check_label(text: PageText, number: int, label: str) -> Iterator[Finding]:
    bare = re.sub(r"[*_`]", "", label).strip().strip(".:!»«„“").casefold()
    if not bare:
        yield Finding(text.file, number, "Ein Link ohne Text.", "Sagen Sie in eckigen Klammern, wohin er führt.",
                      code="link-text")  # fmt: skip
    elif bare in GENERIC_LINK_TEXTS:
        yield Finding(text.file, number, f"Der Link heißt nur „{label.strip()}“.",
                      "Schreiben Sie in die eckigen Klammern, wohin er führt.", code="link-text")  # fmt: skip


def check_links(
    text: PageText, page: Page, content: Content, language: Language, docs: Path, rendered: Iterable[RenderedLink] = ()
) -> Iterator[Finding]:
    """Each link has an existing page as its target, and each anchor to a heading of it.

    :param rendered: links that only the renderer finds, such as those over two lines.
    """
    base = posixpath.dirname(page.key)
    for number, image, label, target in [
        *_typed_links(text),
        *((one.line, one.image, one.label, one.target) for one in rendered),
    ]:
        if target.startswith(("tel:", "mailto:")):
            continue
        if EXTERNAL.match(target):
            if target not in text.body:  # else the check of typed facts names its line
                yield Finding(text.file, number, f"Eine fremde Internetadresse steht im Text („{target}“).",
                              "Nehmen Sie dafür docs/data/links.yml und {{ link.… }}.", code="typed-fact")  # fmt: skip
            continue
        if not target.strip():
            yield Finding(text.file, number, f"Der Link „{label.strip()}“ hat kein Ziel.",
                          "Schreiben Sie in die runden Klammern den Pfad zur Datei, zum Beispiel ../kontakt.md.",
                          code="link-dead")  # fmt: skip
            continue
        path, _, anchor = target.partition("#")
        if image:
            yield from _check_image(text, number, label, path, docs, base)
            continue
        yield from _check_label(text, number, label)
        path = unquote(path)  # as MkDocs does it
        key = posixpath.normpath(posixpath.join(base, path)) if path else page.key
        key = key.removesuffix(".md")
        other = content.pages.get(key)
        if path and not path.endswith(".md"):
            yield Finding(text.file, number, f"Der Link „{target}“ endet nicht auf .md.",
                          "Schreiben Sie den Pfad zur Datei, zum Beispiel ../kontakt.md.", code="link-dead")  # fmt: skip
        elif content.leaves_out(key):
            continue  # the municipality leaves the page out; its links are removed
        elif other is None and page_path(docs, default_language().code, key).exists():
            continue  # that page has a fault of its own, which is named there
        elif other is None or not other.exists_in(language):
            yield Finding(text.file, number, f"Der Link „{target}“ führt zu keiner Seite.",
                          _moved_to(key, base, content) or did_you_mean(key, content.pages) or "Prüfen Sie den Pfad; er zählt ab dem Ordner dieser Datei.",
                          code="link-dead")  # fmt: skip
        elif anchor and anchor not in heading_ids(other.text(language)):
            yield Finding(text.file, number, f"Auf der Seite „{key}“ gibt es keine Überschrift mit #{anchor}.",
                          did_you_mean(anchor, heading_ids(other.text(language)))
                          or "Prüfen Sie die Kennung in geschweiften Klammern dort.", code="anchor-dead")  # fmt: skip


def _typed_links(text: PageText) -> Iterator[tuple[int, bool, str, str]]:
    for number, line in prose_lines(text):
        for image, label, target in LINK.findall(line) if "](" in line else ():
            yield number, bool(image), label, target


def _check_image(text: PageText, number: int, label: str, path: str, docs: Path, base: str) -> Iterator[Finding]:
    if not label.strip() and not path.rpartition("/")[2].startswith(DECORATIVE):
        yield Finding(text.file, number, f"Das Bild „{path}“ hat keinen Alternativtext.",
                      "Schreiben Sie in die eckigen Klammern, was das Bild zeigt.", code="image-alt")  # fmt: skip
    folder = text.file.removeprefix("city/").split("/")[1]
    # as MkDocs looks for it: by the words of the path, so that a folder on the way back up need not exist
    places = (Path(os.path.normpath(one / base / unquote(path))) for one in reversed(language_dirs(docs, folder)))
    image = next((place for place in places if place.exists()), docs / folder / base / unquote(path))
    if not image.exists():
        yield Finding(text.file, number, f"Das Bild „{path}“ gibt es nicht.", "Legen Sie es in docs/assets/ ab.",
                      code="image-missing")  # fmt: skip
    elif suffix(image.name) not in IMAGE_SUFFIXES or is_leftover_copy(image.name):
        yield Finding(text.file, number, f"Das Bild „{path}“ wird nicht veröffentlicht.",
                      f"Speichern Sie es als {', '.join(sorted(IMAGE_SUFFIXES))}, mit einem eigenen Namen.",
                      code="image-missing")  # fmt: skip
    elif image.stat().st_size > MAX_IMAGE_BYTES:
        yield Finding(text.file, number, f"Das Bild „{path}“ ist {image.stat().st_size // 1000} kB groß.",
                      f"Verkleinern Sie es auf höchstens {MAX_IMAGE_BYTES // 1000} kB, zum Beispiel als WebP.",
                      code="image-size")  # fmt: skip


_PAGE_KEY = re.compile(r"[a-z0-9-]+(?:/[a-z0-9-]+)*")


def check_redirects(content: Content) -> Iterator[Finding]:
    """Each old address (``redirect_from:``) is one that a page had, that no page has now, and that one page names."""
    seen: dict[str, str] = {}
    for page in content.pages.values():
        text = page.text(default_language())
        for old in page.front_matter.redirect_from:
            line = text.lines.get("redirect_from", 1)
            if not _PAGE_KEY.fullmatch(old):
                yield Finding(text.file, line, f"„{old}“ in redirect_from: ist kein Pfad einer Seite.",
                              "Schreiben Sie den alten Pfad unter docs/de/ ohne Endung, zum Beispiel angebote/wohnen.",
                              code="redirect")  # fmt: skip
            elif old in content.pages or f"{old}/index" in content.pages:
                yield Finding(text.file, line, f"Unter der alten Adresse „{old}“ gibt es eine Seite.",
                              "Löschen Sie diese Seite oder die Angabe in redirect_from:.", code="redirect")  # fmt: skip
            elif old in seen:
                yield Finding(text.file, line, f"Die alte Adresse „{old}“ führt schon zu {seen[old]}.",
                              "Löschen Sie eine der beiden Angaben.", code="redirect")  # fmt: skip
            seen.setdefault(old, text.file)


def _moved_to(key: str, base: str, content: Content) -> str:
    """Return where a page has moved, as a remedy; empty if no page names that old address."""
    new = next((page.key for page in content.pages.values() if key in page.front_matter.redirect_from), None)
    return f"Die Seite ist umgezogen: {posixpath.relpath(f'{new}.md', base or '.')}" if new else ""


def check_titles(content: Content, language: Language) -> Iterator[Finding]:
    """Pages of one level of the navigation have different names, or a reader cannot distinguish them."""
    seen: dict[tuple[str | None, str], PageText] = {}
    for page in content.pages.values():
        if not page.is_translated(language):
            continue
        text = page.text(language)
        place = (page.parent_key, text.nav_title.casefold())
        if place in seen:
            yield Finding(text.file, 2, f"Der Titel „{text.nav_title}“ steht auch in {seen[place].file}.",
                          "Geben Sie einer der beiden Seiten einen anderen Titel (title: oder nav_title:).",
                          code="title-twice")  # fmt: skip
        seen[place] = text
