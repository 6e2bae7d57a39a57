"""The pages of the staff area. Each view finds, acts, redirects, else draws; nobody gets here without a session."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import wraps
from typing import Any, Protocol
from urllib.parse import quote, urlencode

import sqlalchemy as sa
from flask import Blueprint, Response, current_app, g, redirect, request, session
from flask_wtf.csrf import generate_csrf, validate_csrf
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.wrappers import Response as BaseResponse
from wtforms import Form, ValidationError

from core.gettext import OFFICE_LANGUAGES, use_language
from core.gettext import gettext as _
from core.languages import default_language, load_languages
from form_handler.errors import show_http_error
from form_handler.forms import FORMS, FormDefinition
from form_handler.forms.fields import display_value
from form_handler.forms.participation import TRADES
from form_handler.mail.compose import answer_words
from form_handler.request_body import drain
from form_handler.security import is_cross_site
from form_handler.staff import accounts, export, persons, unsent
from form_handler.staff import inbox as desk
from form_handler.staff import layout as frame
from form_handler.staff import person_copy as copies
from form_handler.staff import saved_forms as kept_posts
from form_handler.staff.charts import charts
from form_handler.staff.devices import read_devices, remember_device
from form_handler.staff.filters import Filter, query_of, read_filter
from form_handler.staff.labels import state_words
from form_handler.staff.layout import base, show
from form_handler.staff.person_correction import FIELDS as CONTACT_FIELDS
from form_handler.staff.person_correction import ContactField, contact_fields, corrected
from form_handler.staff.request_body import read_form
from form_handler.staff.survey import tallies, texts
from form_handler.staff.versions import read_seen, sign_seen
from form_handler.storage.database import Database, DatabaseBusyError
from form_handler.storage.submissions import Submission, find_by_reference

office = Blueprint("office", __name__)
NOTE_LIMIT = 4000
MAX_NAME = 100
# Longest address that is opened after log-in, in characters; a longer one leads to the inbox.
MAX_TARGET = 1000
OPEN_TO_ALL = frozenset({"log_in", "provider_begin", "provider_end"})


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
    g.is_office, g.form, g.account = True, MultiDict(), None
    step = (request.endpoint or "").rpartition(".")[2]
    is_post = request.method == "POST"
    if is_post and is_cross_site(request):
        drain(request)
        return show("refused", status=403, title=_("This came from another website"))
    token = session.get("office")
    g.account = accounts.find_session(database(), str(token), now()) if token else None
    if is_post:
        g.form = read_form(request, step)
        return admit_post(step)
    if g.account is None and step not in OPEN_TO_ALL:
        return to_log_in(request.full_path.rstrip("?"))
    return None


def to_log_in(target: str) -> BaseResponse:
    """Lead to the log-in, and from there to a page."""
    query = urlencode({"weiter": target}) if len(target) <= MAX_TARGET else ""
    return redirect(f"{base()}anmelden/{'?' if query else ''}{query}", 303)


def admit_post(step: str) -> BaseResponse | None:
    """Return the page for a form that may not be acted on, or None. What was typed is kept or given back."""
    owner = kept_posts.read_owner(frame.settings().secret_key, g.form.get("_page", ""))
    if step in OPEN_TO_ALL:
        return None if token_is_right() else log_in_page(_("This page had been open for too long. Please enter name and password once more."), 403)  # fmt: skip
    if g.account is None:
        return keep_through_log_in(step, owner if owner is not None else owner_of_session())
    if owner is not None and owner != g.account.id and step != "log_out":
        keep_for(owner, step)
        return show("refused", status=403, title=_("This page belongs to another log-in"), by_another=True)
    if not token_is_right():
        lines = [_("The page had been open for too long. Nothing was changed yet. What you entered is still here.")]
        return unsent.give_back(403, _("Please send this once more"), lines, may_send=True)
    return None


def token_is_right() -> bool:
    """Return whether a form carries the token of this session."""
    try:
        validate_csrf(g.form.get("csrf_token", ""))
    except ValidationError:
        return False
    return True


def owner_of_session() -> int | None:
    """Return the account that this browser's session belonged to; the cookie is signed."""
    found = accounts.account_of_session(database(), str(session.get("office", "")))
    return found if found is not None else session.get("who")


def keep_for(owner: int, step: str) -> bool:
    """Keep what was sent for its writer; return whether it is kept, or there was nothing to keep."""
    if step not in unsent.KEPT_VIEWS:
        return True
    if not accounts.is_open(database(), owner):
        return False
    path = request.path[:200]
    return kept_posts.keep(database(), owner, path, unsent.kept_fields(g.form.items(multi=True)), now())


