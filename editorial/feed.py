"""Changed pages: when each was last changed, and an Atom feed (RFC 4287) of them for every language."""

from __future__ import annotations

import datetime
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from editorial.content import Content, Page
from editorial.languages import Language
from editorial.words import gettext as _
from editorial.xml_text import escape, quoteattr

ENTRIES = 40
SINCE = 2026  # RFC 4151: the year from which on the host name stands for this site; never changed, or ids change
Changes = Mapping[str, datetime.datetime]


def changes(docs: Path) -> dict[str, datetime.datetime]:
    """Return when each file below ``docs`` was last committed, by its path there; empty outside a git checkout.

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


def changed(page: Page, language: Language, known: Changes) -> datetime.datetime | None:
    """Return when a page's text was last changed: as git knows it, else the month its facts are from."""
    when = known.get(f"{language.code}/{page.key}.md")
    if when is None and page.facts.as_of:
        year, month = map(int, page.facts.as_of.split("-"))
        when = datetime.datetime(year, month, 1, tzinfo=datetime.UTC)
    return when


def atom(content: Content, language: Language, known: Changes, site_name: str, site_url: str) -> str:
    """Return a language's feed: its own texts, last changed first."""
    base = site_url.rstrip("/")
    tag = f"tag:{urlsplit(site_url).hostname or 'localhost'},{SINCE}:"
    dated = [
        (when, page)
        for page in content.pages.values()
        if page.is_translated(language) and (when := changed(page, language, known))
    ]
    dated.sort(key=lambda row: row[1].slug)
    dated.sort(key=lambda row: row[0], reverse=True)
    newest = dated[0][0] if dated else datetime.datetime(SINCE, 1, 1, tzinfo=datetime.UTC)
    rows = [
        f"<entry>\n<title>{escape(page.text(language).header.title)}</title>\n"
        f"<id>{escape(tag + page.url(language))}</id>\n<updated>{stamp(when)}</updated>\n"
        f"<link href={quoteattr(base + page.url(language))}/>\n"
        f"<summary>{escape(page.text(language).header.description)}</summary>\n</entry>"
        for when, page in dated[:ENTRIES]
    ]
    title = _("Changed pages – %(site)s", site=site_name)
    return "\n".join(
        (
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang={quoteattr(language.code)}>',
            f"<title>{escape(title)}</title>",
            f"<id>{escape(tag + language.root)}</id>",
            f"<updated>{stamp(newest)}</updated>",
            f"<author><name>{escape(site_name)}</name></author>",
            f'<link rel="self" type="application/atom+xml" href={quoteattr(base + language.root + "feed.xml")}/>',
            f'<link rel="alternate" type="text/html" href={quoteattr(base + language.root)}/>',
            *rows,
            "</feed>\n",
        )
    )


def stamp(when: datetime.datetime) -> str:
    """Return a moment as RFC 3339 writes it."""
    return when.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
