"""When each page was last changed, by the version history."""

import datetime
import os
import subprocess
from collections.abc import Collection, Mapping
from pathlib import Path

from core.clock import utc_now
from core.languages import Language
from core.overlay import CITY_PAGES
from editorial.content.pages import Page

LastChanges = Mapping[str, datetime.datetime]


def read_last_changes(docs: Path) -> dict[str, datetime.datetime]:
    """Return when each file of a page was last committed, by language and key: ``de/kontakt.md``; empty outside of git.

    One call for all files: git writes each commit's name and time, then the files it touched, newest commit first.
    A file that was moved without a change keeps the time of its last change. A shallow clone ends in commits whose parents
    it lacks. Such a commit seems to touch every file: its dates are unknown, so a file that no later commit has touched
    is missing here. A time in the future is unknown, too.
    """
    folders = [docs.name, CITY_PAGES]
    log = ["log", "--format=%x00%H %ct", "--name-status", "-M100%", "--no-color", "--relative", "--", *folders]
    known, log_text = _git(docs.parent, "rev-parse", "--git-path", "shallow"), _git(docs.parent, *log)
    if known is None or log_text is None:
        return {}
    try:
        boundary = set((docs.parent / known.strip()).read_text("ascii").split())
    except (OSError, UnicodeDecodeError):
        boundary = set()
    changes = _newest_changes(log_text, boundary)
    own = docs.parent / CITY_PAGES
    return {**_below(changes, f"{docs.name}/"), **(_below(changes, f"{CITY_PAGES}/") if own.is_dir() else {})}


def _newest_changes(log_text: str, boundary: Collection[str]) -> dict[str, datetime.datetime]:
    """Return the time of the newest commit that changed each file, by the path that it has today."""
    latest = utc_now() + datetime.timedelta(days=1)
    found: dict[str, datetime.datetime] = {}
    unknown: set[str] = set()
    today: dict[str, str] = {}  # the path of today by the one that a file had before it was moved
    for commit in log_text.split("\0")[1:]:
        head, *rows = commit.split("\n")
        name, _blank, seconds = head.partition(" ")
        try:
            when = datetime.datetime.fromtimestamp(int(seconds), datetime.UTC)
        except (ValueError, OverflowError, OSError):
            when = latest
        moved: dict[str, str] = {}
        for row in filter(None, rows):
            status, *paths = row.split("\t")
            file = today.get(paths[-1], paths[-1])
            if status == "R100":
                moved[paths[0]] = file
            elif name in boundary or when >= latest:
                unknown.add(file)
            elif file not in unknown:
                found.setdefault(file, when)
        today |= moved
    return found


def _below(changes: LastChanges, start: str) -> dict[str, datetime.datetime]:
    return {path.removeprefix(start): when for path, when in changes.items() if path.startswith(start)}


def _git(folder: Path, *words: str) -> str | None:
    """Return the output of git, by its own history alone (no grafts, no replaced commits); None if there is none."""
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
    """Return when a page's text was last changed: by git, else the month its facts are from."""
    when = known.get(f"{language.code}/{page.key}.md")
    if when is None and page.front_matter.as_of:
        year, month = map(int, page.front_matter.as_of.split("-"))
        when = datetime.datetime(year, month, 1, tzinfo=datetime.UTC)
    return when
