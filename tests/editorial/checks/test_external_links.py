"""Addresses outside are sorted by what they really answer; a planted server answers in every way there is."""

from __future__ import annotations

import datetime
import gzip
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote, unquote

import pytest
from msgspec.structs import replace

from editorial.checks.links.external_links import LinkChecker, check_links, retry_after
from editorial.content.data.facts import Facts, Link
from kim.progress import steps
from tests.editorial.conftest import FACTS
from tests.server import free_port

MONDAY, TUESDAY = datetime.date(2026, 11, 23), datetime.date(2026, 11, 24)


class Planted(BaseHTTPRequestHandler):
    """One path for each behaviour."""

    asked: ClassVar[list[tuple[str, str]]] = []
    gone = True
    ended = threading.Event()

    def do_HEAD(self) -> None:
        self.answer()

    def do_GET(self) -> None:
        self.answer()

    def answer(self) -> None:
        self.asked.append((self.command, self.path))
        match self.path:
            case "/robots.txt":
                self.reply(200, body=b"User-agent: *\nDisallow: /secret/\n")
            case "/moved":
                self.reply(301, Location="/new")
            case "/moved-twice":
                self.reply(308, Location="/moved")
            case "/for-now":
                self.reply(302, Location="/new")
            case "/gone":
                self.reply(410 if Planted.gone else 200)
            case "/missing":
                self.reply(404)
            case "/no-head":
                self.reply(404 if self.command == "HEAD" else 200)
            case "/robots-only-people":
                self.reply(403)
            case "/slow-down":
                again = self.asked.count(("GET", "/slow-down")) > 1
                self.reply(200) if again else self.reply(429, **{"Retry-After": "7"})
            case "/broken":
                self.reply(500)
            case "/latin-1":
                self.reply(301, Location="/stra\xdfe")
            case "/utf-8":
                self.reply(301, Location="/straße".encode().decode("latin-1"))
            case "/round":
                self.reply(301, Location="/round")
            case "/farther":
                self.reply(302, Location="/farther")
            case "/empty-location":
                self.reply(301, Location="")
            case path if path.startswith("/to/"):
                self.reply(301, Location=unquote(path.removeprefix("/to/")))
            case path if path.startswith("/later/"):
                self.reply(429, **{"Retry-After": unquote(path.removeprefix("/later/"), "latin-1")})
            case "/nothing":
                self.close_connection = True
            case "/rubbish":
                self.wfile.write(b"\xff\xfe\x00 this is no HTTP\r\n\r\n")
                self.close_connection = True
            case "/headers-without-end":
                self.send_response(200)
                with suppress(OSError):
                    for number in range(200):
                        self.send_header(f"X-{number}", "a" * 4000)
                    self.end_headers()
            case "/slow-head":
                self.drip(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 600)
            case "/packed":
                self.reply(200, gzip.compress(bytes(50_000_000)), **{"Content-Encoding": "gzip"})
            case "/no-gzip":
                self.reply(200, b"no gzip", **{"Content-Encoding": "gzip"})
            case _:
                self.reply(200)

    def reply(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def drip(self, data: bytes) -> None:
        """Send one byte at a time, until the other side has had enough."""
        self.close_connection = True
        with suppress(OSError):
            for place in range(len(data)):
                self.wfile.write(data[place : place + 1])
                Planted.ended.wait(0.05)

    def log_message(self, *words: object) -> None:
        pass


# Seconds after which a server notices at the latest that it is to end; 0.5 if nothing is said.
SOON = 0.01


@pytest.fixture
def server() -> Iterator[str]:
    Planted.asked, Planted.gone, Planted.ended = [], True, threading.Event()
    planted = ThreadingHTTPServer(("127.0.0.1", 0), Planted)
    threading.Thread(target=planted.serve_forever, args=(SOON,), daemon=True).start()
    yield f"http://127.0.0.1:{planted.server_port}"
    Planted.ended.set()
    planted.shutdown()
    planted.server_close()


def facts_with(**urls: str) -> Facts:
    links = {key: Link(name=key, title=key, url=url, source=["own"]) for key, url in urls.items()}
    return replace(FACTS, links=links, laws={}, contacts={}, lines={"links": dict.fromkeys(links, 3)})


def asker(waits: list[float] | None = None) -> LinkChecker:
    return LinkChecker(pause=1.0, wait=(waits if waits is not None else []).append)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/fine", None),
        ("/for-now", None),
        ("/no-head", None),
        ("/moved", "umgezogen nach {server}/new"),
        ("/moved-twice", "umgezogen nach {server}/new"),
        ("/missing", "antwortet heute nicht mehr (404)"),
        ("/gone", "antwortet heute nicht mehr (410)"),
        ("/robots-only-people", "lässt Programme nicht ein (403)"),
        ("/secret/page", "lässt Programme nicht ein"),
        ("/broken", "war nicht erreichbar (500)"),
    ],
)
def test_each_answer_is_sorted(server: str, tmp_path: Path, path: str, words: str | None) -> None:
    found = check_links(facts_with(a=server + path), None, tmp_path / "links.json", MONDAY, asker())
    if words is None:
        assert found == []
    else:
        (one,) = found
        assert words.format(server=server) in one.message
        assert (one.file, one.line, one.level) == ("docs/data/links.yml", 3, "notice")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/latin-1", "umgezogen nach {server}/stra%DFe"),
        ("/utf-8", "umgezogen nach {server}/straße"),
        ("/round", "schickt mehr als 10 Mal weiter"),
        ("/farther", "schickt mehr als 10 Mal weiter"),
        ("/to/" + quote("https://www..example/"), "schickt weiter an „https://www..example/“"),
        ("/to/" + quote("https://a:99999/"), "schickt weiter an"),
        ("/to/" + quote("https://["), "schickt weiter an"),
        ("/to/" + quote("https:///x"), "schickt weiter an"),
        ("/to/" + quote("javascript:alert(1)"), "schickt weiter an"),
        ("/to/" + quote("file:///etc/passwd"), "schickt weiter an"),
        ("/to/" + quote(f"https://{'a' * 64}.example/"), "schickt weiter an"),
        ("/to/" + quote("/" + "a" * 9000), "ist zu lang"),
        ("/to/" + quote("/a b"), "enthält ein Leerzeichen"),
        ("/to/new", "umgezogen nach {server}/to/new"),
        ("/nothing", "nicht erreichbar"),
        ("/rubbish", "nicht erreichbar"),
        ("/headers-without-end", "nicht erreichbar"),
        ("/packed", None),
        ("/no-gzip", None),
    ],
)
def test_whatever_a_server_does_ends_in_a_finding(server: str, tmp_path: Path, path: str, words: str | None) -> None:
    found = check_links(facts_with(a=server + path), None, tmp_path / "links.json", MONDAY, asker())
    if path == "/to/new":
        assert "schickt mehr als 10 Mal weiter" in found[0].message, "a relative address, again and again"
    else:
        assert [bool(words) and words.format(server=server) in one.message for one in found] == [True] * bool(words), (
            found
        )


