"""Error pages: in the reader's language and the site's layout, never with a traceback."""

from pathlib import Path

from flask import Flask, current_app, g, redirect, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.security import safe_join
from werkzeug.wrappers import Response

from core.gettext import gettext as _
from core.gettext import use_language
from core.languages import split_language
from form_handler.current import settings
from form_handler.responses import render_error, render_not_found
from form_handler.url_correction import find_canonical_path, location_header


def register_error_handlers(app: Flask) -> None:
    """Render every error of the application as a page."""
    app.register_error_handler(HTTPException, handle_http_error)
    app.register_error_handler(Exception, handle_exception)


def handle_http_error(error: HTTPException) -> Response:
    """Render the page for an HTTP error."""
    status = error.code or 500
    if 300 <= status < 400:
        return error.get_response()
    if status == 404 and (redirection := redirect_misspelled()) is not None:
        return redirection
    if status == 404 and request.method not in {"GET", "HEAD"} and is_static_page(request.path):
        return handle_http_error(MethodNotAllowed(valid_methods=["GET", "HEAD"]))
    language, _rest = split_language(request.path)
    with use_language(language.code):
        if status == 404 and g.get("form_body") is None:
            return render_not_found(language)
        title, line = error_text(status)
        response = render_error(language, status, title, [line], g.get("definition"), g.get("form_body"))
    for name, value in error.get_headers():
        if name == "Allow":
            response.headers[name] = value
    return response


def redirect_misspelled() -> Response | None:
    """Return the redirect to the form that a misspelled path means, None if it means none.

    308 keeps method and body: a form that is sent to the misspelled path is sent again, with its answers.
    """
    path = find_canonical_path(request.path, is_form_path)
    return redirect(location_header(path, request.environ.get("QUERY_STRING", "")), 308) if path is not None else None


def is_form_path(path: str) -> bool:
    """Return whether a path is that of a form's view for the method of this request."""
    try:
        endpoint, _values = current_app.url_map.bind("").match(path, method=request.method)
    except HTTPException:  # no such view, another method, or a redirect
        return False
    return bool(endpoint.startswith("forms"))


def is_static_page(path: str) -> bool:
    """Return whether the built site has a page or file at a path."""
    found = safe_join(str(settings().site_dir), path.strip("/"))
    try:
        return found is not None and (Path(found).is_file() or Path(found, "index.html").is_file())
    except (OSError, ValueError):  # too long, or a NUL
        return False


def handle_exception(error: Exception) -> Response:
    """Render the page for an unexpected exception; log its class and location, never any input."""
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
        return render_error(language, 500, _("Something went wrong"), lines, g.get("definition"), g.get("form_body"))


def error_text(status: int) -> tuple[str, str]:
    """Return title and sentence for an HTTP status, in the current language."""
    if status == 404:
        return _("Page not found"), _("This page does not exist or has moved.")
    if status == 405:
        return _("This does not work here"), _("You cannot open this page directly. Please open the form first.")
    if status == 421:
        return _("Wrong address"), _("This website is not available at this address.")
    return _("This could not be read"), _("Your browser sent something that we could not read. Nothing was stored.")
