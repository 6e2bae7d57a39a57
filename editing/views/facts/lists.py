"""Lists of facts: all kinds, and the entries of one kind."""

import datetime
from typing import Any

from flask import g, request
from msgspec import Struct
from werkzeug.wrappers import Response as BaseResponse

from core.gettext import gettext as _
from core.overlay import CITY
from core.text.yaml import parse_bool
from editing.forms import facts
from editing.forms.facts import KINDS
from editing.paragraphs.reading import EditError
from editing.views.blueprint import OFFICE, pages, publish_address, workspace
from editing.views.facts.entries import find_files
from editing.views.labels import facts_label
from form_handler.current import database
from form_handler.staff.auth.roles import EDIT
from form_handler.staff.layout import render


class FactRow(Struct, frozen=True):
    """One entry in a list.

    :ivar changed: whether the draft changes it.
    """

    key: str
    title: str
    confirmed: bool
    overdue: bool
    changed: bool
    own: bool


@pages.route("/angaben/", role=OFFICE)
def fact_kinds() -> BaseResponse:
    """Show the kinds of facts, with drafts and unconfirmed entries."""
    rows: list[tuple[Any, ...]] = []
    open_count: dict[str, int] = {}
    for one in facts.open_entries(workspace(), database()):
        open_count[one.kind] = open_count.get(one.kind, 0) + 1
    for kind in KINDS:
        files = find_files(kind)
        try:
            number, error = len(facts.list_entries(files)), ""
        except EditError as wrong:
            number, error = 0, str(wrong)
        rows.append(
            (kind, facts_label(kind), number, open_count.get(kind, 0), [file for file in files if file.draft], error)
        )
    return render("pages/facts", title=_("Facts"), rows=rows, publish_address=publish_address)


@pages.route("/angaben/<kind>/", role=OFFICE)
def fact_list(kind: str) -> BaseResponse:
    """Show the entries of one kind."""
    files = find_files(kind)
    words = request.args.get("q", "")[:100].casefold().split()
    try:
        entries = facts.list_entries(files)
        published = {file.path: facts.read_entries(file.published or "") for file in files}
    except EditError as error:
        return render("pages/fact_list", status=500, title=facts_label(kind), kind=kind, rows=[], files=files, error=str(error),
                      publish_address=publish_address, may_edit=False, q="")  # fmt: skip
    today = datetime.date.today()
    rows = []
    for key, (file, row) in entries.items():
        title = facts.entry_title(row, key)
        if not all(word in f"{title} {key}".casefold() for word in words):
            continue
        data = row if isinstance(row, dict) else {}
        day = str(data.get("review_by") or "")
        rows.append(FactRow(key, title, parse_bool(data.get("confirmed")) is not False, bool(day) and day < today.isoformat(),
                        published[file.path].get(key) != row, file.path.startswith(f"{CITY}/")))  # fmt: skip
    return render("pages/fact_list", title=facts_label(kind), kind=kind, rows=rows, files=files, publish_address=publish_address,
                  may_edit=g.account.has_role(EDIT), q=" ".join(words))  # fmt: skip
