"""What the staff area refuses: bodies without measure, guessing, weak passwords, wrong filters, addresses of others."""

from __future__ import annotations

import dataclasses
import io
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.test import Client

from form_handler.server.run import make_wsgi
from form_handler.settings import Settings
from form_handler.staff.auth import accounts
from form_handler.staff.auth.passwords import WeakPasswordError, check_password
from form_handler.storage.database import Database
from form_handler.storage.migrate import upgrade
from tests.form_handler.staff.test_staff_area import NOW, PASSWORD, Clerk, clerk, put
from tests.form_handler.stub_server import stub_site_server
from tests.municipality import AUTHORITY, NAME
from tests.server import Server

__all__ = ["clerk"]
WRONG = "falsch-falsch-falsch"
FORM = "application/x-www-form-urlencoded"


# --- bodies -------------------------------------------------------------------------------------------------------


class Counting(io.BytesIO):
    """A body that notes how much of it was read."""

    most = 0

    def read(self, size: int | None = -1) -> bytes:
        found = super().read(size)
        self.most = max(self.most, len(found))
        return found


PATHS = ["anmelden/", "anbieter/", "abmelden/", "v/KIM-222222/notiz", "v/KIM-222222/berichtigen", "v/KIM-222222/stand",
         "person/loeschen", "mails/", "ungesendet/verwerfen", "gibt-es-nicht/"]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("root", ["/eingang/", "/en/eingang/"])
def test_a_body_over_the_limit_is_refused_before_it_is_read_whole(app: Flask, path: str, root: str) -> None:
    body = Counting(b"note=" + b"%22" * 300_000)
    response = app.test_client().post(
        root + path, input_stream=body, content_length=len(body.getvalue()), content_type=FORM, base_url="http://127.0.0.1"
    )  # fmt: skip
    assert response.status_code == 413
    assert body.most <= 65536, "never held as a whole"
    assert len(response.data) < 6000


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("anmelden/", b"name=" + b'"' * 6000),
        ("anmelden/", b"weiter=/eingang/" + b"a" * 7000),
        ("anmelden/", b"a&" * 3900),
        ("v/KIM-222222/notiz", b"note=" + b'"' * 90_000),
        ("v/KIM-222222/notiz", b"note=" + b"<" * 90_000),
        ("v/KIM-222222/notiz", b"n&" * 40_000),
        ("v/KIM-222222/berichtigen", b"company=%26" + b"&message=&lt" * 100),
    ],
)
def test_nothing_is_given_back_much_larger_than_it_was_sent(clerk: Clerk, path: str, body: bytes) -> None:
    for client in (clerk.client, clerk.client.application.test_client()):
        response = client.post(clerk.root + path, data=body, content_type=FORM, base_url="http://127.0.0.1")
        assert response.status_code < 500
        assert len(response.data) < len(body) + 16_000


