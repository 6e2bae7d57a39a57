"""Clients that send or read slowly, on purpose or not, keep nobody else from being answered."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.form_handler.conftest import FORM
from tests.form_handler.stub_server import stub_site_server
from tests.server import Server

pytestmark = pytest.mark.slow
HEAD_SECONDS = 2
BODY = b"company=Beispielbetrieb&email=beispiel%40example.org"
LARGE_BYTES = 12_000_000 // 256 * 256


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with eight threads, short deadlines and a large file."""
    settings = {"KIM_HEAD_SECONDS": str(HEAD_SECONDS), "KIM_BODY_SECONDS": "3"}
    with stub_site_server(tmp_path_factory.mktemp("slow") / "var", **settings) as running:
        (Path(running.settings["KIM_SITE_DIR"]) / "large.pdf").write_bytes(bytes(range(256)) * (LARGE_BYTES // 256))
        yield running


def head(method: str = "GET", path: str = "/", **headers: object) -> bytes:
    lines = [
        f"{method} {path} HTTP/1.1",
        "Host: localhost",
        *(f"{k.replace('_', '-')}: {v}" for k, v in headers.items()),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def form(**headers: object) -> bytes:
    return head("POST", FORM, Content_Type="application/x-www-form-urlencoded", **headers)


def connect(server: Server, data: bytes = b"", receive_bytes: int = 0) -> socket.socket:
    raw = socket.socket()
    if receive_bytes:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    raw.settimeout(20)
    raw.connect(("127.0.0.1", server.port))
    raw.sendall(data)
    return raw


def answer(raw: socket.socket) -> http.client.HTTPResponse:
    response = http.client.HTTPResponse(raw)
    response.begin()
    return response


SLOW = {
    "no byte at all": b"",
    "half a request line": b"GET / HT",
    "half a head": b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: ",
    "half a body": form(Content_Length=len(BODY)) + BODY[:20],
    "half a large body": form(Content_Length=1_900_000) + b"message=" + b"x" * 1_200_000,
    "half a chunked body": form(Transfer_Encoding="chunked") + b"14\r\n" + BODY[:8],
}


@pytest.mark.parametrize("count", [8, 16, 32])
@pytest.mark.parametrize("begin", SLOW.values(), ids=SLOW.keys())
def test_slow_senders_keep_nobody_waiting(server: Server, begin: bytes, count: int) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            stack.enter_context(connect(server, begin))
        raw = stack.enter_context(connect(server, head()))
        assert b"</html>" in answer(raw).read()
        raw = stack.enter_context(connect(server, form(Content_Length=len(BODY)) + BODY))
        assert answer(raw).status == 200


@pytest.mark.parametrize("extra", [{}, {"Range": "bytes=100-11000000"}], ids=["whole", "part"])
def test_slow_readers_keep_nobody_waiting(server: Server, extra: dict[str, str]) -> None:
    with contextlib.ExitStack() as stack:
        readers = [
            stack.enter_context(connect(server, head(path="/large.pdf", **extra), receive_bytes=4096))
            for _ in range(16)
        ]
        raw = stack.enter_context(connect(server, head()))
        assert b"</html>" in answer(raw).read()
        begin, end = (100, 11_000_001) if extra else (0, LARGE_BYTES)
        got = answer(readers[0]).read()
        assert len(got) == end - begin
        assert got[:256] == (bytes(range(256)) * 2)[begin : begin + 256]


def trickle(raw: socket.socket, ended: Callable[[], bool]) -> None:
    """Send a byte every tenth of a second until somebody has had enough."""
    with contextlib.suppress(OSError):
        while not ended():
            raw.sendall(b"x")
            time.sleep(0.1)


@pytest.mark.parametrize(
    "begin",
    [b"GET / HTTP/1.1\r\nX-A: ", form(Content_Length=5000), form(Transfer_Encoding="chunked") + b"1388\r\n"],
    ids=["head", "body", "chunked body"],
)
def test_a_byte_now_and_then_does_not_extend_the_deadline(server: Server, begin: bytes) -> None:
    with connect(server, begin) as raw:
        done = threading.Event()
        sender = threading.Thread(target=trickle, args=(raw, done.is_set))
        sender.start()
        try:
            response = answer(raw)  # waits for the answer, 20 s at most
            assert response.status == 408
            assert response.headers["Connection"] == "close"
        finally:
            done.set()
            sender.join()


def test_a_connection_that_sends_nothing_is_closed_without_an_answer(server: Server) -> None:
    with connect(server) as raw:
        assert raw.recv(100) == b""


def test_more_clients_than_there_are_connections_do_not_shut_others_out(server: Server) -> None:
    from form_handler.server.buffered_worker import MAX_CONNECTIONS

    with contextlib.ExitStack() as stack:
        for _ in range(2 * MAX_CONNECTIONS + 20):
            stack.enter_context(connect(server, b"GET / HTTP/1.1\r\n"))
        raw = stack.enter_context(connect(server, head()))
        assert b"</html>" in answer(raw).read()


def test_a_head_without_end_is_refused(server: Server) -> None:
    with connect(server, b"GET / HTTP/1.1\r\n" + b"X-A: b\r\n" * 5000) as raw:
        assert answer(raw).status == 431


def test_requests_in_pieces_and_several_at_once_are_answered_in_order(server: Server) -> None:
    chunked = b"".join(b"%x;a=b\r\n%s\r\n" % (len(one), one) for one in (BODY[:9], BODY[9:])) + b"0\r\nX-End: 1\r\n\r\n"
    requests = [
        (head(path="/nope/"), 404),
        (form(Content_Length=len(BODY)) + BODY, 200),
        (form(Transfer_Encoding="chunked") + chunked, 200),
        (head("HEAD"), 200),
        (b"\r\n" + head(), 200),
    ]
    data = b"".join(request for request, _status in requests)
    for step in (len(data), 7):
        with connect(server) as raw:
            for at in range(0, len(data), step):
                raw.sendall(data[at : at + step])
            file = raw.makefile("rb")
            for request, status in requests:
                assert file.readline().split()[1] == str(status).encode(), request
                headers = http.client.parse_headers(file)
                if not request.startswith(b"HEAD"):
                    length = headers["Content-Length"]
                    assert length is not None
                    file.read(int(length))


def test_a_client_that_waits_for_100_continue_gets_it(server: Server) -> None:
    with connect(server, form(Content_Length=len(BODY), Expect="100-continue")) as raw:
        assert raw.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        raw.sendall(BODY)
        assert answer(raw).status == 200


@pytest.mark.parametrize("size", [600_000, 3_000_000])
def test_a_body_that_is_too_large_gets_its_page_and_the_connection_ends(server: Server, size: int) -> None:
    with connect(server, form(Content_Length=size) + b"message=") as raw:
        raw.sendall(b"x" * (size - 8))
        response = answer(raw)
        assert response.status == 413
        assert b"</html>" in response.read() or response.headers["Content-Type"].startswith("text/html")


def test_a_stop_does_not_wait_for_slow_clients_and_loses_no_answer(tmp_path: Path) -> None:
    with stub_site_server(tmp_path / "var") as server, contextlib.ExitStack() as stack:
        for _ in range(8):
            stack.enter_context(connect(server, b"GET / HT"))
        began = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began < 15
        assert "Traceback" not in server.log()
