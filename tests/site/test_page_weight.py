"""A first visit is light, on every page in every language: at most 24 kB in 9 requests, headers included."""

from __future__ import annotations

import pytest

from tests.site.conftest import Site
from tests.weight import HEADER_BYTES, MOST_BYTES, MOST_REQUESTS, first_visit, sent_bytes

# HTTP/2 writes headers in Huffman's code and names those that were sent before by number (RFC 7541, 5.2 and 6.1).
FIRST_HTTP_2_HEADER_BYTES = 700
NEXT_HTTP_2_HEADER_BYTES = 120


@pytest.mark.parametrize("encoding", ["br", "gz"])
def test_the_first_visit_of_every_page_is_light(site: Site, encoding: str) -> None:
    """Brotli with whole headers, as our service answers; gzip with HTTP/2, as nginx without brotli does."""
    heavy = {}
    for page in site.folder.rglob("index.html"):
        files = first_visit(site.folder, page)
        headers = (
            len(files) * HEADER_BYTES
            if encoding == "br"
            else FIRST_HTTP_2_HEADER_BYTES + (len(files) - 1) * NEXT_HTTP_2_HEADER_BYTES
        )
        weight = sum(sent_bytes(file, encoding) for file in files) + headers
        if weight > MOST_BYTES or len(files) > MOST_REQUESTS:
            heavy[page.relative_to(site.folder).as_posix()] = (weight, [file.name for file in files])
    assert heavy == {}
