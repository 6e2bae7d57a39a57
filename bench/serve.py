"""How long an editor waits: from saving a page to seeing it in the browser, with ``kim serve --show-bar``.

``kim bench serve`` starts the preview on synthetic sites, opens a page in Chromium and saves it again and again,
now and then while the background build of the save before still runs.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from bench.needs import chromium
from bench.report import Bar, write_part
from bench.synthetic import languages, write_ours
from kim.progress import Step, steps

BARS = {(8, 60): 0.5, (8, 240): 1.0}
PAUSES = (0.3, 0.3, 4.0)  # seconds between two saves: in quick succession, and with time for a whole build between


@contextlib.contextmanager
def preview(project: Path) -> Iterator[str]:
    """Run the live preview of a project while the ``with`` block runs; yield its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = {**os.environ, "KIM_DATA_DIR": str(project / "var")}
    command = [sys.executable, "-m", "kim", "serve", "--port", str(port), "--show-bar"]
    running = subprocess.Popen(command, cwd=project, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address, begun = f"http://127.0.0.1:{port}", time.monotonic()
    try:
        while True:
            try:
                urllib.request.urlopen(address, timeout=5).close()
                break
            except OSError:
                if running.poll() is not None or time.monotonic() - begun > 120:
                    raise
                time.sleep(0.2)
        while not (project / ".site.preview.json").exists():
            time.sleep(0.2)
        yield address
    finally:
        running.terminate()
        running.wait(20)


def measure(browser: Browser, project: Path, saves: int, step: Step) -> list[float]:
    """Return the seconds from each save to its being in the browser."""
    source = project / "docs/en/bereich-0/seite-1.md"
    text, took = source.read_text("utf-8"), []
    with preview(project) as address:
        page = browser.new_page()
        page.goto(f"{address}/en/bereich-0/seite-1/")
        for number in range(saves):
            step(f"{project.name}, save {number + 1}")
            word = f"Saved{number}now"
            source.write_text(f"{text}\n{word}.\n", "utf-8")
            begun = time.monotonic()
            page.wait_for_function("word => document.querySelector('main')?.textContent.includes(word)", arg=word)
            took.append(time.monotonic() - begun)
            time.sleep(PAUSES[number % len(PAUSES)])
        page.close()
    return took


def main(arguments: list[str] | None = None) -> int:
    """Measure both sizes and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--saves", type=int, default=15)
    options = parser.parse_args(arguments)
    bars = []
    with sync_playwright() as playwright, tempfile.TemporaryDirectory(prefix="kim-bench-") as folder:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        for (count, pages), limit in BARS.items():
            print(f"Preview of {count} × {pages} synthetic pages …", flush=True)
            project = Path(folder) / f"{count}-{pages}"
            write_ours(project, languages(count), pages)
            with steps(f"Saved pages, {count} × {pages}", options.saves) as step:
                took = measure(browser, project, options.saves, step)
            name = f"{count} × {pages}: saved page in the browser, s"
            bars += [
                Bar(f"{name}, median of {len(took)}", statistics.median(took), limit, most=True),
                Bar(f"{name}, slowest", max(took)),
            ]
        browser.close()
    write_part(
        "serve", "Live preview", "Saves in quick succession and with pauses, background builds among them.", bars
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
