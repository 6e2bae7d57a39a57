"""The preview's watcher: a process beside the server that brings what was saved into the built site.

A saved page whose title and headings stayed the same is drawn alone, at once. Everything else – and in any case
whatever other pages show of it – comes with a build in the background.

Whatever goes wrong in a turn is shown in the bar and written to standard error; the next turn looks again. Somebody is in
the middle of writing: broken files, folders that are gone and full disks are the normal case here.
"""

from __future__ import annotations

import datetime
import json
import os
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

from core.findings import ContentError, Finding, errors
from core.languages import Language, default_language, load_languages
from core.project import ROOT
from editorial.build.manifest import read_manifest, write_manifest
from editorial.build.mkdocs_runner import prepare, settings_of
from editorial.build.previewed import note
from editorial.build.single import draw
from editorial.build.writer import put
from editorial.checks.content import check_content, check_editorial
from editorial.checks.runner import run_checks
from editorial.checks.structure import heading_ids
from editorial.content.facts import load_facts
from editorial.content.pages import Content, reload_page
from editorial.preview.middleware import state_file
from editorial.render.site import read_house
from editorial.translations.lockfile import load_lock
from editorial.translations.state import page_state
from form_handler.forms import FORMS

LOOK_SECONDS = 0.1
QUIET_SECONDS = 1.0
AGAIN_SECONDS = 5.0  # until something that failed for no fault of a file is tried once more
WATCHED = ("docs", "overrides")
PAGE = re.compile(r"docs/([a-z]{2})/(.+)\.md")


