"""The preview's watcher: a process beside the server that shows a saved page before the site is built again.

A saved page whose title and headings stayed the same is rendered alone, as the build renders it, and stored beside the
site; the server shows it instead of the built one. Everything else – and in any case everything that other pages
show of it – comes with a build in the background, which replaces the stored pages.

An error in a turn is shown in the bar and written to standard error; the next turn tries again. Somebody is in
the middle of writing: broken files, folders that are gone and full disks are the normal case here.
"""

import contextlib
import datetime
import json
import os
import queue
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from traceback import print_exception
from typing import Any
from urllib.parse import unquote

from msgspec.structs import replace
from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver
from watchdog.observers.polling import PollingObserver

from core.files import remove, write_atomically
from core.findings import ContentError, Finding, errors
from core.languages import Language, default_language, load_languages
from core.overlay import CITY, shown_page
from core.project import ROOT
from editorial.build.fingerprint import read_manifest
from editorial.build.mkdocs_runner import MkDocsRun, load_mkdocs
from editorial.build.source import Source, load_source
from editorial.checks.content import check_content, check_editorial
from editorial.checks.markup.structure import heading_ids
from editorial.checks.runner import run_checks
from editorial.content.pages import Content, reload_page
from editorial.preview.middleware import pages_dir, state_file
from editorial.translations.lockfile import load_lock
from editorial.translations.state import page_state
from form_handler.forms import FORMS

IDLE_SECONDS = 1.0  # between two looks whether the server is still there
BUILDING_SECONDS = 0.1  # between two looks whether a build is done
GATHER_SECONDS = 0.02  # in which an editor's program writes, renames and removes files
DEBOUNCE_SECONDS = 1.0  # without a change until a build begins
RETRY_SECONDS = 5.0  # until something that failed for no fault of a file is tried once more
POLL_SECONDS = 2.0  # between two looks at all files, where the system cannot report changes
WATCHED = ("docs", "overrides", "city")
CHANGES = frozenset({"created", "modified", "moved", "deleted"})
PAGE = re.compile(r"(?:city/)?docs/([a-z]{2})/(.+)\.md")