def keep_through_log_in(step: str, owner: int | None) -> BaseResponse:
    """Keep what was sent without a session and lead to the log-in; give it back where its writer is not known."""
    if step not in unsent.KEPT_VIEWS:
        return to_log_in(request.path)
    if owner is None or not keep_for(owner, step):
        lines = [_("You are not logged in, so nothing was stored. Copy your text, log in, and enter it once more.")]
        return unsent.give_back(403, _("You are not logged in"), lines, may_send=False, log_in=True)
    session["kept"] = True
    return to_log_in(unsent.entry_page(request.path))


@office.after_request
def forget_what_was_sent(response: BaseResponse) -> BaseResponse:
    """Throw away a kept form once it has been sent and acted on."""
    identity = g.get("form", {}).get("_kept", "")
    if identity and response.status_code == 303 and g.get("account") is not None:
        kept_posts.discard(database(), g.account.id, identity)
    return response


@office.errorhandler(desk.GoneError)
def show_gone(_error: desk.GoneError) -> BaseResponse:
    """Say that an entry was deleted while somebody was writing, and give the text back."""
    lines = [
        _("This entry is no longer there. It was deleted, or its time had run out. Nothing was stored."),
        _("What you entered is still here. Copy it if you need it."),
    ]
    return unsent.give_back(410, _("The entry is gone"), lines, may_send=False)


@office.errorhandler(sa.exc.SQLAlchemyError)
@office.errorhandler(DatabaseBusyError)
@office.errorhandler(OSError)
def show_not_stored(error: Exception) -> BaseResponse:
    """Say that the database did not take something, and give the text back."""
    current_app.logger.error("staff area: not stored: %s", type(error).__name__)
    if request.method == "POST" and not g.form:
        g.form = read_form(request, (request.endpoint or "").rpartition(".")[2])
    lines = [_("The server could not store this just now. Nothing was changed. Please send it again in a moment.")]
    if request.method != "POST":
        lines = [_("The server cannot reach its data just now. Please try again in a moment.")]
    return unsent.give_back(503, _("This was not stored"), lines, may_send=True)


@office.errorhandler(HTTPException)
def show_refusal(error: HTTPException) -> BaseResponse:
    """Show a refused request in the frame of the staff area."""
    status = error.code or 500
    if not g.get("is_office") or status < 400:
        return show_http_error(error)
    if status == 404:
        return show("missing", status=404, title=_("Not found"))
    too_large = _("This was too large and was not read. Nothing was changed. Go back in your browser and shorten it.")
    unreadable = _("Your browser sent something that we could not read. Nothing was stored.")
    response = show("refused", status=status, title=_("This could not be read"), reason=too_large if status == 413 else unreadable)  # fmt: skip
    response.headers["Connection"] = "close"  # the rest of the body is not worth reading
    return response


def submission_view(view: Any) -> Any:
    """Give a view the submission that its address names."""

    @wraps(view)
    def wrapped(reference: str) -> BaseResponse:
        found = find_by_reference(database(), reference)
        if found is None and request.method == "POST":
            raise desk.GoneError(reference)
        if found is None:
            return show("missing", status=404, title=_("Not found"))
        result: BaseResponse = view(found)
        return result

    return wrapped


@office.route("/anmelden/", methods=["GET", "POST"])
def log_in() -> BaseResponse:
    """Let somebody in by name and password; too many wrong attempts are slowed down."""
    if request.method != "POST":
        return redirect(safe_target(request.args.get("weiter", "")), 303) if g.account else log_in_page()
    try:
        who = accounts.log_in(
            database(), g.form.get("name", ""), g.form.get("password", ""), request.remote_addr or "unknown", now(),
            read_devices(request, frame.settings()),
        )  # fmt: skip
    except accounts.ThrottledError:
        return log_in_page(_("Too many wrong attempts. Please wait a quarter of an hour, then try again."), 429)
    if who is None:
        current_app.logger.warning("staff log-in refused")
        return log_in_page(_("Name or password is not right. Please check both."), 403)
    return let_in(who, safe_target(g.form.get("weiter", "")))


