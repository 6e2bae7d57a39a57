"""``kim check --links``: whether the external addresses of the facts still answer.

Each address is requested once a run, one host after the other with a pause, first with HEAD and, if that fails, with GET.
The days on which an address was gone are in ``var/links.json``; it is an error only when it was gone on two different
days. A server that refuses programs (401, 403, 405, 429, 451, 999) is not dead: a person has to look. ``robots.txt`` and
``Retry-After`` are honoured (RFC 9110, 10.2.3). Every behaviour of a server ends in a finding; see
:mod:`editorial.checks.links.http_client`.
"""

import datetime
import json
import time
import urllib.robotparser
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import Literal
from urllib.parse import urljoin, urlsplit

import requests
from msgspec import Struct

from core.files import write_file
from core.findings import Finding
from core.project import ROOT, load_site_settings
from core.text.values import http_url_error
from editorial.checks.links.http_client import TIMEOUT_SECONDS, RedirectError, Session, retry_after
from editorial.content.data.facts import Facts

Progress = Callable[[str, int], AbstractContextManager[Callable[[str], None]]]
State = Literal["works", "moved", "refuses", "unreachable", "gone"]
BLOCKED_STATUSES = frozenset({401, 403, 405, 406, 407, 429, 451, 999})
GONE_STATUSES = frozenset({404, 410})
HISTORY_FILE = ROOT / "var" / "links.json"
MAX_TOTAL_SECONDS = 60.0
MAX_RETRY_AFTER_SECONDS = 60.0
MAX_CONCURRENT_HOSTS = 4
STATE_LABELS = {
    "works": "funktioniert", "moved": "umgezogen", "refuses": "lässt Programme nicht ein",
    "unreachable": "nicht erreichbar", "gone": "weg",
}  # fmt: skip


class LinkResult(Struct, frozen=True):
    """The result of checking one address.

    :ivar state: see :data:`STATE_LABELS`.
    :ivar status: the HTTP status, 0 if no answer came.
    :ivar target: the target of permanent redirects; else the address itself.
    :ivar reason: more about the failure, as a German sentence.
    """

    url: str
    state: State
    status: int
    target: str
    reason: str = ""


class LinkChecker:
    """Checks addresses, those of one host one after the other with a pause.

    :param total: seconds within which a request has to be answered, all redirects included.
    """

    def __init__(
        self, pause: float = 1.0, wait: Callable[[float], None] = time.sleep, total: float = MAX_TOTAL_SECONDS
    ) -> None:
        self.pause, self.wait = pause, wait
        self.session = Session(f"kim-linkcheck ({load_site_settings()['url']})", total)
        self.robots: dict[str, urllib.robotparser.RobotFileParser | None] = {}

    def check_host(self, urls: list[str]) -> list[LinkResult]:
        """Check all addresses of one host, one after the other."""
        answers = []
        for number, url in enumerate(urls):
            if number:
                self.wait(self.pause)
            answers.append(self.check_url(url))
        return answers

    def check_url(self, url: str) -> LinkResult:
        """Request one address and classify the response."""
        if why := http_url_error(url):
            return LinkResult(url, "unreachable", 0, url, f"Die Adresse {why}.")
        try:
            if not self._allowed(url):
                return LinkResult(url, "refuses", 0, url)
            reply = self.session.follow("HEAD", url)
            if reply.status >= 400:  # many servers answer HEAD wrongly; the page itself decides
                reply = self.session.follow("GET", url)
            if reply.status == 429 and (pause := retry_after(reply.retry_after)) is not None:
                self.wait(min(pause, MAX_RETRY_AFTER_SECONDS))
                reply = self.session.follow("GET", url)
        except Exception as error:  # an error of the library here has its cause in that server
            return LinkResult(url, "unreachable", 0, url, german_error(error))
        return classify_response(url, reply.status, reply.target)

    def _allowed(self, url: str) -> bool:
        parts = urlsplit(url)
        host = f"{parts.scheme}://{parts.netloc}"
        if host not in self.robots:
            self.robots[host] = None  # the request to the address itself will fail
            with suppress(Exception):
                reply = self.session.follow("GET", urljoin(host, "/robots.txt"), read=True)
                rules = urllib.robotparser.RobotFileParser()
                lines = reply.body.decode("utf-8", "replace").splitlines() if reply.status == 200 else []
                rules.parse(lines)
                self.robots[host] = rules
        known = self.robots[host]
        return known is None or known.can_fetch("kim-linkcheck", url)


def german_error(error: Exception) -> str:
    """Return why no answer came, as a German sentence; None where there is no further reason."""
    if isinstance(error, RedirectError):
        return str(error)
    if isinstance(error, requests.exceptions.SSLError):
        return "Die verschlüsselte Verbindung kam nicht zustande; vielleicht ist das Zertifikat abgelaufen."
    if isinstance(error, requests.exceptions.Timeout):
        return f"In {TIMEOUT_SECONDS} Sekunden kam keine Antwort."
    return ""


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
    """Record the addresses that are gone today, and return those that were gone on two different days or more."""
    known = dead_links(memory)
    days: dict[str, list[str]] = {}
    for answer in answers:
        before = known.get(answer.url, [])
        if answer.state == "gone":
            days[answer.url] = sorted({*before, today.isoformat()})
        elif answer.state in ("unreachable", "refuses") and before:
            days[answer.url] = before  # without an answer the address stays on the list
    memory.parent.mkdir(parents=True, exist_ok=True)
    write_file(memory, json.dumps(days, indent=1, sort_keys=True))
    return {url for url, seen in days.items() if len(seen) >= 2}


def external_urls(facts: Facts) -> dict[str, list[tuple[str, str]]]:
    """Return every address outside with the facts that name it."""
    found: dict[str, list[tuple[str, str]]] = {}
    for kind, rows in (("links", facts.links), ("laws", facts.laws), ("contacts", facts.contacts)):
        for key, fact in rows.items():
            for url in filter(None, (getattr(fact, "url", None), getattr(fact, "appointment", None))):
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
    progress: Progress | None = None,
) -> list[Finding]:
    """Request every external address that a fact names; return the tasks of an editor.

    :param say: called with the summary at the end, as German sentences.
    :param progress: called with a label and the number of hosts; its function is called after each host.
    """
    if facts is None:
        return []
    asker = asker or LinkChecker()
    named = external_urls(facts)
    hosts: dict[str, list[str]] = {}
    for url in named:
        hosts.setdefault(host_of(url), []).append(url)
    shown = progress("Fremde Adressen", len(hosts)) if progress else nullcontext(lambda _host: None)
    with ThreadPoolExecutor(MAX_CONCURRENT_HOSTS) as pool, shown as step:
        running = {pool.submit(asker.check_host, urls): host for host, urls in hosts.items()}
        for done in as_completed(running):
            step(running[done])
        answers = [answer for one in running for answer in one.result()]
    alarms = update_history(answers, today or datetime.date.today(), memory)
    if say:
        counts = {state: sum(answer.state == state for answer in answers) for state in STATE_LABELS}
        say("Fremde Adressen: " + ", ".join(f"{count} {STATE_LABELS[state]}" for state, count in counts.items()))
    return [
        finding
        for answer in answers
        for kind, key in named[answer.url]
        for finding in _finding(answer, facts.file(kind, key), facts.line(kind, key), key, answer.url in alarms)
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