class Watcher:
    """Sees what was saved and brings it into the built site."""

    def __init__(self, site_dir: Path, root: Path = ROOT) -> None:
        self.site_dir, self.root, self.docs = site_dir, root, root / "docs"
        self.version = 0
        self.pages: dict[str, int] = {}
        self.findings: dict[str, list[dict[str, Any]]] = {}
        self.fault = ""
        self.seen: dict[str, int] = {}
        self.builder: subprocess.Popen[str] | None = None
        self.changed_at = 0.0
        self.wants_build = False
        self.put_since: dict[Path, bytes] = {}
        self.ready = False
        self.unsaid = False
        self.retry_at = 0.0
        self.part = Path(tempfile.mkdtemp(prefix="kim-preview-"))

    def look(self) -> set[str]:
        """Return the files that were saved, made or removed since the last look."""
        now: dict[str, int] = {}
        for name in WATCHED:
            for folder, folders, files in os.walk(self.root / name):
                folders[:] = [one for one in folders if not one.startswith((".", "__"))]
                for file in files:
                    if not file.startswith(".") and not file.endswith(("~", ".swp", ".tmp")):
                        path = f"{folder}{os.sep}{file}"
                        try:
                            now[path] = Path(path).stat().st_mtime_ns
                        except OSError:
                            continue  # an editor that saves by renaming
        changed = {path for path in now.keys() | self.seen.keys() if now.get(path) != self.seen.get(path)}
        self.seen = now
        return changed

    def start(self) -> None:
        """Read everything once and draw one page, so that the first saved page is as fast as the others."""
        load_facts.cache_clear()
        self.house = prepare(self.docs, None)
        self.settings = settings_of(self.docs)
        draw(self.settings, self.house, self.docs, {default_language().code: {"index"}}, self.part)
        self.inspect_all()
        urls, self.fault, self.ready = {"*"} if self.fault else set(), "", True
        self.publish(urls)

    def run(self, parent: int) -> None:
        """Watch until the server has ended."""
        self.look()
        while os.getppid() == parent:
            self.turn()
            time.sleep(LOOK_SECONDS)
        if self.builder is not None:
            self.builder.terminate()

    def turn(self) -> None:
        """Bring what was saved into the site; whatever goes wrong is shown, and the next turn looks again."""
        for step in (self.see, self.tend_builder):
            try:
                step()
            except (Exception, SystemExit) as error:  # MkDocs ends with the latter
                self.fail(error)

    def see(self) -> None:
        """Look what was saved, and draw it where that is possible at once."""
        changed = self.look()
        if changed:
            self.changed_at, self.wants_build, self.retry_at = time.monotonic(), True, 0.0
        if not self.ready:
            if time.monotonic() >= self.retry_at:
                self.start()
        elif changed:
            self.take(changed)
        if self.unsaid:
            self.publish()

    def fail(self, error: BaseException) -> None:
        """Show what went wrong, once, and write down where."""
        self.retry_at = time.monotonic() + AGAIN_SECONDS
        said = in_words(error)
        if said == self.fault:
            return
        self.fault = said
        if not isinstance(error, ContentError):
            print_exception(error)
        try:
            self.publish({"*"})
        except Exception:
            self.unsaid = True  # the disk is full, or the folder is gone: it is said as soon as that is possible

    def take(self, changed: set[str]) -> None:
        """Draw what was saved at once where that is possible; the rest comes with the build."""
        fresh: set[str] = set()
        for path in sorted(changed):
            match = PAGE.fullmatch(Path(path).relative_to(self.root).as_posix())
            language = next((row for row in load_languages() if match and row.code == match[1]), None)
            if match and language and match[2] in self.house.content.pages and Path(path).exists():
                fresh |= self.page(language, match[2])
        if fresh:
            self.publish(fresh)

    def page(self, language: Language, key: str) -> set[str]:
        """Read one saved page again, draw it if it is right, and return the addresses that are new."""
        before = self.house.content.pages[key].texts.get(language.code)
        url = {unquote(self.house.content.pages[key].url(language))}
        content = reload_page(self.house.content, self.docs, language.code, key)
        for row in load_languages():
            self.findings.pop(f"docs/{row.code}/{key}.md", None)
        if isinstance(content, list):
            self.note(content)
            return url
        states = dict(self.house.states)
        if (key, language.code) in states:
            entry = load_lock(self.docs).entries.get((key, language.code))
            states[key, language.code] = page_state(self.docs, content.pages[key], language, entry)
        self.house = replace(self.house, content=content, states=states, links={})
        today = datetime.date.today()
        found = check_content(content, self.house.facts, self.house.languages, FORMS, today, self.docs, (), {key})
        self.note([*found, *check_editorial(Content({key: content.pages[key]}), self.house.facts, [])])
        text = content.pages[key].texts[language.code]
        if any(one.file == text.file for one in errors(found)):
            return url
        if before is None or before.front_matter != text.front_matter or heading_ids(before) != heading_ids(text):
            return set()  # other pages show this one's title; the build brings them together
        self.draw(key, language)
        return url

    def draw(self, key: str, language: Language) -> None:
        """Draw one page and put it into the site in place, if there is one; else the build brings it."""
        if not (self.site_dir / "index.html").exists():
            return
        manifest = read_manifest(self.site_dir) if self.builder is None else None
        for file in draw(self.settings, self.house, self.docs, {language.code: {key}}, self.part):
            place = self.site_dir / file.relative_to(self.part)
            self.put_since[place] = file.read_bytes()
            note(self.site_dir, language.code, key)
            put(place, self.put_since[place])
        if manifest is not None:
            write_manifest(self.site_dir, manifest)  # we know what we changed; the next build draws that page anyway

    def note(self, found: Iterable[Finding]) -> None:
        """Add findings to what the bar shows."""
        for one in found:
            row = {"file": one.file, "line": one.line, "level": one.level, "what": one.message, "remedy": one.hint}
            self.findings.setdefault(one.file, []).append(row)

    def inspect_all(self) -> None:
        """Find everything there is to find on all pages."""
        self.findings = {}
        self.note(one for one in run_checks(self.docs, words=False).findings if one.file.startswith("docs/"))

    def publish(self, urls: Iterable[str] = ()) -> None:
        """Tell the middleware what is new; ``*`` stands for every page."""
        if urls:
            self.version += 1
            self.pages |= dict.fromkeys(urls, self.version)
        path = state_file(self.site_dir)
        state = {"version": self.version, "pages": self.pages, "findings": self.findings, "fault": self.fault}
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(state), "utf-8")
        fresh.replace(path)
        self.unsaid = False

    def tend_builder(self) -> None:
        """Have the whole site built once nobody has saved for a moment; tell the pages when it is done."""
        if self.builder is not None:
            if self.builder.poll() is not None:
                self.built(self.builder)
        elif self.wants_build and time.monotonic() > max(self.changed_at + QUIET_SECONDS, self.retry_at):
            manifest = read_manifest(self.site_dir)
            pdf = "--pdf" if manifest and manifest.pdf else "--no-pdf"
            self.builder = subprocess.Popen(
                [sys.executable, "-m", "kim", "build", "--site-dir", str(self.site_dir), pdf],
                cwd=self.root, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, encoding="utf-8", errors="replace",
            )  # fmt: skip
            self.wants_build, self.put_since = False, {}

    def built(self, builder: subprocess.Popen[str]) -> None:
        """Take up the site that was built in the background, or say why there is none."""
        _out, said = builder.communicate()
        self.builder = None
        self.fault = "" if builder.returncode == 0 else said.strip() or "Der Bau ist fehlgeschlagen."
        for place, data in self.put_since.items():  # saved while the build ran, so it has not seen that
            if self.wants_build and place.parent.exists():
                put(place, data)
        if not self.fault:
            load_facts.cache_clear()
            self.house = read_house(self.docs)
            self.inspect_all()
        self.publish({"*"})


def in_words(error: BaseException) -> str:
    """Return what went wrong as an editor reads it, in German."""
    if isinstance(error, ContentError):
        return str(error)
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}. Prüfen Sie, ob die Datei da ist und ob Sie sie lesen und schreiben dürfen."
    what = " ".join(f"{type(error).__name__}: {error}".split())
    return f"Die Vorschau ist auf einen Fehler im Programm gestoßen ({what}). Sie sieht weiter nach; im Terminal steht mehr."


if __name__ == "__main__":
    Watcher(Path(sys.argv[1])).run(int(sys.argv[2]))
