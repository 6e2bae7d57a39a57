"""What many municipalities on one machine need: time, memory and disk of a build, memory and requests of a service each.

``kim bench municipalities`` makes municipalities from answers alone, builds each, and starts their services side by side.
"""

from __future__ import annotations

import argparse
import http.client
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from bench.report import Bar, write_part
from core.project import ROOT
from kim.progress import steps

FOLDERS = ("redaktion", "overrides", "core", "editing", "editorial", "form_handler", "kim", "docs")
FILES = ("mkdocs.yml", "requirements.txt", "requirements-dev.txt", "pyproject.toml")
ANSWERS = "name: Musterstadt {0}\nauthority: Stadt Musterstadt {0}\nurl: https://stadt{0}.example.org/\n"
REQUESTS = 2000
MB = 1024 * 1024


class Built(NamedTuple):
    """What one municipality took: seconds of processor and of the clock, MB of memory at most, MB of its site."""

    cpu: float
    wall: float
    memory: float
    site: float


def make(folder: Path, number: int) -> Path:
    """Return the project of a municipality: a copy of what is shared, and a folder ``city/`` from answers."""
    for name in FOLDERS:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copy(ROOT / name, folder)
    (folder / "answers.yml").write_text(ANSWERS.format(number), "utf-8")
    run(folder, "new", "municipality", "--from", "answers.yml")
    return folder


def run(folder: Path, *words: str) -> None:
    """Run a command in a project."""
    subprocess.run([sys.executable, "-m", "kim", *words], cwd=folder, check=True, stdout=subprocess.DEVNULL)


def build(folder: Path) -> Built:
    """Build the whole site of a municipality once."""
    begun = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "kim", "build", "--no-pdf"], cwd=folder, stdout=subprocess.DEVNULL
    )
    _pid, status, used = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"{folder}: the build failed")
    wall = time.monotonic() - begun
    return Built(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024, size(folder / "site"))


def size(folder: Path) -> float:
    """Return the size of all files below a folder in MB."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / MB


def serve(folder: Path) -> tuple[subprocess.Popen[bytes], int]:
    """Start the service of a municipality and return it with its port, once it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    env = {**os.environ, "KIM_SETTINGS": "none", "KIM_DATA_DIR": str(folder / "var"), "PORT": str(port)}
    command = [sys.executable, "-m", "kim", "serve", "--no-watch"]
    service = subprocess.Popen(
        command, cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return service, port
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"{folder}: the service does not answer")


def own_memory(group: int) -> float:
    """Return the memory of all processes of a group in MB; what several share counts once for all of them (PSS)."""
    total = 0
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(entry.name)) == group:
                rows = (entry / "smaps_rollup").read_text().splitlines()
                total += sum(int(row.split()[1]) for row in rows if row.startswith("Pss:"))
        except (OSError, ValueError):
            continue
    return total / 1024


def requests_per_second(ports: list[int]) -> float:
    """Return how many pages all services together send one client, each in turn."""
    clients = [http.client.HTTPConnection("127.0.0.1", port) for port in ports]
    begun = time.monotonic()
    for number in range(REQUESTS):
        client = clients[number % len(clients)]
        client.request("GET", "/ankommen/")
        client.getresponse().read()
    return REQUESTS / (time.monotonic() - begun)


def measure(count: int) -> None:
    """Make, build and serve so many municipalities, and write the result."""
    with tempfile.TemporaryDirectory(prefix="kim-bench-") as place, steps("Municipalities", count + 1) as step:
        built, folders = [], []
        for number in range(count):
            folders.append(make(Path(place) / str(number), number))
            built.append(build(folders[-1]))
            step(f"municipality {number + 1}")
        running = [serve(folder) for folder in folders]
        try:
            memory = [own_memory(process.pid) for process, _port in running]
            rate = requests_per_second([port for _process, port in running])
            step("requests")
        finally:
            for process, _port in running:
                os.killpg(process.pid, 15)
                process.wait(30)
    mean = [sum(column) / count for column in zip(*built, strict=True)]
    bars = [
        Bar("build of all languages, s of processor, mean", mean[0]),
        Bar("the same, s of the clock", mean[1]),
        Bar("memory of its largest process, MB, most", max(row.memory for row in built)),
        Bar("its site on disk, MB, mean", mean[3]),
        Bar("memory of its service, MB, mean", sum(memory) / count),
        Bar("pages a second, one client, all services in turn", rate),
    ]
    note = f"{count} from answers alone, all languages, each with a build and a service of its own."
    write_part("municipalities", "Municipalities on one machine", note, bars)


def main(words: list[str]) -> int:
    """Run the benchmark; return the exit status."""
    parser = argparse.ArgumentParser(prog="kim bench municipalities", description=__doc__)
    parser.add_argument("--count", type=int, default=3, help="how many")
    measure(parser.parse_args(words).count)
    return 0
