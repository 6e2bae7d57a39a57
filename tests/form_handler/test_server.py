"""The server that `make run` starts: headers on everything, files served well, and a clean end."""

from __future__ import annotations

import contextlib
import json
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.message import Message
from pathlib import Path

import pytest

from form_handler.security import CSP
from tests.conftest import PATIENCE
from tests.form_handler.conftest import write_shells
from tests.server import Server, running_server, wait_until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server in front of the built site."""
    from editorial.build.build import build_if_changed
    from tests.conftest import ROOT

    build_if_changed(ROOT / "site")
    with running_server(tmp_path_factory.mktemp("var")) as running:
        yield running


def ask(url: str, method: str = "GET", **headers: str) -> tuple[int, Message, bytes]:
    request = urllib.request.Request(url, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as response:
            return response.status, response.headers, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


@pytest.mark.parametrize(
    ("path", "status"),
    [("/", 200), ("/ar/arbeitgeber/mitmachen/", 200), ("/assets/kim.css", 200), ("/nope/", 404), ("/sitemap.xml", 200),
     ("/arbeitgeber/mitmachen/absenden/", 200), ("/../../etc/passwd", 404), ("/%2e%2e/%2e%2e/etc/passwd", 404)],
)  # fmt: skip
def test_every_answer_carries_the_security_headers(server: Server, path: str, status: int) -> None:
    code, headers, _body = ask(server.url + path)
    assert code == status
    assert headers["Content-Security-Policy"] == CSP
    assert "unsafe-inline" not in CSP
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Set-Cookie"] is None
    assert headers["Access-Control-Allow-Origin"] is None


def test_scripts_are_served_as_utf8_and_text_compressed(server: Server) -> None:
    _code, headers, _body = ask(server.url + "/assets/kim.js", **{"Accept-Encoding": "gzip"})
    assert headers["Content-Encoding"] == "gzip"
    assert "utf-8" in headers["Content-Type"]


@pytest.mark.parametrize("path", ["/", "/nope/", "/arbeitgeber/mitmachen/"])
def test_a_wrong_host_is_refused_on_every_page(server: Server, path: str) -> None:
    code, _headers, body = ask(server.url + path, Host="evil.example")
    assert code == 421
    assert b"evil" not in body


def test_rubbish_instead_of_http_does_no_harm(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as raw:
        raw.sendall(b"\x16\x03\x01 GET nonsense\r\n\r\n")
        raw.recv(1000)
    assert ask(server.url + "/")[0] == 200


def test_it_stops_cleanly_and_leaves_no_process_behind(tmp_path: Path) -> None:
    write_shells(tmp_path / "site")
    (tmp_path / "site" / "index.html").write_text("x")
    with running_server(tmp_path / "var") as running:
        assert running.process is not None
        assert running.stop() == 0

    def nobody_left() -> bool:
        mark = f"KIM_DATA_DIR={tmp_path / 'var'}".encode()
        for process in Path("/proc").glob("[0-9]*/environ"):
            with contextlib.suppress(OSError):
                if mark in process.read_bytes().split(b"\0"):
                    return False
        return True

    wait_until(nobody_left, what="the end of all processes")
    assert "Traceback" not in running.log()


def test_nothing_typed_reaches_the_log(server: Server) -> None:
    data = b"company=Geheimbetrieb&email=geheim%40example.org"
    request = urllib.request.Request(server.url + "/arbeitgeber/mitmachen/?q=geheim", data=data)
    with urllib.request.urlopen(request, timeout=PATIENCE) as response:
        assert response.status == 200
    assert "eheim" not in server.log()


def test_the_commands_show_what_came_in(server: Server) -> None:
    assert isinstance(json.loads(server.run_cli("submissions", "list", "--json")), list)
    assert "mail" in server.run_cli("mail", "list").lower()


@pytest.mark.parametrize(
    ("bind", "words"),
    [
        ("127.0.0.1", "another program is running there"),
        ("192.0.2.1", "this address cannot be used"),
        ("no-name.invalid", "this is no address of this machine"),
    ],
)
def test_an_address_that_cannot_be_served_is_said_before_anything_is_promised(
    server: Server, tmp_path: Path, bind: str, words: str
) -> None:
    second = Server(tmp_path / "var", KIM_BIND=bind)
    second.port = server.port
    with pytest.raises(RuntimeError, match="the server ended"):
        second.start()
    said = second.log()
    assert words in said
    assert "Traceback" not in said
    assert "Site and forms" not in said
