"""The delivered nginx configuration, in a real nginx in front of the real server."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from editorial.build.build import build_if_changed
from tests.conftest import ROOT
from tests.server import free_port, running_server, wait_until

pytestmark = pytest.mark.slow

HOST = "kim.example.org"
FORM = "/arbeitgeber/mitmachen/"
FRAME = """
pid {folder}/nginx.pid;
error_log {folder}/error.log;
daemon off;
events {{ worker_connections 512; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {own}
}}
"""


def program() -> str:
    """Return the path of nginx.

    :raises FileNotFoundError: if there is none; ``make test`` installs it.
    """
    found = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if found is None:
        raise FileNotFoundError("The tests of deploy/nginx.conf need nginx: run deploy/install-nginx")
    return found


def configuration(folder: Path, tls: int, plain: int, service: int) -> Path:
    """Write the delivered configuration with our own ports, paths and certificate."""
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        f"/CN={HOST}",
        "-keyout",
    ]
    subprocess.run(
        [*command, folder / "privkey.pem", "-out", folder / "fullchain.pem"], check=True, capture_output=True
    )
    own = (ROOT / "deploy" / "nginx.conf").read_text("utf-8")
    for old, new in (
        ("/etc/ssl/kim", str(folder)),
        ("/var/log/nginx", str(folder)),
        ("listen [::]:", "# listen [::]:"),  # a container may have no IPv6
        ("listen 443", f"listen 127.0.0.1:{tls}"),
        ("listen 80", f"listen 127.0.0.1:{plain}"),
        ("client_body_timeout 10s", "client_body_timeout 120s"),  # nothing may depend on how fast the test is
        ("limit_conn kim_clients 100;", "limit_conn kim_clients 40;"),
        ("client_header_timeout 10s", "client_header_timeout 120s"),
        ("127.0.0.1:8000", f"127.0.0.1:{service}"),
    ):
        assert old in own, old
        own = own.replace(old, new)
    path = folder / "nginx.conf"
    path.write_text(FRAME.format(folder=folder, own=own), "utf-8")
    return path


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """nginx and the service behind it; the port on which nginx speaks TLS."""
    build_if_changed(ROOT / "site")
    folder, tls = tmp_path_factory.mktemp("nginx"), free_port()
    settings = {"KIM_HOSTS": f"{HOST},127.0.0.1", "KIM_PROXIES": "1", "KIM_TLS": "1"}
    with running_server(tmp_path_factory.mktemp("var"), **settings) as service:
        path = configuration(folder, tls, free_port(), service.port)
        with subprocess.Popen([program(), "-c", path, "-p", folder], stderr=subprocess.PIPE, text=True) as nginx:
            try:
                wait_until(lambda: nginx.poll() is not None or listens(tls), 20, "nginx's port")
                assert nginx.poll() is None, (nginx.stderr and nginx.stderr.read(), (folder / "error.log").read_text())
                yield tls
            finally:
                nginx.terminate()


def listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def connect(port: int, data: bytes = b"") -> ssl.SSLSocket:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    wrapped = context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=20), server_hostname=HOST)
    wrapped.sendall(data)
    return wrapped


def ask(port: int, path: str, **headers: object) -> http.client.HTTPResponse:
    """Ask as a browser does; ``path`` is sent as it is."""
    lines = [f"GET {path} HTTP/1.1", f"Host: {HOST}", *(f"{k.replace('_', '-')}: {v}" for k, v in headers.items())]
    with connect(port, "\r\n".join(lines).encode() + b"\r\nConnection: close\r\n\r\n") as raw:
        response = http.client.HTTPResponse(raw)
        response.begin()
        response.read()
        return response


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
        assert ask(port, "/").status == 503
