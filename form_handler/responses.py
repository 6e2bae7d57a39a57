"""Render the service's pages: form with errors, review, receipt and error pages, each in the site's layout."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, render_template
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup
from werkzeug.security import safe_join
from wtforms import Form

from core.contacts import load_fallback_contact
from core.gettext import gettext as _
from core.languages import Language, load_languages
from form_handler import PRIVACY_PATH
from form_handler.current import page_layouts, settings
from form_handler.forms import FormDefinition
from form_handler.layout import LayoutError, replace_region, set_title
from form_handler.request_body import INTERNAL_FIELDS, FormBody
from form_handler.spam import HONEYPOT_FIELD
from form_handler.tokens import new_submission_number, sign_review

SUBMIT_PATH = "absenden/"
RECEIPT_PATH = "eingegangen/"
TEMPLATE = "partials/kim/forms.html"


def preload(app: Flask) -> None:
    """Load contacts and templates before the server forks, so that its processes share them."""
    load_fallback_contact()
    app.jinja_env.get_template(TEMPLATE)


def form_url(language: Language, definition: FormDefinition) -> str:
    """Return the address of a form's page."""
    return language.root + definition.slug


def render_macro(name: str, template: str = TEMPLATE, **values: Any) -> str:
    """Render a macro of a template, by default of those that build and service share for forms."""
    module = current_app.jinja_env.get_template(template).module
    return str(getattr(module, name)(**values))


def html_response(page: str, status: int) -> Response:
    """Return an HTML response that no proxy caches and no search engine lists.

    The reader's browser may cache it: with ``no-store`` the back button would show an error instead of
    the answers, and sending from there would make a second submission.
    """
    response = Response(page, status, mimetype="text/html")
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def render_form(
    language: Language, definition: FormDefinition, form: Form, notes: Sequence[str] = (), status: int = 422
) -> Response:
    """Return the form's page with the submitted values; with errors, a summary on top."""
    page = page_layouts().form_page(language, definition.slug)
    region = render_macro(
        "form_region",
        form=form,
        definition=definition,
        action=form_url(language, definition),
        privacy_url=language.root + PRIVACY_PATH,
        contact=load_fallback_contact(),
        languages=[row for row in load_languages() if row != language],
    )
    page = replace_region(page, "form", region)
    if form.errors or notes:
        page = replace_region(
            page, "summary", render_macro("error_summary", form=form, names=definition.field_names(), notes=notes)
        )
        page = set_title(page, prefix=_("Error:") + " ")
    return html_response(page, status)


def render_review(
    language: Language,
    definition: FormDefinition,
    form: Form,
    notes: Sequence[str] = (),
    status: int = 200,
    number: str | None = None,
    trap: str = "",
) -> Response:
    """Return the review page; nothing has been stored yet."""
    number = number or new_submission_number()
    answers = definition.answers(form)
    rows = [row for row in definition.display_rows(answers) if answers[row[0].name]]
    region = render_macro(
        "review",
        definition=definition,
        rows=rows,
        left_out=len(answers) - len(rows),
        pairs=[*definition.hidden_fields(form), *([(HONEYPOT_FIELD, trap)] if trap else [])],
        form_url=form_url(language, definition),
        send_url=form_url(language, definition) + SUBMIT_PATH,
        token=generate_csrf(),
        stamp=sign_review(settings().secret_keys, definition.key, number),
        number=number,
        notes=notes,
        contact=load_fallback_contact(),
        languages=[row for row in load_languages() if row != language],
    )
    page = in_layout(language, region, definition)
    prefix = _("Error:") + " " if notes else ""
    return html_response(set_title(page, prefix, _("Check your answers")), status)


def render_receipt(
    language: Language,
    definition: FormDefinition,
    reference: str,
    mail_promised: bool,
    reachable: bool,
    recommendations: str = "",
) -> Response:
    """Return the receipt: reference number, next steps with their dates, and matching measures.

    :param mail_promised: whether a mail to the sender is on its way or was sent.
    :param reachable: whether the sender can be reached, so that the receipt may announce an answer.
    """
    region = render_macro(
        "receipt",
        definition=definition,
        reference=reference,
        days=definition.answer_within_days,
        contact=load_fallback_contact(),
        form_url=form_url(language, definition),
        home_url=language.root,
        mail_promised=mail_promised,
        copy_on_request=mail_promised and settings().confirm_email,
        reachable=reachable,
        recommendations=Markup(recommendations),  # noqa: S704 - rendered by our own escaping template
    )
    page = in_layout(language, region, definition)
    return html_response(set_title(page, title=_("Thank you, your answers have arrived")), 200)


def render_message(
    language: Language, title: str, lines: Sequence[str], status: int = 200, action: str = "", button: str = ""
) -> Response:
    """Return a short message page; with ``action``, one button that posts there."""
    region = render_macro(
        "message_page", title=title, lines=lines, action=action, button=button, home_url=language.root,
        token=generate_csrf() if action else "",
    )  # fmt: skip
    return html_response(set_title(in_layout(language, region), title=title), status)


def render_error(
    language: Language,
    status: int,
    title: str,
    lines: Sequence[str],
    definition: FormDefinition | None = None,
    incoming: FormBody | None = None,
) -> Response:
    """Return an error page with the submitted answers and a phone number."""
    region = render_macro(
        "error_page",
        title=title,
        lines=lines,
        kept=submitted_answers(definition, incoming),
        contact=load_fallback_contact(),
        home_url=language.root,
        back_url=form_url(language, definition) if definition else None,
    )
    return html_response(set_title(in_layout(language, region), _("Error:") + " ", title), status)


def render_not_found(language: Language) -> Response:
    """Return the built page of a language for a missing page, with its search and its links."""
    try:
        return html_response(page_layouts().error_page(language), 404)
    except LayoutError as error:
        current_app.logger.error("%s", error)
        return render_error(language, 404, _("Page not found"), [_("This page does not exist or has moved.")])


def is_built_page(path: str) -> bool:
    """Return whether the built site has a page at a path, which begins and ends with a slash."""
    if not (path.startswith("/") and path.endswith("/")) or path.startswith("//") or "\\" in path:
        return False
    found = safe_join(str(settings().site_dir), path.strip("/"))
    try:
        return found is not None and Path(found, "index.html").is_file()
    except (OSError, ValueError):  # too long, or a NUL
        return False


def submitted_answers(definition: FormDefinition | None, incoming: FormBody | None) -> list[tuple[str, str]]:
    """Return the submitted answers by question, at most 5000 characters each; empty for a request without answers."""
    if definition is None or incoming is None:
        return []
    form = definition.form_class()
    return [
        (form[name].label.text, ", ".join(value[:5000] for value in incoming.pairs.getlist(name) if value))
        for name in definition.field_names()
        if name not in INTERNAL_FIELDS and any(incoming.pairs.getlist(name))
    ]


def in_layout(language: Language, region: str, definition: FormDefinition | None = None) -> str:
    """Return a page with this main region: in the form's page, else in the error page, else without layout.

    A built site that is missing or broken must not keep anybody from sending answers or seeing a receipt.
    """
    try:
        return replace_region(
            page_layouts().form_page(language, definition.slug) if definition else page_layouts().error_page(language),
            "main",
            region,
        )
    except LayoutError as error:
        current_app.logger.error("%s", error)
        return in_layout(language, region) if definition else minimal_page(language, region)


def minimal_page(language: Language, region: str) -> str:
    """Return a page without the site's layout, for a built site that is missing."""
    return render_template("partials/kim/minimal.html", language=language, region=Markup(region))  # noqa: S704 - rendered by our own escaping templates
