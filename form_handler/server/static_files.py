"""The built site as static files, loaded again after each build."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import IO, Any, cast
from urllib.parse import parse_qsl
from wsgiref.headers import Headers
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from werkzeug.datastructures import Accept
from werkzeug.http import (
    http_date,
    is_resource_modified,
    parse_accept_header,
    parse_if_range_header,
    parse_range_header,
    unquote_etag,
)
from whitenoise import WhiteNoise
from whitenoise.responders import NOT_ALLOWED_RESPONSE, Response, SlicedFile, StaticFile
from whitenoise.string_utils import decode_path_info

from core.languages import split_language
from form_handler.forms import FORMS
from form_handler.security import is_known_host
from form_handler.settings import Settings
from form_handler.url_correction import find_canonical_path, location_header

SAFE_METHODS = {"GET", "HEAD"}
MAX_AGE_SECONDS = 300
IMMUTABLE = "max-age=315360000, public, immutable"  # as WhiteNoise sends it
IDENTITY = "identity"


class StaticSite:
    """WSGI middleware: serves files for GET and HEAD on known host names, and passes all other requests on.

    WhiteNoise reads the length of each file once. A build puts a new folder into the place of the old one, and with
    the old lengths every page would be cut short; so a new folder is read again.
    """

    def __init__(self, service: WSGIApplication, settings: Settings) -> None:
        self.service = service
        self.settings = settings
        self._lock = threading.Lock()
        self._mark = self._fingerprint()
        self._files = self._read()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer with a file, redirect to one, or pass the request on."""
        if (
            environ["REQUEST_METHOD"] not in SAFE_METHODS
            or not is_known_host(environ, self.settings)
            or fills_form(environ)
        ):
            return self.service(environ, start_response)
        self._refresh()
        return self._files(environ, start_response)

    def _fingerprint(self) -> tuple[int, int] | None:
        """Return a fingerprint of the folder; None while a build is swapping folders."""
        try:
            found = self.settings.site_dir.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns

    def _refresh(self) -> None:
        fingerprint = self._fingerprint()
        if fingerprint is None or fingerprint == self._mark:
            return
        with self._lock:
            if fingerprint != self._mark:
                self._files = self._read()
                self._mark = fingerprint

    def _read(self) -> SiteFiles:
        return SiteFiles(
            self.service,
            root=str(self.settings.site_dir),
            index_file=True,
            max_age=MAX_AGE_SECONDS,
            charset="utf-8",
            mimetypes={".ics": "text/calendar", ".vcf": "text/vcard"},
            allow_all_origins=False,
            # Pagefind puts a hash into these names, so they never change.
            immutable_file_test=r"^/pagefind/(index|fragment)/",
            add_headers_function=no_cache_for_service_worker,
            autorefresh=self.settings.mode == "development",
        )


def fills_form(environ: WSGIEnvironment) -> bool:
    """Return whether a request is for the page of a form that its address fills in part (``?page=/kontakt/``)."""
    names = {name for name, _value in parse_qsl(environ.get("QUERY_STRING", ""))}
    slug = split_language(environ.get("PATH_INFO", ""))[1]
    return any(
        definition.slug == slug and names.intersection((*definition.prefill, *definition.link_names))
        for definition in FORMS.values()
    )


class SiteFiles(WhiteNoise):  # type: ignore[misc]
    """WhiteNoise with content negotiation, conditional requests and ranges by RFC 9110, and redirects that keep the query."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer with a file, redirect to the canonical path, or pass the request on."""
        path = decode_path_info(environ.get("PATH_INFO", ""))
        file = self.file_at(path)
        if file is not None:
            if is_versioned(path, environ.get("QUERY_STRING", "")):
                start_response = with_header(start_response, "Cache-Control", IMMUTABLE)
            return cast("Iterable[bytes]", self.serve(file, environ, start_response))
        address = find_canonical_path(path, lambda one: self.file_at(one) is not None)
        if address is None:
            return cast("Iterable[bytes]", self.application(environ, start_response))
        headers = [
            ("Location", location_header(address, environ.get("QUERY_STRING", ""))),
            ("Cache-Control", f"max-age={MAX_AGE_SECONDS}, public"),
            ("Content-Length", "0"),
        ]
        start_response("301 Moved Permanently", headers)
        return []

    def file_at(self, path: str) -> StaticFile | None:
        """Return the file at a path; None also for WhiteNoise's own redirects."""
        file = self.find_file(path) if self.autorefresh else self.files.get(path)
        return file if isinstance(file, StaticFile) else None

    def get_static_file(self, path: str, url: str, stat_cache: Any = None) -> StaticFile:
        """Return a file as it is served; WhiteNoise has no setting for its class."""
        headers = Headers([])
        self.add_mime_headers(headers, path, url)
        self.add_cache_headers(headers, path, url)
        self.add_headers_function(headers, path, url)
        return SiteFile(path, headers.items(), {"gzip": f"{path}.gz", "br": f"{path}.br"}, stat_cache)

    def find_file(self, url: str) -> Any:
        """Return the file at an address; None for one that can be no file name, because it is too long or holds NUL."""
        try:
            return super().find_file(url)
        except (OSError, ValueError):
            return None


def is_versioned(path: str, query: str) -> bool:
    """Return whether an address names one version of an asset: pages name assets with a digest of their content."""
    return path.startswith("/assets/") and query.startswith("v=")


