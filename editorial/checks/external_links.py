"""``kim check --links``: do the addresses outside still answer? Politely, slowly, and without crying wolf.

Each address is asked once a run, one host after the other with a pause, first with HEAD and, where a
server dislikes that, with GET. What was gone is remembered with its day in ``var/links.json``; an address
is an alarm only when it was gone on two different days. A server that refuses programs (401, 403, 405,
429, 451, 999) is not dead: a person has to look. ``Retry-After`` is honoured (RFC 9110, 10.2.3).

Whatever a server does, it ends in a finding: no body is read but that of ``robots.txt``, and of that only the beginning
(RFC 9309, 2.5); each redirect is looked at before it is followed; and a question has a total time.
"""

from __future__ import annotations

import datetime
import email.utils
import json
import re
import socket
import threading
import time
import urllib.robotparser
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, urljoin, urlsplit

import requests
from msgspec import Struct
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from core.findings import Finding
from core.project import ROOT, load_site_settings
from core.values import http_url_error
from editorial.content.facts import Facts

State = Literal["works", "moved", "refuses", "unreachable", "gone"]
BLOCKED_STATUSES = frozenset({401, 403, 405, 406, 407, 429, 451, 999})
GONE_STATUSES = frozenset({404, 410})
HISTORY_FILE = ROOT / "var" / "links.json"
TIMEOUT_SECONDS = 20
MAX_TOTAL_SECONDS = 60.0
MAX_REDIRECTS = 10
MAX_BODY_BYTES = 512 * 1024
REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})
PERMANENT_STATUSES = frozenset({301, 308})
MAX_RETRY_AFTER_SECONDS = 60.0
MAX_CONCURRENT_HOSTS = 4
STATE_LABELS = {
    "works": "funktioniert", "moved": "umgezogen", "refuses": "lässt Programme nicht ein",
    "unreachable": "nicht erreichbar", "gone": "weg",
}  # fmt: skip


class LinkResult(Struct, frozen=True):
    """What one address said.

    :ivar state: see :data:`STATE_LABELS`.
    :ivar status: the HTTP status, 0 if no answer came.
    :ivar target: where a moved address leads for good; else the address itself.
    :ivar reason: what else is to be said, as a German sentence.
    """

    url: str
    state: State
    status: int
    target: str
    reason: str = ""


class HttpReply(Struct, frozen=True):
    """What came at the end of all redirects.

    :ivar target: where the address leads for good: as far as all redirects to there last.
    :ivar retry_after: the header of that name.
    """

    status: int
    target: str
    retry_after: str | None = None
    body: bytes = b""


class RedirectError(ValueError):
    """A server sends to a place that cannot be; the message is a German sentence."""


