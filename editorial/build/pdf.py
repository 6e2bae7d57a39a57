"""PDF booklets of the built site: per language the newcomers' guide and the toolkit, printed by a real browser engine.

Chromium is called as a program (``--print-to-pdf``): that tags the file, writes outlines and sets Arabic as the
browser does, and it needs no library at run time; Playwright stays a tool of the tests. It gets the document over HTTP
from this process, sandboxed, so that nothing in it can run, read a local file or reach a network (:func:`print_pdf`). The pages that name a
booklet hold the comments ``kim:pdf``; the link goes between them once the file exists.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import jinja2
from markupsafe import Markup

from core import gettext
from core.files import remove, write_atomically
from core.formatting import format_month
from core.gettext import gettext as _
from core.languages import Language
from core.project import ROOT
from core.web.csp import source_hash
from editorial.build.search import strip_place
from editorial.content.booklets import BOOKLETS, Booklet
from editorial.content.front_matter import TranslationFrontMatter
from editorial.content.markup.html_policy import IMAGE_TYPES
from editorial.content.pages import Content, Page

FOLDER = "pdf"
MIN_CHAPTERS = 3  # a translation of less is no booklet yet
PRINT_TIMEOUT_SECONDS = 120
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
HOST = "booklet.invalid"  # a name that no network has (RFC 6761, 6.4)
CSP = "; ".join(
    (
        "default-src 'none'", "style-src 'unsafe-inline'", "img-src data:", "base-uri 'none'", "form-action 'none'",
        "frame-ancestors 'none'", "sandbox",
    )
)  # fmt: skip
_TEXT = re.compile(r"<!-- kim:text -->(.*?)<!-- /kim:text -->", re.DOTALL)
_SOURCES = re.compile(r'<section class="kim-sources".*?</section>', re.DOTALL)
_HEADING = re.compile(r"(</?h)([1-5])\b")
_ID = re.compile(r'(?<= id=")([^"]+)(?=")|(?<= aria-labelledby=")([^"]+)(?=")')
_LINK = re.compile(r'(?<= href=")(?![a-z][a-z0-9+.-]*:)([^"#]*)(#[^"]*)?(?=")')
_IMAGE = re.compile(r'(?<= src=")([^"]*)(?=")')
_PDF_REGION = re.compile(r"<!-- kim:pdf -->.*?<!-- /kim:pdf -->", re.DOTALL)
_PDF_PAGE = re.compile(rb"^(\d+) 0 obj\n<</Type /Page\n", re.MULTILINE)
_PDF_DESTINATION = re.compile(rb"/([a-z0-9_-]+) \[(\d+) 0 R /XYZ")


class PrintError(Exception):
    """No PDF was made; the message names the cause."""


def find_chromium() -> str | None:
    """Return the path of a Chromium, or None where there is none."""
    names = (os.environ.get("KIM_CHROMIUM", ""), *BROWSERS)
    return next((path for name in names if name and (path := shutil.which(name))), None)


def build_pdfs(
    site_dir: Path,
    content: Content,
    languages: tuple[Language, ...],
    site: Mapping[str, Any],
    earlier: Path | None = None,
    report: Callable[[str], None] | None = None,
) -> str | None:
    """Print the PDF booklets of a built site and link to them; return why there are none, as a German sentence.

    :param site: name, address and municipality.
    :param earlier: the site before; a booklet whose text is the same is taken from there.
    """
    chromium = find_chromium()
    if chromium is None:
        return "Ohne PDF: Es ist kein Chromium da (sudo apt-get install chromium, oder KIM_CHROMIUM nennt es)."
    try:
        print_booklets(site_dir, content, languages, site, chromium, earlier and earlier / FOLDER, report)
    except PrintError as error:
        remove(site_dir / FOLDER)
        insert_download_links(site_dir, content, languages)
        return f"Ohne PDF: {error}"
    return None


def print_booklets(
    site_dir: Path,
    content: Content,
    languages: tuple[Language, ...],
    site: Mapping[str, Any],
    engine: str,
    earlier: Path | None = None,
    report: Callable[[str], None] | None = None,
) -> list[Path]:
    """Write all booklets into ``site_dir/pdf`` and link to them; return their files.

    ``earlier`` is the folder of the last build: a booklet whose text has not changed is taken from there. ``report`` is
    called before each booklet that is printed.

    :raises PrintError: if Chromium fails.
    """
    target = site_dir / FOLDER
    target.mkdir(exist_ok=True)
    old = earlier or target
    before = _read_digests(old)
    digests: dict[str, str] = {}
    made: list[Path] = []
    for booklet in BOOKLETS:
        for language in languages:
            pages, missing = booklet.chapters(content, language)
            if len(pages) < MIN_CHAPTERS:
                continue
            path = target / f"{booklet.name}-{language.code}.pdf"
            draft = render_booklet(site_dir, booklet, pages, missing, language, site, {})
            digests[path.name] = hashlib.sha256(draft.encode()).hexdigest()
            if before.get(path.name) == digests[path.name] and (old / path.name).exists():
                if old != target:
                    shutil.copy2(old / path.name, path)
            else:
                if report:
                    report(f"PDF drucken ({len(made) + 1} von höchstens {len(BOOKLETS) * len(languages)}): {path.name}")
                print_pdf(engine, draft, path)
                numbers = page_numbers(path)
                print_pdf(engine, render_booklet(site_dir, booklet, pages, missing, language, site, numbers), path)
            made.append(path)
    for path in target.glob("*.pdf"):
        if path not in made:
            path.unlink()
    write_atomically(target / "made.json", json.dumps(digests, indent=1).encode())
    insert_download_links(site_dir, content, languages)
    return made


def _read_digests(folder: Path) -> dict[str, str]:
    try:
        digests: dict[str, str] = json.loads((folder / "made.json").read_text())
    except (OSError, ValueError):
        return {}
    return digests


def render_booklet(
    site_dir: Path,
    booklet: Booklet,
    pages: list[Page],
    missing: int,
    language: Language,
    site: Mapping[str, Any],
    numbers: Mapping[str, int],
) -> str:
    """Return a booklet as one HTML page; ``numbers`` are the page numbers of its chapters, once they are known."""
    base = str(site["url"]).rstrip("/")
    names = {page.url(language): anchor(page) for page in pages}
    headers = [page.text(language).front_matter for page in pages]
    unreviewed = any(isinstance(header, TranslationFrontMatter) and not header.reviewed_by for header in headers)
    with gettext.use_language(language.code):
        return _environment(language).get_template("pdf.html").render(
            title=booklet.title(),
            site=site["name"],
            authority=site["municipality"]["authority"],
            draft=site.get("draft", False),
            address=base + language.root,
            language=language,
            unreviewed=unreviewed,
            missing=missing,
            stylesheet="".join((site_dir / "assets" / name).read_text("utf-8") for name in ("kim.css", "pictures.css", "guides.css")),
            mark=Markup((site_dir / "assets" / "mark.svg").read_text("utf-8")),  # noqa: S704 - our own picture
            chapters=[
                {
                    "id": anchor(page),
                    "title": page.text(language).front_matter.title,
                    "url": base + page.url(language),
                    "as_of": page.front_matter.as_of,
                    "number": numbers.get(anchor(page)),
                    "html": Markup(render_chapter(site_dir, page, language, names, base)),  # noqa: S704 - from our built page
                }
                for page in pages
            ],
        )  # fmt: skip


def _environment(language: Language) -> jinja2.Environment:
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(ROOT / "overrides"), autoescape=True, extensions=["jinja2.ext.i18n"]
    )
    env.install_gettext_callables(gettext.gettext, gettext.ngettext, newstyle=True)  # type: ignore[attr-defined]
    env.filters["source_hash"] = source_hash
    env.filters["month"] = lambda value: format_month(value, language)
    return env


def anchor(page: Page) -> str:
    """Return the name of a chapter inside its booklet."""
    return page.slug.strip("/").replace("/", "-")


def render_chapter(site_dir: Path, page: Page, language: Language, names: Mapping[str, str], base: str) -> str:
    """Return text and sources of a built page as a chapter.

    Headings go one level down, ids get the chapter's name before them, links lead to other chapters or to the site,
    and pictures of the site are part of the text (RFC 2397).
    """
    built = (site_dir / page.file(language)).read_text("utf-8")
    parts = [*map(strip_place, _TEXT.findall(built)), *_SOURCES.findall(built)]
    own = anchor(page)

    def target(match: re.Match[str]) -> str:
        path: str = urljoin(page.url(language), match[1])
        place: str = match[2] or ""
        if path in names:
            return f"#{names[path]}{'--' + place[1:] if place else ''}"
        return base + path + place

    def picture(match: re.Match[str]) -> str:
        path = unquote(urlsplit(urljoin(page.url(language), unescape(match[1]))).path)
        file = (site_dir / path.lstrip("/")).resolve()
        kind = IMAGE_TYPES.get(file.suffix.lower())
        if kind is None or not file.is_relative_to(site_dir.resolve()) or not file.is_file():
            return match[0]
        return f"data:{kind};base64,{base64.b64encode(file.read_bytes()).decode()}"

    html = "".join(parts)
    html = _HEADING.sub(lambda m: f"{m[1]}{int(m[2]) + 1}", html)
    html = _ID.sub(lambda m: f"{own}--{m[0]}", html)
    html = _LINK.sub(target, html)
    return _IMAGE.sub(picture, html)


@contextlib.contextmanager
def serve_document(html: str) -> Iterator[tuple[int, threading.Event]]:
    """Serve one HTML document on a port of this machine; yield the port, and an event that is set once it was asked for.

    The document comes with a policy by which it is a page of no origin: no script, form, frame or navigation, and no
    subresource but its own style and pictures (Content Security Policy Level 3, 6.4.1 ``sandbox``).
    """
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer  # late: most builds print nothing

    body, asked = html.encode(), threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = self.path == "/"
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body) if found else 0))
            self.send_header("Content-Security-Policy", CSP)
            self.end_headers()
            if found:
                self.wfile.write(body)
                asked.set()

        def log_message(self, *_args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server.server_port, asked
        finally:
            server.shutdown()
            thread.join()


def print_pdf(engine: str, html: str, path: Path) -> None:
    """Print one HTML page into a PDF: tagged, with outlines.

    The page is served under a name that resolves in this Chromium only, and no other name or address can be reached. A page
    from the network may not read local files, unlike one that is opened as a file.

    :raises PrintError: if Chromium fails or takes longer than two minutes.
    """
    with tempfile.TemporaryDirectory(prefix="kim-pdf-") as folder, serve_document(html) as (port, asked):
        target = Path(folder) / "booklet.pdf"
        command = [
            engine, "--headless", "--disable-gpu", "--no-first-run", "--disable-extensions", "--disable-sync",
            "--disable-background-networking", "--disable-component-update", "--no-proxy-server",
            "--disable-features=HttpsUpgrades", f"--user-data-dir={folder}/profile",
            f"--host-resolver-rules=MAP {HOST} 127.0.0.1:{port}, MAP * ~NOTFOUND",
            "--generate-pdf-document-outline", "--no-pdf-header-footer", f"--print-to-pdf={target}", f"http://{HOST}/",
        ]  # fmt: skip
        if os.geteuid() == 0:  # Chromium has no sandbox for root; it reads only our own page here
            command.insert(1, "--no-sandbox")
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=PRINT_TIMEOUT_SECONDS, cwd=folder)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise PrintError(f"Chromium: {error}") from error
        if done.returncode != 0 or not asked.is_set() or not target.exists():
            raise PrintError(f"Chromium: {done.stderr.strip()[-300:]}")
        write_atomically(path, target.read_bytes())


def page_numbers(path: Path) -> dict[str, int]:
    """Return the page on which each named place of a PDF by Chromium stands; places that cannot be read are left out."""
    data = path.read_bytes()
    order = {number: index for index, number in enumerate(_PDF_PAGE.findall(data), 1)}
    return {name.decode(): order[page] for name, page in _PDF_DESTINATION.findall(data) if page in order}


def insert_download_links(site_dir: Path, content: Content, languages: tuple[Language, ...]) -> None:
    """Put the link to each booklet that exists into the page of its section, with length and size, and no other."""
    for booklet in BOOKLETS:
        page = content.pages.get(booklet.section)
        for language in languages if page else ():
            assert page is not None
            html = site_dir / page.file(language)
            if not html.exists():
                continue
            with gettext.use_language(language.code):
                inside = download_link(site_dir, booklet, language)
            before, *rest = _PDF_REGION.split(html.read_text("utf-8"), maxsplit=1)
            if rest:
                text = before + inside + rest[0]
                if text != html.read_text("utf-8"):
                    write_atomically(html, text.encode())


def download_link(site_dir: Path, booklet: Booklet, language: Language) -> str:
    """Return what stands between the comments: a link where the booklet exists in the language, else nothing."""
    path = site_dir / FOLDER / f"{booklet.name}-{language.code}.pdf"
    inside = ""
    if path.exists():
        from babel.units import format_unit  # late: most builds make no booklet

        size = format_unit(
            max(round(path.stat().st_size / 1e6, 1), 0.1), "digital-megabyte", "short",
            locale=language.code, numbering_system="latn",
        )  # fmt: skip
        text = _("%(title)s – PDF, %(pages)s pages, %(size)s", title=booklet.title(), pages=page_count(path), size=size)
        inside = Markup('<p class="kim-pdf"><a href="/{}/{}" type="application/pdf" hreflang="{}">{}</a></p>').format(
            FOLDER, path.name, language.code, text
        )
    return f"<!-- kim:pdf -->{inside}<!-- /kim:pdf -->"


def page_count(path: Path) -> int:
    """Return the number of pages of a PDF by Chromium."""
    return len(_PDF_PAGE.findall(path.read_bytes()))