def with_header(start_response: StartResponse, name: str, value: str) -> StartResponse:
    """Return a ``start_response`` that replaces a header of this name, if the response is not an error."""

    def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        if status[0] in "23":
            headers = [*((known, old) for known, old in headers if known.lower() != name.lower()), (name, value)]
        return start_response(status, headers, exc_info)

    return cast("StartResponse", start)


class SiteFile(StaticFile):  # type: ignore[misc]
    """A file and its compressed copy.

    Each has an entity tag of its own, because a byte range of one is invalid for the other (RFC 9110, 8.8.3.3).
    """

    def __init__(self, path: str, headers: Any, encodings: Mapping[str, str], stat_cache: Any) -> None:
        super().__init__(path, headers, encodings, stat_cache)
        self.variants: dict[str, tuple[str, dict[str, str]]] = {}
        for _pattern, file_path, found in self.alternatives:
            values = dict(found)
            encoding = values.get("Content-Encoding", IDENTITY)
            values["Accept-Ranges"] = "bytes"
            if encoding != IDENTITY:
                values["ETag"] = f'{self.etag[:-1]}-{encoding}"'
            self.variants[encoding] = (file_path, values)

    def get_response(self, method: str, request_headers: WSGIEnvironment) -> Response:
        """Answer a request for the file."""
        if method not in SAFE_METHODS:
            return NOT_ALLOWED_RESPONSE
        encoding = choose_encoding(request_headers.get("HTTP_ACCEPT_ENCODING"), list(self.variants))
        if encoding is None:
            headers = {"Vary": "Accept-Encoding", "Content-Length": "0", "Cache-Control": "no-store"}
            return Response(HTTPStatus.NOT_ACCEPTABLE, headers.items(), None)
        file_path, headers = self.variants[encoding]
        if not is_resource_modified(request_headers, headers["ETag"], last_modified=headers["Last-Modified"]):
            retained = {"Cache-Control", "ETag", "Expires", "Vary"}
            return Response(HTTPStatus.NOT_MODIFIED, [row for row in headers.items() if row[0] in retained], None)
        if method == "HEAD":
            return Response(HTTPStatus.OK, headers.items(), None)
        size = int(headers["Content-Length"])
        part = requested_range(request_headers, headers, size)
        if part is None:
            return Response(HTTPStatus.OK, headers.items(), Path(file_path).open("rb"))
        start, stop = part
        if start >= stop:
            headers = {**headers, "Content-Range": f"bytes */{size}", "Content-Length": "0"}
            return Response(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers.items(), None)
        headers = {**headers, "Content-Range": f"bytes {start}-{stop - 1}/{size}", "Content-Length": str(stop - start)}
        file = FilePart(Path(file_path).open("rb", buffering=0), start, stop - 1)  # noqa: SIM115 - closed by the server
        return Response(HTTPStatus.PARTIAL_CONTENT, headers.items(), file)


class FilePart(SlicedFile):  # type: ignore[misc]
    """A part of a file, which gunicorn can send without reading it."""

    fileobj: IO[bytes]

    def fileno(self) -> int:
        """Return the open file, which is at the first byte."""
        return self.fileobj.fileno()


def choose_encoding(accepted: str | None, available: list[str]) -> str | None:
    """Return the available encoding that a client prefers, the smallest first; None if it refuses all of them.

    Source: RFC 9110, 12.5.3. An encoding that a client does not name is not sent, except the identity, which it must exclude by name
    or by ``*;q=0``.

    :param accepted: the header ``Accept-Encoding``, None if there was none.
    :param available: names of encodings, among them ``identity``.
    """
    if accepted is None:
        return IDENTITY
    # x-gzip means gzip (8.4.1.3); blanks beside "=" are not in the grammar, but they are sent.
    named_once = re.sub(r"\bx-gzip\b", "gzip", accepted.lower())
    plain = "=".join(
        part.strip() for part in named_once.split("=")
    )  # linear, unlike a pattern with blanks on both sides
    weights = parse_accept_header(plain, Accept)
    named = {value for value, _weight in weights}
    best, most = None, 0.0
    for encoding in available:
        weight = weights.quality(encoding)
        if encoding == IDENTITY and not named & {IDENTITY, "*"}:
            weight = 0.0005  # allowed, and after everything that is named
        if weight > most:
            best, most = encoding, weight
    return best


def requested_range(request: WSGIEnvironment, headers: Mapping[str, str], size: int) -> tuple[int, int] | None:
    """Return the first byte and the one after the last of the requested range; None for the whole file.

    A range behind the end is returned empty. Several ranges and broken ones are ignored, and so is a range of a
    file that has changed since (RFC 9110, 14.2 and 13.1.5).
    """
    found = parse_range_header(request.get("HTTP_RANGE"))
    if found is None or found.units != "bytes" or len(found.ranges) != 1:
        return None
    if condition := request.get("HTTP_IF_RANGE"):
        known = parse_if_range_header(condition)
        same_tag = (
            known.etag is not None and not condition.startswith("W/") and known.etag == unquote_etag(headers["ETag"])[0]
        )
        same_date = known.date is not None and http_date(known.date) == headers["Last-Modified"]
        if not (same_tag or same_date):
            return None
    start, stop = found.ranges[0]
    if start < 0:  # the last bytes
        return max(size + start, 0), size
    return start, size if stop is None else min(stop, size)


def no_cache_for_service_worker(headers: Any, path: str, url: str) -> None:
    """Make browsers revalidate the service worker on each load."""
    if url == "/sw.js":
        headers["Cache-Control"] = "no-cache"
