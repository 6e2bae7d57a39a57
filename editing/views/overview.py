"""The overview of the editor: all pages by language with their state, drafts, writers and open tasks."""

import datetime
from collections import Counter
from typing import Any

from flask import g, request
from msgspec import Struct
from werkzeug.wrappers import Response as BaseResponse

from core.clock import utc_now
from core.folding import fold_text
from core.gettext import gettext as _
from core.overlay import shown_page
from editing import drafts
from editing.findings import want_findings
from editing.paths import split_name
from editing.views.blueprint import OFFICE, READERS, pages, workspace
from editing.views.labels import page_state_label
from editorial.content.local_version import shared_has_changed
from editorial.content.pages import Page
from form_handler.current import database
from form_handler.staff.auth.roles import EDIT
from form_handler.staff.layout import render

WHAT = (
    "draft",
    "review",
    "problem",
    "overdue",
    "unconfirmed",
    "errors",
    "notices",
    "stale",
    "missing",
    "unreviewed",
    "version",
    "upstream",
)


class OverviewRow(Struct, frozen=True):
    """One page in the overview.

    :ivar states: the state of the translation by language code.
    :ivar tags: values that a filter may have.
    :ivar upstream: the language whose version of the shared page is to be compared with it again; empty if none is.
    """

    key: str
    title: str
    section: str
    states: dict[str, str]
    drafts: dict[str, drafts.Draft]
    writing: tuple[str, ...]
    errors: int
    notices: int
    overdue: datetime.date | None
    unconfirmed: str
    tags: frozenset[str]
    upstream: str = ""


def what_label(name: str) -> str:
    """Return the name of a filter."""
    return {
        "draft": _("with a draft"), "review": _("waiting for a review"), "problem": _("not published, with a reason"),
        "overdue": _("review overdue"), "unconfirmed": _("not officially confirmed"), "errors": _("with errors"), "notices": _("with notices"),
        "version": _("own version of a shared page"), "upstream": _("shared page changed since"), "stale": _("translation outdated"), "missing": _("translation missing"), "unreviewed": _("translation not reviewed"),
    }[name]  # fmt: skip


def overview_rows() -> list[OverviewRow]:
    """Return every page, and every draft of a new one, in the order of the site."""
    site, today = workspace().site(), datetime.date.today()
    open_drafts = drafts.list_drafts(database())
    writing = [(name, path) for name, path, _place in drafts.who_is_writing(database(), utc_now())]
    counts = workspace().finding_counts()
    found = []
    for page in site.content.pages.values():
        own = {split_name(one.path)[0]: one for one in open_drafts if split_name(one.path)[1] == page.key}
        found.append(
            _row(page, own, [name for name, path in writing if split_name(path)[1] == page.key], counts, today)
        )
    for one in open_drafts:
        code, key = split_name(one.path)
        if key and key not in site.content.pages:
            section = key.partition("/")[0] if "/" in key else ""
            found.append(OverviewRow(key, key, section, {}, {code: one}, (), 0, 0, None, "", frozenset({"draft"})))
    return sorted(found, key=lambda row: (row.section, row.key != f"{row.section}/index", row.key))


def _row(
    page: Page, own: dict[str, drafts.Draft], writing: list[str], counts: dict[str, Counter[str]], today: datetime.date
) -> OverviewRow:
    site = workspace().site()
    states: dict[str, str] = {code: state.state for (key, code), state in site.states.items() if key == page.key}
    files = [counts.get(shown_page(workspace().docs, row.code, page.key), Counter()) for row in site.languages]
    errors, notices = sum(one["error"] for one in files), sum(one["notice"] for one in files)
    header = page.front_matter
    overdue = header.review_by if header.review_by < today else None
    tags = set(states.values())
    tags |= {"draft"} if own else set()
    tags |= {"review"} if any(one.asked for one in own.values()) else set()
    tags |= {"problem"} if any(one.problem for one in own.values()) else set()
    tags |= {"overdue"} if overdue else set()
    tags |= set() if header.confirmed else {"unconfirmed"}
    tags |= ({"errors"} if errors else set()) | ({"notices"} if notices else set())
    versions = [one for one in page.texts.values() if one.front_matter.shared_version]
    tags |= {"version"} if versions else set()
    docs = workspace().docs
    changed = [one for one in versions if shared_has_changed(docs, one.file, one.front_matter.shared_version)]
    tags |= {"upstream"} if changed else set()
    section = page.key.partition("/")[0] if "/" in page.key else ""
    title = next(iter(page.texts.values())).front_matter.title
    return OverviewRow(page.key, title, section, states, own, tuple(dict.fromkeys(writing)), errors, notices, overdue,
                   "" if header.confirmed else header.confirm or "", frozenset(tags), split_name(changed[0].file)[0] if changed else "")  # fmt: skip


@pages.route("/", role=READERS)
def show_overview() -> BaseResponse:
    """Show the overview; the filters are a form of the GET method."""
    site = workspace().site()
    want_findings(workspace().findings_file)
    rows = overview_rows()
    values = {name: request.args.get(name, "")[:100] for name in ("q", "section", "what", "language")}
    errors: dict[str, str] = {}
    codes = {row.code for row in site.languages if not row.default}
    sections = sorted({row.section for row in rows})
    for name, allowed in (("what", set(WHAT)), ("language", codes), ("section", {*sections, "_top"})):
        if values[name] and values[name] not in allowed:
            errors[name] = _("There is no such filter.")
    shown = [] if errors else [row for row in rows if _matches(row, values)]
    mine = g.account.roles
    own_codes = [row.code for row in site.languages if EDIT in mine or f"translate:{row.code}" in mine]
    return render(
        "pages/overview", status=400 if errors else 200, title=_("Pages"), rows=shown, total=len(rows), values=values, errors=errors,
        languages=site.languages, sections=sections, what=[(name, what_label(name)) for name in WHAT], counts=_counts(rows), own_codes=own_codes,
        error=_("The filter is not right, so nothing is shown.") if errors else "", scratches=drafts.list_scratches(database(), g.account.id),
        checked_at=workspace().findings_time(), what_label=what_label, split_name=split_name, page_state_label=page_state_label,
        is_office=g.account.has_role(*OFFICE), may_create=g.account.has_role(EDIT),
    )  # fmt: skip


def _matches(row: OverviewRow, values: dict[str, str]) -> bool:
    if values["q"] and not all(word in fold_text(f"{row.title} {row.key}") for word in fold_text(values["q"]).split()):
        return False
    if values["section"] and row.section != ("" if values["section"] == "_top" else values["section"]):
        return False
    if values["language"] and values["what"] in ("stale", "missing", "unreviewed", "draft"):
        code = values["language"]
        return code in row.drafts if values["what"] == "draft" else row.states.get(code) == values["what"]
    return not values["what"] or values["what"] in row.tags


def _counts(rows: list[OverviewRow]) -> list[tuple[str, int]]:
    counted: Counter[Any] = Counter(tag for row in rows for tag in row.tags)
    return [
        (name, counted[name])
        for name in ("draft", "review", "problem", "overdue", "unconfirmed", "errors", "notices", "stale", "upstream")
    ]