def log_in_page(fault: str = "", status: int = 200) -> BaseResponse:
    """Return the log-in page, with what went wrong; it says so if a text is kept."""
    target = g.form.get("weiter", "") or request.args.get("weiter", "") or session.get("weiter", "")
    response = show(
        "login", status=status, title=_("Log in"), fault=fault, name=g.form.get("name", "")[:MAX_NAME],
        target=safe_target(target), kept=bool(session.get("kept")), provider=bool(frame.settings().oidc_issuer),
    )  # fmt: skip
    if status == 429:
        response.headers["Retry-After"] = str(accounts.SLOT_MINUTES * 60)
    return response


def let_in(who: accounts.Account, target: str) -> BaseResponse:
    """Begin a session for somebody, in a fresh cookie; what is kept for them comes first."""
    session.clear()
    session["office"], session["who"] = accounts.open_session(database(), who, now()), who.id
    if kept_posts.of_account(database(), who.id, now()):
        target = f"{base()}ungesendet/"
    response = redirect(target, 303)
    remember_device(response, request, frame.settings(), who.id)
    return response


def safe_target(wanted: str) -> str:
    """Return the page to go to after log-in: one of the staff area that can be opened, never another site."""
    if not wanted.startswith(base()) or "\\" in wanted or not wanted.isprintable() or len(wanted) > MAX_TARGET:
        return base()
    path = wanted.partition("?")[0].partition("#")[0]
    view = unsent.view_of(path, "GET")
    if view in OPEN_TO_ALL:
        return base()
    return wanted if view else unsent.entry_page(path)


@office.route("/ungesendet/")
def kept() -> BaseResponse:
    """Show what was sent after the session had ended, to be sent once more."""
    return unsent.show_kept(kept_posts.of_account(database(), g.account.id, now()))


@office.route("/ungesendet/verwerfen", methods=["POST"])
def discard_kept() -> BaseResponse:
    """Throw away something that was kept."""
    kept_posts.discard(database(), g.account.id, g.form.get("id", ""))
    return redirect(f"{base()}ungesendet/", 303)


@office.route("/abmelden/", methods=["POST"])
def log_out() -> BaseResponse:
    """End the session, on the server as well."""
    accounts.close_session(database(), str(session.get("office", "")))
    session.clear()
    session["who"] = g.account.id
    return redirect(f"{base()}anmelden/", 303)


