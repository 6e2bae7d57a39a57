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

from core.gettext import STAFF_LANGUAGES, use_language
from core.gettext import gettext as _
from core.languages import default_language, load_languages
from form_handler.errors import handle_http_error
from form_handler.forms import FORMS, FormDefinition
from form_handler.forms.fields import display_value
from form_handler.forms.participation import TRADES
from form_handler.mail.compose import reply_template
from form_handler.request_body import drain_request
from form_handler.security import is_cross_site
from form_handler.staff import accounts, actions, export, layout, persons, queries, saved_forms, unsent
from form_handler.staff import person_copy as person_copies
from form_handler.staff.charts import submission_charts
from form_handler.staff.devices import read_devices, remember_device
from form_handler.staff.filters import FilterQuery, filter_query, parse_filter
from form_handler.staff.labels import state_label
from form_handler.staff.layout import render, staff_root
from form_handler.staff.person_correction import FIELDS as CONTACT_FIELDS
from form_handler.staff.person_correction import ContactField, apply_correction, contact_fields
from form_handler.staff.request_body import read_form
from form_handler.staff.survey import survey_charts, survey_texts
from form_handler.staff.versions import sign_version, verify_version
from form_handler.storage import deletion, events, submissions
from form_handler.storage.database import Database, DatabaseBusyError
from form_handler.storage.submissions import Submission, find_by_reference

staff = Blueprint("staff", __name__)
MAX_NOTE_CHARS = 4000
MAX_NAME_CHARS = 100
# Longest address that is opened after log-in, in characters; a longer one leads to the inbox.
MAX_TARGET_CHARS = 1000
PUBLIC_VIEWS = frozenset({"log_in", "oidc_login", "oidc_callback"})


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


