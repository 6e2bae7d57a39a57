"""The delivered nginx configuration, in a real nginx in front of the built site and the real server."""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import re
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.languages import load_languages
from core.overlay import page_path
from editorial.build.build import build_if_changed
from form_handler.forms import FORMS
from form_handler.security import HEADERS, HSTS
from tests.conftest import ROOT
from tests.form_handler.nginx import (
    HOST,
    Nginx,
    has_ipv6,
    other_debians_program,
    program,
    running_nginx,
    write_configuration,
)
from tests.server import Server, free_port, running_server, wait_until

pytestmark = pytest.mark.slow

FORM = "/arbeitgeber/mitmachen/"
FORM_BODY = b"company=Beispielbetrieb&email=beispiel%40example.org"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The service behind nginx."""
    build_if_changed(ROOT / "site")
    settings = {"KIM_HOSTS": f"{HOST},127.0.0.1", "KIM_PROXIES": "1", "KIM_TLS": "1"}
    with running_server(tmp_path_factory.mktemp("var"), **settings) as running:
        yield running


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory, service: Server) -> Iterator[Nginx]:
    """nginx in front of the built site and the service."""
    with running_nginx(tmp_path_factory.mktemp("nginx"), ROOT / "site", service.port) as running:
        yield running


@pytest.fixture
def port(nginx: Nginx) -> int:
    """The port on which nginx speaks TLS."""
    return nginx.tls


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    """nginx in front of the built site, with no service behind it."""
    build_if_changed(ROOT / "site")
    with running_nginx(tmp_path_factory.mktemp("alone"), ROOT / "site", free_port()) as running:
        yield running


def connect(port: int, data: bytes = b"") -> ssl.SSLSocket:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    wrapped = context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=20), server_hostname=HOST)
    wrapped.sendall(data)
    return wrapped


def fetch(
    port: int, path: str, method: str = "GET", body: bytes = b"", host: str = HOST, **headers: object
) -> tuple[http.client.HTTPResponse, bytes]:
    """Ask as a browser does; ``path`` is sent as it is. Return the answer and its body."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *(f"{k.replace('_', '-')}: {v}" for k, v in headers.items())]
    if body:
        lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
    with connect(port, "\r\n".join(lines).encode() + b"\r\nConnection: close\r\n\r\n" + body) as raw:
        response = http.client.HTTPResponse(raw, method=method)
        response.begin()
        return response, response.read()


def ask(port: int, path: str, **headers: object) -> http.client.HTTPResponse:
    """Ask for a page; ``path`` is sent as it is."""
    return fetch(port, path, **headers)[0]


def test_it_hands_on_encodings_and_what_a_browser_has_already(port: int) -> None:
    assert ask(port, "/kontakt/", Accept_Encoding="gzip").headers["Content-Encoding"] == "gzip"
    for accepted in ("gzip;q=0", "gzip; q=0, *", "identity"):
        assert ask(port, "/kontakt/", Accept_Encoding=accepted).headers["Content-Encoding"] is None, accepted
    for encoding in ("gzip", "identity"):
        tag = ask(port, "/kontakt/", Accept_Encoding=encoding).headers["ETag"]
        for known in (tag, f"W/{tag}", f'"a", {tag}', "*"):
            assert ask(port, "/kontakt/", Accept_Encoding=encoding, If_None_Match=known).status == 304, known
    part = ask(port, "/assets/kim.css", Range="bytes=0-9", Accept_Encoding="identity")
    assert (part.status, part.headers["Content-Length"]) == (206, "10")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("/kontakt", "/kontakt/"), ("/Kontakt/", "/kontakt/"), ("//kontakt//", "/kontakt/"), ("/ar/%2e%2e/kontakt/", "/kontakt/"),
        ("/kontakt/index.html", "/kontakt/"), ("/kontakt;v=1", "/kontakt/"),
        ("/arbeitgeber/werkzeugkasten/auswahl", "/arbeitgeber/werkzeugkasten/auswahl/"),
    ],
)  # fmt: skip
def test_an_address_that_is_not_quite_right_keeps_its_query(port: int, typed: str, meant: str) -> None:
    query = "?want=job&x=%C3%A4%2F+b"
    response = ask(port, typed + query)
    assert response.status in {301, 308}
    location = str(response.headers["Location"])
    assert location.removeprefix(f"https://{HOST}") == meant + query


