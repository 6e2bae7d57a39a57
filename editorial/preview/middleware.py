"""Live preview: a saved page is in the browser at once, with its findings in a bar. Never part of a public site.

Three parts: :mod:`editorial.preview.watcher` is a process beside the server that renders a saved page alone, stores it
beside the site, and has the whole site built again in the background. :class:`Preview` is WSGI middleware that sends
stored pages instead of built ones and adds bar and script. ``live.js`` requests the version of its page. Watcher and
middleware share one small file of state and the folder of stored pages.
"""

import functools
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import jinja2

from core.languages import default_language, split_language
from core.project import ROOT

LONG_POLL_SECONDS = 8.0
MAX_LONG_POLLS = 3
ASSETS = Path(__file__).parent / "assets"
TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}


def state_file(site_dir: Path) -> Path:
    """Return the file that the watcher writes its state to."""
    return site_dir.with_name(f".{site_dir.name}.preview.json")


def pages_dir(site_dir: Path) -> Path:
    """Return the folder of the pages that are shown instead of built ones, by their path in the site."""
    return site_dir.with_name(f".{site_dir.name}.preview")


def read_state(site_dir: Path) -> dict[str, Any]:
    """Return the last state that the watcher wrote; an idle state if there is none."""
    try:
        state: dict[str, Any] = json.loads(state_file(site_dir).read_text("utf-8"))
    except (OSError, ValueError):
        return {"version": 0, "pages": {}, "findings": {}, "fault": ""}
    return state


class Preview:
    """WSGI middleware: bar and script on pages, and the address that the script requests.

    :param always: show the bar from the beginning; otherwise only once something was saved.
    """

    def __init__(self, app: WSGIApplication, site_dir: Path, always: bool = False) -> None:
        self.app, self.site_dir, self.always = app, site_dir, always
        self.waiting = threading.Semaphore(MAX_LONG_POLLS)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer the script, or hand the request on and add to pages."""
        path = environ.get("PATH_INFO", "").encode("latin-1", "replace").decode("utf-8", "replace")
        if path.startswith("/kim-preview/"):
            return self.serve_asset(path, environ, start_response)
        state = read_state(self.site_dir)
        if environ["REQUEST_METHOD"] != "GET" or not (self.always or state["version"]):
            return self.app(environ, start_response)
        return self.inject_bar(path, state, environ, start_response)

    def serve_asset(self, path: str, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer the requests of the bar."""
        name = path.rpartition("/")[2]
        headers = [("Cache-Control", "no-store")]
        if name == "wait":
            query = dict(part.partition("=")[::2] for part in environ.get("QUERY_STRING", "").split("&"))
            known = query.get("version", "")
            known = known if re.fullmatch(r"[0-9]{1,9}", known) else "0"
            body = json.dumps({"version": self.wait(query.get("path", ""), int(known))}).encode()
            start_response("200 OK", [*headers, ("Content-Type", "application/json")])
            return [body]
        file = ASSETS / name
        if file.suffix in TYPES and file.is_file() and file.parent == ASSETS:
            start_response("200 OK", [*headers, ("Content-Type", TYPES[file.suffix])])
            return [file.read_bytes()]
        start_response("404 Not Found", [*headers, ("Content-Type", "text/plain")])
        return [b"Not found"]

    def wait(self, quoted: str, known: int) -> int:
        """Return the version of a page as soon as it is newer than the known one, or after a while."""
        path = unquote(quoted)
        if not self.waiting.acquire(blocking=False):
            return page_version(read_state(self.site_dir), path)  # too many tabs: they request again a little later
        try:
            end = time.monotonic() + LONG_POLL_SECONDS
            while (now := page_version(read_state(self.site_dir), path)) <= known and time.monotonic() < end:
                time.sleep(0.03)
            return now
        finally:
            self.waiting.release()

    def inject_bar(
        self, path: str, state: dict[str, Any], environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Pass an answer on; a page gets its bar and its script before it ends."""
        environ = {**environ}
        for name in ("HTTP_ACCEPT_ENCODING", "HTTP_IF_MODIFIED_SINCE", "HTTP_IF_NONE_MATCH", "HTTP_RANGE"):
            environ.pop(name, None)  # the whole page, as it is now
        seen: list[Any] = []

        def note(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            seen[:] = [status, headers, exc_info]
            return lambda _data: None

        answer = self.app(environ, note)
        try:
            body = b"".join(answer)
        finally:
            if hasattr(answer, "close"):
                answer.close()
        status, headers, _exc_info = seen
        if any(name.lower() == "content-type" and value.startswith("text/html") for name, value in headers):
            if status.startswith("200"):
                body = self.saved_page(path) or body
            extra = render_bar(path, state).encode()
            body = body.replace(b"</body>", extra + b"</body>", 1)
            headers = [row for row in headers if row[0].lower() not in {"content-length", "etag", "last-modified", "cache-control"}]  # fmt: skip
            headers += [("Content-Length", str(len(body))), ("Cache-Control", "no-store")]
        start_response(status, headers)
        return [body]

    def saved_page(self, path: str) -> bytes | None:
        """Return the page that was rendered for an address since the last build; None if there is none."""
        folder = pages_dir(self.site_dir)
        file = folder / path.strip("/") / "index.html"
        try:
            return file.read_bytes() if file.resolve().is_relative_to(folder.resolve()) else None
        except (OSError, ValueError):  # there is none, or the address is not a file name
            return None


def page_version(state: dict[str, Any], path: str) -> int:
    """Return the version in which a page last changed."""
    return int(max(state["pages"].get(path, 0), state["pages"].get("*", 0)))


def render_bar(path: str, state: dict[str, Any]) -> str:
    """Return bar and script for one page, in German: the findings of its files."""
    language, below = split_language(path)
    key = below.strip("/") or "index"
    keys = (key, f"{key}/index")
    files = [
        f"{folder}docs/{code}/{one}.md"
        for folder in ("", "city/")
        for one in keys
        for code in dict.fromkeys((language.code, default_language().code))
    ]
    found = [row for file in files for row in state["findings"].get(file, [])]
    errors = sum(row["level"] == "error" for row in found)
    return _bar().render(
        findings=found,
        errors=errors,
        fault=state["fault"],
        is_open=bool(errors or state["fault"]),
        version=page_version(state, path),
    )


@functools.cache
def _bar() -> jinja2.Template:
    env = jinja2.Environment(loader=jinja2.FileSystemLoader(ROOT / "overrides"), autoescape=True)
    return env.get_template("preview-bar.html")


def start_watcher(site_dir: Path) -> subprocess.Popen[bytes]:
    """Start the watcher as a process that ends with this one."""
    state_file(site_dir).unlink(missing_ok=True)
    command = [sys.executable, "-m", "editorial.preview.watcher", str(site_dir), str(os.getpid())]
    return subprocess.Popen(command, cwd=ROOT, start_new_session=True)
