"""A page with every fault that the look must find, served on a port of its own."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.full_site_audit.page_audit import Seen

PAGE = b"""<!doctype html><html><head><title>Planted</title></head><body><main>
<h1>Planted</h1><p style="color:#ccc;background:#fff">Pale words</p>
<p style="width:900px">A line that is wider than a telephone</p>
<p><a href="/fourth" style="position:absolute;top:400px;left:0">Covered</a></p><div style="position:absolute;top:400px;left:0;width:99px;height:99px"></div>
<p><a href="/nowhere" style="outline:none">No focus</a></p>
<p><a href="/else" onfocus="this.blur()">Out of reach</a> <a href="/third">Third</a></p>
<p lang="ar">Two words</p><p style="width:6em;overflow:hidden;white-space:nowrap">Just enough</p>
<p id="here"></p><script>
document.cookie = "planted=1"; localStorage.setItem("planted", "1");
document.getElementById("here").textContent = "onlywithscript";
new Image().src = "http://127.0.0.2:9/pixel.gif";
</script></main></body></html>"""
WANTED = {
    "a broken rule": ("rules", "color-contrast"),
    "a page too wide": ("faults", "too wide"),
    "a cookie": ("faults", "cookies"),
    "something stored": ("faults", "stored in the browser"),
    "a foreign request": ("faults", "asks a stranger"),
    "an invisible focus": ("faults", "no visible focus"),
    "words of script only": ("faults", "without script"),
    "a place out of reach": ("faults", "the keyboard reaches"),
    "a covered focus": ("faults", "focus covered"),
    "words without their language": ("faults", "words of no language: Two words"),
    "words cut off by more space": ("faults", "text spacing: cut off: Just enough"),
}


class Answer(BaseHTTPRequestHandler):
    """Answer every address with the planted page."""

    def do_GET(self) -> None:
        """Send the page."""
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *words: object) -> None:
        """Say nothing."""


class FaultyPage:
    """The server for the length of a ``with`` block."""

    def __enter__(self) -> FaultyPage:
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        return self

    def __exit__(self, *_what: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def missed(self, seen: Seen) -> list[str]:
        """Return the planted faults that were not found."""
        return [name for name, (where, text) in WANTED.items() if not any(text in one for one in getattr(seen, where))]