def test_parts_heads_and_known_copies_are_those_of_the_encoding(port: int) -> None:
    tags = {one: ask(port, "/ar/kontakt/", Accept_Encoding=one).headers["ETag"] for one in ("br", "gzip", "identity")}
    assert len(set(tags.values())) == 3
    for encoding, tag in tags.items():
        assert ask(port, "/ar/kontakt/", Accept_Encoding=encoding, If_None_Match=tag).status == 304
        other = next(one for one in tags.values() if one != tag)
        assert ask(port, "/ar/kontakt/", Accept_Encoding=encoding, If_None_Match=other).status == 200
        answer, body = fetch(port, "/ar/kontakt/", "HEAD", Accept_Encoding=encoding)
        assert (answer.status, body) == (200, b"")
    for wanted, status in (("bytes=0-1,5-6", 206), ("bytes=-5", 206), ("bytes=99999999-", 416), ("lines=1-2", 200)):
        assert ask(port, "/assets/kim.css", Range=wanted, Accept_Encoding="identity").status == status, wanted


@pytest.mark.parametrize(
    "path", ["/ar/" + "a" * 7000, "/ar/gibt-es-nicht.pdf", "/ar/%252e%252e/kontakt/", "/ar/%ff%fe/", "/ar/.git/config", "/ar/a/b/c/"]
)  # fmt: skip
def test_a_wrong_address_is_answered_in_the_language_of_its_part_of_the_site(port: int, path: str) -> None:
    answer, body = fetch(port, path)
    assert answer.status == 404
    assert b'lang="ar"' in body
    assert answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/readyz", "/healthz?x=1", "//readyz", "/./readyz", "/ar/../readyz", "/%72eadyz", "/readyz;a", "/READYZ", "/metrics", "/.site.manifest.json"])  # fmt: skip
def test_what_is_for_this_machine_only_is_shown_to_nobody_else(port: int, path: str) -> None:
    for method in ("GET", "HEAD", "POST"):
        answer, body = fetch(port, path, method, b"x=1" if method == "POST" else b"")
        assert answer.status in {404, 405}, method
        assert b"database" not in body


@pytest.mark.parametrize(("megabytes", "path", "code"), [(9, f"/ar{FORM}", "ar"), (9, "/eingang/anmelden/", "de"), (40, f"/ar{FORM}", "ar"), (40, f"/tr{FORM}", "tr")])  # fmt: skip
def test_a_body_that_is_too_large_is_answered_in_the_readers_language(
    port: int, megabytes: int, path: str, code: str
) -> None:
    answer, body = fetch(port, path, "POST", b"company=" + b"a" * (megabytes * 1_000_000))
    assert answer.status == 413
    assert f'lang="{code}"'.encode() in body
    assert answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.7", "192.0.2.8", False), ("192.0.2.7", "192.0.2.7", True), ("2001:db8:1:2::1", "2001:db8:1:2:a:b:c:d", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False), ("2001:db8::1", "2001:db8::a:b:c:d", True), ("2001:db8:1::1", "2001:db8:1:1::1", False),
        ("::1", "::2", False), ("::ffff:192.0.2.7", "::ffff:192.0.2.8", False),
    ],
)  # fmt: skip
def test_an_ipv6_network_of_one_customer_is_counted_as_one_address(one: str, other: str, same: bool) -> None:
    (pattern,) = re.findall(
        r'map \$remote_addr \$kim_client \{\n\s+"~\*([^"]+)"', (ROOT / "deploy" / "nginx.conf").read_text()
    )

    def key(address: str) -> str:
        found = re.match(pattern, ipaddress.ip_address(address).compressed, re.IGNORECASE)
        return found["net6"] if found else address

    assert (key(one) == key(other)) is same


@pytest.mark.skipif(not has_ipv6(), reason="This machine has no IPv6; make drill-debian asks by it.")
def test_it_answers_by_ipv6_and_logs_no_address_of_it(nginx: Nginx) -> None:
    with contextlib.closing(http.client.HTTPConnection("::1", nginx.plain, timeout=20)) as plain:
        plain.request("GET", "/ar/kontakt/", headers={"Host": HOST})
        assert plain.getresponse().headers["Location"] == f"https://{HOST}/ar/kontakt/"
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with contextlib.closing(http.client.HTTPSConnection("::1", nginx.tls, context=context, timeout=20)) as secure:
        secure.request("GET", "/ar/gibt-es-nur-ueber-ipv6/", headers={"Host": HOST})
        assert secure.getresponse().status == 404
    wait_until(lambda: "0.0.0.0 [" in nginx.read_log(), what="the log")
    assert "::1" not in nginx.read_log()


