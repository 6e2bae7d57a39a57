"""What a first visit costs a reader: bytes, requests, paint and blocking on a slow network and a slow processor.

``kim bench page`` looks at pages of the site that is built and, in the same run, at the same kind of page of stock
Material and Starlight with the synthetic content, stock with its web fonts. The table is measured with the network
and processor slowed down in Chromium (slow 4G: 1.44 Mbit/s, 562 ms a request; processor 4 × slower). Marks and the
comparison of the largest paint come from Lighthouse with its own settings for phones (slow 4G: 1.6 Mbit/s, 150 ms
round trip, processor 4 × slower).
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from bench.competitors import LIGHTHOUSE, STARLIGHT, node_peer, quiet_node
from bench.needs import DEFAULT_SITE, built_site, chromium, known_peers
from bench.report import Bar, write_part
from bench.static_server import static
from bench.synthetic import languages, write_mkdocs, write_starlight
from bench.web_fonts import web_fonts
from core.languages import load_languages
from kim.progress import steps

PEERS = ("stock", "starlight", "lighthouse")
SLOWER = 4
NETWORK = {
    "offline": False,
    "latency": 562.5,
    "downloadThroughput": 0.9 * 1.6e6 / 8,
    "uploadThroughput": 0.9 * 750e3 / 8,
}
PHONE: dict[str, Any] = {"viewport": {"width": 412, "height": 823}, "device_scale_factor": 1.75, "is_mobile": True, "has_touch": True}  # fmt: skip
PEER_PAGES = (("home", "/"), ("inner", "/bereich-0/seite-1/"))
KINDS = {"home": "", "inner": "kontakt/", "form": "arbeitgeber/mitmachen/"}
# Home, a section, a topic, the contact page and a form.
MARKED = ("", "ankommen/", "ankommen/wohnen/", "kontakt/", "arbeitgeber/mitmachen/")

WATCH = """() => {
  window.kimSeen = { largest: 0, blocking: 0, shift: 0 };
  const watch = (type, take) => new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true });
  watch("largest-contentful-paint", ({ startTime }) => { kimSeen.largest = startTime; });
  watch("longtask", ({ duration }) => { kimSeen.blocking += Math.max(0, duration - 50); });
  watch("layout-shift", ({ value, hadRecentInput }) => { if (!hadRecentInput) kimSeen.shift += value; });
}"""

# The folder of a site, and kind and address of the pages to look at.
Site = tuple[Path, tuple[tuple[str, str], ...]]


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


def visit(browser: Browser, address: str, sent: list[tuple[str, int]], fonts: list[tuple[str, int]]) -> Visit:
    """Open a page with nothing cached, on a slow phone; ``fonts`` is what the other server has sent."""
    context = browser.new_context(**PHONE, color_scheme="light", ignore_https_errors=True)
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
    sent = [*sent, *fonts]
    return Visit(sum(size for _, size in sent), len(sent), first, seen["largest"], seen["blocking"], seen["shift"])


def median(visits: list[Visit]) -> Visit:
    """Return the median of each figure."""
    return Visit(*(statistics.median(getattr(one, name) for one in visits) for name in Visit.__dataclass_fields__))


def build_stock(folder: Path) -> Path:
    """Build stock Material with the synthetic pages; return the site's folder."""
    write_mkdocs(folder, languages(8), 60)
    subprocess.run([sys.executable, "-m", "mkdocs", "build", "-q"], cwd=folder, check=True, capture_output=True)
    return folder / "site"


def build_starlight(folder: Path) -> tuple[Path | None, str]:
    """Build Starlight with the synthetic pages; return the site's folder and its version, or why there is none."""
    modules, note = node_peer("starlight", STARLIGHT)
    if modules is None:
        return None, note
    write_starlight(folder, languages(8), 60, modules)
    command = ["node", str(modules / "astro/astro.js"), "build"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, env=quiet_node())
    return folder / "dist", note


def lighthouse(modules: Path, address: str, options: list[str]) -> dict[str, Any]:
    """Return Lighthouse's report of one page, with its settings for phones."""
    with tempfile.TemporaryDirectory(prefix="kim-bench-") as folder:
        out = Path(folder) / "out.json"
        flags = ["--headless", "--no-sandbox", "--disable-gpu", *(f"'{one}'" for one in options)]
        command = [
            "node", str(modules / "lighthouse/cli/index.js"), address, "--quiet", "--output=json",
            f"--output-path={out}", f"--chrome-flags={' '.join(flags)}",
        ]  # fmt: skip
        env = {**quiet_node(), "CHROME_PATH": chromium()}
        subprocess.run(command, check=True, capture_output=True, env=env)
        report: dict[str, Any] = json.loads(out.read_text("utf-8"))
        return report


def marks(modules: Path, base: str) -> list[Bar]:
    """Return Lighthouse's marks for each kind of page, in German and in Arabic."""
    bars = []
    for path in (root + kind for root in ("", "ar/") for kind in MARKED):
        report = lighthouse(modules, f"{base}/{path}", [])
        bars += [
            Bar(f"Lighthouse, /{path}: {name}", row["score"] * 100, 100) for name, row in report["categories"].items()
        ]
    return bars


