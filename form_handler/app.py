"""The Flask application."""

import datetime
from collections.abc import Callable
from urllib.parse import urlsplit, urlunsplit

from flask import Flask, g, redirect, request
from jinja2 import FileSystemLoader, StrictUndefined
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect
from werkzeug.wrappers import Response

from core import gettext
from core.language_tags import mark_german
from core.languages import split_language
from core.project import ROOT
from form_handler import current, errors, search_misses
from form_handler.layout import PageLayouts
from form_handler.operations import views as operations_views
from form_handler.operations.metrics import count_requests
from form_handler.security import RequestInput, is_known_host
from form_handler.settings import Settings
from form_handler.staff import views as staff_views
from form_handler.storage.database import Database
from form_handler.views import forms as views


class MisdirectedRequest(HTTPException):
    """The request is for a host name that is not ours (RFC 9110, 15.5.20)."""

    code = 421


Extension = Callable[[Flask, Settings], None]


def create_app(settings: Settings, database: Database | None = None, extend: Extension | None = None) -> Flask:
    """Make the application; the database must already have the right schema.

    :param extend: adds pages of a package above this one.
    """
    app = Flask("form_handler", static_folder=None)
    configure_app(app, settings, database)
    app.jinja_loader = FileSystemLoader(ROOT / "overrides")
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(gettext.gettext, gettext.ngettext, newstyle=True)  # type: ignore[attr-defined]
    app.jinja_env.filters["mark_german"] = mark_german
    app.before_request(set_language_and_check_host)
    if settings.metrics_address:
        count_requests(app)
    operations_views.register(app)
    staff_views.register(app, settings)
    if extend is not None:
        extend(app, settings)
    views.register(app)
    search_misses.register(app)
    errors.register_error_handlers(app)
    return app


def configure_app(app: Flask, settings: Settings, database: Database | None = None) -> None:
    """Set whose service an application is: its keys and cookies, its database and its built pages."""
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SECRET_KEY_FALLBACKS=list(settings.former_keys),
        WTF_CSRF_SECRET_KEY=settings.secret_keys,
        SESSION_COOKIE_NAME="__Host-kim" if settings.tls else "kim",
        SESSION_COOKIE_SECURE=settings.tls,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=datetime.timedelta(days=1),
        WTF_CSRF_TIME_LIMIT=24 * 3600,
    )
    app.extensions["kim_settings"] = settings
    app.extensions["kim_database"] = database or Database(settings)
    app.extensions["kim_layouts"] = PageLayouts(settings.site_dir)


def set_language_and_check_host() -> Response | None:
    """Set the language of the path; refuse host names that are not ours.

    A path without its trailing slash is redirected by a relative address: the response repeats no host and no scheme of the request.

    :raises MisdirectedRequest: if the host is none of the settings (RFC 9110, 15.5.20).
    """
    request.environ["wsgi.input"] = RequestInput(request.environ["wsgi.input"])
    language, _rest = split_language(request.path)
    g.language = language
    gettext.set_language(language.code)
    if request.path not in operations_views.HEALTH_PATHS and not is_known_host(request.environ, current.settings()):
        raise MisdirectedRequest
    if isinstance(request.routing_exception, RequestRedirect):
        parts = urlsplit(request.routing_exception.new_url)
        target = urlunsplit(("", "", "/" + parts.path.lstrip("/"), parts.query, ""))
        return redirect(target, request.routing_exception.code)
    return None
