"""Pages for everything that goes wrong: in the reader's language, in the site's frame, never a trace."""

from __future__ import annotations

from flask import Flask, current_app, g, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from core.gettext import gettext as _
from core.gettext import use_language
from core.languages import split_language
from form_handler.responses import render_error


def register_error_handlers(app: Flask) -> None:
    """Let every error of the app be shown as a page."""
    app.register_error_handler(HTTPException, handle_http_error)
    app.register_error_handler(Exception, handle_exception)


def handle_http_error(error: HTTPException) -> Response:
    """Show a refused request."""
    status = error.code or 500
    if 300 <= status < 400:
        return error.get_response()
    language, _rest = split_language(request.path)
    with use_language(language.code):
        title, line = error_text(status)
        response = render_error(language, status, title, [line], g.get("definition"), g.get("incoming"))
    for name, value in error.get_headers():
        if name == "Allow":
            response.headers[name] = value
    return response


def handle_exception(error: Exception) -> Response:
    """Show an unforeseen fault; the log gets its kind and place, never what a person typed."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "unknown"
    current_app.logger.error("fault %s at %s", type(error).__name__, place)
    language, _rest = split_language(request.path)
    with use_language(language.code):
        lines = [_("Please try again in a moment, or call us.")]
        if not g.get("stored"):
            lines.insert(0, _("Something went wrong on our side. Nothing was stored."))
        return render_error(language, 500, _("Something went wrong"), lines, g.get("definition"), g.get("incoming"))


def error_text(status: int) -> tuple[str, str]:
    """Return title and sentence for an HTTP status, in the current language."""
    if status == 404:
        return _("Page not found"), _("This page does not exist or has moved.")
    if status == 405:
        return _("This does not work here"), _("This page cannot be used in this way. Please start from the form.")
    if status == 421:
        return _("Wrong address"), _("This server does not answer for this address.")
    return _("This could not be read"), _("Your browser sent something that we could not read. Nothing was stored.")
