"""How fast forms are stored for good: the production server beside a bare loop of the same commits, in one run.

``kim bench form`` runs it. Reviewed forms are prepared first, so that what is timed is the request that
stores: checks, one transaction with two mails, fully synced, redirect. The whole way (check and store) is
timed as well. The bare loop writes the same rows with the same journal mode and nothing else.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import itertools
import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.report import Bar, write_part
from form_handler.storage.database import set_pragmas
from tests.form_handler.conftest import FORM, HIDDEN, unescape, write_shells
from tests.server import ROOT, free_port, is_up, wait_until

CLIENTS = 8
SUBMISSIONS = 1200
HEAD = {"Content-Type": "application/x-www-form-urlencoded"}
WORKERS = ("mail", "publish")
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Timing:
    """What one phase took.

    :ivar rate: requests a second.
    :ivar p50: median time of one, in milliseconds.
    :ivar p99: 99th percentile, in milliseconds.
    """

    rate: float
    p50: float
    p99: float


class Client:
    """One browser with an open connection and its cookie."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.cookie = ""

    def post(self, path: str, pairs: list[tuple[str, str]]) -> tuple[int, bytes]:
        """Send a form on the open connection, or on a new one if the server has closed it while it was idle."""
        request = (
            "POST",
            path,
            urllib.parse.urlencode(pairs),
            {**HEAD, **({"Cookie": self.cookie} if self.cookie else {})},
        )
        try:
            self.connection.request(*request)
            response = self.connection.getresponse()
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            self.connection.close()
            self.connection.request(*request)
            response = self.connection.getresponse()
        body = response.read()
        if cookie := response.headers.get("Set-Cookie"):
            self.cookie = cookie.split(";")[0]
        return response.status, body

    def review(self, number: int) -> list[tuple[str, str]]:
        """Fill in a form; return the hidden fields of its review page."""
        status, body = self.post(
            FORM,
            [
                ("company", f"Beispielbetrieb {number}"),
                ("email", "beispiel@example.org"),
                ("message", "Guten Tag. " * 20),
            ],
        )
        assert status == 200, status
        return [(name, unescape(value)) for name, value in HIDDEN.findall(body.decode())]


def timed(work: list[list[object]], do: object) -> Timing:
    """Let each client do its share at the same time.

    :raises Exception: the first error of a client; without it the figures would be of fewer requests.
    """
    took: list[float] = []
    faults: list[Exception] = []
    lock = threading.Lock()
    gate = threading.Barrier(len(work) + 1)

    def client(share: list[object]) -> None:
        mine = []
        gate.wait()
        try:
            for one in share:
                began = time.perf_counter()
                do(one)  # type: ignore[operator]
                mine.append(time.perf_counter() - began)
        except Exception as fault:
            with lock:
                faults.append(fault)
        with lock:
            took.extend(mine)

    threads = [threading.Thread(target=client, args=(share,)) for share in work]
    for thread in threads:
        thread.start()
    gate.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    if faults:
        raise faults[0]
    cuts = statistics.quantiles(took, n=100)
    return Timing(len(took) / seconds, cuts[49] * 1000, cuts[98] * 1000)


def processes(data_dir: Path, worker: str = "") -> Iterator[Path]:
    """Yield the folders below ``/proc`` of the server's processes on this data, or of one of its workers.

    :param worker: ``mail`` or ``publish``; none means the server without its workers.
    """
    variable = f"KIM_DATA_DIR={data_dir}".encode()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            command = (process / "cmdline").read_bytes()
            found = next((one for one in WORKERS if f"\0{one}\0run\0".encode() in command), "")
            if found == worker and variable in (process / "environ").read_bytes().split(b"\0"):
                yield process


def cpu_seconds(data_dir: Path) -> float:
    """Return the CPU time of the server's processes."""
    total = 0.0
    for process in processes(data_dir):
        with contextlib.suppress(OSError):
            fields = (process / "stat").read_text().rpartition(")")[2].split()
            total += (int(fields[11]) + int(fields[12])) / TICKS
    return total


def memory(data_dir: Path, worker: str = "") -> float:
    """Return the memory of the server's processes or of one of its workers, in MB; what they share is counted once (PSS)."""
    total = 0
    for process in processes(data_dir, worker):
        with contextlib.suppress(OSError):
            rows = (process / "smaps_rollup").read_text().splitlines()
            total += sum(int(row.split()[1]) for row in rows if row.startswith("Pss:"))
    return total / 1000


