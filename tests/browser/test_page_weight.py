"""A first visit is light: at most 24 kB of compressed content in 9 requests for an inner page.

Headers are not counted: HTTP/2 compresses them (RFC 7541), the server of the tests speaks HTTP/1.1. Nor is brotli, which only
comes with TLS: it makes each page another tenth lighter.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.languages import split_language
from tests.browser.conftest import BrowserSession

MOST_BYTES = 24_000
MOST_REQUESTS = 9


@pytest.mark.parametrize(
    "path",
    [
        "/kim/",
        "/ar/ankommen/welches-dokument/",
        "/fa/ankommen/checklisten/",
        "/angebote/",
        "/arbeitgeber/fragen/",
        "/arbeitgeber/mitmachen/",
        "/ar/ankommen/notfall/",
        "/uk/offline/",
    ],
)
def test_the_first_visit_of_an_inner_page_is_light(new_session: Callable[..., BrowserSession], path: str) -> None:
    seen = new_session(locale=split_language(path)[0].code)  # no hint about another language
    page = seen.context.new_page()
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    sent: set[str] = set()
    sizes: dict[str, float] = {}
    network.on(
        "Network.requestWillBeSent",
        lambda event: event["request"]["url"].startswith("http") and sent.add(event["requestId"]),
    )
    headers: dict[str, float] = {}
    network.on(
        "Network.responseReceived",
        lambda event: headers.update({event["requestId"]: event["response"]["encodedDataLength"]}),
    )
    network.on("Network.loadingFinished", lambda event: sizes.update({event["requestId"]: event["encodedDataLength"]}))
    page.goto(seen.url + path, wait_until="networkidle")
    loaded = [
        size - headers.get(request, 0) for request, size in sizes.items() if request in sent and size
    ]  # the sign is taken twice, sent once
    assert 0 < len(loaded) <= MOST_REQUESTS
    assert 0 < sum(loaded) <= MOST_BYTES