@office.route("/")
def inbox() -> BaseResponse:
    """Show what came in."""
    asked = read_filter(request.args, with_page=True)
    if asked.faults:
        return show_inbox(asked)
    found, total = desk.find(database(), asked.wanted, now(), asked.page)
    pages = max(1, -(-total // desk.PER_PAGE))
    if asked.page > pages:
        words = _("There is no page %(page)s; the last one is page %(last)s.", page=asked.page, last=pages)
        return show_inbox(replace(asked, faults={"page": words}))
    return show_inbox(asked, found, total, pages)


def show_inbox(asked: Filter, found: Sequence[Submission] = (), total: int = 0, pages: int = 1) -> BaseResponse:
    """Show the inbox; with a wrong filter what is wrong, and no entry."""
    moment, wanted = now(), asked.wanted
    return show(
        "inbox", status=400 if asked.faults else 200,
        title=_("Held as suspected spam") if asked.sent.get("held") else _("Inbox"),
        fault=_("The filter is not right, so nothing is shown.") if asked.faults else "", faults=asked.faults,
        rows=[(row, desk.due(row, moment)) for row in found], total=total, page_number=asked.page, pages=pages,
        sent=asked.sent, query=query_of(wanted), query_of=lambda **more: query_of(wanted, **more),
        counts=desk.counts(database(), moment), kept=len(kept_posts.of_account(database(), g.account.id, moment)),
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
    asked = read_filter(request.args)
    if asked.faults:
        return show_inbox(asked)
    found = desk.find_all(database(), asked.wanted)
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


def show_one(
    found: Submission, note: str = "", fault: str = "", typed: Mapping[str, str] | None = None
) -> BaseResponse:
    """Show one submission; with a note or quotation that could not be kept, and why.

    :param typed: by name of the field, the quotation that was typed.
    """
    definition = FORMS[found.form]
    story = desk.story(database(), found.number)
    released = {row.field: {"text": row.text, "named": row.named} for row in story["quotations"]}
    nothing = {"text": "", "named": False}
    quotations = quotable(found)
    return show(
        "one", status=422 if fault else 200, title=f"{found.reference}: {definition.title}",
        found=found, definition=definition, rows=list(definition.rows(found.answers)), due=desk.due(found, now()),
        states=desk.STATES, note=note, fault=fault, answer_link=answer_link(found), typed=typed or {},
        quotable=quotations, seen=sign_seen(found, state=found.state),
        seen_quotation={field: sign_seen(found, shown=released.get(field, nothing)) for field, _text in quotations},
        **story,
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
    state = g.form.get("state", "")
    if state not in desk.STATES:
        return show_one(found, fault=_("Choose a state from the list."))
    seen = as_seen(found)
    try:
        desk.set_state(database(), seen, state, g.account.name, now())
    except desk.ConflictError as conflict:
        return show_state_conflict(seen, conflict.current, state)
    return back_to(found)


def as_seen(found: Submission) -> Submission:
    """Return the submission as the form showed it.

    A form that does not say so is taken for one of the first version; after that everything counts as changed.
    """
    seen = read_seen(g.form.get("_seen", ""), found)
    if seen is None:
        return found if found.version == 1 else replace(found, version=0, state="", answers={})
    return replace(
        found,
        version=seen["version"],
        state=seen.get("state", found.state),
        answers=seen.get("answers", found.answers),
    )


def show_state_conflict(seen: Submission, current: Submission, state: str) -> BaseResponse:
    """Show that a colleague has set another state meanwhile; nothing is changed until the clerk decides."""
    events = [row for row in desk.story(database(), current.number)["events"] if row.kind == "state"]
    return show(
        "conflict_state", status=409, title=_("A colleague was faster: %(reference)s", reference=current.reference),
        fault=_("The state was changed while this page was open. Nothing of yours was stored yet."),
        found=current, before=seen.state, state=state, last=events[-1] if events else None,
        seen=sign_seen(current, state=current.state),
    )  # fmt: skip


@office.route("/v/<reference>/notiz", methods=["POST"])
@submission_view
def write_note(found: Submission) -> BaseResponse:
    """Keep a note."""
    text = g.form.get("note", "").replace("\r\n", "\n").strip()
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
    field = g.form.get("field", "")
    allowed = dict(quotable(found))
    typed = {field: g.form.get("text", "")}
    if field not in allowed:
        return show_one(found, fault=_("The sender has not agreed to be quoted."), typed=typed)
    if g.form.get("back"):
        desk.unquote(database(), found, field, g.account.name, now())
        return back_to(found)
    text = " ".join(typed[field].split())
    whole = " ".join(allowed[field].split())
    if not text or any(part.strip() not in whole for part in text.split("[…]")):
        fault = _("A quotation is a part of the text, word for word; mark what you leave out by […].")
        return show_one(found, fault=fault, typed=typed)
    named = bool(found.answers.get("consent_named") and found.answers.get("company") and g.form.get("named"))
    seen = read_seen(g.form.get("_seen", ""), found)
    try:
        desk.quote(database(), found, field, text, named, g.account.name, now(), seen.get("shown") if seen else None)
    except desk.ConflictError as conflict:
        fault = _("A colleague has changed the quotation or the answer meanwhile. What you typed stands below, what is released now above it.")  # fmt: skip
        return show_one(conflict.current, fault=fault, typed=typed)
    return back_to(found)


@office.route("/v/<reference>/berichtigen", methods=["GET", "POST"])
@submission_view
def correct(found: Submission) -> BaseResponse:
    """Put answers right (Art. 16 GDPR)."""
    definition = FORMS[found.form]
    if request.method != "POST":
        form = definition.form_class(data=dict(found.answers))
        return show_correction(found, form, sign_seen(found, answers=dict(found.answers)))
    form = definition.fill(g.form)
    if not form.validate():
        return show_correction(found, form, g.form.get("_seen", ""))
    seen, answers = as_seen(found), definition.answers(form)
    asked = (read_seen(g.form.get("_seen", ""), found) or {}).get("asked", [])
    for name in asked:
        choice = g.form.get(f"_take_{name}")
        if choice == "theirs":
            answers[name] = seen.answers.get(name)
        elif choice != "mine":
            return show_conflict(definition, seen, found, answers, asked, _("Choose one text for each answer."))
    try:
        desk.correct(database(), seen, answers, g.account.name, now())
    except desk.ConflictError as conflict:
        fault = _(
            "A colleague has corrected the same answers while this page was open. Nothing of yours was stored yet."
        )
        values = {**conflict.merged, **{name: answers[name] for name in conflict.fields}}
        return show_conflict(definition, seen, conflict.current, values, conflict.fields, fault)
    return back_to(found)


def show_correction(found: Submission, form: Form, seen: str) -> BaseResponse:
    """Show the form with the answers."""
    return show(
        "correct", status=422 if form.errors else 200, title=_("Correct %(reference)s", reference=found.reference),
        found=found, definition=FORMS[found.form], form=form, seen=seen,
    )  # fmt: skip


def show_conflict(
    definition: FormDefinition,
    seen: Submission,
    current: Submission,
    answers: Mapping[str, Any],
    names: Sequence[str],
    fault: str,
) -> BaseResponse:
    """Show what both have written, and what stood there before; neither is chosen beforehand.

    :param answers: what is to be stored, with the clerk's own text where both differ.
    """
    form = definition.form_class()
    rows = [
        {
            "name": name,
            "label": form[name].label.text,
            "before": display_value(form[name], seen.answers.get(name)),
            "theirs": display_value(form[name], current.answers.get(name)),
            "mine": display_value(form[name], answers.get(name)),
        }
        for name in names
    ]
    events = [row for row in desk.story(database(), current.number)["events"] if row.kind == "corrected"]
    return show(
        "conflict", status=409, title=_("A colleague was faster: %(reference)s", reference=current.reference),
        fault=fault, found=current, rows=rows, pairs=definition.pairs_of(answers), is_known=bool(seen.version),
        last=events[-1] if events else None,
        seen=sign_seen(current, answers=dict(current.answers), asked=list(names)),
    )  # fmt: skip


@office.route("/v/<reference>/loeschen", methods=["GET", "POST"])
@submission_view
def erase_one(found: Submission) -> BaseResponse:
    """Delete one submission for good, after asking."""
    fault = ""
    if request.method == "POST" and g.form.get("sure") == "yes":
        kind = "spam-erased" if found.held else "erased"
        fault = erase([found], kind)
        if not fault:
            return redirect(f"{base()}?held=1" if found.held else base(), 303)
    return show_erase(
        _("Delete %(reference)s", reference=found.reference), [found], fault, f"v/{found.reference}/loeschen"
    )


def erase(found: Sequence[Submission], kind: str) -> str:
    """Delete submissions for good; return why not, if somebody has worked on one since the page was opened."""
    numbers, mark = [row.number for row in found], g.form.get("_seen") or None
    try:
        desk.erase(database(), numbers, g.account.name, kind, now(), frame.settings().mail_dir, mark)
    except desk.ConflictError:
        return _("Somebody has worked on this while the page was open. Nothing was deleted. Please look once more.")
    return ""


def show_erase(
    title: str, found: Sequence[Submission], fault: str, path: str, query: str = "", picked: bool = False
) -> BaseResponse:
    """Ask whether submissions are to be deleted.

    :param picked: whether they were ticked, so that just these are deleted.
    """
    return show(
        "erase", status=409 if fault else 200, title=title, found=found, address=query, fault=fault, picked=picked,
        action=base() + path, seen=desk.work_mark(database(), [row.number for row in found]),
    )  # fmt: skip


def person_query(values: MultiDict[str, str]) -> str:
    """Return whom a colleague looks for."""
    return (values.get("q") or values.get("email") or "").strip()[: persons.MAX_QUERY]


def chosen(values: MultiDict[str, str]) -> list[Submission]:
    """Return what a colleague has ticked; where nothing was offered to tick, what is certainly of the person."""
    if values.get("picked") or values.getlist("ref"):
        return persons.find_picked(database(), values.getlist("ref"))
    return persons.find_exact(database(), person_query(values))


@office.route("/person/")
def person() -> BaseResponse:
    """Find everything of one person (Art. 15 GDPR)."""
    return show_person(person_query(request.args))


def show_person(query: str, fault: str = "") -> BaseResponse:
    """Show what belongs to a person, and apart from it what may."""
    return show(
        "person", status=422 if fault else 200, title=_("Data of one person"), query=query, fault=fault,
        found=persons.find_person(database(), query), handed_out=desk.handed_out(database()),
    )  # fmt: skip


@office.route("/person/kopie.<kind>")
def person_copy(kind: str) -> BaseResponse:
    """Hand out one person's data as a copy for them (Art. 15(3), Art. 20 GDPR)."""
    makers: dict[str, tuple[Any, str]] = {
        "html": (copies.as_page, "text/html"),
        "json": (copies.as_json, "application/json"),
    }
    if kind not in makers:
        raise NotFound
    found = chosen(request.args)
    if not found and request.args.get("picked"):
        return show_person(person_query(request.args), _("Tick at least one entry."))
    if not found:
        raise NotFound
    make, mimetype = makers[kind]
    content = make(copies.person_copy(database(), frame.settings(), found, now()))
    desk.log_copy(database(), found, kind, g.account.name, now())
    return as_file(content, f"kim-auskunft-{now():%Y-%m-%d}.{kind}", mimetype)


@office.route("/person/loeschen", methods=["GET", "POST"])
def erase_person() -> BaseResponse:
    """Delete one person's data for good, after asking (Art. 17 GDPR)."""
    values = g.form if request.method == "POST" else request.args
    query, picked, found = person_query(values), bool(values.get("picked") or values.get("ref")), chosen(values)
    fault = ""
    if not found and picked and request.method != "POST":
        return show_person(query, _("Tick at least one entry."))
    if found and request.method == "POST" and g.form.get("sure") == "yes":
        fault = erase(found, "erased")
        if not fault:
            found = []
    if not found:
        return redirect(f"{base()}person/?{urlencode({'q': query})}", 303)
    return show_erase(_("Delete the data of one person"), found, fault, "person/loeschen", query, picked)


@office.route("/person/berichtigen", methods=["GET", "POST"])
def correct_person() -> BaseResponse:
    """Put name, address or number right in everything that was ticked (Art. 16 GDPR)."""
    values = g.form if request.method == "POST" else request.args
    query, found = person_query(values), chosen(values)
    if not found and values.get("picked") and request.method != "POST":
        return show_person(query, _("Tick at least one entry."))
    if not found:
        return redirect(f"{base()}person/?{urlencode({'q': query})}", 303)
    if request.method != "POST":
        return show_person_correction(query, found, contact_fields(found))
    typed = {name: g.form.get(name, "") for name in CONTACT_FIELDS}
    changes = [(row, *corrected(row, typed)) for row in found]
    faults = {name: texts for _row, _answers, wrong in changes for name, texts in wrong.items()}
    if faults:
        fields = contact_fields(found, typed, faults)
        return show_person_correction(query, found, fields, _("Nothing was changed. Please check what is marked."), 422)
    if g.form.get("_seen") != desk.work_mark(database(), [row.number for row in found]):
        fault = _("Somebody has worked on this while the page was open. Nothing was changed. Please look once more.")
        return show_person_correction(query, found, contact_fields(found, typed), fault, 409)
    try:
        for row, answers, _none in changes:
            desk.correct(database(), row, answers, g.account.name, now())
    except desk.ConflictError:
        fault = _("A colleague was faster in one entry. Those before it are corrected. Please look once more.")
        return show_person_correction(query, found, contact_fields(found, typed), fault, 409)
    followed = typed["email"] or typed["phone"] or query
    return redirect(f"{base()}person/?{urlencode({'q': followed})}", 303)


def show_person_correction(
    query: str, found: Sequence[Submission], fields: Sequence[ContactField], fault: str = "", status: int = 200
) -> BaseResponse:
    """Show the fields that are corrected in several submissions at once."""
    return show(
        "correct_person", status=status, title=_("Correct the data of one person"), query=query, found=found,
        fields=fields, fault=fault, seen=desk.work_mark(database(), [row.number for row in found]),
    )  # fmt: skip


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
    asked = read_filter(request.args)
    if asked.faults:
        return show_inbox(asked)
    found = desk.find_all(database(), asked.wanted)
    query = query_of(asked.wanted)
    return show("charts", title=_("Numbers"), charts=charts(found, now()), total=len(found), query=query)


@office.route("/umfrage/")
def survey() -> BaseResponse:
    """Show the live picture of the experience survey."""
    found = desk.find_all(database(), desk.Wanted(form="survey"))
    return show("survey", title=_("Survey"), charts=tallies(found), texts=texts(found), total=len(found))


@office.route("/<path:rest>", methods=["GET", "POST"])
def unknown_page(rest: str) -> BaseResponse:
    """Lead from the address of a button to its entry; say of all else that it is not there."""
    page = unsent.entry_page(f"/{rest}")
    if page != base() and request.path != page and unsent.view_of(request.path, "POST"):
        return redirect(page, 303)
    return show("missing", status=404, title=_("Not found"))


@office.context_processor
def office_context() -> dict[str, Any]:
    """Give every template a fresh token and a mark of the account that the page is drawn for."""
    who = g.get("account")
    return {
        "csrf_token": generate_csrf,
        "page_owner": kept_posts.sign_owner(frame.settings().secret_key, who.id) if who else "",
    }