class ChangeCollector(FileSystemEventHandler):
    """Collect the paths of files that were saved, made, renamed or removed."""

    def __init__(self, changes: queue.SimpleQueue[str]) -> None:
        self.changes = changes

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Collect the paths of one event; reading a file is an event as well, and no change."""
        if event.event_type in CHANGES and not (event.is_directory and event.event_type == "modified"):
            for path in filter(None, (event.src_path, event.dest_path)):
                if not is_temporary(str(path)):
                    self.changes.put(str(path))


class Watcher:
    """Renders saved pages, and has the site built again."""

    run_mkdocs: MkDocsRun
    source: Source

    def __init__(self, site_dir: Path, root: Path = ROOT) -> None:
        self.site_dir, self.root, self.docs = site_dir, root, root / "docs"
        self.pages_dir = pages_dir(site_dir)
        self.templates_dir = Path(tempfile.mkdtemp(prefix="kim-preview-"))
        self.version = 0
        self.pages: dict[str, int] = {}
        self.findings: dict[str, list[dict[str, Any]]] = {}
        self.build_error = ""
        self.changes: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.builder: subprocess.Popen[str] | None = None
        self.changed_at = 0.0
        self.wants_build = False
        self.shown: dict[str, bytes] = {}  # the pages that are shown instead of built ones, by their path in the site
        self.seen_by_build: dict[str, bytes] = {}
        self.ready = False
        self.unpublished = False
        self.retry_at = 0.0

    def start(self) -> None:
        """Read everything once and render one page, so that the first saved page is as fast as the others."""
        self.source = load_source(self.docs)
        self.run_mkdocs = load_mkdocs(self.docs)
        self.run_mkdocs.render(self.source, default_language(), {"index"}, self.templates_dir)
        self.inspect_all()
        urls, self.build_error, self.ready = {"*"} if self.build_error else set(), "", True
        self.publish(urls)

    def run(self, parent: int) -> None:
        """Watch until the server has ended."""
        remove(self.pages_dir)
        observer = watch([self.root / name for name in WATCHED if (self.root / name).is_dir()], self.changes)
        self.turn(set())
        while os.getppid() == parent:
            self.turn(self.wait())
        observer.stop()
        remove(self.templates_dir)
        if self.builder is not None:
            self.builder.terminate()

    def wait(self) -> set[str]:
        """Return the files that changed, as soon as any did, or none after a moment."""
        is_idle = self.ready and self.builder is None and not self.wants_build and not self.unpublished
        changed: set[str] = set()
        with contextlib.suppress(queue.Empty):
            changed.add(self.changes.get(timeout=IDLE_SECONDS if is_idle else BUILDING_SECONDS))
            while True:
                changed.add(self.changes.get(timeout=GATHER_SECONDS))
        return changed

    def turn(self, changed: set[str]) -> None:
        """Show saved pages; errors are shown, and the next turn tries again."""
        for step in (lambda: self.handle_changes(changed), self.poll_build):
            try:
                step()  # type: ignore[no-untyped-call]
            except (Exception, SystemExit) as error:  # MkDocs ends with the latter
                self.fail(error)

    def handle_changes(self, changed: set[str]) -> None:
        """Render saved pages where that is possible at once; the rest comes with the build."""
        if changed:
            self.changed_at, self.wants_build, self.retry_at = time.monotonic(), True, 0.0
        if not self.ready:
            if time.monotonic() >= self.retry_at:
                self.start()
        elif changed:
            self.reload(changed)
        if self.unpublished:
            self.publish()

    def fail(self, error: BaseException) -> None:
        """Show an error, once, and write its place to standard error."""
        self.retry_at = time.monotonic() + RETRY_SECONDS
        message = describe_error(error)
        if message == self.build_error:
            return
        self.build_error = message
        if not isinstance(error, ContentError):
            print_exception(error)
        try:
            self.publish({"*"})
        except Exception:
            self.unpublished = True  # the disk is full, or the folder is gone: it is published as soon as possible

    def reload(self, changed: set[str]) -> None:
        """Render the pages among the saved files."""
        urls: set[str] = set()
        for path in sorted(changed):
            match = PAGE.fullmatch(Path(path).relative_to(self.root).as_posix())
            language = next((row for row in load_languages() if match and row.code == match[1]), None)
            if match and language and match[2] in self.source.site.content.pages and Path(path).exists():
                urls |= self.reload_page(language, match[2])
        if urls:
            self.publish(urls)

    def reload_page(self, language: Language, key: str) -> set[str]:
        """Read one saved page again, render it if it has no fault, and return the addresses that are new."""
        site = self.source.site
        before = site.content.pages[key].texts.get(language.code)
        url = {unquote(site.content.pages[key].url(language))}
        content = reload_page(site.content, self.docs, language.code, key)
        for row in load_languages():
            self.findings.pop(shown_page(self.docs, row.code, key), None)
        if isinstance(content, list):
            self.add_findings(content)
            return url
        states = dict(site.states)
        if (key, language.code) in states:
            entry = load_lock(self.docs).entries.get((key, language.code))
            states[key, language.code] = page_state(self.docs, content.pages[key], language, entry)
        site = replace(site, content=content, states=states, links={})
        self.source = replace(self.source, site=site)
        today = datetime.date.today()
        found = check_content(content, site.facts, site.languages, FORMS, today, self.docs, (), {key})
        self.add_findings([*found, *check_editorial(Content({key: content.pages[key]}), site.facts, [])])
        text = content.pages[key].texts[language.code]
        if any(one.file == text.file for one in errors(found)):
            return url
        if before is None or before.front_matter != text.front_matter or heading_ids(before) != heading_ids(text):
            return set()  # other pages show this one's title; the build brings them together
        for name, html in self.run_mkdocs.render(self.source, language, {key}, self.templates_dir).items():
            self.shown[name] = html
            write_atomically(self.pages_dir / name, html)
        return url

    def add_findings(self, found: Iterable[Finding]) -> None:
        """Add findings to those that the bar shows."""
        for one in found:
            row = {"file": one.file, "line": one.line, "level": one.level, "what": one.message, "remedy": one.hint}
            self.findings.setdefault(one.file, []).append(row)

    def inspect_all(self) -> None:
        """Find everything there is to find on all pages."""
        self.findings = {}
        self.add_findings(
            one for one in run_checks(self.docs, words=False).findings if one.file.startswith(("docs/", f"{CITY}/"))
        )

    def publish(self, urls: Iterable[str] = ()) -> None:
        """Report changed pages to the middleware; ``*`` means every page."""
        if urls:
            self.version += 1
            self.pages |= dict.fromkeys(urls, self.version)
        state = {"version": self.version, "pages": self.pages, "findings": self.findings, "fault": self.build_error}
        write_atomically(state_file(self.site_dir), json.dumps(state).encode())
        self.unpublished = False

    def poll_build(self) -> None:
        """Have the whole site built once nobody has saved for a moment; notify the pages when it is done."""
        if self.builder is not None:
            if self.builder.poll() is not None:
                self.on_build_finished(self.builder)
        elif self.wants_build and time.monotonic() > max(self.changed_at + DEBOUNCE_SECONDS, self.retry_at):
            manifest = read_manifest(self.site_dir)
            pdf = "--pdf" if manifest and manifest.pdf else "--no-pdf"
            self.builder = subprocess.Popen(
                [sys.executable, "-m", "kim", "build", "--site-dir", str(self.site_dir), pdf],
                cwd=self.root, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, encoding="utf-8", errors="replace",
            )  # fmt: skip
            self.wants_build, self.seen_by_build = False, dict(self.shown)

    def on_build_finished(self, builder: subprocess.Popen[str]) -> None:
        """Use the site that was built in the background, or report the error."""
        _out, message = builder.communicate()
        self.builder = None
        self.build_error = "" if builder.returncode == 0 else message.strip() or "Der Bau ist fehlgeschlagen."
        if not self.build_error:
            for name, html in self.seen_by_build.items():
                if self.shown.get(name) == html:  # not saved again while the build ran
                    del self.shown[name]
                    remove(self.pages_dir / name)
            self.source = load_source(self.docs)
            self.inspect_all()
        self.publish({"*"})


def watch(folders: Iterable[Path], changes: queue.SimpleQueue[str]) -> BaseObserver:
    """Begin to collect changes in folders and all folders below them.

    Where the system reports none – no inotify watch is left, a network drive – the folders are looked through every two
    seconds.
    """
    rows, observer = list(folders), Observer()
    try:
        for folder in rows:
            observer.schedule(ChangeCollector(changes), str(folder), recursive=True)
        observer.start()
    except OSError:
        observer = PollingObserver(timeout=POLL_SECONDS)
        for folder in rows:
            observer.schedule(ChangeCollector(changes), str(folder), recursive=True)
        observer.start()
    return observer


def is_temporary(path: str) -> bool:
    """Return whether a file or folder is one that editors' programs and Python make for themselves."""
    name = path.rpartition(os.sep)[2]
    return name.startswith(".") or name.endswith(("~", ".swp", ".tmp")) or f"{os.sep}__pycache__" in path


def describe_error(error: BaseException) -> str:
    """Return an error as an editor reads it, in German."""
    if isinstance(error, ContentError):
        return str(error)
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}. Prüfen Sie, ob die Datei da ist und ob Sie sie lesen und schreiben dürfen."
    what = " ".join(f"{type(error).__name__}: {error}".split())
    return f"Die Vorschau ist auf einen Fehler im Programm gestoßen ({what}). Sie sieht weiter nach; im Terminal steht mehr."


if __name__ == "__main__":
    Watcher(Path(sys.argv[1])).run(int(sys.argv[2]))