def bare_loop(folder: Path, message: str) -> float:
    """Return commits a second of a loop that inserts one submission and its two mails each time."""
    connection = sqlite3.connect(folder / "bare.sqlite3", isolation_level=None)
    set_pragmas(connection, "truncate")
    connection.execute("CREATE TABLE submission (number TEXT PRIMARY KEY, reference TEXT UNIQUE, answers TEXT)")
    connection.execute("CREATE TABLE outgoing_mail (id INTEGER PRIMARY KEY, number TEXT, message TEXT)")
    answers_text = json.dumps({"company": "Beispielbetrieb", "message": "Guten Tag. " * 20})
    began = time.perf_counter()
    for number in range(SUBMISSIONS):
        key = str(uuid.uuid4())
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO submission VALUES (?, ?, ?)", (key, str(number), answers_text))
        for _ in range(2):
            connection.execute("INSERT INTO outgoing_mail (number, message) VALUES (?, ?)", (key, message))
        connection.execute("COMMIT")
    rate = SUBMISSIONS / (time.perf_counter() - began)
    connection.close()
    return rate


def main(arguments: list[str] | None = None) -> int:
    """Run everything once and write the result."""
    argparse.ArgumentParser(description=__doc__).parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="kim-bench-") as name:
        folder = Path(name)
        write_shells(folder / "site")
        port = free_port()
        env = {k: v for k, v in os.environ.items() if not k.startswith("KIM_")}
        env |= {"PORT": str(port), "KIM_DATA_DIR": str(folder / "var"), "KIM_SITE_DIR": str(folder / "site")}
        subprocess.run([sys.executable, "-m", "kim", "db", "init"], cwd=ROOT, env=env, check=True, capture_output=True)
        code = "from form_handler.settings import read_settings; from kim.server import serve_foreground; serve_foreground(read_settings())"
        began = time.perf_counter()
        server = subprocess.Popen(
            [sys.executable, "-c", code], cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            wait_until(lambda: is_up(f"http://127.0.0.1:{port}/"), 30, "the server")
            start_up = time.perf_counter() - began
            report(folder, port, start_up)
        finally:
            server.terminate()
            server.wait(20)
    return 0


def report(folder: Path, port: int, start_up: float) -> None:
    """Measure against the running server and print."""
    numbers = itertools.count()
    print(f"Preparing {SUBMISSIONS} reviewed forms …", flush=True)
    clients = [Client(port) for _ in range(CLIENTS)]
    ready = [[(client, client.review(next(numbers))) for _ in range(SUBMISSIONS // CLIENTS)] for client in clients]
    print(f"Storing {SUBMISSIONS} submissions: a bare loop, the server, the bare loop again …", flush=True)
    before_loop = bare_loop(folder, "x" * 1500)
    cpu = cpu_seconds(folder / "var")

    def store(one: tuple[Client, list[tuple[str, str]]]) -> None:
        status, _body = one[0].post(FORM + "absenden/", one[1])
        assert status == 303, status

    stored = timed(ready, store)
    cpu = (cpu_seconds(folder / "var") - cpu) / SUBMISSIONS
    bare = (before_loop + bare_again(folder)) / 2

    def whole(client: Client) -> None:
        status, _body = client.post(FORM + "absenden/", client.review(next(numbers)))
        assert status == 303, status

    print("Both requests of a form …", flush=True)
    way = timed([[client] * 50 for client in clients], whole)
    note = (
        f"SQLite {sqlite3.sqlite_version}, {CLIENTS} clients, {SUBMISSIONS} submissions, each one transaction with its two mails, "
        f"fully synced. Bare loop: {bare:.0f} commits/s; server: {stored.rate:.0f}/s, p50 {stored.p50:.1f} ms, p99 {stored.p99:.1f} ms; "
        f"whole way of two requests: {way.rate:.0f}/s, p50 {way.p50:.1f} ms. "
        + "; ".join(f"{worker} worker: {memory(folder / 'var', worker):.0f} MB" for worker in WORKERS)
        + "."
    )
    bars = [
        Bar("stored by the server / bare loop of the same commits", stored.rate / bare, 0.25),
        Bar("the same, reach", stored.rate / bare, 0.40),
        Bar("p99 / p50", stored.p99 / stored.p50, 4, most=True),
        Bar("CPU of each, ms", cpu * 1000, 4, most=True),
        Bar("start-up, s", start_up, 1, most=True),
        Bar("memory of the server's processes (PSS), MB", memory(folder / "var"), 120, most=True),
    ]
    write_part("form", "Forms", note, bars)


def bare_again(folder: Path) -> float:
    """Run the bare loop once more, in a fresh file."""
    (folder / "again").mkdir()
    return bare_loop(folder / "again", "x" * 1500)


if __name__ == "__main__":
    sys.exit(main())
