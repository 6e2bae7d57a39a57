"""The built site as static files, read again when it was built anew."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from whitenoise import WhiteNoise

from editorial.files import changing
from form_handler.security import host_is_known
from form_handler.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

READS = {"GET", "HEAD"}
SECONDS_FRESH = 300


class StaticSite:
    """WSGI middleware: files for GET and HEAD on our own host names; all else is the service's affair.

    WhiteNoise notes the length of each file once. A build puts a new folder into the place of the old
    one, and with the old lengths every page would be cut short; so a new folder is read anew. While a build
    changes single files of the folder in place, each file is looked at when it is asked for.
    """

    def __init__(self, service: WSGIApplication, settings: Settings) -> None:
        self.service = service
        self.settings = settings
        self._lock = threading.Lock()
        self._changing = changing(settings.site_dir)
        self._mark = self._look()
        self._files = self._read()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer with a file, or hand the request on."""
        if environ["REQUEST_METHOD"] not in READS or not host_is_known(environ, self.settings):
            return self.service(environ, start_response)
        self._refresh()
        answer: Iterable[bytes] = self._files(environ, start_response)
        return answer

    def _look(self) -> tuple[int, int, bool] | None:
        """Return what tells one state of the folder from another; None while a build is changing places."""
        try:
            found = self.settings.site_dir.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, self._changing.exists()

    def _refresh(self) -> None:
        mark = self._look()
        if mark is None or mark == self._mark:
            return
        with self._lock:
            if mark != self._mark:
                self._files = self._read()
                self._mark = mark

    def _read(self) -> Any:
        return WhiteNoise(
            self.service,
            root=str(self.settings.site_dir),
            index_file=True,
            max_age=SECONDS_FRESH,
            charset="utf-8",
            allow_all_origins=False,
            # Pagefind puts a hash into these names, so they never change.
            immutable_file_test=r"^/pagefind/(index|fragment)/",
            add_headers_function=ask_again,
            # Editors build while the server runs, and may change single files.
            autorefresh=self.settings.mode == "development" or self._changing.exists(),
        )


def ask_again(headers: Any, path: str, url: str) -> None:
    """Let browsers ask every time whether the service worker has changed; an old one must not linger."""
    if url == "/sw.js":
        headers["Cache-Control"] = "no-cache"
