"""``kim check --links``: do the addresses outside still answer? Politely, slowly, and without crying wolf.

Each address is asked once a run, one host after the other with a pause, first with HEAD and, where a
server dislikes that, with GET. What was gone is remembered with its day in ``var/links.json``; an address
is an alarm only when it was gone on two different days. A server that refuses programs (401, 403, 405,
429, 451, 999) is not dead: a person has to look. ``Retry-After`` is honoured (RFC 9110, 10.2.3).
"""

from __future__ import annotations

import datetime
import email.utils
import json
import time
import urllib.robotparser
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal
from urllib.parse import urljoin, urlsplit

import requests
from msgspec import Struct

from editorial.facts import Facts
from editorial.findings import Finding
from editorial.languages import ROOT, load_site

State = Literal["works", "moved", "refuses", "unreachable", "gone"]
REFUSED = frozenset({401, 403, 405, 406, 407, 429, 451, 999})
GONE = frozenset({404, 410})
MEMORY = ROOT / "var" / "links.json"
TIMEOUT = 20
LONGEST_WAIT = 60.0
HOSTS_AT_ONCE = 4
GERMAN = {
    "works": "funktioniert", "moved": "umgezogen", "refuses": "lässt Programme nicht ein",
    "unreachable": "nicht erreichbar", "gone": "weg",
}  # fmt: skip


class Answer(Struct, frozen=True):
    """What one address said.

    :ivar state: see :data:`GERMAN`.
    :ivar status: the HTTP status, 0 if no answer came.
    :ivar target: where a moved address leads for good; else the address itself.
    """

    url: str
    state: State
    status: int
    target: str


class Asker:
    """Asks addresses; one host at a time, with a pause between two questions."""

    def __init__(self, pause: float = 1.0, wait: Callable[[float], None] = time.sleep) -> None:
        self.pause, self.wait = pause, wait
        site = load_site()
        self.session = requests.Session()
        self.session.headers["User-Agent"] = f"kim-linkcheck ({site['url']})"
        self.robots: dict[str, urllib.robotparser.RobotFileParser | None] = {}

    def ask_host(self, urls: list[str]) -> list[Answer]:
        """Ask all addresses of one host, one after the other."""
        answers = []
        for number, url in enumerate(urls):
            if number:
                self.wait(self.pause)
            answers.append(self.ask(url))
        return answers

    def ask(self, url: str) -> Answer:
        """Ask one address and sort its answer."""
        if not self._allowed(url):
            return Answer(url, "refuses", 0, url)
        try:
            response = self._request("HEAD", url)
            if response.status_code >= 400:  # many servers answer HEAD wrongly; the page itself decides
                response = self._request("GET", url)
            if response.status_code == 429 and (pause := retry_after(response.headers.get("Retry-After"))) is not None:
                self.wait(min(pause, LONGEST_WAIT))
                response = self._request("GET", url)
        except requests.RequestException:
            return Answer(url, "unreachable", 0, url)
        return sort_answer(url, response)

    def _request(self, method: str, url: str) -> requests.Response:
        with self.session.request(method, url, timeout=TIMEOUT, allow_redirects=True, stream=True) as response:
            return response

    def _allowed(self, url: str) -> bool:
        parts = urlsplit(url)
        host = f"{parts.scheme}://{parts.netloc}"
        if host not in self.robots:
            rules = urllib.robotparser.RobotFileParser()
            try:
                response = self.session.get(urljoin(host, "/robots.txt"), timeout=TIMEOUT)
                rules.parse(response.text.splitlines() if response.status_code == 200 else [])
                self.robots[host] = rules
            except requests.RequestException:
                self.robots[host] = None  # the address itself will say that nobody is there
        known = self.robots[host]
        return known is None or known.can_fetch("kim-linkcheck", url)


def retry_after(value: str | None) -> float | None:
    """Return the seconds that a ``Retry-After`` header asks for, given as a number or as a date."""
    if value is None:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        when = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (when - datetime.datetime.now(datetime.UTC)).total_seconds())


def sort_answer(url: str, response: requests.Response) -> Answer:
    """Sort a final response; a permanent redirect counts as moved, a temporary one as working."""
    status = response.status_code
    if status in GONE:
        return Answer(url, "gone", status, url)
    if status in REFUSED:
        return Answer(url, "refuses", status, url)
    if status >= 400:
        return Answer(url, "unreachable", status, url)
    target = url
    for step in response.history:
        if step.status_code not in (301, 308):
            break
        target = urljoin(target, step.headers.get("Location", target))
    same = target.split("#")[0].rstrip("/") == url.split("#")[0].rstrip("/")
    return Answer(url, "works" if same else "moved", status, target)


def remember(answers: list[Answer], today: datetime.date, memory: Path) -> set[str]:
    """Note what was gone today and return what was gone on two different days or more."""
    try:
        known: dict[str, list[str]] = json.loads(memory.read_text("utf-8"))
    except (OSError, ValueError):
        known = {}
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


def addresses(facts: Facts) -> dict[str, list[tuple[str, str]]]:
    """Return every address outside with the facts that name it."""
    found: dict[str, list[tuple[str, str]]] = {}
    for kind, rows in (("links", facts.links), ("laws", facts.laws), ("contacts", facts.contacts)):
        for key, fact in rows.items():
            url = getattr(fact, "url", None)
            if url:
                found.setdefault(url, []).append((kind, key))
    return found


def ask_links(
    facts: Facts | None,
    say: Callable[[str], None] | None = None,
    memory: Path = MEMORY,
    today: datetime.date | None = None,
    asker: Asker | None = None,
) -> list[Finding]:
    """Ask every address outside that a fact names; return what an editor should do about the answers.

    :param say: told the summary at the end, as German sentences.
    """
    if facts is None:
        return []
    asker = asker or Asker()
    named = addresses(facts)
    hosts: dict[str, list[str]] = {}
    for url in named:
        hosts.setdefault(urlsplit(url).netloc, []).append(url)
    with ThreadPoolExecutor(HOSTS_AT_ONCE) as pool:
        answers = [answer for part in pool.map(asker.ask_host, hosts.values()) for answer in part]
    alarms = remember(answers, today or datetime.date.today(), memory)
    if say:
        counts = {state: sum(answer.state == state for answer in answers) for state in GERMAN}
        say("Fremde Adressen: " + ", ".join(f"{count} {GERMAN[state]}" for state, count in counts.items()))
    return [
        finding
        for answer in answers
        for kind, key in named[answer.url]
        for finding in _finding(answer, f"docs/data/{kind}.yml", facts.line(kind, key), key, answer.url in alarms)
    ]


def _finding(answer: Answer, file: str, line: int, key: str, alarm: bool) -> list[Finding]:
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
            return [Finding(file, line, f"„{key}“ war nicht erreichbar{status}: {answer.url}",
                            "Versuchen Sie es später noch einmal.", "notice", "link-gone")]  # fmt: skip
        case "refuses":
            return [Finding(file, line, f"„{key}“ lässt Programme nicht ein{status}: {answer.url}",
                            "Öffnen Sie die Adresse selbst im Browser.", "notice", "link-gone")]  # fmt: skip
    return []
