"""The translators' start page: their own languages only, outdated and missing pages, those that matter most first."""

from collections import Counter

from flask import g, request
from msgspec import Struct
from werkzeug.wrappers import Response as BaseResponse

from core.gettext import gettext as _
from core.languages import Language, default_language
from editing import drafts
from editing.paths import split_name
from editing.translation.ranking import rank_pages
from editing.translation.words import list_entries
from editing.views.blueprint import WRITERS, find_words, may_edit, translating, workspace
from editing.views.labels import page_state_label
from form_handler.current import database
from form_handler.staff.layout import render

# The states of a page, most urgent first.
ORDER = ("stale", "missing", "unreviewed", "fresh", "reviewed")
OPEN = ("stale", "missing")


class OverviewRow(Struct, frozen=True):
    """One page in one language.

    :ivar stale: how many of its paragraphs are outdated.
    """

    key: str
    title: str
    state: str
    stale: int
    draft: drafts.Draft | None


def own_languages() -> list[Language]:
    """Return the languages that the account may translate into."""
    return [row for row in workspace().site().languages if not row.default and may_edit(row.code)]


def overview_rows(language: Language) -> list[OverviewRow]:
    """Return all pages of a language: open ones first, then by their importance to readers."""
    site = workspace().site()
    open_drafts = {split_name(one.path): one for one in drafts.list_drafts(database())}
    found = []
    for key in rank_pages(site.content):
        state = site.states.get((key, language.code))
        if state is None:
            continue
        title = site.content.pages[key].text(default_language()).front_matter.title or key
        found.append(OverviewRow(key, title, state.state, len(state.changed), open_drafts.get((language.code, key))))
    return sorted(found, key=lambda row: ORDER.index(row.state))


def state_counts(language: Language) -> list[tuple[str, int]]:
    """Return how many pages of a language are in each state."""
    counted: Counter[str] = Counter(
        state.state for (_key, code), state in workspace().site().states.items() if code == language.code
    )
    return [(name, counted[name]) for name in ORDER]


def words_counts(language: Language) -> tuple[int, int] | None:
    """Return how many sentences of the interface are missing, and changed in the draft; None where they are not edited."""
    file = find_words(language.code)
    if file is None:
        return None
    published = {one.id: one.words for one in list_entries(file.published or "")}
    entries = list_entries(file.catalog)
    return sum(not one.is_translated for one in entries), sum(published.get(one.id) != one.words for one in entries)


@translating.route("/", role=WRITERS)
def show_overview() -> BaseResponse:
    """Show the languages of the account, and the pages of one of them."""
    languages = own_languages()
    code, what = request.args.get("language", "")[:8], request.args.get("what", "")[:20]
    language = next(
        (row for row in languages if row.code == code), languages[0] if len(languages) == 1 and not code else None
    )
    wrong = bool(code and language is None) or bool(what and what not in ORDER)
    rows = overview_rows(language) if language and not wrong else []
    shown = [row for row in rows if (row.state == what if what else row.state in OPEN or row.draft)]
    return render(
        "translate/overview", status=400 if wrong else 200, title=_("Translating"), languages=languages, language_row=language, rows=shown,
        what=what, counts={row.code: state_counts(row) for row in languages}, total=len(rows), page_state_label=page_state_label,
        error=_("There is no such language among yours.") if wrong else "",
        scratches=[one for one in drafts.list_scratches(database(), g.account.id) if any(split_name(one.path)[0] == row.code for row in languages)],
        split_name=split_name, words=words_counts(language) if language else None,
    )  # fmt: skip