@pytest.mark.parametrize(
    ("body", "kind"),
    [(b"note=\xff\xfe", FORM), (b"{}", "application/json"), (b"--x--", "multipart/form-data; boundary=x")],
)
def test_a_body_that_is_no_form_is_refused_with_a_page(clerk: Clerk, body: bytes, kind: str) -> None:
    response = clerk.client.post(
        "/eingang/v/KIM-222222/notiz", data=body, content_type=kind, base_url="http://127.0.0.1"
    )
    assert response.status_code in (400, 415)
    assert "kim-staff-header" in response.text


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server with stub pages of the site."""
    with stub_site_server(tmp_path_factory.mktemp("limits") / "var") as running:
        yield running


def raw(server: Server, path: str, *lines: str, body: bytes = b"") -> str:
    """Send a request as it stands and return the answer."""
    head = "\r\n".join(
        [f"POST {path} HTTP/1.1" if body else f"GET {path} HTTP/1.1", *lines, "Connection: close", "", ""]
    )
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as wire:
        wire.sendall(head.encode() + body)
        wire.shutdown(socket.SHUT_WR)
        answer = b""
        while part := wire.recv(65536):
            answer += part
    return answer.decode("utf-8", "replace")


MALFORMED = [b"zz\r\nnote=x\r\n0\r\n\r\n", b"5\r\nnote=x\r\n0\r\n\r\n", b"-1\r\n\r\n", b"\r\n"]
BROKEN_OFF = [b"5\r\nno", b"ffffffffffffffffffff\r\nx"]


@pytest.mark.parametrize("path", ["/eingang/anmelden/", "/eingang/v/KIM-222222/notiz", "/arbeitgeber/mitmachen/"])
def test_malformed_chunks_are_a_bad_request_everywhere(server: Server, path: str) -> None:
    for body in MALFORMED + BROKEN_OFF:
        answer = raw(
            server,
            path,
            f"Host: 127.0.0.1:{server.port}",
            "Transfer-Encoding: chunked",
            f"Content-Type: {FORM}",
            body=body,
        )
        refused = answer.startswith(("HTTP/1.1 400", "HTTP/1.1 413"))
        assert refused or (body in BROKEN_OFF and answer == ""), (body, answer[:200])


def test_a_chunked_body_without_end_stops_at_the_limit(server: Server) -> None:
    body = b"".join(b"1000\r\n" + b"a" * 4096 + b"\r\n" for _ in range(40)) + b"0\r\n\r\n"
    answer = raw(
        server, "/eingang/anmelden/", f"Host: 127.0.0.1:{server.port}", "Transfer-Encoding: chunked",
        f"Content-Type: {FORM}", body=body,
    )  # fmt: skip
    assert answer.startswith("HTTP/1.1 413"), answer[:200]


# --- redirects ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil@127.0.0.1", "127.0.0.1/evil", "127.0.0.1?x", "127.0.0.1#x", "127.0.0.1\\@evil.example"],
)
@pytest.mark.parametrize("path", ["/eingang", "/en/eingang", "/eingang/person"])
def test_a_redirect_repeats_no_host_of_the_request(server: Server, host: str, path: str) -> None:
    answer = raw(server, path, f"Host: {host}", "X-Forwarded-Host: evil.example")
    assert answer.startswith(("HTTP/1.1 421", "HTTP/1.1 400")), answer[:200]


@pytest.mark.parametrize(
    "more", [[], ["X-Forwarded-Proto: https"], ["X-Forwarded-Host: evil.example"], ["X-Forwarded-Ssl: on"]]
)
def test_without_a_proxy_the_bare_address_leads_on_whatever_a_client_says(server: Server, more: list[str]) -> None:
    for path in ("/eingang", "/eingang?x=1", "/en/eingang"):
        answer = raw(server, path, f"Host: 127.0.0.1:{server.port}", *more)
        assert answer.startswith("HTTP/1.1 30"), answer[:200]
        location = next(line for line in answer.splitlines() if line.lower().startswith("location:"))
        assert location.split()[1].partition("?")[0] == path.partition("?")[0] + "/"


@pytest.mark.parametrize(("proxies", "counted"), [(0, [403] * 5 + [429]), (1, [403] * 6)])
def test_a_forwarded_address_counts_only_behind_a_proxy(
    settings: Settings, database: Database, proxies: int, counted: list[int]
) -> None:
    client = Client(make_wsgi(dataclasses.replace(settings, proxies=proxies), database))
    statuses = []
    for number in range(6):
        page = client.get("/eingang/anmelden/", base_url="http://127.0.0.1")
        token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
        answer = client.post(
            "/eingang/anmelden/", data={"csrf_token": token, "name": "probe", "password": WRONG},
            base_url="http://127.0.0.1", headers={"X-Forwarded-For": f"198.51.100.{number}"},
        )  # fmt: skip
        statuses.append(answer.status_code)
    assert statuses == counted


# --- guessing -----------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def one_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    """Count all attempts of a day together: no test depends on the quarter of an hour in which it runs."""
    monkeypatch.setattr(accounts, "WINDOW_MINUTES", 24 * 60)


def guess(app: Flask, address: str, name: str = "probe", password: str = WRONG, one: Clerk | None = None) -> int:
    """Log in from an address and return the status."""
    one = one or Clerk(app)
    token = one.get("anmelden/").text.split('name="csrf_token" value="')[1].split('"')[0]
    return one.client.post(
        "/eingang/anmelden/", data={"csrf_token": token, "name": name, "password": password},
        base_url="http://127.0.0.1", environ_overrides={"REMOTE_ADDR": address},
    ).status_code  # fmt: skip


def test_a_stranger_locks_out_neither_another_network_nor_a_known_browser(app: Flask, database: Database) -> None:
    accounts.add_account(database, "Probe", PASSWORD, NOW)
    known = Clerk(app)
    assert guess(app, "192.0.2.9", password=PASSWORD, one=known) == 303
    known.post("abmelden/", "")
    assert [guess(app, "192.0.2.1") for _ in range(6)] == [403] * 5 + [429]
    assert guess(app, "192.0.2.1", password=PASSWORD) == 429
    assert guess(app, "192.0.2.2", password=PASSWORD) == 303, "another network"
    assert guess(app, "192.0.2.1", password=PASSWORD, one=known) == 303, "the same network, but a known browser"


def test_guesses_from_many_networks_are_slow_for_unknown_browsers_only(app: Flask, database: Database) -> None:
    accounts.add_account(database, "Probe", PASSWORD, NOW)
    known = Clerk(app)
    assert guess(app, "192.0.2.9", password=PASSWORD, one=known) == 303
    known.post("abmelden/", "")
    tried = [guess(app, f"198.51.100.{n}") for n in range(accounts.MAX_FAILURES_PER_NAME + 1)]
    assert tried[-2:] == [403, 429]
    assert guess(app, "203.0.113.1", password=PASSWORD) == 429
    assert guess(app, "203.0.113.1", password=PASSWORD, one=known) == 303


def test_a_known_browser_may_not_guess_for_ever(app: Flask, database: Database) -> None:
    accounts.add_account(database, "Probe", PASSWORD, NOW)
    known = Clerk(app)
    assert guess(app, "192.0.2.9", password=PASSWORD, one=known) == 303
    known.post("abmelden/", "")
    for _ in range(accounts.MAX_FAILURES_PER_DEVICE + accounts.MAX_FAILURES_PER_NAME_AND_NETWORK):
        assert guess(app, "192.0.2.9", one=known) == 403
    assert guess(app, "192.0.2.9", password=PASSWORD, one=known) == 429


def test_a_device_cookie_of_another_account_or_key_counts_for_nothing(app: Flask, database: Database) -> None:
    for name in ("Probe", "Zweite"):
        accounts.add_account(database, name, PASSWORD, NOW)
    other = Clerk(app)
    assert guess(app, "192.0.2.9", name="zweite", password=PASSWORD, one=other) == 303
    other.post("abmelden/", "")
    assert [guess(app, "192.0.2.1", one=other) for _ in range(6)] == [403] * 5 + [429]
    forged = Clerk(app)
    forged.client.set_cookie("kim-device", "W1sxLCAieCJdXQ.aaaa.bbbb", domain="127.0.0.1")
    assert guess(app, "192.0.2.1", one=forged) == 429


def test_ipv6_is_counted_by_network(app: Flask, database: Database) -> None:
    accounts.add_account(database, "Probe", PASSWORD, NOW)
    assert [guess(app, f"2001:db8::{n}") for n in range(6)] == [403] * 5 + [429]


def test_right_passwords_are_not_counted(app: Flask, database: Database) -> None:
    accounts.add_account(database, "Probe", PASSWORD, NOW)
    assert {guess(app, "192.0.2.1", password=PASSWORD) for _ in range(8)} == {303}


def test_of_parallel_guesses_no_more_than_the_limit_reach_the_password(settings: Settings, database: Database) -> None:
    accounts.add_account(database, "Probe", PASSWORD, NOW)
    processes = [database, *(Database(settings) for _ in range(3))]
    assert parallel(processes) == accounts.MAX_FAILURES_PER_NAME_AND_NETWORK
    for other in processes[1:]:
        other.engine.dispose()


def parallel(databases: list[Database]) -> int:
    """Guess sixteen times at once and return how many were looked at."""

    def one(number: int) -> bool:
        try:
            accounts.log_in(databases[number % len(databases)], "probe", WRONG, "192.0.2.1", NOW)
        except accounts.ThrottledError:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        return sum(pool.map(one, range(16)))


@pytest.mark.parametrize("name", ["\x00", "a\x00b", "x" * 900, "\u202e", "probe\n", ""])
def test_any_name_is_answered(app: Flask, name: str) -> None:
    assert guess(app, "192.0.2.1", name=name) == 403


# --- passwords ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "password",
    ["123456789012", "24.12.1985-24.12.", "aaaaaaaaaaaaaa", "abababababab", "abcdefghijklmn", "qwertzuiopü1", "zyxwvutsrqpo",
     "1q2w3e4r5t6z", "hausHausHaus12", "probeprobeprobe", "Probe-Probe-2026", "eborp-probe-12", f"{NAME}2026!!", f"KIM-{NAME}-2026",
     f"{AUTHORITY} 46236", "Passwort-2026!", "P@ssw0rd123456", "Willkommen123!", "Sommer2026!!!", "Administrator1",
     "            ", "kurz", "x" * 201, "Integration2026", "٠١٢٣٤٥٦٧٨٩٠١"],
)  # fmt: skip
def test_a_password_that_is_guessed_first_is_refused_with_a_reason(database: Database, password: str) -> None:
    with pytest.raises(WeakPasswordError, match="password"):
        check_password(password, "probe")
    with pytest.raises(accounts.AccountError):
        accounts.add_account(database, "Probe", password, NOW)
    assert accounts.list_accounts(database) == []


@pytest.mark.parametrize(
    "password",
    [
        PASSWORD,
        "Tasse grün Elefant",
        "Regen Laterne Ofenrohr",
        "wolkenkratzerputzer",
        "Xk29!mfPqz7-",
        "Zwetschgen am Dienstag",
        "пароль из слов",
    ],
)
def test_a_long_password_of_several_words_is_taken(password: str) -> None:
    check_password(password, "probe")


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("karla.muster", "k.a.r.l.a.12345"), ("karla.muster", "retsum.alrak1"), ("jürgen.groß", "JuergenGross2026"),
        ("jürgen.groß", "Jurgen Gross 2026"), ("jürgen.groß", "ßorg-negrüj-26"), ("karla@stadt.example", "elpmaxe.tdats@alrak"),
        ("karla", "Gladbeck2026!"), ("karla", "Duesseldorf2026"), ("karla", "p a s s w o r t 1"), ("karla", "drowssap2026!"),
        ("karla", "correct horse battery staple"), ("karla", "qweasdzxc123"), ("karla", "aabbccddeeff"), ("karla", "a1b2c3d4e5f6"),
        ("karla", "MaxMustermann1"),
    ],
)  # fmt: skip
def test_a_name_or_word_is_recognised_mirrored_spaced_and_in_other_spellings(name: str, password: str) -> None:
    with pytest.raises(WeakPasswordError, match="password"):
        check_password(password, name)


def test_a_new_password_is_held_to_the_same_rules(database: Database) -> None:
    accounts.add_account(database, "erika.muster@stadt.example", PASSWORD, NOW)
    with pytest.raises(accounts.AccountError, match="own name"):
        accounts.set_password(database, "erika.muster@stadt.example", "ErikaMuster-1")


# --- filters ------------------------------------------------------------------------------------------------------

WRONG_FILTERS = [
    "until=9999-12-31", "since=0001-01-01", "until=1999-12-31", "since=2100-01-01", "since=2026-02-30", "since=gestern",
    "since=20261123", "until=٢٠٢٦-١١-٢٣", "since=2026-11-23&until=2026-11-22", "state=quatsch", "form=x", "language=xx",
    "trade=nix", "held=2", "page=0", "page=-1", "page=x", "page=٣", "page=2", "page=99999999999999999999", "q=a%00b",
    "q=" + "x" * 201, "state=new&state=closed", "stat=new", "form=%00", "since=%00", "page=1%00", "q=%ED%A0%80%01",
]  # fmt: skip


@pytest.mark.parametrize("query", WRONG_FILTERS)
def test_a_wrong_filter_is_named_and_shows_nothing(clerk: Clerk, database: Database, settings: Settings, query: str) -> None:  # fmt: skip
    found = put(database, settings, company="Beispiel", email="a@example.org")
    pages = ["", "zahlen/", "ausgabe.json", "ausgabe.csv"] if "page=" not in query else [""]
    for page in pages:
        response = clerk.get(f"{page}?{query}")
        assert response.status_code == 400, page
        assert "Der Filter stimmt nicht" in response.text
        assert found.reference not in response.text
        assert 'id="wrong-' in response.text


@pytest.mark.parametrize("query", ["&".join(f"a{n}" for n in range(1500)), "q=" + "%22" * 2500, "since=" + "x" * 7000])
def test_a_wrong_filter_is_not_given_back_larger_than_it_was_sent(clerk: Clerk, query: str) -> None:
    plain = len(clerk.get("?state=quatsch").data)
    assert len(clerk.get(f"?{query}").data) < plain + len(query)


def test_an_address_that_is_none_is_not_given_back_at_length(clerk: Clerk) -> None:
    assert len(clerk.get("person/?email=" + "x" * 7000).data) < 8000


def test_right_filters_still_work(clerk: Clerk, database: Database, settings: Settings) -> None:
    found = put(database, settings, company="Beispiel", email="a@example.org")
    for query in ("", "q=&form=&state=&language=&trade=&since=&until=", "since=2000-01-01&until=2099-12-31", "page=1"):
        assert found.reference in clerk.get(f"?{query}").text, query
    assert clerk.get("ausgabe.json?since=2000-01-01").status_code == 200


@pytest.mark.parametrize("path", ["v/%00/", "v/KIM%00222222/", "v/x/", "gibt-es-nicht", "v/KIM-222222/stand", "person/?email=%00a",
                                  "person/kopie.json?email=%00", "person/loeschen?email=%00", "anmelden/?weiter=%00", "%00"])  # fmt: skip
def test_any_address_gets_a_page_of_the_staff_area(clerk: Clerk, path: str) -> None:
    response = clerk.get(path)
    assert response.status_code in (200, 303, 404)
    assert response.status_code == 303 or "kim-staff-header" in response.text


def test_the_limit_holds_on_an_empty_database_of_another_process(tmp_path: Path, settings: Settings) -> None:
    other = dataclasses.replace(
        settings, data_dir=tmp_path / "other", database_url=f"sqlite:///{tmp_path / 'other.sqlite3'}"
    )
    databases = [Database(other), Database(other)]
    upgrade(databases[0])
    assert parallel(databases) == accounts.MAX_FAILURES_PER_NAME_AND_NETWORK
    for one in databases:
        one.engine.dispose()
