"""The editors' dashboard: one static page, in German, with all open tasks; never part of the public site.

``kim dashboard`` writes it to ``var/dashboard/index.html``. It works without script: the filters are the browser's own
``:has()``. Everything on it is computed from the current files.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from babel.dates import format_date
from msgspec import Struct

from core.findings import Finding
from core.languages import Language, load_languages
from core.overlay import shown_page
from core.project import ROOT, load_site_settings
from editorial.checks.links.external_links import HISTORY_FILE, dead_links
from editorial.checks.runner import CheckReport, run_checks
from editorial.content.history import LastChanges, read_last_changes
from editorial.content.pages import Content, Page
from editorial.translations.report import catalog_stats
from editorial.translations.state import STATE_LABELS, TranslationState, translation_states

if TYPE_CHECKING:
    from form_handler.search_misses import SearchMiss

DEFAULT_PATH = ROOT / "var" / "dashboard" / "index.html"


class DashboardRow(Struct, frozen=True):
    """One page on the dashboard.

    :ivar states: by language code, the state of its translation; None where the page should not exist.
    :ivar errors: how many errors its files have.
    :ivar notices: how many notices.
    :ivar tags: the tags that the filters select.
    """

    page: Page
    section: str
    states: dict[str, TranslationState | None]
    errors: int
    notices: int
    overdue: bool
    tags: str


def dashboard_rows(
    content: Content,
    languages: tuple[Language, ...],
    states: dict[tuple[str, str], TranslationState],
    found: list[Finding],
    today: datetime.date,
    recent: set[str],
) -> list[DashboardRow]:
    """Return all pages in the order of the site, with the tasks of each."""
    result = []
    for page in sorted(content.pages.values(), key=lambda page: (page.slug.count("/") > 1, page.key)):
        own: dict[str, TranslationState | None] = {
            row.code: states.get((page.key, row.code)) for row in languages if not row.default
        }
        files = {text.file for text in page.texts.values()}
        mine = [one for one in found if one.file in files and one.code not in {"translations", "unconfirmed"}]
        overdue = page.front_matter.review_by < today
        tags: list[str] = [state.state for state in own.values() if state]
        tags += [f"{state.state}-{state.language}" for state in own.values() if state]
        tags += ["overdue"] * overdue + ["open"] * (not page.front_matter.confirmed)
        tags += ["error"] * any(one.level == "error" for one in mine) + ["notice"] * bool(mine)
        tags += ["recent"] * bool(files & recent)
        result.append(
            DashboardRow(
                page,
                page.key.split("/")[0] if "/" in page.key else "",
                own,
                sum(one.level == "error" for one in mine),
                sum(one.level == "notice" for one in mine),
                overdue,
                " ".join(sorted(set(tags))),
            )
        )
    return sorted(result, key=lambda row: (row.section, row.page.front_matter.order, row.page.key))


def recent_files(docs: Path, known: LastChanges, today: datetime.date) -> dict[str, datetime.datetime]:
    """Return the pages changed this month, with their time, newest first."""
    month = {
        shown_page(docs, *name.removesuffix(".md").split("/", 1)): when
        for name, when in known.items()
        if name.endswith(".md") and "/" in name and (when.year, when.month) == (today.year, today.month)
    }
    return dict(sorted(month.items(), key=lambda row: (row[1], row[0]), reverse=True))


def render_dashboard(
    report: CheckReport,
    docs: Path,
    today: datetime.date,
    out: Path,
    memory: Path = HISTORY_FILE,
    misses: Sequence[SearchMiss] | None = None,
) -> str:
    """Return the dashboard as HTML; links to files are relative to ``out``.

    :param misses: searches without a hit; None if it is not known.
    """
    languages = load_languages()
    states = translation_states(docs, report.content, languages)
    recent = recent_files(docs, read_last_changes(docs), today)
    open_facts = [one for one in report.findings if one.code in {"unconfirmed", "consent"}]
    todo = [one for one in report.findings if one.code not in {"unconfirmed", "consent", "unreviewed", "translations"}]
    table = dashboard_rows(report.content, languages, states, todo, today, set(recent))
    others = [row for row in languages if not row.default]
    totals = {row.code: dict.fromkeys(STATE_LABELS, 0) for row in others}
    for state in states.values():
        totals[state.language][state.state] += 1
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(ROOT / "overrides"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )

    def source(file: str) -> str:
        return Path(os.path.relpath(docs.parent / file, out.parent)).as_posix()

    env.filters["source"] = source
    env.filters["file"] = lambda key, code: shown_page(docs, code, key)
    env.filters["day"] = lambda value: format_date(value, "d. MMM yyyy", locale="de")
    context: dict[str, Any] = {
        "site": load_site_settings()["name"],
        "today": today,
        "languages": others,
        "states": STATE_LABELS,
        "rows": table,
        "sections": sorted({row.section for row in table}),
        "totals": totals,
        "words": catalog_stats(tuple(others)),
        "stale": [state for state in states.values() if state.is_stale],
        "overdue": [row for row in table if row.overdue],
        "open": open_facts,
        "errors": [one for one in todo if one.level == "error"],
        "notices": [one for one in todo if one.level == "notice"],
        "dead": dead_links(memory),
        "recent": recent,
        "misses": misses,
    }
    return env.get_template("dashboard.html").render(context)


def write_dashboard(
    out: Path = DEFAULT_PATH,
    docs: Path = ROOT / "docs",
    today: datetime.date | None = None,
    misses: Sequence[SearchMiss] | None = None,
) -> Path:
    """Write the dashboard and return its path.

    :param misses: searches without a hit; None if it is not known.
    :raises OSError: if the file cannot be written; an older file stays as it is.
    """
    today = today or datetime.date.today()
    html = render_dashboard(run_checks(docs, today, show_pending=True), docs, today, out, misses=misses)
    out.parent.mkdir(parents=True, exist_ok=True)
    fresh = out.with_suffix(".new")
    fresh.write_text(html, "utf-8")
    fresh.replace(out)
    return out
