"""The filter of the inbox in a query string; a wrong one is reported and shows nothing."""

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from flask import g
from werkzeug.datastructures import MultiDict

from core.gettext import gettext as _
from core.languages import load_languages
from core.text.characters import shorten_value
from form_handler.current import database
from form_handler.forms import FORMS
from form_handler.forms.participation import TRADES
from form_handler.staff.auth import accounts
from form_handler.staff.inbox import queries

MAX_TEXT = 200
# The maximum number of named errors; an address may hold thousands.
MAX_ERRORS = 10
FIRST_DAY, LAST_DAY = datetime.date(2000, 1, 1), datetime.date(2099, 12, 31)
FIELD_NAMES = ("q", "form", "state", "language", "trade", "since", "until", "held", "assignee", "due")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
PAGE = re.compile(r"[1-9]\d{0,5}", re.ASCII)
UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True)
class FilterQuery:
    """A parsed query string.

    :ivar page: number of the page, the first is 1.
    :ivar values: the values as they were sent, for the fields of the filter.
    :ivar errors: by name of the field, a sentence that names the error; then ``filter`` must not be used.
    """

    filter: queries.SubmissionFilter = field(default_factory=queries.SubmissionFilter)
    page: int = 1
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)


def parse_filter(args: MultiDict[str, str], with_page: bool = False) -> FilterQuery:
    """Return the filter of an address, with a sentence for each invalid value."""
    names = (*FIELD_NAMES, "page") if with_page else FIELD_NAMES
    sent = {name: UNPRINTABLE.sub("\ufffd", args.get(name, ""))[:MAX_TEXT] for name in names}
    errors: dict[str, str] = {}
    for name in args:
        if len(errors) == MAX_ERRORS:
            break
        if name not in names:
            errors[name] = _("There is no filter “%(name)s”.", name=shorten_value(name))
        elif len(args.getlist(name)) > 1:
            errors[name] = _("“%(label)s” was given more than once.", label=field_label(name))
    for name, choices in allowed_values().items():
        if (value := args.get(name, "")) and value not in choices:
            errors.setdefault(name, _("“%(label)s”: “%(value)s” is not on the list.", label=field_label(name), value=shorten_value(value)))  # fmt: skip
    days = {name: parse_day(name, args.get(name, ""), errors) for name in ("since", "until")}
    if days["since"] and days["until"] and days["since"] > days["until"]:
        errors["until"] = _(
            "“%(until)s” is before “%(since)s”.", until=field_label("until"), since=field_label("since")
        )
    text, page = args.get("q", ""), args.get("page", "") or "1"
    if len(text) > MAX_TEXT:
        errors["q"] = _("“%(label)s” has more than %(limit)s characters.", label=field_label("q"), limit=MAX_TEXT)
    elif UNPRINTABLE.search(text.replace("\t", " ")):
        errors["q"] = _("“%(label)s” holds characters that cannot be searched for.", label=field_label("q"))
    if with_page and not PAGE.fullmatch(page):
        errors.setdefault("page", _("“%(value)s” is no number of a page.", value=shorten_value(page)))
    if errors:
        return FilterQuery(values=sent, errors=errors)
    chosen = {name: sent[name] for name in ("form", "state", "language", "trade", "assignee", "due")}
    wanted = queries.SubmissionFilter(
        text=text, **chosen, since=days["since"], until=days["until"], held=sent["held"] == "1", me=g.account.name
    )
    return FilterQuery(wanted, int(page), sent)


def allowed_values() -> dict[str, set[str]]:
    """Return the allowed values by name of the field."""
    return {
        "form": set(FORMS),
        "state": {"open", *queries.STATES},
        "assignee": {"me", "none", *(name for name, _active in accounts.list_accounts(database()))},
        "due": {"overdue", "follow-up"},
        "language": {row.code for row in load_languages()},
        "trade": {key for key, _label in TRADES},
        "held": {"1"},
    }


def field_label(name: str) -> str:
    """Return the label of a filter field."""
    return {
        "q": _("Search in all answers"), "form": _("Form"), "state": _("State"), "language": _("Language"),
        "trade": _("Sector"), "since": _("From"), "until": _("Until"), "held": _("suspected spam"), "page": _("Pages"),
        "assignee": _("Assigned to"), "due": _("Due"), "follow_up": _("Follow-up"),
    }[name]  # fmt: skip


def parse_day(name: str, text: str, errors: dict[str, str]) -> datetime.date | None:
    """Return a day written 2026-11-23, or None; an invalid day is added to the errors."""
    if not text:
        return None
    try:
        day = datetime.date.fromisoformat(text) if DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None:
        errors.setdefault(name, _("“%(label)s”: “%(value)s” is no day. A day is written like 2026-11-23.", label=field_label(name), value=shorten_value(text)))  # fmt: skip
    elif not FIRST_DAY <= day <= LAST_DAY:
        errors.setdefault(name, _("“%(label)s”: the year must be from %(first)s to %(last)s.", label=field_label(name), first=FIRST_DAY.year, last=LAST_DAY.year))  # fmt: skip
    return day


def filter_query(wanted: queries.SubmissionFilter, **more: Any) -> str:
    """Return a filter as a query string."""
    values = {
        "q": wanted.text, "form": wanted.form, "state": wanted.state, "language": wanted.language,
        "trade": wanted.trade, "since": wanted.since or "", "until": wanted.until or "",
        "held": "1" if wanted.held else "", "assignee": wanted.assignee, "due": wanted.due, **more,
    }  # fmt: skip
    return urlencode({name: value for name, value in values.items() if value != ""})
