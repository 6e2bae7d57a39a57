"""When each page was last changed, as the version history knows it."""

from __future__ import annotations

import datetime
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from core.languages import Language
from core.overlay import CITY_PAGES
from editorial.content.pages import Page

LastChanges = Mapping[str, datetime.datetime]


def read_last_changes(docs: Path) -> dict[str, datetime.datetime]:
    """Return when each file of a page was last committed, by language and key: ``de/kontakt.md``; empty outside of git."""
    own = docs.parent / CITY_PAGES
    return {**_read_folder(docs), **(_read_folder(own) if own.is_dir() else {})}


def _read_folder(docs: Path) -> dict[str, datetime.datetime]:
    """Return when each file below a folder was last committed, by its path there.

    One call for all files: git writes each commit's name and time, then the files it touched, newest commit first.
    A shallow clone ends in commits whose parents it lacks. Such a commit seems to touch every file: what it says is not
    known, so a file that no later commit has touched is missing here. A time that lies ahead is not known either.
    """
    log = ["log", "--format=%x00%H %ct", "--name-only", "--no-color", "--relative", "--", "."]
    known, said = _git(docs, "rev-parse", "--git-path", "shallow"), _git(docs, *log)
    if known is None or said is None:
        return {}
    try:
        boundary = set((docs / known.strip()).read_text("ascii").split())
    except (OSError, UnicodeDecodeError):
        boundary = set()
    latest = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)
    found: dict[str, datetime.datetime] = {}
    unknown: set[str] = set()
    for commit in said.split("\0")[1:]:
        head, *files = commit.split("\n")
        name, _blank, seconds = head.partition(" ")
        try:
            when = datetime.datetime.fromtimestamp(int(seconds), datetime.UTC)
        except (ValueError, OverflowError, OSError):
            when = latest
        for file in filter(None, files):
            if name in boundary or when >= latest:
                unknown.add(file)
            elif file not in unknown:
                found.setdefault(file, when)
    return found


def _git(folder: Path, *words: str) -> str | None:
    """Return what git says, by its own history alone (no grafts, no replaced commits); None if it says nothing."""
    settings = ("-c", "core.quotePath=off", "-c", "log.showSignature=false")
    try:
        done = subprocess.run(
            ["git", "--no-replace-objects", *settings, *words], cwd=folder, capture_output=True, timeout=60,
            encoding="utf-8", errors="replace", env={**os.environ, "GIT_GRAFT_FILE": os.devnull},
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout if done.returncode == 0 else None


def last_change(page: Page, language: Language, known: LastChanges) -> datetime.datetime | None:
    """Return when a page's text was last changed: as git knows it, else the month its facts are from."""
    when = known.get(f"{language.code}/{page.key}.md")
    if when is None and page.front_matter.as_of:
        year, month = map(int, page.front_matter.as_of.split("-"))
        when = datetime.datetime(year, month, 1, tzinfo=datetime.UTC)
    return when
