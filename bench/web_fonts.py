"""The web fonts of stock Material, from this machine: benchmarks run where nothing outside can be reached.

Material asks ``fonts.googleapis.com`` for a stylesheet and ``fonts.gstatic.com`` for the files. The same fonts come as
packages (``@fontsource``); a small server with TLS hands them out, and Chromium is told that both names are here.
What goes over the line is like the original: one stylesheet that blocks, files by weight and script, HTTPS.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import ssl
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

from bench.competitors import node_peer
from bench.static_server import Handler

PACKAGES = ("@fontsource/roboto@5", "@fontsource/roboto-mono@5")
NAMES = ("fonts.googleapis.com", "fonts.gstatic.com")
# What Material's stylesheet link asks for.
FACES = {
    "roboto": ("300", "300-italic", "400", "400-italic", "700", "700-italic"),
    "roboto-mono": ("400", "400-italic", "700", "700-italic"),
}
_OLD_FORMAT = re.compile(r", url\([^)]*\.woff\) format\('woff'\)")


def collect(modules: Path, folder: Path) -> None:
    """Put the stylesheet and all its files where the server looks for them."""
    sheets = []
    for family, faces in FACES.items():
        package = modules / "@fontsource" / family
        shutil.copytree(package / "files", folder / family)
        for face in faces:
            text = _OLD_FORMAT.sub("", (package / f"{face}.css").read_text("utf-8"))
            text = text.replace("font-display: swap", "font-display: fallback")
            sheets.append(text.replace("./files/", f"https://{NAMES[1]}/{family}/"))
    (folder / "index.html").write_text("\n".join(sheets), "utf-8")


class Fonts(Handler):
    """Hand out the stylesheet for every address with a question mark, and the files."""

    def do_GET(self) -> None:
        """Answer with one of them."""
        self.path = "/" if self.path.startswith("/css") else self.path
        super().do_GET()

    def end_headers(self) -> None:
        """Let every site use the fonts, as the original does."""
        self.send_header("Access-Control-Allow-Origin", "*")
        super().end_headers()

    def guess(self, path: Path) -> str:
        """Return the type of a file."""
        return "text/css" if path.name == "index.html" else "font/woff2"


def certificate(folder: Path) -> Path:
    """Make a certificate that nobody trusts, for both names; return the file with it and its key.

    :raises OSError: if ``openssl`` is not installed.
    """
    file = folder / "names.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={NAMES[0]}",
         "-addext", f"subjectAltName=DNS:{NAMES[0]},DNS:{NAMES[1]}", "-keyout", str(file), "-out", str(folder / "cert.pem")],
        check=True, capture_output=True,
    )  # fmt: skip
    file.write_bytes(file.read_bytes() + (folder / "cert.pem").read_bytes())
    return file


@contextlib.contextmanager
def web_fonts() -> Iterator[tuple[list[str], list[tuple[str, int]], str]]:
    """Serve the fonts; yield Chromium's options for it, what was sent, and the versions or why there are none."""
    modules, note = node_peer("fonts", PACKAGES)
    if modules is None or shutil.which("openssl") is None:
        yield [], [], f"stock without its web fonts ({note if modules is None else 'no openssl here'})"
        return
    with tempfile.TemporaryDirectory(prefix="kim-bench-") as name:
        folder = Path(name)
        collect(modules, folder)
        sent: list[tuple[str, int]] = []
        handler = type("Here", (Fonts,), {"root": folder, "sent": sent})
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate(folder))
        with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever, daemon=True).start()
            rules = ", ".join(f"MAP {name} 127.0.0.1:{server.server_address[1]}" for name in NAMES)
            try:
                yield (
                    [f"--host-resolver-rules={rules}", "--ignore-certificate-errors"],
                    sent,
                    f"stock's web fonts from {note}",
                )
            finally:
                server.shutdown()
