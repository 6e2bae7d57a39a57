"""What a browser loads on a first visit is what tests/site/test_page_weight.py computes for all pages."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.languages import split_language
from tests.browser.conftest import UNTIL_SCRIPT_RAN, BrowserSession
from tests.conftest import ROOT
from tests.municipality import existing
from tests.weight import HEADER_BYTES, MOST_BYTES, MOST_REQUESTS, first_visit, sent_bytes


@pytest.mark.parametrize(
    "path",
    existing(
        "/kim/",
        "/ar/ankommen/welches-dokument/",
        "/fa/ankommen/checklisten/",
        "/angebote/",
        "/ar/arbeitgeber/werkzeugkasten/",
        "/ru/arbeitgeber/erfahrungen/",
        "/ar/ankommen/notfall/",
        "/uk/offline/",
    ),
)
def test_a_browser_loads_what_is_computed_and_no_more(new_session: Callable[..., BrowserSession], path: str) -> None:
    seen = new_session(locale=split_language(path)[0].code)  # no hint about another language
    page = seen.context.new_page()
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    addresses: dict[str, str] = {}
    headers: dict[str, float] = {}
    sizes: dict[str, float] = {}
    network.on(
        "Network.requestWillBeSent",
        lambda event: (
            event["request"]["url"].startswith("http")
            and addresses.update({event["requestId"]: event["request"]["url"].removeprefix(seen.url).partition("?")[0]})
        ),
    )
    network.on(
        "Network.responseReceived",
        lambda event: headers.update({event["requestId"]: event["response"]["encodedDataLength"]}),
    )
    network.on("Network.loadingFinished", lambda event: sizes.update({event["requestId"]: event["encodedDataLength"]}))
    page.goto(seen.url + path)
    page.evaluate(UNTIL_SCRIPT_RAN)
    page.wait_for_load_state("networkidle")
    computed = first_visit(ROOT / "site", ROOT / "site" / path.strip("/") / "index.html")
    loaded = {addresses[request]: size for request, size in sizes.items() if request in addresses and size}
    assert sorted(loaded) == sorted([path, *(f"/{file.relative_to(ROOT / 'site')}" for file in computed[1:])])
    assert len(loaded) <= MOST_REQUESTS
    assert sum(loaded.values()) <= MOST_BYTES
    assert max(headers.values()) <= HEADER_BYTES
    assert sum(loaded.values()) <= sum(sent_bytes(file, "br") + HEADER_BYTES for file in computed)