def test_each_host_is_one_step_of_the_progress(server: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    facts = facts_with(a=f"{server}/works", b="https://www..example/")
    check_links(facts, None, tmp_path / "links.json", MONDAY, asker(), steps)
    assert [line.rpartition(" ")[0] for line in capsys.readouterr().err.splitlines()] == [
        "Fremde Adressen: 1/2", "Fremde Adressen: 2/2",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "url",
    ["https://www..example/", f"https://{'a' * 64}.example/", "https://a.example:99999/", "https://[", "https:///x", "ftp://a.example/",
     "https://a b.example/", "https://a.example/\u202e", "nothing"],
)  # fmt: skip
def test_an_address_that_cannot_be_asked_is_an_error_and_asked_for_nothing(tmp_path: Path, url: str) -> None:
    (one,) = check_links(facts_with(a=url), None, tmp_path / "links.json", MONDAY, asker())
    assert one.level == "error"
    assert "Die Adresse " in one.message


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_server_that_sends_a_byte_now_and_then_holds_nobody(server: str, tmp_path: Path, scheme: str) -> None:
    """A timeout between two bytes never comes then. With https the bytes are no handshake."""
    slow = LinkChecker(wait=[].append, total=0.5)
    address = server.replace("http", scheme) + "/slow-head"
    (one,) = check_links(facts_with(a=address), None, tmp_path / "links.json", MONDAY, slow)
    assert "nicht erreichbar" in one.message


def test_of_the_rules_for_robots_only_the_beginning_is_read(tmp_path: Path) -> None:
    """RFC 9309, 2.5: at least 500 kibibytes. What unpacks to more, or never ends, is cut."""

    class Robots(Planted):
        def answer(self) -> None:
            if self.path != "/robots.txt":
                self.reply(200)
                return
            rules = b"User-agent: *\nDisallow: /secret/\n" + b"# nothing\n" * 10_000_000
            self.reply(200, gzip.compress(rules, 1), **{"Content-Encoding": "gzip"})

    planted = ThreadingHTTPServer(("127.0.0.1", 0), Robots)
    threading.Thread(target=planted.serve_forever, args=(SOON,), daemon=True).start()
    address = f"http://127.0.0.1:{planted.server_port}/secret/page"
    (one,) = check_links(facts_with(a=address), None, tmp_path / "links.json", MONDAY, asker())
    planted.shutdown()
    planted.server_close()
    assert "lässt Programme nicht ein" in one.message


@pytest.mark.parametrize(
    "value",
    ["soon", "-5", "²", "٣", "9" * 5000, "Mon, 01 Jan 99999 00:00:00 GMT", "Wed, 31 Dec 9999 23:59:59 -0000", ""],
)
def test_an_odd_retry_after_header_is_no_traceback(server: str, tmp_path: Path, value: str) -> None:
    waits: list[float] = []
    path = "/later/" + quote(value.encode("latin-1", "replace"))
    (one,) = check_links(facts_with(a=server + path), None, tmp_path / "links.json", MONDAY, asker(waits))
    assert "lässt Programme nicht ein (429)" in one.message
    assert all(0 <= seconds <= 60 for seconds in waits)


@pytest.mark.parametrize("text", ["[]", "5", "null", '{"a": 3}', '{"a": [1]}', "\udcff"])
def test_a_memory_of_another_shape_is_begun_anew(server: str, tmp_path: Path, text: str) -> None:
    (tmp_path / "links.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    assert check_links(facts_with(a=server + "/gone"), None, tmp_path / "links.json", MONDAY, asker())


def test_nobody_there_is_unreachable_and_no_alarm(tmp_path: Path) -> None:
    facts = facts_with(a=f"http://127.0.0.1:{free_port()}/x")
    for day in (MONDAY, TUESDAY):
        (one,) = check_links(facts, None, tmp_path / "links.json", day, asker())
        assert "nicht erreichbar" in one.message
        assert one.level == "notice"


def test_an_alarm_needs_two_different_days(server: str, tmp_path: Path) -> None:
    facts, memory = facts_with(a=server + "/gone"), tmp_path / "links.json"
    levels = [check_links(facts, None, memory, day, asker())[0].level for day in (MONDAY, MONDAY, TUESDAY)]
    assert levels == ["notice", "notice", "error"]
    Planted.gone = False
    assert check_links(facts, None, memory, TUESDAY, asker()) == []
    Planted.gone = True
    assert check_links(facts, None, memory, TUESDAY, asker())[0].level == "notice", "a recovery starts the count anew"


def test_a_broken_memory_is_begun_anew(server: str, tmp_path: Path) -> None:
    (tmp_path / "links.json").write_text("{broken")
    assert check_links(facts_with(a=server + "/gone"), None, tmp_path / "links.json", MONDAY, asker())


def test_a_host_is_asked_slowly_and_retry_after_is_honoured(server: str, tmp_path: Path) -> None:
    waits: list[float] = []
    facts = facts_with(a=server + "/fine", b=server + "/slow-down", c=server + "/fine2")
    assert check_links(facts, None, tmp_path / "links.json", MONDAY, asker(waits)) == []
    assert waits == [1.0, 7.0, 1.0]


def test_what_robots_may_not_see_is_never_asked_for(server: str, tmp_path: Path) -> None:
    check_links(facts_with(a=server + "/secret/page"), None, tmp_path / "links.json", MONDAY, asker())
    assert {path for _method, path in Planted.asked} == {"/robots.txt"}


def test_one_address_named_twice_is_asked_once_and_found_twice(server: str, tmp_path: Path) -> None:
    found = check_links(
        facts_with(a=server + "/moved", b=server + "/moved"), None, tmp_path / "l.json", MONDAY, asker()
    )
    assert len(found) == 2
    assert Planted.asked.count(("HEAD", "/moved")) == 1


def test_the_summary_names_all_five_sorts(server: str, tmp_path: Path) -> None:
    said: list[str] = []
    check_links(
        facts_with(a=server + "/fine", b=server + "/missing"), said.append, tmp_path / "l.json", MONDAY, asker()
    )
    assert said == [
        "Fremde Adressen: 1 funktioniert, 0 umgezogen, 0 lässt Programme nicht ein, 0 nicht erreichbar, 1 weg"
    ]


@pytest.mark.parametrize(("value", "seconds"), [(None, None), ("12", 12.0), ("rubbish", None), ("Mon, 01 Jan 2001 00:00:00 GMT", 0.0)])  # fmt: skip
def test_patience_is_read_as_number_and_as_date(value: str | None, seconds: float | None) -> None:
    assert retry_after(value) == seconds