def test_it_leads_to_no_other_host(port: int) -> None:
    for path in ("//evil.example", "//evil.example/%2e%2e", "/%2f%2fevil.example/", "/%5cevil.example"):
        response = ask(port, path)
        assert str(response.headers["Location"] or "/").startswith(("/", f"https://{HOST}/")), path
        assert not str(response.headers["Location"] or "/").startswith("//"), path


def test_slow_clients_keep_nobody_waiting(port: int) -> None:
    body = b"company=Beispielbetrieb&email=beispiel%40example.org"
    lines = f"POST {FORM} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    head = lines.encode()
    with contextlib.ExitStack() as stack:
        for begin in (head[:40], head + body[:9]):
            for _ in range(16):
                stack.enter_context(connect(port, begin))
        assert ask(port, "/").status == 200
        raw = stack.enter_context(connect(port, head + body))
        response = http.client.HTTPResponse(raw)
        response.begin()
        assert response.status == 200


def test_one_address_gets_so_many_connections_and_no_more(port: int) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(44):
            stack.enter_context(
                connect(port, f"POST {FORM} HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 9\r\n\r\n".encode())
            )
        assert ask(port, "/").status == 429


def test_the_delivered_configuration_is_valid(tmp_path: Path) -> None:
    path = write_configuration(tmp_path, ROOT / "site", 1, 2, 3)
    done = subprocess.run([*program().command, "-t", "-c", path, "-p", tmp_path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "[emerg]" not in done.stderr


def test_the_nginx_of_another_debian_takes_the_delivered_configuration_and_serves_the_same(tmp_path: Path) -> None:
    """Debian 13's nginx on Debian 12, and the other way round."""
    if "\nID=debian\n" not in f"\n{Path('/etc/os-release').read_text('utf-8')}\n":
        pytest.skip("This is no Debian, so apt cannot fetch the nginx of the other one; CI runs on Debian.")
    build_if_changed(ROOT / "site")
    other = other_debians_program()
    said = subprocess.run([*other.command, "-v"], capture_output=True, text=True).stderr
    assert said != subprocess.run([*program().command, "-v"], capture_output=True, text=True).stderr
    with running_nginx(tmp_path, ROOT / "site", free_port(), which=other) as nginx:
        test = [*other.command, "-t", "-c", tmp_path / "nginx.conf", "-p", tmp_path]
        done = subprocess.run(test, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        for encoding in ("br", "gzip"):
            page = ask(nginx.tls, "/ar/kontakt/", Accept_Encoding=encoding)
            assert (page.status, page.headers["Content-Encoding"]) == (200, encoding)
            assert page.headers["Content-Security-Policy"] == dict(HEADERS)["Content-Security-Policy"]
        assert "immutable" in ask(nginx.tls, "/assets/kim.css?v=1").headers["Cache-Control"]
        answer, body = fetch(nginx.tls, f"/ar{FORM}", "POST", FORM_BODY)
        assert answer.status == 503
        assert b'lang="ar"' in body
        assert fetch(nginx.tls, "/", host="evil.example")[0].status == 421
        assert offered_protocol(nginx) == "h2"
    wait_until(lambda: "127.0.0.0 [" in nginx.read_log(), what="the log")
    assert "127.0.0.1" not in nginx.read_log()


def offered_protocol(nginx: Nginx) -> str | None:
    """Return the protocol that nginx chooses where a browser knows HTTP/2."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2", "http/1.1"])
    with (
        socket.create_connection(("127.0.0.1", nginx.tls), timeout=20) as raw,
        context.wrap_socket(raw, server_hostname=HOST) as tls,
    ):
        assert tls.version() in {"TLSv1.2", "TLSv1.3"}
        return tls.selected_alpn_protocol()


def test_the_headers_are_those_of_the_service() -> None:
    text = (ROOT / "deploy" / "nginx-headers.conf").read_text("utf-8")
    assert re.findall(r'add_header (\S+) "(.*)" always;', text) == [*HEADERS, HSTS]


def one_file_of_each_kind() -> list[str]:
    """Return the address of one file of each type of the built site, and of some that have a rule of their own."""
    site, found = ROOT / "site", {}
    for path in sorted(site.rglob("*")):
        if path.is_file() and path.suffix not in {".gz", ".br"}:
            found.setdefault(path.suffix, "/" + path.relative_to(site).as_posix())
    special = [
        "/",
        "/ar/",
        "/sw.js",
        "/assets/kim.css",
        "/assets/kim.css?v=1",
        "/assets/kim.css?x=1",
        "/.well-known/security.txt",
        "/nope/",
    ]
    return [*(one for one in found.values() if not one.endswith("index.html")), *special]


def test_a_file_has_the_same_headers_from_nginx_and_from_the_service(nginx: Nginx, service: Server) -> None:
    names = ["Content-Type", "Cache-Control", "Content-Encoding", "Vary", *(name for name, _value in (*HEADERS, HSTS))]
    for address in one_file_of_each_kind():
        for encoding in ("gzip", "br, gzip", "identity"):
            ours = ask(nginx.tls, address, Accept_Encoding=encoding)
            direct = http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)
            direct.request(
                "GET", address, headers={"Host": HOST, "Accept-Encoding": encoding, "X-Forwarded-Proto": "https"}
            )
            theirs = direct.getresponse()
            theirs.read()
            direct.close()
            assert ours.status == theirs.status, address
            # nginx compresses what the service sends, such as the page "not found".
            compared = names if ours.status != 404 else names[:2]
            for name in compared:
                mine, other = (
                    str(one.headers[name]).lower().replace(" ", "").replace('"', "") for one in (ours, theirs)
                )
                assert mine == other, (address, encoding, name)


def test_pages_come_from_disk_and_forms_from_the_service(nginx: Nginx) -> None:
    answer, body = fetch(nginx.tls, FORM, "POST", FORM_BODY)
    assert answer.status == 200
    assert b'name="_number"' in body, "the review page"
    assert answer.headers.get_all("Content-Security-Policy") == [dict(HEADERS)["Content-Security-Policy"]]
    assert fetch(nginx.tls, "/ar/nope/")[0].status == 404
    assert b'lang="ar"' in fetch(nginx.tls, "/ar/nope/")[1]
    for definition in FORMS.values():
        if "page" in definition.prefill:
            _answer, body = fetch(nginx.tls, f"/ar/{definition.slug}?page=/ar/kontakt/")
            assert b'value="/ar/kontakt/"' in body, "the page from which a link leads to the form"
    assert fetch(nginx.tls, "/kontakt/", "HEAD")[0].status == 200
    assert fetch(nginx.tls, "/kontakt/", "DELETE")[0].status == 405


def test_a_stopped_service_leaves_every_page_up_and_says_in_the_readers_language_that_forms_wait(alone: Nginx) -> None:
    for language in load_languages():
        assert fetch(alone.tls, f"{language.root}ankommen/notfall/")[0].status == 200
        for method, path in (
            ("POST", FORM),
            ("GET", f"{FORM}absenden/"),
            ("GET", "gibt-es-nicht/"),
            ("POST", "eingang/anmelden/"),
        ):
            answer, body = fetch(
                alone.tls, language.root + path.lstrip("/"), method, FORM_BODY if method == "POST" else b""
            )
            assert answer.status == 503, (language.code, method, path)
            assert f'lang="{language.code}"'.encode() in body
            assert b"<h1>" in body
            assert answer.headers["Retry-After"] == "60"
            assert answer.headers["Content-Security-Policy"]
    for path in ("/", "/assets/kim.css", "/sitemap.xml", "/pagefind/pagefind-entry.json"):
        assert fetch(alone.tls, path)[0].status == 200, path


def test_what_a_build_or_a_release_swaps_in_is_sent_soon_although_nginx_keeps_files_open(tmp_path: Path) -> None:
    for number in ("1", "2"):
        (tmp_path / number / "kontakt").mkdir(parents=True)
        (tmp_path / number / "kontakt" / "index.html").write_text(f"Kontakt {number}")
    (tmp_path / "1" / "gone.html").write_text("gone")
    site = tmp_path / "current"
    site.symlink_to("1")
    place = tmp_path / "nginx"
    place.mkdir()
    with running_nginx(place, site, free_port()) as nginx:
        assert fetch(nginx.tls, "/kontakt/")[1] == b"Kontakt 1"
        assert fetch(nginx.tls, "/gone.html")[1] == b"gone"
        (tmp_path / "new").symlink_to("2")
        (tmp_path / "new").rename(site)
        wait_until(lambda: fetch(nginx.tls, "/kontakt/")[1] == b"Kontakt 2", 10, "the page of the new site")
        wait_until(lambda: fetch(nginx.tls, "/gone.html")[0].status == 503, 10, "the end of a page that is no more")


def test_no_log_holds_a_full_address_or_what_was_typed(nginx: Nginx, alone: Nginx) -> None:
    fetch(nginx.tls, "/kontakt/?suche=Geheimwort")
    for running in (nginx, alone):
        fetch(running.tls, f"{FORM}?suche=Geheimwort", "POST", b"company=Geheimwort")
        fetch(running.tls, "/gibt-es-nicht/")
        with socket.create_connection(("127.0.0.1", running.plain), timeout=20) as raw:
            raw.sendall(f"GET /Geheimwort?x HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode())
            assert b"301" in raw.recv(1000)
    wait_until(lambda: "127.0.0.0 [" in nginx.read_log(), what="the buffered log")
    wait_until(lambda: " 503 " in alone.read_log(), what="the buffered log")
    for running in (nginx, alone):
        for path in running.folder.rglob("*.log"):
            text = path.read_text("utf-8")
            assert "127.0.0.1" not in text, path
            assert "Geheimwort" not in text, path


def test_one_address_may_ask_the_service_so_often_and_read_pages_all_the_same(tmp_path: Path) -> None:
    build_if_changed(ROOT / "site")
    with running_nginx(tmp_path, ROOT / "site", free_port(), rate="1r/m") as nginx:
        assert [fetch(nginx.tls, "/eingang/")[0].status for _request in range(61)] == [503] * 61
        limited, body = fetch(nginx.tls, "/tr/eingang/")
        assert limited.status == 429
        assert b'lang="tr"' in body
        assert fetch(nginx.tls, "/ankommen/notfall/")[0].status == 200


def test_other_host_names_and_health_pages_are_not_for_the_public(nginx: Nginx) -> None:
    assert fetch(nginx.tls, "/", host="evil.example")[0].status == 421
    for path in ("/healthz", "/readyz", "/metrics", "/.unavailable", "/-unavailable/unavailable.html"):
        assert fetch(nginx.tls, path)[0].status == 404, path


def test_the_log_is_kept_as_long_as_the_privacy_notice_says(tmp_path: Path) -> None:
    """Seven days: today's file and six rotated ones, none older."""
    rule = (ROOT / "deploy" / "logrotate.conf").read_text("utf-8")
    notice = page_path(ROOT / "docs", "de", "datenschutz").read_text("utf-8")
    days = re.search(r"Wir löschen das Protokoll nach \D*(\d+) Tage", notice)
    assert days is not None
    assert f"maxage {days[1]}" in rule
    assert f"rotate {int(days[1]) - 1}\n" in rule
    assert "access_log /var/log/nginx/kim/" in (ROOT / "deploy" / "nginx.conf").read_text("utf-8")
    own = tmp_path / "logrotate.conf"
    mine = rule.replace("/var/log/nginx/kim", str(tmp_path)).replace(
        "www-data adm", f"{Path(tmp_path).owner()} {Path(tmp_path).group()}"
    )
    own.write_text(mine)
    own.chmod(0o600)
    (tmp_path / "access.log").write_text("a line")
    state = tmp_path / "state"
    for _day in range(12):
        subprocess.run(["/usr/sbin/logrotate", "--force", "--state", state, own], check=True, capture_output=True)
        (tmp_path / "access.log").write_text("a line")
    assert len(list(tmp_path.glob("access.log.*"))) == int(days[1]) - 1


def test_it_speaks_http2_over_current_tls_and_both_internet_protocols(nginx: Nginx) -> None:
    assert offered_protocol(nginx) == "h2"
    text = (ROOT / "deploy" / "nginx.conf").read_text("utf-8")
    for port in ("443", "80"):
        assert re.search(rf"listen \[::\]:{port}\b", text)
