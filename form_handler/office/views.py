"""The pages of the staff area. Each view finds, acts, redirects, else draws; nobody gets here without a session."""

from __future__ import annotations

import datetime
from functools import wraps
from typing import Any, Protocol
from urllib.parse import quote, urlencode

from flask import Blueprint, Response, current_app, g, redirect, request, session
from flask_wtf.csrf import generate_csrf, validate_csrf
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse
from wtforms import ValidationError

from editorial.languages import default_language, load_languages
from editorial.words import OFFICE_LANGUAGES, use_language
from editorial.words import gettext as _
from form_handler.forms import FORMS
from form_handler.forms.participation import TRADES
from form_handler.mails import answer_words
from form_handler.office import accounts, desk, export, frame
from form_handler.office.charts import charts
from form_handler.office.frame import base, show
from form_handler.office.survey import tallies, texts
from form_handler.office.words import state_words
from form_handler.security import is_cross_site
from form_handler.storage.database import Database
from form_handler.storage.submissions import Submission, find_by_reference

office = Blueprint("office", __name__)
NOTE_LIMIT = 4000


class View(Protocol):
    """A view of the staff area."""

    def __call__(self, **values: Any) -> BaseResponse: ...


def database() -> Database:
    """Return the database of the running service."""
    found: Database = current_app.extensions["kim_database"]
    return found


def now() -> datetime.datetime:
    """Return this moment."""
    return datetime.datetime.now(datetime.UTC)


