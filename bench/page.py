"""What a first visit costs a reader: bytes, requests, paint and blocking on a slow network and a slow processor.

``kim bench page`` looks at pages of the site that is built and, in the same run, at the same kind of page of stock
Material with the synthetic content. Slow 4G is the preset of that name in Chromium's developer tools (1.44 Mbit/s, 562 ms a request); processor 4 × slower.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from bench.peers import LIGHTHOUSE, STARLIGHT, node_peer, quiet_node
from bench.report import Bar, write_part
from bench.serving import static
from bench.synthetic import languages, write_mkdocs, write_starlight
from editorial.booklets import find_engine
from editorial.languages import ROOT, load_languages

SLOWER = 4
NETWORK = {
    "offline": False,
    "latency": 562.5,
    "downloadThroughput": 0.9 * 1.6e6 / 8,
    "uploadThroughput": 0.9 * 750e3 / 8,
}
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


def build_starlight(folder: Path) -> tuple[Path | None, str]:
    """Build Starlight with the synthetic pages; return the site's folder and its version, or why there is none."""
    modules, note = node_peer("starlight", STARLIGHT)
    if modules is None:
        return None, note
    write_starlight(folder, languages(8), 60, modules)
    command = ["node", str(modules / "astro/astro.js"), "build"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, env=quiet_node())
    return folder / "dist", note


def lighthouse(base: str) -> tuple[list[Bar], str]:
    """Return Lighthouse's marks for home, an inner page, a form and Arabic, and its version or why there are none."""
    modules, note = node_peer("lighthouse", LIGHTHOUSE)
    if modules is None:
        return [], note
    bars = []
    with tempfile.TemporaryDirectory(prefix="kim-bench-") as folder:
        for path in ("", "kontakt/", "arbeitgeber/mitmachen/", "ar/", "ar/kontakt/"):
            out = Path(folder) / "out.json"
            command = [
                "node", str(modules / "lighthouse/cli/index.js"), f"{base}/{path}", "--quiet", "--output=json",
                f"--output-path={out}", "--chrome-flags=--headless --no-sandbox --disable-gpu",
            ]  # fmt: skip
            subprocess.run(
                command, check=True, capture_output=True, env={**quiet_node(), "CHROME_PATH": find_engine() or ""}
            )
            marks = {name: row["score"] * 100 for name, row in json.loads(out.read_text("utf-8"))["categories"].items()}
            bars += [Bar(f"Lighthouse, /{path}: {name}", mark, 100) for name, mark in marks.items()]
    return bars, note


def measure(site: Path, rounds: int, peers: Collection[str], notes: list[str]) -> tuple[list[Bar], str]:
    """Return the figures beside their bars, and a table of all visits; add to the notes what peers there are."""
    bars: list[Bar] = []
    rows = [
        "| page | kB | requests | first paint, ms | largest paint, ms | blocking, ms | shift |",
        "|---|---|---|---|---|---|---|",
    ]
    with tempfile.TemporaryDirectory(prefix="kim-bench-") as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_engine(), args=["--no-sandbox"])
        others: dict[str, tuple[Path, tuple[tuple[str, str], ...]]] = {}
        if "stock" in peers:
            others["stock"] = build_stock(Path(folder) / "stock"), (("home", "/"), ("inner", "/bereich-0/seite-1/"))
        if "starlight" in peers:
            dist, note = build_starlight(Path(folder) / "starlight")
            notes.append(note)
            if dist:
                others["starlight"] = dist, (("home", "/"), ("inner", "/bereich-0/seite-1/"))
        found: dict[str, list[Visit]] = {}
        for _round in range(rounds):
            with static(site) as (base, sent):
                for row in load_languages():
                    for kind, path in KINDS.items():
                        if (site / row.root.strip("/") / path / "index.html").exists():
                            found.setdefault(f"{row.code}, {kind}", []).append(
                                visit(browser, f"{base}{row.root}{path}", sent)
                            )
            for name, (root, paths) in others.items():
                with static(root) as (base, sent):
                    for kind, path in paths:
                        found.setdefault(f"{name}, {kind}", []).append(visit(browser, base + path, sent))
        seen = {name: median(visits) for name, visits in found.items()}
        with static(site) as (base, sent):
            bars += next_page(browser, base, sent)
        browser.close()
    for name, one in seen.items():
        rows.append(
            f"| {name} | {one.sent / 1000:.1f} | {one.requests:.0f} | {one.first:.0f} | {one.largest:.0f} | {one.blocking:.0f} | {one.shift:.3f} |"
        )
    own = {name: one for name, one in seen.items() if name.partition(",")[0] not in others}
    inner = [one for name, one in own.items() if not name.endswith("home")]
    bars = [
        Bar("heaviest inner page or form of all languages, kB", max(one.sent for one in inner) / 1000, 32, most=True),
        Bar("most requests of one", max(one.requests for one in inner), 7, most=True),
        *bars,
        Bar("longest total blocking time, ms", max(one.blocking for one in own.values()), 100, most=True),
        Bar("largest layout shift", max(one.shift for one in own.values()), 0.0, most=True),
    ]
    for name, limit in (("stock", 0.5), ("starlight", 1.0)):
        for kind in ("home", "inner") if name in others else ():
            ratio = seen[f"de, {kind}"].largest / seen[f"{name}, {kind}"].largest
            bars.append(Bar(f"{kind}: largest paint, ours / {name}", ratio, limit, most=True))
    if "lighthouse" in peers:
        with static(site) as (base, _sent):
            marks, note = lighthouse(base)
        notes.append(note)
        bars += marks
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
    parser.add_argument("--peer", default="stock,starlight,lighthouse", help="with commas between; empty for none")
    options = parser.parse_args(arguments)
    notes: list[str] = []
    bars, table = measure(options.site, options.rounds, [name for name in options.peer.split(",") if name], notes)
    note = (
        f"First visit, slow 4G, processor {SLOWER} × slower, 412 × 823, medians of {options.rounds}. Stock: Material with the "
        f"synthetic pages (60 in 8 languages), its web fonts from outside where they can be had. {'; '.join(notes)}."
    )
    write_part("page", "First visit", note, bars, table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
