"""Client connections with buffered requests and responses, see :mod:`form_handler.server.buffered_worker`."""

from __future__ import annotations

import os
import re
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator
from tempfile import SpooledTemporaryFile
from typing import IO, Any

MAX_BODY_IN_MEMORY_BYTES = 64 * 1024  # a longer one is buffered in an unnamed temporary file
MAX_CHUNK_LINE_BYTES = 8190
READ_BYTES = 64 * 1024

_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;|\Z)")


class ChunkScanner:
    """Finds the end of a chunked body (RFC 9112, 7.1) without decoding it."""

    def __init__(self) -> None:
        self.line = bytearray()
        self.left = 0  # bytes of the current chunk and its line end
        self.in_trailers = False
        self.is_done = False

    def feed(self, data: bytes) -> int:
        """Return how many of these bytes belong to the body.

        A body with a malformed chunk size is done: gunicorn's parser refuses it at the same place.
        """
        at = 0
        while at < len(data) and not self.is_done:
            if self.left:
                step = min(self.left, len(data) - at)
                self.left -= step
                at += step
                continue
            end = data.find(b"\n", at) + 1
            self.line += data[at : end or len(data)]
            at = end or len(data)
            if end:
                self._parse_line(bytes(self.line).rstrip(b"\r\n"))
                self.line.clear()
            elif len(self.line) > MAX_CHUNK_LINE_BYTES:
                self.is_done = True
        return at

    def _parse_line(self, line: bytes) -> None:
        if self.in_trailers:
            self.is_done = not line
            return
        size = _CHUNK_SIZE.match(line)
        self.is_done = size is None
        self.left = int(size[1], 16) + 2 if size and int(size[1], 16) else 0
        self.in_trailers = size is not None and not self.left


class BufferedSocket:
    """Stands in for the client's socket while a thread answers; buffers bytes that cannot be sent at once."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.pieces: deque[memoryview | FilePart] = deque()

    def sendall(self, data: bytes) -> None:
        """Send, or buffer."""
        self.pieces.append(memoryview(bytes(data)))
        self.flush()

    def send(self, data: bytes) -> int:
        """Send, or buffer; return the number of all bytes."""
        self.sendall(data)
        return len(data)

    def sendfile(self, file: IO[bytes], offset: int = 0, count: int | None = None) -> None:
        """Send a part of a file, or keep the file open and send it later."""
        size = os.fstat(file.fileno()).st_size - offset if count is None else count
        self.pieces.append(FilePart(os.dup(file.fileno()), offset, size))
        self.flush()

    def flush(self) -> bool:
        """Send as much as the socket accepts; return whether everything was sent.

        :raises OSError: if the connection is gone.
        """
        while self.pieces:
            piece = self.pieces[0]
            try:
                if isinstance(piece, FilePart):
                    rest: memoryview | FilePart | None = piece.send(self.sock)
                else:
                    rest = piece[self.sock.send(piece) :] or None
            except BlockingIOError:
                return False
            if rest is None:
                self.pieces.popleft()
            else:
                self.pieces[0] = rest
        return True

    def waiting_bytes(self) -> int:
        """Return how much is still to be sent."""
        return sum(piece.count if isinstance(piece, FilePart) else len(piece) for piece in self.pieces)

    def discard(self) -> None:
        """Discard unsent bytes."""
        for piece in self.pieces:
            if isinstance(piece, FilePart):
                os.close(piece.descriptor)
        self.pieces.clear()

    # Other methods that gunicorn calls; the loop waits and closes.

    def gettimeout(self) -> float:
        """Return that it never waits."""
        return 0.0

    def setblocking(self, flag: bool) -> None:
        """Do nothing."""

    def settimeout(self, seconds: float | None) -> None:
        """Do nothing."""

    def shutdown(self, how: int) -> None:
        """Do nothing: the loop closes the connection."""

    def recv(self, size: int) -> bytes:
        """Read nothing: the request was read already."""
        return b""

    def close(self) -> None:
        """Do nothing: the loop closes the connection."""


class FilePart:
    """A part of an open file that is still to be sent."""

    def __init__(self, descriptor: int, offset: int, count: int) -> None:
        self.descriptor, self.offset, self.count = descriptor, offset, count

    def send(self, sock: socket.socket) -> FilePart | None:
        """Send as much as the socket accepts; return the rest, or close the file and return None.

        :raises ConnectionError: if the file has become shorter than its Content-Length.
        """
        if self.count:
            sent = os.sendfile(sock.fileno(), self.descriptor, self.offset, self.count)
            if not sent:
                raise ConnectionError("the file has become shorter")
            self.offset += sent
            self.count -= sent
        if self.count:
            return self
        os.close(self.descriptor)
        return None


class Connection:
    """A client's connection, with the request that is being read.

    The first attributes are those that gunicorn's methods read.
    """

    is_http2 = False
    initialized = data_ready = True

    def __init__(self, real: socket.socket, client: Any, server: Any) -> None:
        self.real, self.client, self.server = real, client, server
        self.sock = BufferedSocket(real)
        self.parser: Any = None
        self.received = bytearray()  # bytes that belong to no request yet
        self.head = b""
        self.body: SpooledTemporaryFile[bytes] | None = None
        self.body_left = 0  # bytes still to come, of a body of known length
        self.body_read = 0
        self.chunks: ChunkScanner | None = None
        self.has_begun = False
        self.must_close = False
        self.is_watched = False
        self.deadline = 0.0
        self.since = time.monotonic()
        self.on_deadline: Callable[[], None] = lambda: None

    def init(self) -> None:
        """Do nothing: reading the request has made it ready."""

    def pieces(self) -> Iterator[bytes]:
        """Yield the request, for gunicorn's parser."""
        yield self.head
        if self.body is not None:
            self.body.seek(0)
            while piece := self.body.read(READ_BYTES):
                yield piece

    def buffer(self, data: bytes | bytearray) -> None:
        """Buffer a piece of the body.

        :raises OSError: if there is no room for it.
        """
        if self.body is None:
            self.body = SpooledTemporaryFile(MAX_BODY_IN_MEMORY_BYTES)  # noqa: SIM115 - closed with the request
        self.body.write(data)

    def reset(self) -> None:
        """Reset the connection for its next request."""
        if self.body is not None:
            self.body.close()
        self.head, self.body, self.chunks, self.body_left, self.body_read = b"", None, None, 0, 0