@office.url_value_preprocessor
def drop_language(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Take the language out of the address; the guard compares it with what the application read from the path."""
    g.office_code = values.pop("code", None) if values is not None else None


@office.before_request
def guard() -> BaseResponse | None:
    """Let in who has a session; refuse what another site sent or what was sent from an old page, without losing it."""
    wanted = None if g.language.default else g.language.code
    if g.language.code not in OFFICE_LANGUAGES or g.office_code != wanted:
        raise NotFound
    token = session.get("office")
    g.account = accounts.find_session(database(), str(token), now()) if token else None
    step = (request.endpoint or "").rpartition(".")[2]
    open_to_all = step in {"log_in", "provider_begin", "provider_end"}
    if request.method == "POST" and (refusal := refuse_post()) is not None:
        return refusal
    if g.account is None and not open_to_all:
        return redirect(f"{base()}anmelden/?{urlencode({'weiter': request.full_path.rstrip('?')})}", 303)
    return None


def refuse_post() -> BaseResponse | None:
    """Return the page for a request that nobody here sent, or None. What was typed is on it, to be sent again."""
    if is_cross_site(request):
        return show("refused", status=403, title=_("This came from another website"), pairs=[])
    try:
        validate_csrf(request.form.get("csrf_token", ""))
    except ValidationError:
        pairs = [(name, value) for name, value in request.form.items(multi=True) if name != "csrf_token"]
        kept = [(name, value) for name, value in pairs if name != "password"]
        return show("refused", status=403, title=_("Please send this once more"), pairs=kept)
    return None


def submission_view(view: Any) -> Any:
    """Give a view the submission that its address names."""

    @wraps(view)
    def wrapped(reference: str) -> BaseResponse:
        found = find_by_reference(database(), reference)
        if found is None:
            return show("missing", status=404, title=_("Not found"))
        result: BaseResponse = view(found)
        return result

    return wrapped


@office.route("/anmelden/", methods=["GET", "POST"])
def log_in() -> BaseResponse:
    """Let somebody in by name and password; too many wrong attempts are slowed down."""
    target = safe_target(request.values.get("weiter", ""))
    if g.account is not None and request.method == "GET":
        return redirect(target, 303)
    fault, status = "", 200
    if request.method == "POST":
        try:
            who = accounts.log_in(
                database(), request.form.get("name", ""), request.form.get("password", ""),
                request.remote_addr or "unknown", now(),
            )  # fmt: skip
        except accounts.ThrottledError:
            fault, status = _("Too many wrong attempts. Please wait a quarter of an hour, then try again."), 429
        else:
            if who is not None:
                return let_in(who, target)
            fault, status = _("Name or password is not right. Please check both."), 403
            current_app.logger.warning("staff log-in refused")
    return show(
        "login", status=status, title=_("Log in"), fault=fault, name=request.form.get("name", ""), target=target,
        provider=bool(frame.settings().oidc_issuer),
    )  # fmt: skip


def let_in(who: accounts.Account, target: str) -> BaseResponse:
    """Begin a session for somebody, in a fresh cookie."""
    session.clear()
    session["office"] = accounts.open_session(database(), who, now())
    return redirect(target, 303)


def safe_target(wanted: str) -> str:
    """Return the page to go to after log-in: one of the staff area, never another site."""
    inside = wanted.startswith(base()) and "\\" not in wanted and wanted.isprintable()
    return wanted if inside and "anmelden" not in wanted else base()


@office.route("/abmelden/", methods=["POST"])
def log_out() -> BaseResponse:
    """End the session, on the server as well."""
    accounts.close_session(database(), str(session.get("office", "")))
    session.clear()
    return redirect(f"{base()}anmelden/", 303)


def read_wanted() -> desk.Wanted:
    """Return the filter that the address holds; what is not a choice counts as none."""
    args = request.args

    def one_of(name: str, allowed: Any) -> str:
        value = args.get(name, "")
        return value if value in allowed else ""

    return desk.Wanted(
        text=args.get("q", "")[:200],
        form=one_of("form", FORMS),
        state=one_of("state", desk.STATES),
        language=one_of("language", {row.code for row in load_languages()}),
        trade=one_of("trade", {key for key, _label in TRADES}),
        since=day(args.get("since", "")),
        until=day(args.get("until", "")),
        held=args.get("held") == "1",
    )


def day(text: str) -> datetime.date | None:
    """Return a day written 2026-11-23, or None."""
    try:
        return datetime.date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None


def query_of(wanted: desk.Wanted, **more: Any) -> str:
    """Return a filter as an address holds it."""
    values = {
        "q": wanted.text, "form": wanted.form, "state": wanted.state, "language": wanted.language,
        "trade": wanted.trade, "since": wanted.since or "", "until": wanted.until or "",
        "held": "1" if wanted.held else "", **more,
    }  # fmt: skip
    return urlencode({name: value for name, value in values.items() if value != ""})


@office.route("/")
def inbox() -> BaseResponse:
    """Show what came in."""
    wanted = read_wanted()
    page = max(1, request.args.get("page", 1, type=int) or 1)
    found, total = desk.find(database(), wanted, now(), min(page, 100_000))
    pages = max(1, -(-total // desk.PER_PAGE))
    if page > pages:
        return redirect(f"{base()}?{query_of(wanted, page=pages)}", 303)
    moment = now()
    return show(
        "inbox", title=_("Held as suspected spam") if wanted.held else _("Inbox"),
        rows=[(row, desk.due(row, moment)) for row in found], total=total, page_number=page, pages=pages,
        wanted=wanted, query=query_of(wanted), query_of=lambda **more: query_of(wanted, **more),
        counts=desk.counts(database(), moment),
        forms=[(key, definition.title) for key, definition in FORMS.items()],
        states=[(state, state_words(state)) for state in desk.STATES],
        languages=[(row.code, row.name) for row in load_languages()], trades=TRADES,
    )  # fmt: skip


@office.route("/ausgabe.<kind>")
def download(kind: str) -> BaseResponse:
    """Hand out exactly what the filter shows, as a file."""
    makers: dict[str, tuple[Any, str]] = {
        "xlsx": (export.as_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        "csv": (export.as_csv, "text/csv"),  # Flask adds the charset
        "json": (export.as_json, "application/json"),
    }
    if kind not in makers:
        raise NotFound
    make, mimetype = makers[kind]
    found = desk.find_all(database(), read_wanted())
    with database().writing() as connection:
        desk.log(connection, g.account.name, "exported", now(), None, f"{kind} {len(found)}")
    return as_file(make(found), f"kim-{now():%Y-%m-%d}.{kind}", mimetype)


def as_file(content: bytes, name: str, mimetype: str) -> Response:
    """Return a file to be saved; nothing on the way keeps it."""
    response = Response(content, mimetype=mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response


@office.route("/v/<reference>/")
@submission_view
def one(found: Submission) -> BaseResponse:
    """Show one submission with everything that belongs to it."""
    return show_one(found)


def show_one(found: Submission, note: str = "", fault: str = "") -> BaseResponse:
    """Show one submission; with a note that could not be kept, and why."""
    definition = FORMS[found.form]
    return show(
        "one", status=422 if fault else 200, title=f"{found.reference}: {definition.title}",
        found=found, definition=definition, rows=list(definition.rows(found.answers)), due=desk.due(found, now()),
        states=desk.STATES, note=note, fault=fault, answer_link=answer_link(found),
        quotable=quotable(found), **desk.story(database(), found.number),
    )  # fmt: skip


def answer_link(found: Submission) -> str | None:
    """Return a mail link to the sender, subject and greeting in the sender's language, with the reference."""
    definition = FORMS[found.form]
    address = found.answers.get(definition.sender_field or "")
    if not address:
        return None
    published = {row.code for row in load_languages()}  # a language may have been given up since
    with use_language(found.language if found.language in published else default_language().code):
        subject, body = answer_words(found.reference)
    return f"mailto:{quote(str(address), safe='@')}?subject={quote(subject)}&body={quote(body + chr(13) + chr(10) * 3)}"


def quotable(found: Submission) -> list[tuple[str, str]]:
    """Return the texts of a survey whose sender agreed to be quoted, as field and text."""
    if found.form != "survey" or not found.answers.get("consent_quote"):
        return []
    return [(name, found.answers[name]) for name in ("worked_text", "hindered_text") if found.answers.get(name)]


def back_to(found: Submission) -> BaseResponse:
    """Lead back to the submission."""
    return redirect(f"{base()}v/{found.reference}/", 303)


@office.route("/v/<reference>/stand", methods=["POST"])
@submission_view
def change_state(found: Submission) -> BaseResponse:
    """Change the state."""
    state = request.form.get("state", "")
    if state not in desk.STATES:
        return show_one(found, fault=_("Choose a state from the list."))
    desk.set_state(database(), found, state, g.account.name, now())
    return back_to(found)


@office.route("/v/<reference>/notiz", methods=["POST"])
@submission_view
def write_note(found: Submission) -> BaseResponse:
    """Keep a note."""
    text = request.form.get("note", "").replace("\r\n", "\n").strip()
    if not text or len(text) > NOTE_LIMIT or "\x00" in text:
        return show_one(found, text, _("A note has 1 to %(limit)s characters.", limit=NOTE_LIMIT))
    desk.add_note(database(), found, text, g.account.name, now())
    return back_to(found)


@office.route("/v/<reference>/zwischennachricht", methods=["POST"])
@submission_view
def interim(found: Submission) -> BaseResponse:
    """Note that an interim notice was given."""
    desk.give_interim(database(), found, g.account.name, now())
    return back_to(found)


@office.route("/v/<reference>/freigeben", methods=["POST"])
@submission_view
def let_through(found: Submission) -> BaseResponse:
    """Take a held submission into the inbox."""
    desk.release(database(), found, g.account.name, now())
    return back_to(found)


@office.route("/v/<reference>/mails", methods=["POST"])
@submission_view
def retry_one(found: Submission) -> BaseResponse:
    """Try the mails of one submission again."""
    desk.retry_mails(database(), g.account.name, now(), found.number)
    return back_to(found)


@office.route("/v/<reference>/zitat", methods=["POST"])
@submission_view
def release_quotation(found: Submission) -> BaseResponse:
    """Release a sentence for publication, or take it back."""
    field = request.form.get("field", "")
    allowed = dict(quotable(found))
    if field not in allowed:
        return show_one(found, fault=_("The sender has not agreed to be quoted."))
    if request.form.get("back"):
        desk.unquote(database(), found, field, g.account.name, now())
        return back_to(found)
    text = " ".join(request.form.get("text", "").split())
    whole = " ".join(allowed[field].split())
    if not text or any(part.strip() not in whole for part in text.split("[…]")):
        return show_one(
            found, fault=_("A quotation is a part of the text, word for word; mark what you leave out by […].")
        )
    named = bool(found.answers.get("consent_named") and found.answers.get("company") and request.form.get("named"))
    desk.quote(database(), found, field, text, named, g.account.name, now())
    return back_to(found)


@office.route("/v/<reference>/berichtigen", methods=["GET", "POST"])
@submission_view
def correct(found: Submission) -> BaseResponse:
    """Put answers right (Art. 16 GDPR)."""
    definition = FORMS[found.form]
    if request.method == "POST":
        form = definition.fill(request.form)
        if form.validate():
            desk.correct(database(), found, definition.answers(form), g.account.name, now())
            return back_to(found)
    else:
        form = definition.form_class(data=dict(found.answers))
    return show(
        "correct", status=422 if form.errors else 200, title=_("Correct %(reference)s", reference=found.reference),
        found=found, definition=definition, form=form,
    )  # fmt: skip


@office.route("/v/<reference>/loeschen", methods=["GET", "POST"])
@submission_view
def erase_one(found: Submission) -> BaseResponse:
    """Delete one submission for good, after asking."""
    if request.method == "POST" and request.form.get("sure") == "yes":
        kind = "spam-erased" if found.held else "erased"
        desk.erase(database(), [found.number], g.account.name, kind, now(), frame.settings().mail_dir)
        return redirect(f"{base()}?held=1" if found.held else base(), 303)
    return show("erase", title=_("Delete %(reference)s", reference=found.reference), found=[found], address="",
                action=f"{base()}v/{found.reference}/loeschen")  # fmt: skip


@office.route("/person/")
def person() -> BaseResponse:
    """Find everything of one person by e-mail address (Art. 15 GDPR)."""
    address = request.args.get("email", "").strip()
    found = desk.of_person(database(), address) if address else []
    return show("person", title=_("Data of one person"), address=address, found=found)


@office.route("/person/kopie.json")
def person_copy() -> BaseResponse:
    """Hand out one person's data as a copy for them (Art. 15(3), Art. 20 GDPR)."""
    found = desk.of_person(database(), request.args.get("email", ""))
    if not found:
        raise NotFound
    with database().writing() as connection:
        desk.log(connection, g.account.name, "copied", now(), None, str(len(found)))
    return as_file(export.as_json(found), f"kim-kopie-{now():%Y-%m-%d}.json", "application/json")


@office.route("/person/loeschen", methods=["GET", "POST"])
def erase_person() -> BaseResponse:
    """Delete one person's data for good, after asking (Art. 17 GDPR)."""
    address = request.values.get("email", "").strip()
    found = desk.of_person(database(), address)
    if not found:
        return redirect(f"{base()}person/?{urlencode({'email': address})}", 303)
    if request.method == "POST" and request.form.get("sure") == "yes":
        numbers = [row.number for row in found]
        desk.erase(database(), numbers, g.account.name, "erased", now(), frame.settings().mail_dir)
        return redirect(f"{base()}person/?{urlencode({'email': address})}", 303)
    return show("erase", title=_("Delete the data of one person"), found=found, address=address,
                action=f"{base()}person/loeschen")  # fmt: skip


@office.route("/mails/", methods=["GET", "POST"])
def mails() -> BaseResponse:
    """Show mails that could not be sent, and try them again."""
    if request.method == "POST":
        desk.retry_mails(database(), g.account.name, now())
        return redirect(f"{base()}mails/", 303)
    return show("mails", title=_("Mails that wait"), mails=desk.stuck_mails(database()))


@office.route("/zahlen/")
def numbers() -> BaseResponse:
    """Show what came in as charts, each with its table; filtered as the inbox is."""
    wanted = read_wanted()
    found = desk.find_all(database(), wanted)
    return show("charts", title=_("Numbers"), charts=charts(found, now()), total=len(found), query=query_of(wanted))


@office.route("/umfrage/")
def survey() -> BaseResponse:
    """Show the live picture of the experience survey."""
    found = desk.find_all(database(), desk.Wanted(form="survey"))
    return show("survey", title=_("Survey"), charts=tallies(found), texts=texts(found), total=len(found))


@office.context_processor
def office_context() -> dict[str, Any]:
    """Give every template a fresh token."""
    return {"csrf_token": generate_csrf}