class LinkChecker:
    """Asks addresses; one host at a time, with a pause between two questions.

    :param total: seconds within which a question has to be answered, all redirects included.
    """

    def __init__(
        self, pause: float = 1.0, wait: Callable[[float], None] = time.sleep, total: float = MAX_TOTAL_SECONDS
    ) -> None:
        self.pause, self.wait, self.total = pause, wait, total
        site = load_site_settings()
        self.session = Session()
        self.session.headers["User-Agent"] = f"kim-linkcheck ({site['url']})"
        self.session.headers["Connection"] = "close"
        for scheme in ("http://", "https://"):
            self.session.mount(scheme, TimeLimitedAdapter())
        self.robots: dict[str, urllib.robotparser.RobotFileParser | None] = {}

    def check_host(self, urls: list[str]) -> list[LinkResult]:
        """Ask all addresses of one host, one after the other."""
        answers = []
        for number, url in enumerate(urls):
            if number:
                self.wait(self.pause)
            answers.append(self.check_url(url))
        return answers

    def check_url(self, url: str) -> LinkResult:
        """Ask one address and sort its answer."""
        if why := http_url_error(url):
            return LinkResult(url, "unreachable", 0, url, f"Die Adresse {why}.")
        try:
            if not self._allowed(url):
                return LinkResult(url, "refuses", 0, url)
            reply = self._follow("HEAD", url)
            if reply.status >= 400:  # many servers answer HEAD wrongly; the page itself decides
                reply = self._follow("GET", url)
            if reply.status == 429 and (pause := retry_after(reply.retry_after)) is not None:
                self.wait(min(pause, MAX_RETRY_AFTER_SECONDS))
                reply = self._follow("GET", url)
        except Exception as error:  # whatever a foreign server makes of a library is said of that server
            return LinkResult(url, "unreachable", 0, url, german_error(error))
        return classify_response(url, reply.status, reply.target)

    def _follow(self, method: str, url: str, read: bool = False) -> HttpReply:
        """Ask an address and follow where it sends to.

        :raises RedirectError: if it sends to a place that cannot be, or round in a circle.
        """
        place, target, lasting = url, url, True
        with time_limit(self.total):
            for _step in range(MAX_REDIRECTS + 1):
                with self.session.request(
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

    def _allowed(self, url: str) -> bool:
        parts = urlsplit(url)
        host = f"{parts.scheme}://{parts.netloc}"
        if host not in self.robots:
            self.robots[host] = None  # the address itself will say that nobody is there
            with suppress(Exception):
                reply = self._follow("GET", urljoin(host, "/robots.txt"), read=True)
                rules = urllib.robotparser.RobotFileParser()
                lines = reply.body.decode("utf-8", "replace").splitlines() if reply.status == 200 else []
                rules.parse(lines)
                self.robots[host] = rules
        known = self.robots[host]
        return known is None or known.can_fetch("kim-linkcheck", url)


class Session(requests.Session):
    """Leaves redirects alone: requests would read the whole body of each, and stumble over what it leads to."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return that there is none; :meth:`LinkChecker.ask` looks for itself."""


class OpenSockets(threading.local):
    """The sockets that the current thread has opened for its question."""

    def __init__(self) -> None:
        self.sockets: list[socket.socket] = []


OPEN_SOCKETS = OpenSockets()


class _Http(HTTPConnection):
    """A connection that notes its socket, so that it can be ended from outside."""

    def _new_conn(self) -> socket.socket:
        new = super()._new_conn()
        OPEN_SOCKETS.sockets.append(new)
        return new


class _Https(HTTPSConnection):
    """The same with TLS, which takes the socket over for one of its own."""

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
    """End what the current thread asks after a while, however slowly an answer comes.

    A timeout of sockets counts from byte to byte; a server that sends one now and then would hold us for ever.
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

    Headers come as Latin-1; what is UTF-8 is read as that, as browsers do, and other bytes are escaped.

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


def german_error(error: Exception) -> str:
    """Return why no answer came, as a German sentence; nothing where there is no more to be said."""
    if isinstance(error, RedirectError):
        return str(error)
    if isinstance(error, requests.exceptions.SSLError):
        return "Die verschlüsselte Verbindung kam nicht zustande; vielleicht ist das Zertifikat abgelaufen."
    if isinstance(error, requests.exceptions.Timeout):
        return f"In {TIMEOUT_SECONDS} Sekunden kam keine Antwort."
    return ""


def retry_after(value: str | None) -> float | None:
    """Return the seconds that a ``Retry-After`` header asks for, given as a number or as a date; None if it asks for none."""
    if value is None:
        return None
    if re.fullmatch(r"[0-9]+", value.strip()):
        return float(value)
    try:
        when = email.utils.parsedate_to_datetime(value)
        now = datetime.datetime.now(datetime.UTC)
        return max(0.0, (when if when.tzinfo else when.replace(tzinfo=datetime.UTC)).timestamp() - now.timestamp())
    except (ValueError, TypeError, OverflowError, LookupError):
        return None


def classify_response(url: str, status: int, target: str) -> LinkResult:
    """Sort a final response; a permanent redirect counts as moved, a temporary one as working.

    :param target: where the address leads for good.
    """
    if status in GONE_STATUSES:
        return LinkResult(url, "gone", status, url)
    if status in BLOCKED_STATUSES:
        return LinkResult(url, "refuses", status, url)
    if status >= 400:
        return LinkResult(url, "unreachable", status, url)
    same = target.split("#")[0].rstrip("/") == url.split("#")[0].rstrip("/")
    return LinkResult(url, "works" if same else "moved", status, target)


def dead_links(memory: Path = HISTORY_FILE) -> dict[str, list[str]]:
    """Return the addresses that were gone, with the days; none if nothing readable is there."""
    try:
        data = json.loads(memory.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    rows = data.items() if isinstance(data, dict) else ()
    return {url: days for url, days in rows if isinstance(days, list) and all(isinstance(day, str) for day in days)}


def update_history(answers: list[LinkResult], today: datetime.date, memory: Path) -> set[str]:
    """Note what was gone today and return what was gone on two different days or more."""
    known = dead_links(memory)
    days: dict[str, list[str]] = {}
    for answer in answers:
        before = known.get(answer.url, [])
        if answer.state == "gone":
            days[answer.url] = sorted({*before, today.isoformat()})
        elif answer.state in ("unreachable", "refuses") and before:
            days[answer.url] = before  # no news is no good news
    memory.parent.mkdir(parents=True, exist_ok=True)
    fresh = memory.with_suffix(".new")
    fresh.write_text(json.dumps(days, indent=1, sort_keys=True), "utf-8")
    fresh.replace(memory)
    return {url for url, seen in days.items() if len(seen) >= 2}


def external_urls(facts: Facts) -> dict[str, list[tuple[str, str]]]:
    """Return every address outside with the facts that name it."""
    found: dict[str, list[tuple[str, str]]] = {}
    for kind, rows in (("links", facts.links), ("laws", facts.laws), ("contacts", facts.contacts)):
        for key, fact in rows.items():
            url = getattr(fact, "url", None)
            if url:
                found.setdefault(url, []).append((kind, key))
    return found


def host_of(url: str) -> str:
    """Return the host of an address; an address that has none is a host of its own."""
    try:
        return urlsplit(url).netloc or url
    except ValueError:
        return url


def check_links(
    facts: Facts | None,
    say: Callable[[str], None] | None = None,
    memory: Path = HISTORY_FILE,
    today: datetime.date | None = None,
    asker: LinkChecker | None = None,
) -> list[Finding]:
    """Ask every address outside that a fact names; return what an editor should do about the answers.

    :param say: told the summary at the end, as German sentences.
    """
    if facts is None:
        return []
    asker = asker or LinkChecker()
    named = external_urls(facts)
    hosts: dict[str, list[str]] = {}
    for url in named:
        hosts.setdefault(host_of(url), []).append(url)
    with ThreadPoolExecutor(MAX_CONCURRENT_HOSTS) as pool:
        answers = [answer for part in pool.map(asker.check_host, hosts.values()) for answer in part]
    alarms = update_history(answers, today or datetime.date.today(), memory)
    if say:
        counts = {state: sum(answer.state == state for answer in answers) for state in STATE_LABELS}
        say("Fremde Adressen: " + ", ".join(f"{count} {STATE_LABELS[state]}" for state, count in counts.items()))
    return [
        finding
        for answer in answers
        for kind, key in named[answer.url]
        for finding in _finding(answer, f"docs/data/{kind}.yml", facts.line(kind, key), key, answer.url in alarms)
    ]


def _finding(answer: LinkResult, file: str, line: int, key: str, alarm: bool) -> list[Finding]:
    status = f" ({answer.status})" if answer.status else ""
    match answer.state:
        case "gone" if alarm:
            return [Finding(file, line, f"„{key}“: Die Adresse gibt es nicht mehr{status}: {answer.url}",
                            "Suchen Sie die neue Adresse oder nehmen Sie den Link heraus.", "error", "link-gone")]  # fmt: skip
        case "gone":
            return [Finding(file, line, f"„{key}“: Die Adresse antwortet heute nicht mehr{status}: {answer.url}",
                            "Prüfen Sie an einem anderen Tag noch einmal.", "notice", "link-gone")]  # fmt: skip
        case "moved":
            return [Finding(file, line, f"„{key}“ ist umgezogen nach {answer.target}",
                            "Sehen Sie die neue Seite an und tragen Sie die Adresse ein.", "notice", "link-moved")]  # fmt: skip
        case "unreachable":
            what = " ".join(filter(None, (f"„{key}“ war nicht erreichbar{status}: {answer.url}", answer.reason)))
            if http_url_error(answer.url):
                return [Finding(file, line, what, "Verbessern Sie die Adresse.", "error", "link-gone")]
            return [Finding(file, line, what, "Versuchen Sie es später noch einmal.", "notice", "link-gone")]
        case "refuses":
            return [Finding(file, line, f"„{key}“ lässt Programme nicht ein{status}: {answer.url}",
                            "Öffnen Sie die Adresse selbst im Browser.", "notice", "link-gone")]  # fmt: skip
    return []
