"""A plain static server for benchmarks: the same for ours and for every peer, compressing texts as a proxy would."""

from __future__ import annotations

import contextlib
import functools
import gzip
import http.server
import mimetypes
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

TEXTS = (
    "text/",
    "application/javascript",
    "application/json",
    "application/xml",
    "image/svg+xml",
    "application/manifest",
)


class Handler(http.server.BaseHTTPRequestHandler):
    """Hand out files below one folder, with HTTP/1.1 and gzip."""

    protocol_version = "HTTP/1.1"
    root: Path
    sent: list[tuple[str, int]]  # address and bytes of each answer, without its header

    def do_GET(self) -> None:
        """Answer with a file, or with 404."""
        path = self.root / unquote(urlsplit(self.path).path).lstrip("/")
        path = path / "index.html" if path.is_dir() else path
        if not path.is_file() or not path.resolve().is_relative_to(self.root.resolve()):
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        kind = self.guess(path)
        data, packed = body(path, path.stat().st_mtime_ns, kind.startswith(TEXTS))
        self.send_response(200)
        self.send_header("Content-Type", f"{kind}; charset=utf-8" if kind.startswith("text/") else kind)
        self.send_header("Cache-Control", "max-age=600")
        if packed:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.sent.append((self.path, len(data)))
        with contextlib.suppress(ConnectionError):
            self.wfile.write(data)

    def guess(self, path: Path) -> str:
        """Return the type of a file."""
        return mimetypes.guess_type(path.name)[0] or "application/octet-stream"

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@functools.lru_cache(maxsize=4096)
def body(path: Path, mtime: int, text: bool) -> tuple[bytes, bool]:
    """Return what is sent for a file, and whether it is compressed."""
    data = path.read_bytes()
    return (gzip.compress(data, 9), True) if text and len(data) > 400 else (data, False)


@contextlib.contextmanager
def static(folder: Path) -> Iterator[tuple[str, list[tuple[str, int]]]]:
    """Serve a folder on this machine while the ``with`` block runs; yield its address and the list of what was sent."""
    sent: list[tuple[str, int]] = []
    handler = type("Here", (Handler,), {"root": folder, "sent": sent})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", sent
        finally:
            server.shutdown()
