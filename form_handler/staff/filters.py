"""The filter of the inbox, as an address holds it; a wrong one is named and shows nothing."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from core.gettext import gettext as _
from core.languages import load_languages
from form_handler.forms import FORMS
from form_handler.forms.participation import TRADES
from form_handler.staff import inbox as desk

MAX_TEXT = 200
# So many wrong filters are named; an address may hold thousands.
MAX_FAULTS = 10
FIRST_DAY, LAST_DAY = datetime.date(2000, 1, 1), datetime.date(2099, 12, 31)
NAMES = ("q", "form", "state", "language", "trade", "since", "until", "held")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
PAGE = re.compile(r"[1-9]\d{0,5}", re.ASCII)
UNSHOWABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True)
class Filter:
    """What an address asks for.

    :ivar page: number of the page, the first is 1.
    :ivar sent: the values as they were sent, for the fields of the filter.
    :ivar faults: by name of the field, a sentence that says what is wrong; then ``wanted`` must not be used.
    """

    wanted: desk.Wanted = field(default_factory=desk.Wanted)
    page: int = 1
    sent: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)


def read_filter(args: MultiDict[str, str], with_page: bool = False) -> Filter:
    """Return the filter of an address, with a sentence for each value that is none."""
    names = (*NAMES, "page") if with_page else NAMES
    sent = {name: UNSHOWABLE.sub("\ufffd", args.get(name, ""))[:MAX_TEXT] for name in names}
    faults: dict[str, str] = {}
    for name in args:
        if len(faults) == MAX_FAULTS:
            break
        if name not in names:
            faults[name] = _("There is no filter “%(name)s”.", name=shortened(name))
        elif len(args.getlist(name)) > 1:
            faults[name] = _("“%(label)s” was given more than once.", label=label(name))
    for name, choices in choices_of().items():
        if (value := args.get(name, "")) and value not in choices:
            faults.setdefault(name, _("“%(label)s”: “%(value)s” is not on the list.", label=label(name), value=shortened(value)))  # fmt: skip
    days = {name: _day(name, args.get(name, ""), faults) for name in ("since", "until")}
    if days["since"] and days["until"] and days["since"] > days["until"]:
        faults["until"] = _("“%(until)s” is before “%(since)s”.", until=label("until"), since=label("since"))
    text, page = args.get("q", ""), args.get("page", "") or "1"
    if len(text) > MAX_TEXT:
        faults["q"] = _("“%(label)s” has more than %(limit)s characters.", label=label("q"), limit=MAX_TEXT)
    elif UNSHOWABLE.search(text.replace("\t", " ")):
        faults["q"] = _("“%(label)s” holds characters that cannot be searched for.", label=label("q"))
    if with_page and not PAGE.fullmatch(page):
        faults.setdefault("page", _("“%(value)s” is no number of a page.", value=shortened(page)))
    if faults:
        return Filter(sent=sent, faults=faults)
    chosen = {name: sent[name] for name in ("form", "state", "language", "trade")}
    wanted = desk.Wanted(text=text, **chosen, since=days["since"], until=days["until"], held=sent["held"] == "1")
    return Filter(wanted, int(page), sent)


def choices_of() -> dict[str, set[str]]:
    """Return what may be chosen, by name of the filter."""
    return {
        "form": set(FORMS),
        "state": set(desk.STATES),
        "language": {row.code for row in load_languages()},
        "trade": {key for key, _label in TRADES},
        "held": {"1"},
    }


def label(name: str) -> str:
    """Return what a filter is called on the page."""
    return {
        "q": _("Search in all answers"), "form": _("Form"), "state": _("State"), "language": _("Language"),
        "trade": _("Trade"), "since": _("From"), "until": _("Until"), "held": _("suspected spam"), "page": _("Pages"),
    }[name]  # fmt: skip


def shortened(value: str) -> str:
    """Return a value as a message repeats it."""
    shown = "".join(c if c.isprintable() else "\ufffd" for c in value)
    return shown if len(shown) <= 40 else shown[:40] + "…"


def _day(name: str, text: str, faults: dict[str, str]) -> datetime.date | None:
    """Return a day written 2026-11-23, or None; what is none is added to the faults."""
    if not text:
        return None
    try:
        day = datetime.date.fromisoformat(text) if DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None:
        faults.setdefault(name, _("“%(label)s”: “%(value)s” is no day. A day is written like 2026-11-23.", label=label(name), value=shortened(text)))  # fmt: skip
    elif not FIRST_DAY <= day <= LAST_DAY:
        faults.setdefault(name, _("“%(label)s”: the year must be from %(first)s to %(last)s.", label=label(name), first=FIRST_DAY.year, last=LAST_DAY.year))  # fmt: skip
    return day


def query_of(wanted: desk.Wanted, **more: Any) -> str:
    """Return a filter as an address holds it."""
    values = {
        "q": wanted.text, "form": wanted.form, "state": wanted.state, "language": wanted.language,
        "trade": wanted.trade, "since": wanted.since or "", "until": wanted.until or "",
        "held": "1" if wanted.held else "", **more,
    }  # fmt: skip
    return urlencode({name: value for name, value in values.items() if value != ""})
