"""A gunicorn worker that buffers requests and responses, so that no thread waits for a client.

gunicorn's threaded worker reads a request and writes its response in a thread of its pool: eight clients that send or
read a byte every few seconds hold all threads of two processes. In this worker one selector loop reads each request to its end
before a thread gets it, and sends the thread's response, as a buffering proxy does. Head, body and response each have
a total deadline, which further bytes do not extend.

Why not a library. waitress 3 buffers both directions, but its only limit is ``channel_timeout``, a time without any
byte: a client that sends one byte a minute holds its connection without end, and ``connection_limit`` of them stop the
service. It is also one process, so one core. gunicorn's other workers wait in a thread (``gthread``) or need a patched
standard library (``gevent``). hypercorn and uvicorn run ASGI and have no total deadlines either. The tests of slow
clients demand total deadlines. With a buffering proxy in front (``deploy/nginx.conf``) this worker is the second line.
"""

import re
import selectors
import socket
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any

from gunicorn.http import get_parser
from gunicorn.http.body import ChunkedReader, LengthReader
from gunicorn.workers.gthread import ThreadWorker

from form_handler.request_body import MAX_BODY_BYTES, MAX_DRAIN_BYTES
from form_handler.server.connections import READ_BYTES, ChunkScanner, Connection

MAX_CONNECTIONS = 300  # of one worker; with two files each they stay below the usual limit of 1,024 descriptors
MAX_HEAD_BYTES = 32 * 1024  # as nginx: large_client_header_buffers
MAX_BUFFERED_BODY_BYTES = 2 * MAX_BODY_BYTES  # views read less; further bytes are read and discarded
# A picture that staff uploads may have the maximum size that is read of a request.
_UPLOAD_PATH = re.compile(rb"POST (?:/[a-z]{2,3})?/eingang/seiten/bild/[^\r\n]*\r\n")
RESPONSE_SECONDS = 60.0  # to read a response, and one second more for each MIN_RESPONSE_RATE
MIN_RESPONSE_RATE = 8_000  # bytes a second
LINGER_SECONDS = 2.0  # to read the rest of a rejected request, so that the client receives the response (RFC 9112, 9.6)
STOP_SECONDS = 1.0  # for idle connections of a worker that stops
CHECK_SECONDS = 0.25

_EXPECT = re.compile(rb"\r\nexpect:[ \t]*100-continue[ \t]*(?=\r\n)", re.IGNORECASE)
_REASONS = {
    408: ("Request Timeout", "The request did not arrive in time."),
    413: ("Content Too Large", "The request is too large."),
    431: ("Request Header Fields Too Large", "The head of the request is too large."),
    503: ("Service Unavailable", "The request could not be buffered. Please try again."),
}


