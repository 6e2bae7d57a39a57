"""Security headers, known host names, and the origin of a request."""

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Request
from flask_wtf.csrf import validate_csrf
from werkzeug.exceptions import BadRequest
from wtforms import ValidationError

from core.project import ROOT
from core.web.csp import source_hash
from form_handler.settings import Settings


def inline_script() -> str:
    """Return the one script that is inside our pages, without its tags (``overrides/partials/kim/early-script.html``).

    :raises ValueError: if the template holds no inline script.
    """
    text = (ROOT / "overrides" / "partials" / "kim" / "early-script.html").read_text("utf-8")
    found = re.search(r"<script[^>]*>(.*)</script>", text, re.DOTALL)
    if found is None:
        raise ValueError(
            "overrides/partials/kim/early-script.html: no script in it; take the file from the last release"
        )
    return found[1]


CSP = "; ".join(
    (
        "default-src 'none'",  # no fonts, no manifest; the service worker falls under script-src
        # Pagefind's search runs as WebAssembly; of scripts inside a page only our own first one may run.
        f"script-src 'self' 'wasm-unsafe-eval' {source_hash(inline_script())}",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = (
    ("Content-Security-Policy", CSP),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)
HSTS = ("Strict-Transport-Security", "max-age=31536000")


class SecurityHeadersMiddleware:
    """WSGI middleware: every response of the site and of the service gets the same security headers."""

    def __init__(self, app: WSGIApplication, tls: bool) -> None:
        self.app = app
        self.headers = [*HEADERS, HSTS] if tls else list(HEADERS)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer as the app does, with our headers in place of its own of the same name."""
        names = {name.lower() for name, _ in self.headers} | {"server"}

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            # The session's "Vary: Cookie" would keep a browser from showing the review page again on its back
            # button, because that page itself sets the cookie. Our pages are private, so no proxy needs it.
            others = [
                (name, value)
                for name, value in headers
                if name.lower() not in names and (name.lower(), value) != ("vary", "Cookie")
            ]
            return start_response(status, [*others, *self.headers], exc_info)

        return self.app(environ, start)


class RequestInput:
    """The body of a request; a body that is broken on the wire (chunks, an early end) is a bad request."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def read(self, size: int = -1) -> bytes:
        """Return at most ``size`` bytes.

        :raises BadRequest: if the body is broken.
        """
        try:
            found: bytes = self.stream.read(size)
        except Exception as error:  # each server has exceptions of its own
            raise BadRequest from error
        return found


HOST_HEADER = re.compile(r"(\[[0-9a-f:.]+\]|[^\s\x00-\x20/?#@:\\\[\]]+)(?::\d{0,5})?", re.IGNORECASE)


def is_known_host(environ: WSGIEnvironment, settings: Settings) -> bool:
    """Return whether the request is for one of our host names, with any port (RFC 9110, 7.2: no user, no path)."""
    found = HOST_HEADER.fullmatch(environ.get("HTTP_HOST", ""))
    return found is not None and found[1].strip("[]").rstrip(".").lower() in settings.hosts


def is_cross_site(request: Request) -> bool:
    """Return whether another site made the browser send this request.

    Source: Fetch Metadata (Sec-Fetch-Site) and the Origin header, as Go's CrossOriginProtection reads
    them; a client that sends neither is not a browser, so it cannot be tricked.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = request.headers.get("Origin")
    return origin is not None and (origin == "null" or urlsplit(origin).netloc != request.host)


def has_valid_csrf_token(token: str) -> bool:
    """Return whether a form sends the token of this session (Flask-WTF)."""
    try:
        validate_csrf(token)
    except ValidationError:
        return False
    return True
