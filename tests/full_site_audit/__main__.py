"""``make test-all``: look at every built page in every language, and write the dated result for the statement.

Two processes share the pages. The planted page comes first: a look that finds nothing there is worth nothing.
Exit status 1 if anything was found; the result is written either way, because the statement must be true.
"""

from __future__ import annotations

import concurrent.futures
import datetime
import os
import re
import sys
import tempfile
from collections import Counter
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import yaml
from playwright.sync_api import sync_playwright

from core.languages import load_languages
from editorial.build.build import build_if_changed
from editorial.content.data.accessibility import RESULTS_PATH
from editorial.content.pages import read_content
from kim.progress import steps
from tests.browser.conftest import FLAGS, find_chromium
from tests.browser.test_accessibility import AXE
from tests.conftest import ROOT
from tests.full_site_audit.faulty_page import FaultyPage
from tests.full_site_audit.page_audit import LOOKS, PageAuditor, Seen
from tests.server import running_server

# Pages that a process looks at in one browser before it takes the next ones.
SHARE = 20


def paths() -> list[tuple[str, int]]:
    """Return every address of the site with the status that it answers."""
    languages = load_languages()
    content = read_content(ROOT / "docs", languages)
    pages = [(page.url(row), 200) for page in content.pages.values() for row in languages if page.exists_in(row)]
    extra = [(row.root + name, status) for row in languages for name, status in (("gibt-es-nicht/", 404), ("offline-fallback.html", 200))]  # fmt: skip
    return sorted(pages) + extra


def look_at(share: list[tuple[str, int]], url: str) -> tuple[list[Seen], str]:
    """Look at some pages in a browser of this process; return what was seen and the browser's version."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        looker = PageAuditor(browser, url)
        return [looker.look(path, status) for path, status in share], browser.version


def dead_links(seen: list[Seen], url: str) -> list[str]:
    """Return every link within the site whose page or heading does not exist."""
    ids = {one.path: set(one.ids) for one in seen}
    site, dead = ROOT / "site", []
    for one in seen:
        for link in set(one.links):
            if not link.startswith(url + "/"):
                continue
            address, anchor = urldefrag(link)
            path = unquote(urlsplit(address).path)
            if path in ids:
                if anchor and unquote(anchor) not in ids[path]:
                    dead.append(f"{one.path}: no #{anchor} on {path}")
            elif not path.startswith(("/eingang", "/en/eingang")) and not (site / path.lstrip("/")).exists():
                dead.append(f"{one.path}: {path} does not exist")
    return dead


def summary(seen: list[Seen], browser: str) -> dict[str, object]:
    """Return what the accessibility statement says about this run."""
    rules = Counter(rule for one in seen for rule in {fault.split(": ")[1] for fault in one.rules})
    version = re.search(r"axe v([\d.]+)", AXE)
    return {
        "date": datetime.date.today(),
        "pages": len(seen),
        "languages": len(load_languages()),
        "looks": len(LOOKS),
        "engine": f"axe-core {version[1] if version else '?'}",
        "browser": f"Chromium {browser.split('.')[0]}",
        "rules": [{"rule": rule, "pages": count} for rule, count in sorted(rules.items())],
        "other": sum(bool(one.faults) for one in seen),
    }


def main() -> int:
    """Run everything; print each fault with its page."""
    with FaultyPage() as planted:
        (bad,), _version = look_at([("/", 200)], planted.url)
        missed = planted.missed(bad)
    if missed:
        print("The look itself is blind; it did not find: " + ", ".join(missed))
        return 1
    build_if_changed(ROOT / "site")
    everything = paths()
    workers = max(1, min(os.cpu_count() or 1, 4))
    with tempfile.TemporaryDirectory() as data, running_server(Path(data)) as server:
        print(f"{len(everything)} pages, {len(LOOKS)} looks each, {workers} browsers", flush=True)
        shares = [everything[begin : begin + SHARE] for begin in range(0, len(everything), SHARE)]
        with concurrent.futures.ProcessPoolExecutor(workers) as pool, steps("Shares of the pages", len(shares)) as step:
            running = {pool.submit(look_at, share, server.url): share[-1][0] for share in shares}
            for done in concurrent.futures.as_completed(running):
                step(running[done])
            parts = [one.result() for one in running]
        seen = [one for part, _version in parts for one in part]
        dead = dead_links(seen, server.url)
    for one in seen:
        for fault in [*one.rules, *one.faults]:
            print(f"{one.path}: {fault}")
    print(*dead, sep="\n")
    result = summary(seen, parts[0][1])
    (ROOT / RESULTS_PATH).write_text(
        "# Geschrieben von `make test-all`; nicht von Hand ändern.\n" + yaml.safe_dump(result, sort_keys=False), "utf-8"
    )
    faults = sum(len(one.rules) + len(one.faults) for one in seen) + len(dead)
    print(f"{len(seen)} pages, {faults} faults; written to {RESULTS_PATH}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
