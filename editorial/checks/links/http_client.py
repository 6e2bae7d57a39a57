"""An HTTP client for servers that may do anything: total time, size of bodies and redirects are limited.

Only the beginning of a body is read (for ``robots.txt``, RFC 9309, 2.5), and each redirect is checked before it is followed.
"""

import datetime
import email.utils
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import quote, urljoin

import requests
from msgspec import Struct
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from core.clock import utc_now
from core.text.values import http_url_error

TIMEOUT_SECONDS = 20
MAX_REDIRECTS = 10
MAX_BODY_BYTES = 512 * 1024
REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})
PERMANENT_STATUSES = frozenset({301, 308})


class HttpReply(Struct, frozen=True):
    """The response at the end of all redirects.

    :ivar target: where the address leads for good: as far as all redirects to there last.
    :ivar retry_after: the header of that name.
    """

    status: int
    target: str
    retry_after: str | None = None
    body: bytes = b""


class RedirectError(ValueError):
    """A server sends to a place that cannot be; the message is a German sentence."""


class Session(requests.Session):
    """A session that follows redirects itself: requests reads the whole body of each and fails at malformed targets.

    :param user_agent: the User-Agent header of its requests.
    :param total: seconds within which a request has to be answered, all redirects included.
    """

    def __init__(self, user_agent: str, total: float) -> None:
        super().__init__()
        self.total = total
        self.headers["User-Agent"] = user_agent
        self.headers["Connection"] = "close"
        for scheme in ("http://", "https://"):
            self.mount(scheme, TimeLimitedAdapter())

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return None, so that requests follows no redirect."""

    def follow(self, method: str, url: str, read: bool = False) -> HttpReply:
        """Request an address and follow its redirects.

        :param read: whether to read the beginning of the body.

        :raises RedirectError: if a redirect names an address that cannot be requested, or is circular.
        """
        place, target, lasting = url, url, True
        with time_limit(self.total):
            for _step in range(MAX_REDIRECTS + 1):
                with self.request(
                    method, place, timeout=TIMEOUT_SECONDS, allow_redirects=False, stream=True
                ) as response:
                    location = response.headers.get("Location")
                    if response.status_code not in REDIRECT_STATUSES or location is None:
                        body = read_beginning(response) if read else b""
                        return HttpReply(response.status_code, target, response.headers.get("Retry-After"), body)
                    lasting = lasting and response.status_code in PERMANENT_STATUSES
                place = redirect_target(place, location)
                target = place if lasting else target
        raise RedirectError(f"Der Server schickt mehr als {MAX_REDIRECTS} Mal weiter.")


class OpenSockets(threading.local):
    """The sockets that the current thread has opened for its request."""

    def __init__(self) -> None:
        self.sockets: list[socket.socket] = []


OPEN_SOCKETS = OpenSockets()


class _Http(HTTPConnection):
    """A connection that records its socket, so that :func:`time_limit` can close it."""

    def _new_conn(self) -> socket.socket:
        new = super()._new_conn()
        OPEN_SOCKETS.sockets.append(new)
        return new


class _Https(HTTPSConnection):
    """The same with TLS, which wraps the socket in one of its own."""

    def _new_conn(self) -> socket.socket:
        new = super()._new_conn()
        OPEN_SOCKETS.sockets.append(new)
        return new

    def connect(self) -> None:
        super().connect()
        if self.sock is not None:
            OPEN_SOCKETS.sockets.append(self.sock)


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _Https


class TimeLimitedAdapter(HTTPAdapter):
    """Opens connections that :func:`time_limit` can end."""

    def init_poolmanager(self, *words: Any, **options: Any) -> None:
        """Make the pools, with our connections."""
        super().init_poolmanager(*words, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Close the connections of the current thread after some seconds.

    The timeout of a socket starts again with each byte; a server that sends one now and then would never reach it.
    """
    sockets = OPEN_SOCKETS.sockets = []
    timer = threading.Timer(seconds, _close_sockets, (sockets,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _close_sockets(sockets: list[socket.socket]) -> None:
    for one in sockets:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)


def read_beginning(response: requests.Response) -> bytes:
    """Return the first half megabyte of a body, unpacked."""
    body = b""
    for chunk in response.iter_content(4096):
        body += chunk
        if len(body) >= MAX_BODY_BYTES:
            break
    return body[:MAX_BODY_BYTES]


def redirect_target(place: str, location: str) -> str:
    """Return where a ``Location`` header sends to.

    Headers come as Latin-1; UTF-8 is read as such, as browsers do, and other bytes are escaped.

    :raises RedirectError: if that cannot be.
    """
    raw = location.strip().encode("latin-1", "replace")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = quote(raw, safe="%/:?#[]@!$&'()*+,;=~-._")
    try:
        target = urljoin(place, text)
    except ValueError:
        target = text
    if why := "ist zu lang" if len(target) > 8000 else http_url_error(target):
        raise RedirectError(f"Der Server schickt weiter an „{text[:80]}“; diese Adresse {why}.")
    return target


def retry_after(value: str | None) -> float | None:
    """Return the seconds of a ``Retry-After`` header, given as a number or as a date; None if there is none."""
    if value is None:
        return None
    if re.fullmatch(r"[0-9]+", value.strip()):
        return float(value)
    try:
        when = email.utils.parsedate_to_datetime(value)
        return max(
            0.0, (when if when.tzinfo else when.replace(tzinfo=datetime.UTC)).timestamp() - utc_now().timestamp()
        )
    except (ValueError, TypeError, OverflowError, LookupError):
        return None
