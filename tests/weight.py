"""What a first visit of a page loads, computed from the built site: the page, its stylesheets, scripts, pictures and icon."""

from __future__ import annotations

import re
from pathlib import Path

MOST_BYTES = 24_000
MOST_REQUESTS = 9
# Of a response as our service sends it, without HTTP/2: a browser test confirms it.
HEADER_BYTES = 880
_TAG = re.compile(r"<(link|script|img|source|iframe|video|audio|object)\b[^>]*>")
_REL = re.compile(r'rel="(?:stylesheet|preload|modulepreload|manifest|icon)"')
_LISTS = re.compile(r' data-list="([^"]+)"')  # what a page's own script fetches at once
_ADDRESS = re.compile(r' (?:href|src|data-script|data)="([^"]*)"')


def first_visit(site_dir: Path, page: Path) -> list[Path]:
    """Return the files that a first visit of a built page loads, the page first."""
    text = page.read_text("utf-8")
    named = [
        address[1]
        for tag in _TAG.finditer(text)
        if tag[1] != "link" or _REL.search(tag[0])
        if (address := _ADDRESS.search(tag[0]))
    ]
    named += _LISTS.findall(text)
    assert all(address.startswith(("/", "data:")) for address in named), (page, named)
    files = (site_dir / address.partition("?")[0].lstrip("/") for address in named if address.startswith("/"))
    return [page, *dict.fromkeys(files)]


def sent_bytes(path: Path, encoding: str) -> int:
    """Return the size of a file as it is sent to a browser that takes an encoding, without headers."""
    copy = path.with_name(f"{path.name}.{encoding}")
    return (copy if copy.exists() else path).stat().st_size