def largest_paints(modules: Path, sites: Mapping[str, Site], rounds: int, options: list[str]) -> list[Bar]:
    """Return our largest paint beside that of each peer, by Lighthouse, in turn."""
    found: dict[tuple[str, str], list[float]] = {}
    with steps("Lighthouse", rounds * sum(len(paths) for _root, paths in sites.values())) as step:
        for _round in range(rounds):
            for name, (root, paths) in sites.items():
                with static(root) as (base, _sent):
                    for kind, path in paths:
                        audits = lighthouse(modules, base + path, options)["audits"]
                        found.setdefault((name, kind), []).append(audits["largest-contentful-paint"]["numericValue"])
                        step(f"{name}, {kind}")
    paints = {key: statistics.median(values) for key, values in found.items()}
    return [
        Bar(
            f"{kind}: largest paint by Lighthouse, ours {paints['ours', kind]:.0f} ms / {name} {paints[name, kind]:.0f} ms",
            paints["ours", kind] / paints[name, kind],
            limit,
            most=True,
        )
        for name, limit in (("stock", 0.5), ("starlight", 1.0))
        for kind in ("home", "inner")
        if (name, kind) in paints
    ]


def measure(site: Path, rounds: int, peers: Collection[str], notes: list[str]) -> tuple[list[Bar], str]:
    """Return the figures beside their bars, and a table of all visits; add to the notes what peers there are."""
    with tempfile.TemporaryDirectory(prefix="kim-bench-") as folder, web_fonts() as (options, fonts, note):
        sites = {"ours": (site, (("home", "/"), ("inner", "/kontakt/")))}
        if "stock" in peers:
            print("Building stock Material with the synthetic pages …", flush=True)
            sites["stock"] = build_stock(Path(folder) / "stock"), PEER_PAGES
            notes.append(note)
        if "starlight" in peers:
            print("Building Starlight with the synthetic pages …", flush=True)
            dist, note = build_starlight(Path(folder) / "starlight")
            notes.append(note)
            if dist:
                sites["starlight"] = dist, PEER_PAGES
        bars, seen = visits(sites, rounds, options, fonts)
        if "lighthouse" in peers:
            modules, note = node_peer("lighthouse", LIGHTHOUSE)
            notes.append(note)
            if modules:
                bars += largest_paints(modules, sites, rounds, options)
                with static(site) as (base, _sent):
                    bars += marks(modules, base)
    return bars, "\n".join(table(seen))


def visits(
    sites: Mapping[str, Site], rounds: int, options: list[str], fonts: list[tuple[str, int]]
) -> tuple[list[Bar], dict[str, Visit]]:
    """Visit our pages in every language and those of the peers, in turn; return our bars, and the median of each page."""
    found: dict[str, list[Visit]] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", *options])
        pages = {
            name: own_pages(root) if name == "ours" else [(f"{name}, {kind}", path) for kind, path in paths]
            for name, (root, paths) in sites.items()
        }
        with steps("Page visits", rounds * sum(map(len, pages.values()))) as step:
            for _round in range(rounds):
                for name, (root, _paths) in sites.items():
                    with static(root) as (base, sent):
                        for label, path in pages[name]:
                            fonts.clear()
                            found.setdefault(label, []).append(visit(browser, base + path, sent, fonts))
                            step(label)
        with static(sites["ours"][0]) as (base, sent):
            after = next_page(browser, base, sent)
        browser.close()
    seen = {label: median(rows) for label, rows in found.items()}
    own = {label: one for label, one in seen.items() if label.partition(",")[0] not in sites}
    inner = [one for label, one in own.items() if not label.endswith("home")]
    bars = [
        Bar("heaviest inner page or form of all languages, kB", max(one.sent for one in inner) / 1000, 32, most=True),
        Bar("most requests of one", max(one.requests for one in inner), 7, most=True),
        *after,
        Bar("longest total blocking time, ms", max(one.blocking for one in own.values()), 100, most=True),
        Bar("largest layout shift", max(one.shift for one in own.values()), 0.0, most=True),
    ]
    return bars, seen


def own_pages(site: Path) -> list[tuple[str, str]]:
    """Return name and address of each of our pages to look at."""
    return [
        (f"{row.code}, {kind}", row.root + path)
        for row in load_languages()
        for kind, path in KINDS.items()
        if (site / row.root.strip("/") / path / "index.html").exists()
    ]


def table(seen: Mapping[str, Visit]) -> list[str]:
    """Return the rows of a table of visits."""
    return [
        "| page | kB | requests | first paint, ms | largest paint, ms | blocking, ms | shift |",
        "|---|---|---|---|---|---|---|",
        *(
            f"| {label} | {one.sent / 1000:.1f} | {one.requests:.0f} | {one.first:.0f} | {one.largest:.0f} | {one.blocking:.0f} | {one.shift:.3f} |"
            for label, one in seen.items()
        ),
    ]


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
    parser.add_argument("--site", type=Path, default=DEFAULT_SITE, help="a built site (default: site/)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peer", default=",".join(PEERS), help="with commas between; empty for none")
    options = parser.parse_args(arguments)
    notes: list[str] = []
    peers = known_peers(options.peer, PEERS)
    chromium()
    bars, table = measure(built_site(options.site), options.rounds, peers, notes)
    note = (
        f"First visit, slow 4G, processor {SLOWER} × slower, 412 × 823, medians of {options.rounds}. Peers: the synthetic pages "
        f"(60 in 8 languages). {'; '.join(notes)}."
    )
    write_part("page", "First visit", note, bars, table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
