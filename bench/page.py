"""What a first visit costs a reader: bytes, requests, paint and blocking on a slow network and a slow processor.

``kim bench page`` looks at pages of the site that is built and, in the same run, at the same kind of page of stock
Material with the synthetic content. Slow 4G is the preset of that name in Chromium's developer tools (1.44 Mbit/s, 562 ms a request); processor 4 × slower.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from bench.report import Bar, write_part
from bench.serving import static
from bench.synthetic import languages, write_mkdocs
from editorial.booklets import find_engine
from editorial.languages import ROOT, load_languages

SLOWER = 4
NETWORK = {"offline": False, "latency": 562.5, "downloadThroughput": 0.9 * 1.6e6 / 8, "uploadThroughput": 0.9 * 750e3 / 8}
PHONE: dict[str, Any] = {"viewport": {"width": 412, "height": 823}, "device_scale_factor": 1.75, "is_mobile": True, "has_touch": True}  # fmt: skip
KINDS = {"home": "", "inner": "kontakt/", "form": "arbeitgeber/mitmachen/"}

WATCH = """() => {
  window.kimSeen = { largest: 0, blocking: 0, shift: 0 };
  const watch = (type, take) => new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true });
  watch("largest-contentful-paint", ({ startTime }) => { kimSeen.largest = startTime; });
  watch("longtask", ({ duration }) => { kimSeen.blocking += Math.max(0, duration - 50); });
  watch("layout-shift", ({ value, hadRecentInput }) => { if (!hadRecentInput) kimSeen.shift += value; });
}"""


@dataclass(frozen=True)
class Visit:
    """One first visit.

    :ivar sent: bytes of all answers, compressed, without their headers.
    :ivar largest: the largest contentful paint, in ms; ``first`` the first one.
    :ivar blocking: total blocking time, in ms: of each task longer than 50 ms what is over that.
    :ivar shift: cumulative layout shift.
    """

    sent: float
    requests: float
    first: float
    largest: float
    blocking: float
    shift: float


def visit(browser: Browser, address: str, sent: list[tuple[str, int]]) -> Visit:
    """Open a page with nothing cached, on a slow phone."""
    context = browser.new_context(**PHONE, color_scheme="light")
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", NETWORK)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.add_init_script(f"({WATCH})()")
    sent.clear()
    page.goto(address, wait_until="load")
    page.wait_for_load_state("networkidle")
    first = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0")
    seen = page.evaluate("kimSeen")
    context.close()
    return Visit(sum(size for _, size in sent), len(sent), first, seen["largest"], seen["blocking"], seen["shift"])


def median(visits: list[Visit]) -> Visit:
    """Return the median of each figure."""
    return Visit(*(statistics.median(getattr(one, name) for one in visits) for name in Visit.__dataclass_fields__))


def build_stock(folder: Path) -> Path:
    """Build stock Material with the synthetic pages; return the site's folder."""
    write_mkdocs(folder, languages(8), 60)
    subprocess.run([sys.executable, "-m", "mkdocs", "build", "-q"], cwd=folder, check=True, capture_output=True)
    return folder / "site"


def measure(site: Path, rounds: int, stock: bool) -> tuple[list[Bar], str]:
    """Return the figures beside their bars, and a table of all visits."""
    bars: list[Bar] = []
    rows = [
        "| page | kB | requests | first paint, ms | largest paint, ms | blocking, ms | shift |",
        "|---|---|---|---|---|---|---|",
    ]
    with tempfile.TemporaryDirectory(prefix="kim-bench-") as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_engine(), args=["--no-sandbox"])
        seen: dict[str, Visit] = {}
        with static(site) as (base, sent), static(build_stock(Path(folder)) if stock else site) as (peer, other):
            addresses = {
                f"{row.code}, {kind}": f"{base}{row.root}{path}"
                for row in load_languages()
                for kind, path in KINDS.items()
                if (site / row.root.strip("/") / path / "index.html").exists()
            }
            found: dict[str, list[Visit]] = {}
            for _round in range(rounds):
                for name, address in addresses.items():
                    found.setdefault(name, []).append(visit(browser, address, sent))
                for name, path in (("stock, home", "/"), ("stock, inner", "/bereich-0/seite-1/")) if stock else ():
                    found.setdefault(name, []).append(visit(browser, peer + path, other))
            seen = {name: median(visits) for name, visits in found.items()}
            bars += next_page(browser, base, sent)
        browser.close()
    for name, one in seen.items():
        rows.append(
            f"| {name} | {one.sent / 1000:.1f} | {one.requests:.0f} | {one.first:.0f} | {one.largest:.0f} | {one.blocking:.0f} | {one.shift:.3f} |"
        )
    own = {name: one for name, one in seen.items() if not name.startswith("stock")}
    inner = [one for name, one in own.items() if not name.endswith("home")]
    bars = [
        Bar("heaviest inner page or form of all languages, kB", max(one.sent for one in inner) / 1000, 32, most=True),
        Bar("most requests of one", max(one.requests for one in inner), 7, most=True),
        *bars,
        Bar("longest total blocking time, ms", max(one.blocking for one in own.values()), 100, most=True),
        Bar("largest layout shift", max(one.shift for one in own.values()), 0.0, most=True),
    ]
    if stock:
        for kind in ("home", "inner"):
            ratio = seen[f"de, {kind}"].largest / seen[f"stock, {kind}"].largest
            bars.append(Bar(f"{kind}: largest paint, ours / stock", ratio, 0.5, most=True))
    return bars, "\n".join(rows)


def next_page(browser: Browser, base: str, sent: list[tuple[str, int]]) -> list[Bar]:
    """Return what the second page of a visit asks for besides itself."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{base}/kontakt/", wait_until="networkidle")
    sent.clear()
    page.goto(f"{base}/datenschutz/", wait_until="networkidle")
    context.close()
    return [Bar("next page of a visit, requests (its HTML alone)", len(sent), 1, most=True)]


def main(arguments: list[str] | None = None) -> int:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--site", type=Path, default=ROOT / "site", help="a built site (default: site/)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peer", default="stock", help="stock, or empty for none; Starlight needs Node.js")
    options = parser.parse_args(arguments)
    bars, table = measure(options.site, options.rounds, "stock" in options.peer)
    note = f"First visit, slow 4G, processor {SLOWER} × slower, 412 × 823, medians of {options.rounds}. Stock: Material with the synthetic pages (60 in 8 languages)."
    write_part("page", "First visit", note, bars, table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