@staff.url_value_preprocessor
def pop_language_code(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Take the language out of the address; the guard compares it with what the application read from the path."""
    g.staff_code = values.pop("code", None) if values is not None else None


@staff.before_request
def require_login() -> BaseResponse | None:
    """Let in who has a session; refuse what another site sent or what was sent from an old page, without losing it."""
    wanted = None if g.language.default else g.language.code
    if g.language.code not in STAFF_LANGUAGES or g.staff_code != wanted:
        raise NotFound
    g.is_staff, g.form, g.account = True, MultiDict(), None
    step = (request.endpoint or "").rpartition(".")[2]
    is_post = request.method == "POST"
    if is_post and is_cross_site(request):
        drain_request(request)
        return render("refused", status=403, title=_("This came from another website"))
    token = session.get("office")
    g.account = accounts.find_session(database(), str(token), now()) if token else None
    if is_post:
        g.form = read_form(request, step)
        return check_post(step)
    if g.account is None and step not in PUBLIC_VIEWS:
        return redirect_to_login(request.full_path.rstrip("?"))
    return None


def redirect_to_login(target: str) -> BaseResponse:
    """Lead to the log-in, and from there to a page."""
    query = urlencode({"weiter": target}) if len(target) <= MAX_TARGET_CHARS else ""
    return redirect(f"{staff_root()}anmelden/{'?' if query else ''}{query}", 303)


def check_post(step: str) -> BaseResponse | None:
    """Return the page for a form that may not be acted on, or None. What was typed is kept or given back."""
    owner = saved_forms.verify_page_owner(layout.settings().secret_key, g.form.get("_page", ""))
    if step in PUBLIC_VIEWS:
        return None if has_valid_token() else render_login(_("This page had been open for too long. Please enter name and password once more."), 403)  # fmt: skip
    if g.account is None:
        return save_until_login(step, owner if owner is not None else session_owner())
    if owner is not None and owner != g.account.id and step != "log_out":
        save_for(owner, step)
        return render("refused", status=403, title=_("This page belongs to another log-in"), by_another=True)
    if not has_valid_token():
        lines = [_("The page had been open for too long. Nothing was changed yet. What you entered is still here.")]
        return unsent.render_unsent(403, _("Please send this once more"), lines, may_send=True)
    return None


def has_valid_token() -> bool:
    """Return whether a form carries the token of this session."""
    try:
        validate_csrf(g.form.get("csrf_token", ""))
    except ValidationError:
        return False
    return True


def session_owner() -> int | None:
    """Return the account that this browser's session belonged to; the cookie is signed."""
    found = accounts.session_account_id(database(), str(session.get("office", "")))
    return found if found is not None else session.get("who")


def save_for(owner: int, step: str) -> bool:
    """Keep what was sent for its writer; return whether it is kept, or there was nothing to keep."""
    if step not in unsent.SAVED_VIEWS:
        return True
    if not accounts.is_active_account(database(), owner):
        return False
    path = request.path[:200]
    return saved_forms.save_form(database(), owner, path, unsent.saved_fields(g.form.items(multi=True)), now())


def save_until_login(step: str, owner: int | None) -> BaseResponse:
    """Keep what was sent without a session and lead to the log-in; give it back where its writer is not known."""
    if step not in unsent.SAVED_VIEWS:
        return redirect_to_login(request.path)
    if owner is None or not save_for(owner, step):
        lines = [_("You are not logged in, so nothing was stored. Copy your text, log in, and enter it once more.")]
        return unsent.render_unsent(403, _("You are not logged in"), lines, may_send=False, log_in=True)
    session["kept"] = True
    return redirect_to_login(unsent.entry_page(request.path))


@staff.after_request
def delete_sent_form(response: BaseResponse) -> BaseResponse:
    """Throw away a kept form once it has been sent and acted on."""
    identity = g.get("form", {}).get("_kept", "")
    if identity and response.status_code == 303 and g.get("account") is not None:
        saved_forms.delete_saved_form(database(), g.account.id, identity)
    return response


@staff.errorhandler(submissions.GoneError)
def handle_gone(_error: submissions.GoneError) -> BaseResponse:
    """Say that an entry was deleted while somebody was writing, and give the text back."""
    lines = [
        _("This entry is no longer there. It was deleted, or its time had run out. Nothing was stored."),
        _("What you entered is still here. Copy it if you need it."),
    ]
    return unsent.render_unsent(410, _("The entry is gone"), lines, may_send=False)


@staff.errorhandler(sa.exc.SQLAlchemyError)
@staff.errorhandler(DatabaseBusyError)
@staff.errorhandler(OSError)
def handle_storage_error(error: Exception) -> BaseResponse:
    """Say that the database did not take something, and give the text back."""
    current_app.logger.error("staff area: not stored: %s", type(error).__name__)
    if request.method == "POST" and not g.form:
        g.form = read_form(request, (request.endpoint or "").rpartition(".")[2])
    lines = [_("The server could not store this just now. Nothing was changed. Please send it again in a moment.")]
    if request.method != "POST":
        lines = [_("The server cannot reach its data just now. Please try again in a moment.")]
    return unsent.render_unsent(503, _("This was not stored"), lines, may_send=True)


@staff.errorhandler(HTTPException)
def handle_staff_http_error(error: HTTPException) -> BaseResponse:
    """Show a refused request in the frame of the staff area."""
    status = error.code or 500
    if not g.get("is_staff") or status < 400:
        return handle_http_error(error)
    if status == 404:
        return render("missing", status=404, title=_("Not found"))
    too_large = _("This was too large and was not read. Nothing was changed. Go back in your browser and shorten it.")
    unreadable = _("Your browser sent something that we could not read. Nothing was stored.")
    response = render("refused", status=status, title=_("This could not be read"), reason=too_large if status == 413 else unreadable)  # fmt: skip
    response.headers["Connection"] = "close"  # the rest of the body is not worth reading
    return response


def submission_view(view: Any) -> Any:
    """Give a view the submission that its address names."""

    @wraps(view)
    def wrapped(reference: str) -> BaseResponse:
        found = find_by_reference(database(), reference)
        if found is None and request.method == "POST":
            raise submissions.GoneError(reference)
        if found is None:
            return render("missing", status=404, title=_("Not found"))
        result: BaseResponse = view(found)
        return result

    return wrapped


@staff.route("/anmelden/", methods=["GET", "POST"])
def log_in() -> BaseResponse:
    """Let somebody in by name and password; too many wrong attempts are slowed down."""
    if request.method != "POST":
        return redirect(safe_redirect_target(request.args.get("weiter", "")), 303) if g.account else render_login()
    try:
        who = accounts.log_in(
            database(), g.form.get("name", ""), g.form.get("password", ""), request.remote_addr or "unknown", now(),
            read_devices(request, layout.settings()),
        )  # fmt: skip
    except accounts.ThrottledError:
        return render_login(_("Too many wrong attempts. Please wait a quarter of an hour, then try again."), 429)
    if who is None:
        current_app.logger.warning("staff log-in refused")
        return render_login(_("Name or password is not right. Please check both."), 403)
    return start_session(who, safe_redirect_target(g.form.get("weiter", "")))


def render_login(error: str = "", status: int = 200) -> BaseResponse:
    """Return the log-in page, with what went wrong; it says so if a text is kept."""
    target = g.form.get("weiter", "") or request.args.get("weiter", "") or session.get("weiter", "")
    response = render(
        "login", status=status, title=_("Log in"), error=error, name=g.form.get("name", "")[:MAX_NAME_CHARS],
        target=safe_redirect_target(target), kept=bool(session.get("kept")), provider=bool(layout.settings().oidc_issuer),
    )  # fmt: skip
    if status == 429:
        response.headers["Retry-After"] = str(accounts.WINDOW_MINUTES * 60)
    return response


def start_session(who: accounts.Account, target: str) -> BaseResponse:
    """Begin a session for somebody, in a fresh cookie; what is kept for them comes first."""
    session.clear()
    session["office"], session["who"] = accounts.open_session(database(), who, now()), who.id
    if saved_forms.list_saved_forms(database(), who.id, now()):
        target = f"{staff_root()}ungesendet/"
    response = redirect(target, 303)
    remember_device(response, request, layout.settings(), who.id)
    return response


def safe_redirect_target(wanted: str) -> str:
    """Return the page to go to after log-in: one of the staff area that can be opened, never another site."""
    if (
        not wanted.startswith(staff_root())
        or "\\" in wanted
        or not wanted.isprintable()
        or len(wanted) > MAX_TARGET_CHARS
    ):
        return staff_root()
    path = wanted.partition("?")[0].partition("#")[0]
    view = unsent.view_name(path, "GET")
    if view in PUBLIC_VIEWS:
        return staff_root()
    return wanted if view else unsent.entry_page(path)


@staff.route("/ungesendet/")
def saved_forms_page() -> BaseResponse:
    """Show what was sent after the session had ended, to be sent once more."""
    return unsent.render_saved_forms(saved_forms.list_saved_forms(database(), g.account.id, now()))


@staff.route("/ungesendet/verwerfen", methods=["POST"])
def delete_saved_form() -> BaseResponse:
    """Throw away something that was kept."""
    saved_forms.delete_saved_form(database(), g.account.id, g.form.get("id", ""))
    return redirect(f"{staff_root()}ungesendet/", 303)


@staff.route("/abmelden/", methods=["POST"])
def log_out() -> BaseResponse:
    """End the session, on the server as well."""
    accounts.close_session(database(), str(session.get("office", "")))
    session.clear()
    session["who"] = g.account.id
    return redirect(f"{staff_root()}anmelden/", 303)


@staff.route("/")
def inbox_page() -> BaseResponse:
    """Show what came in."""
    asked = parse_filter(request.args, with_page=True)
    if asked.errors:
        return render_inbox(asked)
    found, total = queries.search_submissions(database(), asked.filter, now(), asked.page)
    pages = max(1, -(-total // queries.PER_PAGE))
    if asked.page > pages:
        words = _("There is no page %(page)s; the last one is page %(last)s.", page=asked.page, last=pages)
        return render_inbox(replace(asked, errors={"page": words}))
    return render_inbox(asked, found, total, pages)


def render_inbox(asked: FilterQuery, found: Sequence[Submission] = (), total: int = 0, pages: int = 1) -> BaseResponse:
    """Show the inbox; with a wrong filter what is wrong, and no entry."""
    moment, wanted = now(), asked.filter
    return render(
        "inbox", status=400 if asked.errors else 200,
        title=_("Held as suspected spam") if asked.values.get("held") else _("Inbox"),
        error=_("The filter is not right, so nothing is shown.") if asked.errors else "", errors=asked.errors,
        rows=[(row, queries.deadlines(row, moment)) for row in found], total=total, page_number=asked.page, pages=pages,
        values=asked.values, query=filter_query(wanted), filter_query=lambda **more: filter_query(wanted, **more),
        counts=queries.inbox_counts(database(), moment), kept=len(saved_forms.list_saved_forms(database(), g.account.id, moment)),
        forms=[(key, definition.title) for key, definition in FORMS.items()],
        states=[(state, state_label(state)) for state in queries.STATES],
        languages=[(row.code, row.name) for row in load_languages()], trades=TRADES,
    )  # fmt: skip


@staff.route("/ausgabe.<kind>")
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
    asked = parse_filter(request.args)
    if asked.errors:
        return render_inbox(asked)
    found = queries.all_submissions(database(), asked.filter)
    with database().transaction() as connection:
        events.record_event(connection, g.account.name, "exported", now(), None, f"{kind} {len(found)}")
    return file_response(make(found), f"kim-{now():%Y-%m-%d}.{kind}", mimetype)


def file_response(content: bytes, name: str, mimetype: str) -> Response:
    """Return a file to be saved; nothing on the way keeps it."""
    response = Response(content, mimetype=mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response


@staff.route("/v/<reference>/")
@submission_view
def submission_detail(found: Submission) -> BaseResponse:
    """Show one submission with everything that belongs to it."""
    return render_submission(found)


def render_submission(
    found: Submission, note: str = "", error: str = "", typed: Mapping[str, str] | None = None
) -> BaseResponse:
    """Show one submission; with a note or quotation that could not be kept, and why.

    :param typed: by name of the field, the quotation that was typed.
    """
    definition = FORMS[found.form]
    story = queries.submission_history(database(), found.number)
    released = {row.field: {"text": row.text, "named": row.named} for row in story["quotations"]}
    nothing = {"text": "", "named": False}
    quotations = quotable_texts(found)
    return render(
        "one", status=422 if error else 200, title=f"{found.reference}: {definition.title}",
        found=found, definition=definition, rows=list(definition.display_rows(found.answers)), due=queries.deadlines(found, now()),
        states=queries.STATES, note=note, error=error, answer_link=answer_link(found), typed=typed or {},
        quotable=quotations, seen=sign_version(found, state=found.state),
        seen_quotation={field: sign_version(found, shown=released.get(field, nothing)) for field, _text in quotations},
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
        subject, body = reply_template(found.reference)
    return f"mailto:{quote(str(address), safe='@')}?subject={quote(subject)}&body={quote(body + chr(13) + chr(10) * 3)}"


def quotable_texts(found: Submission) -> list[tuple[str, str]]:
    """Return the texts of a survey whose sender agreed to be quoted, as field and text."""
    if found.form != "survey" or not found.answers.get("consent_quote"):
        return []
    return [(name, found.answers[name]) for name in ("worked_text", "hindered_text") if found.answers.get(name)]


def redirect_to_submission(found: Submission) -> BaseResponse:
    """Lead back to the submission."""
    return redirect(f"{staff_root()}v/{found.reference}/", 303)


@staff.route("/v/<reference>/stand", methods=["POST"])
@submission_view
def change_state(found: Submission) -> BaseResponse:
    """Change the state."""
    state = g.form.get("state", "")
    if state not in queries.STATES:
        return render_submission(found, error=_("Choose a state from the list."))
    seen = submission_as_shown(found)
    try:
        actions.set_state(database(), seen, state, g.account.name, now())
    except submissions.ConflictError as conflict:
        return render_state_conflict(seen, conflict.current, state)
    return redirect_to_submission(found)


def submission_as_shown(found: Submission) -> Submission:
    """Return the submission as the form showed it.

    A form that does not say so is taken for one of the first version; after that everything counts as changed.
    """
    seen = verify_version(g.form.get("_seen", ""), found)
    if seen is None:
        return found if found.version == 1 else replace(found, version=0, state="", answers={})
    return replace(
        found,
        version=seen["version"],
        state=seen.get("state", found.state),
        answers=seen.get("answers", found.answers),
    )


def render_state_conflict(seen: Submission, current: Submission, state: str) -> BaseResponse:
    """Show that a colleague has set another state meanwhile; nothing is changed until the clerk decides."""
    events = [row for row in queries.submission_history(database(), current.number)["events"] if row.kind == "state"]
    return render(
        "conflict_state", status=409, title=_("A colleague was faster: %(reference)s", reference=current.reference),
        error=_("The state was changed while this page was open. Nothing of yours was stored yet."),
        found=current, before=seen.state, state=state, last=events[-1] if events else None,
        seen=sign_version(current, state=current.state),
    )  # fmt: skip


@staff.route("/v/<reference>/notiz", methods=["POST"])
@submission_view
def write_note(found: Submission) -> BaseResponse:
    """Keep a note."""
    text = g.form.get("note", "").replace("\r\n", "\n").strip()
    if not text or len(text) > MAX_NOTE_CHARS or "\x00" in text:
        return render_submission(found, text, _("A note has 1 to %(limit)s characters.", limit=MAX_NOTE_CHARS))
    actions.add_note(database(), found, text, g.account.name, now())
    return redirect_to_submission(found)


@staff.route("/v/<reference>/zwischennachricht", methods=["POST"])
@submission_view
def interim(found: Submission) -> BaseResponse:
    """Note that an interim notice was given."""
    actions.record_interim_notice(database(), found, g.account.name, now())
    return redirect_to_submission(found)


@staff.route("/v/<reference>/freigeben", methods=["POST"])
@submission_view
def release_held(found: Submission) -> BaseResponse:
    """Take a held submission into the inbox."""
    actions.accept_held(database(), found, g.account.name, now())
    return redirect_to_submission(found)


@staff.route("/v/<reference>/mails", methods=["POST"])
@submission_view
def retry_submission_mails(found: Submission) -> BaseResponse:
    """Try the mails of one submission again."""
    actions.retry_mails(database(), g.account.name, now(), found.number)
    return redirect_to_submission(found)


@staff.route("/v/<reference>/zitat", methods=["POST"])
@submission_view
def release_quotation(found: Submission) -> BaseResponse:
    """Release a sentence for publication, or take it back."""
    field = g.form.get("field", "")
    allowed = dict(quotable_texts(found))
    typed = {field: g.form.get("text", "")}
    if field not in allowed:
        return render_submission(found, error=_("The sender has not agreed to be quoted."), typed=typed)
    if g.form.get("back"):
        actions.withdraw_quotation(database(), found, field, g.account.name, now())
        return redirect_to_submission(found)
    text = " ".join(typed[field].split())
    whole = " ".join(allowed[field].split())
    if not text or any(part.strip() not in whole for part in text.split("[…]")):
        error = _("A quotation is a part of the text, word for word; mark what you leave out by […].")
        return render_submission(found, error=error, typed=typed)
    named = bool(found.answers.get("consent_named") and found.answers.get("company") and g.form.get("named"))
    seen = verify_version(g.form.get("_seen", ""), found)
    try:
        actions.publish_quotation(
            database(), found, field, text, named, g.account.name, now(), seen.get("shown") if seen else None
        )
    except submissions.ConflictError as conflict:
        error = _("A colleague has changed the quotation or the answer meanwhile. What you typed stands below, what is released now above it.")  # fmt: skip
        return render_submission(conflict.current, error=error, typed=typed)
    return redirect_to_submission(found)


@staff.route("/v/<reference>/berichtigen", methods=["GET", "POST"])
@submission_view
def correct_answers(found: Submission) -> BaseResponse:
    """Put answers right (Art. 16 GDPR)."""
    definition = FORMS[found.form]
    if request.method != "POST":
        form = definition.form_class(data=dict(found.answers))
        return render_correction(found, form, sign_version(found, answers=dict(found.answers)))
    form = definition.bind(g.form)
    if not form.validate():
        return render_correction(found, form, g.form.get("_seen", ""))
    seen, answers = submission_as_shown(found), definition.answers(form)
    asked = (verify_version(g.form.get("_seen", ""), found) or {}).get("asked", [])
    for name in asked:
        choice = g.form.get(f"_take_{name}")
        if choice == "theirs":
            answers[name] = seen.answers.get(name)
        elif choice != "mine":
            return render_conflict(definition, seen, found, answers, asked, _("Choose one text for each answer."))
    try:
        actions.update_answers(database(), seen, answers, g.account.name, now())
    except submissions.ConflictError as conflict:
        error = _(
            "A colleague has corrected the same answers while this page was open. Nothing of yours was stored yet."
        )
        values = {**conflict.merged, **{name: answers[name] for name in conflict.fields}}
        return render_conflict(definition, seen, conflict.current, values, conflict.fields, error)
    return redirect_to_submission(found)


def render_correction(found: Submission, form: Form, seen: str) -> BaseResponse:
    """Show the form with the answers."""
    return render(
        "correct", status=422 if form.errors else 200, title=_("Correct %(reference)s", reference=found.reference),
        found=found, definition=FORMS[found.form], form=form, seen=seen,
    )  # fmt: skip


def render_conflict(
    definition: FormDefinition,
    seen: Submission,
    current: Submission,
    answers: Mapping[str, Any],
    names: Sequence[str],
    error: str,
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
    events = [row for row in queries.submission_history(database(), current.number)["events"] if row.kind == "corrected"]
    return render(
        "conflict", status=409, title=_("A colleague was faster: %(reference)s", reference=current.reference),
        error=error, found=current, rows=rows, pairs=definition.hidden_fields_from_answers(answers), is_known=bool(seen.version),
        last=events[-1] if events else None,
        seen=sign_version(current, answers=dict(current.answers), asked=list(names)),
    )  # fmt: skip


@staff.route("/v/<reference>/loeschen", methods=["GET", "POST"])
@submission_view
def delete_submission(found: Submission) -> BaseResponse:
    """Delete one submission for good, after asking."""
    error = ""
    if request.method == "POST" and g.form.get("sure") == "yes":
        kind = "spam-erased" if found.held else "erased"
        error = delete_all([found], kind)
        if not error:
            return redirect(f"{staff_root()}?held=1" if found.held else staff_root(), 303)
    return render_deletion(
        _("Delete %(reference)s", reference=found.reference), [found], error, f"v/{found.reference}/loeschen"
    )


def delete_all(found: Sequence[Submission], kind: str) -> str:
    """Delete submissions for good; return why not, if somebody has worked on one since the page was opened."""
    numbers, mark = [row.number for row in found], g.form.get("_seen") or None
    try:
        deletion.delete_submissions(database(), numbers, g.account.name, kind, now(), layout.settings().mail_dir, mark)
    except submissions.ConflictError:
        return _("Somebody has worked on this while the page was open. Nothing was deleted. Please look once more.")
    return ""


def render_deletion(
    title: str, found: Sequence[Submission], error: str, path: str, query: str = "", picked: bool = False
) -> BaseResponse:
    """Ask whether submissions are to be deleted.

    :param picked: whether they were ticked, so that just these are deleted.
    """
    return render(
        "erase", status=409 if error else 200, title=title, found=found, address=query, error=error, picked=picked,
        action=staff_root() + path, seen=deletion.work_digest(database(), [row.number for row in found]),
    )  # fmt: skip


def person_query(values: MultiDict[str, str]) -> str:
    """Return whom a colleague looks for."""
    return (values.get("q") or values.get("email") or "").strip()[: persons.MAX_QUERY]


def selected_submissions(values: MultiDict[str, str]) -> list[Submission]:
    """Return what a colleague has ticked; where nothing was offered to tick, what is certainly of the person."""
    if values.get("picked") or values.getlist("ref"):
        return persons.find_selected(database(), values.getlist("ref"))
    return persons.find_exact(database(), person_query(values))


@staff.route("/person/")
def person() -> BaseResponse:
    """Find everything of one person (Art. 15 GDPR)."""
    return render_person(person_query(request.args))


def render_person(query: str, error: str = "") -> BaseResponse:
    """Show what belongs to a person, and apart from it what may."""
    return render(
        "person", status=422 if error else 200, title=_("Data of one person"), query=query, error=error,
        found=persons.find_person(database(), query), data_requests=events.list_data_requests(database()),
    )  # fmt: skip


@staff.route("/person/kopie.<kind>")
def person_copy(kind: str) -> BaseResponse:
    """Hand out one person's data as a copy for them (Art. 15(3), Art. 20 GDPR)."""
    makers: dict[str, tuple[Any, str]] = {
        "html": (person_copies.as_html, "text/html"),
        "json": (person_copies.as_json, "application/json"),
    }
    if kind not in makers:
        raise NotFound
    found = selected_submissions(request.args)
    if not found and request.args.get("picked"):
        return render_person(person_query(request.args), _("Tick at least one entry."))
    if not found:
        raise NotFound
    make, mimetype = makers[kind]
    content = make(person_copies.person_copy(database(), layout.settings(), found, now()))
    events.record_copy(database(), found, kind, g.account.name, now())
    return file_response(content, f"kim-auskunft-{now():%Y-%m-%d}.{kind}", mimetype)


@staff.route("/person/loeschen", methods=["GET", "POST"])
def delete_person() -> BaseResponse:
    """Delete one person's data for good, after asking (Art. 17 GDPR)."""
    values = g.form if request.method == "POST" else request.args
    query, picked, found = (
        person_query(values),
        bool(values.get("picked") or values.get("ref")),
        selected_submissions(values),
    )
    error = ""
    if not found and picked and request.method != "POST":
        return render_person(query, _("Tick at least one entry."))
    if found and request.method == "POST" and g.form.get("sure") == "yes":
        error = delete_all(found, "erased")
        if not error:
            found = []
    if not found:
        return redirect(f"{staff_root()}person/?{urlencode({'q': query})}", 303)
    return render_deletion(_("Delete the data of one person"), found, error, "person/loeschen", query, picked)


@staff.route("/person/berichtigen", methods=["GET", "POST"])
def correct_person() -> BaseResponse:
    """Put name, address or number right in everything that was ticked (Art. 16 GDPR)."""
    values = g.form if request.method == "POST" else request.args
    query, found = person_query(values), selected_submissions(values)
    if not found and values.get("picked") and request.method != "POST":
        return render_person(query, _("Tick at least one entry."))
    if not found:
        return redirect(f"{staff_root()}person/?{urlencode({'q': query})}", 303)
    if request.method != "POST":
        return render_person_correction(query, found, contact_fields(found))
    typed = {name: g.form.get(name, "") for name in CONTACT_FIELDS}
    changes = [(row, *apply_correction(row, typed)) for row in found]
    errors = {name: texts for _row, _answers, wrong in changes for name, texts in wrong.items()}
    if errors:
        fields = contact_fields(found, typed, errors)
        return render_person_correction(
            query, found, fields, _("Nothing was changed. Please check what is marked."), 422
        )
    if g.form.get("_seen") != deletion.work_digest(database(), [row.number for row in found]):
        error = _("Somebody has worked on this while the page was open. Nothing was changed. Please look once more.")
        return render_person_correction(query, found, contact_fields(found, typed), error, 409)
    try:
        for row, answers, _none in changes:
            actions.update_answers(database(), row, answers, g.account.name, now())
    except submissions.ConflictError:
        error = _("A colleague was faster in one entry. Those before it are corrected. Please look once more.")
        return render_person_correction(query, found, contact_fields(found, typed), error, 409)
    followed = typed["email"] or typed["phone"] or query
    return redirect(f"{staff_root()}person/?{urlencode({'q': followed})}", 303)


def render_person_correction(
    query: str, found: Sequence[Submission], fields: Sequence[ContactField], error: str = "", status: int = 200
) -> BaseResponse:
    """Show the fields that are corrected in several submissions at once."""
    return render(
        "correct_person", status=status, title=_("Correct the data of one person"), query=query, found=found,
        fields=fields, error=error, seen=deletion.work_digest(database(), [row.number for row in found]),
    )  # fmt: skip


@staff.route("/mails/", methods=["GET", "POST"])
def mails() -> BaseResponse:
    """Show mails that could not be sent, and try them again."""
    if request.method == "POST":
        actions.retry_mails(database(), g.account.name, now())
        return redirect(f"{staff_root()}mails/", 303)
    return render("mails", title=_("Mails that wait"), mails=queries.undelivered_mails(database()))


@staff.route("/zahlen/")
def statistics() -> BaseResponse:
    """Show what came in as charts, each with its table; filtered as the inbox is."""
    asked = parse_filter(request.args)
    if asked.errors:
        return render_inbox(asked)
    found = queries.all_submissions(database(), asked.filter)
    query = filter_query(asked.filter)
    return render("charts", title=_("Numbers"), charts=submission_charts(found, now()), total=len(found), query=query)


@staff.route("/umfrage/")
def survey() -> BaseResponse:
    """Show the live picture of the experience survey."""
    found = queries.all_submissions(database(), queries.SubmissionFilter(form="survey"))
    return render("survey", title=_("Survey"), charts=survey_charts(found), texts=survey_texts(found), total=len(found))


@staff.route("/<path:rest>", methods=["GET", "POST"])
def unknown_page(rest: str) -> BaseResponse:
    """Lead from the address of a button to its entry; say of all else that it is not there."""
    page = unsent.entry_page(f"/{rest}")
    if page != staff_root() and request.path != page and unsent.view_name(request.path, "POST"):
        return redirect(page, 303)
    return render("missing", status=404, title=_("Not found"))


@staff.context_processor
def staff_context() -> dict[str, Any]:
    """Give every template a fresh token and a mark of the account that the page is drawn for."""
    who = g.get("account")
    return {
        "csrf_token": generate_csrf,
        "page_owner": saved_forms.sign_page_owner(layout.settings().secret_key, who.id) if who else "",
    }