class BufferedWorker(ThreadWorker):  # type: ignore[misc]
    """A threaded worker whose threads get whole requests only and leave sending to the loop.

    ``app.settings`` names the deadlines, in seconds: ``head_seconds`` and ``body_seconds``.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.connections: set[Connection] = set()
        self.next_check = 0.0

    # Sockets

    def watch(self, conn: Connection, event: int, act: Callable[[Connection], None]) -> None:
        """Call ``act`` whenever a connection can be read or written."""
        call = partial(self.run_safely, act, conn)
        if conn.is_watched:
            self.poller.modify(conn.real, event, call)
        else:
            self.poller.register(conn.real, event, call)
            conn.is_watched = True

    def unwatch(self, conn: Connection) -> None:
        """Stop watching a connection."""
        if conn.is_watched:
            self.poller.unregister(conn.real)
            conn.is_watched = False

    def run_safely(self, act: Callable[[Connection], None], conn: Connection, _socket: object = None) -> None:
        """Act on a connection; one that fails is closed and does not disturb the others."""
        try:
            act(conn)
        except (BlockingIOError, InterruptedError):
            pass
        except OSError as error:
            self.log.debug("Connection lost: %s", error)
            self.close_connection(conn)
        except Exception:
            self.log.exception("Error on a connection")
            self.close_connection(conn)

    def close_connection(self, conn: Connection) -> None:
        """Close a connection at once."""
        if conn in self.connections:
            self.connections.discard(conn)
            self.nr_conns -= 1
            self.unwatch(conn)
            conn.reset()
            conn.sock.discard()
            conn.real.close()

    # Requests

    def accept(self, listener: Any) -> None:
        """Accept a new connection."""
        try:
            real, client = listener.accept()
        except OSError:  # already gone, taken by another worker, or no descriptor is left for it
            return
        real.setblocking(False)
        self.nr_conns += 1
        conn = Connection(real, client, listener.getsockname())
        self.connections.add(conn)
        self.run_safely(self.wait_for_request, conn)

    def wait_for_request(self, conn: Connection) -> None:
        """Wait for a request that has not begun."""
        conn.since = time.monotonic()
        conn.has_begun = False
        is_first = conn.parser is None
        conn.deadline = conn.since + (self.app.settings.head_seconds if is_first else self.cfg.keepalive)
        if not self.alive:
            conn.deadline = min(conn.deadline, conn.since + STOP_SECONDS)
        conn.on_deadline = partial(self.close_connection, conn)
        self.watch(conn, selectors.EVENT_READ, self.read)
        if conn.received:
            self.parse(conn)

    def read(self, conn: Connection) -> None:
        """Read available bytes."""
        data = conn.real.recv(READ_BYTES)
        if not data:
            self.close_connection(conn)
            return
        conn.received += data
        self.parse(conn)

    def parse(self, conn: Connection) -> None:
        """Split received bytes into head and body; pass a complete request to a thread."""
        if not conn.head:
            self.parse_head(conn)
        if conn.head and conn in self.connections:
            self.buffer_body(conn)

    def parse_head(self, conn: Connection) -> None:
        """Find the end of the head; then begin to read the body."""
        while conn.received.startswith(b"\r\n"):  # RFC 9112, 2.2
            del conn.received[:2]
        if conn.received and not conn.has_begun:
            conn.has_begun = True
            conn.on_deadline = partial(self.reject, conn, 408)
            if conn.parser is not None:  # a later request of this connection
                conn.deadline = time.monotonic() + self.app.settings.head_seconds
        end = conn.received.find(b"\r\n\r\n", 0, MAX_HEAD_BYTES)
        if end < 0:
            if len(conn.received) >= MAX_HEAD_BYTES:
                self.reject(conn, 431)
            return
        head = bytes(conn.received[: end + 4])
        del conn.received[: end + 4]
        conn.deadline = time.monotonic() + self.app.settings.body_seconds
        try:
            reader = next(get_parser(self.cfg, iter([head]), conn.client)).body.reader
        except Exception:  # gunicorn's parser raises it again in a thread, which answers it
            reader, conn.must_close = None, True
        if isinstance(reader, LengthReader):
            conn.body_left = reader.length
        elif isinstance(reader, ChunkedReader):
            conn.chunks = ChunkScanner()
        conn.head = _EXPECT.sub(b"", head)
        if conn.head != head and not conn.received and (conn.chunks or conn.body_left):
            conn.real.send(b"HTTP/1.1 100 Continue\r\n\r\n")

    def buffer_body(self, conn: Connection) -> None:
        """Buffer the body up to :data:`MAX_BUFFERED_BODY_BYTES`; the rest is discarded, and after :data:`MAX_DRAIN_BYTES` its end is not awaited."""
        body_bytes = conn.chunks.feed(bytes(conn.received)) if conn.chunks else min(conn.body_left, len(conn.received))
        limit = MAX_DRAIN_BYTES if _UPLOAD_PATH.match(conn.head) else MAX_BUFFERED_BODY_BYTES
        room = max(limit - conn.body_read, 0)
        if body_bytes:
            try:
                conn.buffer(conn.received[: min(body_bytes, room)])
            except OSError:
                self.reject(conn, 503)
                return
        del conn.received[:body_bytes]
        conn.body_read += body_bytes
        conn.body_left -= 0 if conn.chunks else body_bytes
        if conn.body_read > limit:
            conn.must_close = True
            if conn.chunks:  # the rest of it could not be parsed
                self.reject(conn, 413)
                return
        is_complete = conn.chunks.is_done if conn.chunks else not conn.body_left
        if is_complete or conn.body_read > MAX_DRAIN_BYTES:
            conn.must_close |= not is_complete
            self.unwatch(conn)
            conn.deadline = float("inf")
            conn.parser = get_parser(self.cfg, conn.pieces(), conn.client)
            self.enqueue_req(conn)

    # Responses

    def handle_request(self, req: Any, conn: Connection) -> bool:
        """Answer a request, in a thread."""
        if conn.must_close:
            req.must_close = True
        return bool(super().handle_request(req, conn))

    def finish_request(self, conn: Connection, fs: Future[Any]) -> None:
        """Send the response that a thread has written, in the loop."""
        try:
            conn.must_close |= not fs.result()
        except BaseException:
            conn.must_close = True
        conn.reset()
        waiting = conn.sock.waiting_bytes()
        conn.since = time.monotonic()
        conn.deadline = conn.since + RESPONSE_SECONDS + waiting / MIN_RESPONSE_RATE
        conn.on_deadline = partial(self.close_connection, conn)
        self.run_safely(self.send, conn)

    def reject(self, conn: Connection, status: int) -> None:
        """Answer a request that is not passed to a thread, and close the connection."""
        reason, text = _REASONS[status]
        head = f"HTTP/1.1 {status} {reason}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n"
        data = f"{head}X-Content-Type-Options: nosniff\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode()
        conn.must_close = True
        conn.reset()
        conn.received.clear()
        conn.sock.pieces.append(memoryview(data))
        conn.deadline = time.monotonic() + LINGER_SECONDS
        conn.on_deadline = partial(self.close_connection, conn)
        self.run_safely(self.send, conn)

    def send(self, conn: Connection) -> None:
        """Send on; at the end wait for the next request, or close."""
        if not conn.sock.flush():
            self.watch(conn, selectors.EVENT_WRITE, self.send)
        elif not conn.must_close:
            self.wait_for_request(conn)
        else:
            conn.real.shutdown(socket.SHUT_WR)
            conn.deadline = time.monotonic() + LINGER_SECONDS
            self.watch(conn, selectors.EVENT_READ, self.linger)

    def linger(self, conn: Connection) -> None:
        """Discard further bytes until the client has closed."""
        if not conn.real.recv(READ_BYTES):
            self.close_connection(conn)

    # Deadlines

    def murder_pending(self) -> None:
        """Act on expired deadlines; at the connection limit, close the connections that have waited longest."""
        now = time.monotonic()
        if now < self.next_check:
            return
        self.next_check = now + CHECK_SECONDS
        for conn in [conn for conn in self.connections if conn.deadline <= now]:
            self.run_safely(lambda one: one.on_deadline(), conn)
        if self.nr_conns >= self.worker_connections:
            waiting = sorted((conn for conn in self.connections if conn.is_watched), key=lambda conn: conn.since)
            for conn in waiting[: self.worker_connections // 4]:
                self.close_connection(conn)

    def _cap_keepalive(self, deadline: float) -> None:
        """Close connections without a request after :data:`STOP_SECONDS`, in a worker that stops."""
        for conn in self.connections:
            if conn.is_watched and not conn.head:
                conn.deadline = min(conn.deadline, time.monotonic() + STOP_SECONDS)
