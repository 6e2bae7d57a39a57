"""How fast the site is built: ours and its peers in turn, in one run, on the same synthetic pages.

``make bench`` (or ``python -m bench.build``) prints medians, ratios and growth, and writes ``bench/results.md``.
Peers live in a virtual environment of their own; one that cannot be installed is named, never left out in silence.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.competitors import STARLIGHT, node_peer, python_peer, quiet_node
from bench.needs import known_peers
from bench.report import Bar, write_part
from bench.synthetic import languages, write_hugo, write_mkdocs, write_ours, write_starlight
from core.files import remove
from core.project import ROOT

PEERS = ("stock", "zensical", "starlight", "hugo")


@dataclass(frozen=True)
class Took:
    """What one build took: wall time and processor time (user and system, children included), in seconds."""

    wall: float
    cpu: float


def run(command: list[str], folder: Path) -> Took:
    """Run one build and measure it.

    :raises RuntimeError: if it fails, with its output.
    """
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=quiet_node())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {(done.stderr or done.stdout)[-800:]}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Took(time.monotonic() - begun, cpu)


def change_one(folder: Path) -> None:
    """Change one sentence of one translation."""
    path = folder / "docs/en/bereich-0/seite-1.md"
    path.write_text(path.read_text("utf-8") + f"\nOne more line at {time.monotonic_ns()}.\n", "utf-8")


def forget(folder: Path) -> None:
    """Take away everything that earlier builds have kept, but what they have written: nothing is cached then."""
    for kept in folder.glob(".site.*"):
        remove(kept)


def measure(size: tuple[int, int], peers: list[str], rounds: int, work: Path, notes: list[str]) -> dict[str, Took]:
    """Return the medians of one size, by what was built."""
    count, pages = size
    codes = languages(count)
    here = [sys.executable, "-m"]
    ours = work / f"ours-{count}-{pages}"
    write_ours(ours, codes, pages)
    # As `make` does it once, and pip for the peers.
    subprocess.run([*here, "compileall", "-q", "core", "form_handler", "editorial", "kim"], cwd=ours, check=True)
    subprocess.run([*here, "kim", "catalogs", "compile"], cwd=ours, check=True)
    kim = [*here, "kim", "build", "--no-pdf"]
    jobs: dict[str, tuple[list[str], Path, Callable[[], object]]] = {
        "ours, full": ([*kim, "--no-cache"], ours, lambda: forget(ours)),
        "ours, nothing changed": (kim, ours, lambda: None),
        "ours, one page changed": (kim, ours, lambda: change_one(ours)),
    }
    for name in peers:
        folder = work / f"{name}-{count}-{pages}"
        if name == "stock":
            write_mkdocs(folder, codes, pages)
            jobs[name] = ([*here, "mkdocs", "build", "-q"], folder, lambda: None)
            continue
        if name == "starlight" and pages > 100:
            continue  # minutes for one build
        place, version = node_peer(name, STARLIGHT) if name == "starlight" else python_peer(name)
        notes.append(version)
        if place is None:
            continue
        if name == "zensical":
            write_mkdocs(folder, codes, pages, zensical=True)
            jobs[name] = ([str(place / "zensical"), "build", "--clean"], folder, lambda: None)
        elif name == "starlight":
            write_starlight(folder, codes, pages, place)
            jobs[name] = (["node", str(place / "astro/astro.js"), "build"], folder, lambda folder=folder: shutil.rmtree(folder / ".astro", ignore_errors=True))  # fmt: skip
        else:
            write_hugo(folder, codes, pages)
            jobs[name] = ([str(place / "hugo"), "--quiet"], folder, lambda folder=folder: shutil.rmtree(folder / "public", ignore_errors=True))  # fmt: skip
    took: dict[str, list[Took]] = {name: [] for name in jobs}
    for round_ in range(rounds):
        for name, (command, folder, before) in jobs.items():
            before()
            try:
                took[name].append(run(command, folder))
            except RuntimeError as error:
                notes.append(f"{name} failed at {count} × {pages}: {error}")
            print(
                f"  {count} × {pages}, round {round_ + 1}: {name} {took[name][-1] if took[name] else '–'}", flush=True
            )
    return {name: Took(statistics.median(one.wall for one in rows), statistics.median(one.cpu for one in rows)) for name, rows in took.items() if rows}  # fmt: skip


def bars_of(sizes: dict[tuple[int, int], dict[str, Took]]) -> list[Bar]:
    """Return every ratio beside its bar."""
    bars = []
    for (count, pages), took in sizes.items():
        full, size = took["ours, full"].wall, f"{count} × {pages}"
        for name, limit in (
            ("stock", 4.0 if pages > 100 else 3.0),
            ("zensical", 1.0),
            ("starlight", None),
            ("hugo", None),
        ):
            if name in took:
                bars.append(Bar(f"{size}: {name} / ours, wall", took[name].wall / full, limit))
        for name, limit in (("ours, nothing changed", 10.0), ("ours, one page changed", 4.0)):
            bars.append(Bar(f"{size}: full / {name.partition(', ')[2]}, wall", full / took[name].wall, limit))
    for small, large, limit in (((8, 60), (8, 240), 4.3), ((8, 60), (16, 60), 2.1)):
        if small in sizes and large in sizes:
            growth = sizes[large]["ours, full"].wall / sizes[small]["ours, full"].wall
            bars.append(
                Bar(f"growth {large[0]} × {large[1]} / {small[0]} × {small[1]}, wall", growth, limit, most=True)
            )
    return bars


def table_of(sizes: dict[tuple[int, int], dict[str, Took]]) -> str:
    """Return all times."""
    rows = ["| languages × pages | what | wall s | CPU s | wall, beside our full build |", "|---|---|---|---|---|"]
    for (count, pages), took in sizes.items():
        full = took["ours, full"].wall
        rows += [
            f"| {count} × {pages} | {name} | {one.wall:.2f} | {one.cpu:.2f} | {one.wall / full:.2f} |"
            for name, one in took.items()
        ]
    return "\n".join(rows)


def check_share(rounds: int) -> list[Bar]:
    """Return how long ``kim check`` takes beside a full build of the real site."""
    took: dict[str, list[float]] = {"check": [], "build": []}
    with tempfile.TemporaryDirectory(prefix="kim-bench-") as folder:
        for _round in range(rounds):
            took["check"].append(run([sys.executable, "-m", "kim", "check"], ROOT).wall)
            command = [sys.executable, "-m", "kim", "build", "--no-pdf", "--no-cache", "--site-dir", f"{folder}/site"]
            took["build"].append(run(command, ROOT).wall)
    check, build = statistics.median(took["check"]), statistics.median(took["build"])
    return [
        Bar(
            f"real site: kim check ({check:.1f} s) / full build without PDF ({build:.1f} s)",
            check / build,
            1 / 3,
            most=True,
        )
    ]


def size_of(text: str) -> tuple[int, int]:
    """Return languages and pages of a size such as ``8x60``.

    :raises SystemExit: with a sentence, if it is none.
    """
    count, _, pages = text.strip().partition("x")
    if not (count.isdecimal() and pages.isdecimal() and 1 <= int(count) <= 16 and int(pages) >= 3):
        raise SystemExit(f"{text!r} is no size. Write languages x pages, for example 8x60 (1 to 16 languages, 3 pages or more).")  # fmt: skip
    return int(count), int(pages)


def main(arguments: list[str] | None = None) -> int:
    """Run everything that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", default=",".join(PEERS), help="which peers, with commas between; empty for none")
    parser.add_argument("--size", default="8x60,8x240,16x60", help="languages x pages, with commas between")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(arguments)
    peers = known_peers(options.peer, PEERS)
    sizes = [size_of(one) for one in options.size.split(",")]
    notes: list[str] = []
    with tempfile.TemporaryDirectory(prefix="kim-bench-") as folder:
        took = {
            size: measure(size, peers if size[0] <= 8 else [], options.rounds, Path(folder), notes) for size in sizes
        }
    note = f"Medians of {options.rounds} rounds, ours and peers in turn. {'; '.join(dict.fromkeys(notes))}."
    write_part("build", "Build", note, [*bars_of(took), *check_share(options.rounds)], table_of(took))
    return 0


if __name__ == "__main__":
    sys.exit(main())
