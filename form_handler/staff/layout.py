"""The layout of the staff area's pages."""

import datetime
from typing import Any
from urllib.parse import urlencode

from babel.dates import format_date
from babel.numbers import format_decimal
from flask import Response, g, get_flashed_messages, render_template, request
from flask import flash as flask_flash

from core.clock import local_day
from core.contacts import load_fallback_contact
from core.formatting import format_moment
from core.gettext import STAFF_LANGUAGES, gettext
from core.project import load_site_settings
from core.text.values import phone_href
from core.web.assets import versioned_url
from form_handler.current import database, settings
from form_handler.forms import FORMS, offered_forms
from form_handler.forms.survey import SURVEY
from form_handler.staff import shortcuts
from form_handler.staff.auth.roles import EDIT, PUBLISH
from form_handler.staff.labels import (
    channel_label,
    event_label,
    mail_kind_label,
    mail_state_label,
    spam_reasons,
    state_label,
)
from form_handler.staff.routes import match_view

# Longest filter in the address of an entry, in characters.
MAX_POSITION_CHARS = 1000


def staff_root() -> str:
    """Return the root of the staff area in the language being spoken."""
    return str(g.language.root) + "eingang/"


def flash(words: str, undo: str = "") -> None:
    """Show a sentence on the next page, with a button that takes the change back if there is a token for it."""
    flask_flash(words, f"undo:{undo}" if undo else "message")


def read_flashes() -> list[tuple[str, str]]:
    """Return the sentences for this page, each with the token that takes its change back, or nothing."""
    found: list[tuple[str, str]] = [(str(kind), str(words)) for kind, words in get_flashed_messages(True)]  # type: ignore[str-unpack]
    return [(words, kind.partition(":")[2]) for kind, words in found]


def position_query() -> str:
    """Return the query that names the list an entry was opened from; empty for none."""
    if "platz" not in request.args:
        return ""
    values = {name: request.args.get(name, "")[:MAX_POSITION_CHARS] for name in ("liste", "platz")}
    return "?" + urlencode(values)


def as_day(value: datetime.datetime | datetime.date) -> datetime.date:
    """Return the office's calendar day of a moment; a day as it is."""
    return local_day(value, settings().time_zone) if isinstance(value, datetime.datetime) else value


def navigation() -> list[tuple[str, str, str]]:
    """Return the pages of the header that the account may open, as name, path below the root, and title."""
    pages = [
        ("inbox", "", gettext("Inbox")), ("charts", "zahlen/", gettext("Numbers")), ("survey", "umfrage/", gettext("Survey")),
        ("mails", "mails/", gettext("Mails")), ("person", "person/", gettext("One person")),
        ("pages", "seiten/", gettext("Pages")), ("translate", "uebersetzen/", gettext("Translating")), ("accounts", "konten/", gettext("Accounts")),
    ]  # fmt: skip
    if SURVEY not in offered_forms():
        pages = [page for page in pages if page[0] != "survey"]
    account = g.get("account")
    if account and not account.has_role(EDIT, PUBLISH):  # a translator begins with the translators' page
        pages.sort(key=lambda page: page[0] != "translate")
    rules = {path: match_view(staff_root() + path, "GET") for _name, path, _title in pages}
    return [page for page in pages if account and (found := rules[page[1]]) and account.has_role(*found[2].roles)]


def asset_url(name: str) -> str:
    """Return the address of a file below ``assets/`` of the built site, with a version that changes with its content."""
    path = settings().site_dir / "assets" / name
    return versioned_url(name, path.read_bytes() if path.is_file() else b"")


def shared_values() -> dict[str, Any]:
    """Return the values of every page and part of a page."""
    code, zone = g.language.code, settings().time_zone
    return {
        "language": g.language,
        "staff_root": staff_root(),
        "account": g.get("account"),
        "asset_url": asset_url,
        "format_datetime": lambda value: format_moment(value, zone, code),
        "format_date": lambda value: format_date(as_day(value), "medium", locale=code),
    }


def render(page: str, status: int = 200, **values: Any) -> Response:
    """Return a page of the staff area; no cache stores it, not even the browser's."""
    code = g.language.code
    text = render_template(
        f"partials/staff/{page}.html",
        page_name=page,
        **shared_values(),
        navigation=navigation(),
        position=position_query(),
        channel_label=channel_label,
        phone_link=phone_href,
        shortcuts_on=bool(g.get("account") and shortcuts.are_enabled(database(), g.account.id)),
        flashes=read_flashes(),
        site=load_site_settings()["name"],
        other_languages=[(other, "/eingang/" if other == "de" else f"/{other}/eingang/") for other in STAFF_LANGUAGES if other != code],
        format_number=lambda value: format_decimal(value, locale=code),
        form_title=lambda key: str(FORMS[key].title),
        state_label=state_label,
        event_label=event_label,
        mail_kind_label=mail_kind_label,
        mail_state_label=mail_state_label,
        spam_reasons=spam_reasons,
        sender=lambda row: FORMS[row.form].sender_label(row.answers) or gettext("unnamed"),
        switchboard=load_fallback_contact(),
        demonstration=(settings().data_dir / "demonstration").exists(),
        **values,
    )  # fmt: skip
    return private_response(text, status)


def render_part(name: str, **values: Any) -> str:
    """Return the HTML of a part of a page."""
    return render_template(f"partials/staff/{name}.html", **shared_values(), **values)


def private_response(text: str, status: int = 200) -> Response:
    """Return a page that no cache stores and no search engine shows."""
    response = Response(text, status, mimetype="text/html")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
